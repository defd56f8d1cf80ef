package c2s

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// ErrStoreFull says that a user's values are at their limit.
var ErrStoreFull = errors.New("c2s: no more values of this user fit")

// A Store keeps what clients put at their server: small values, by user and
// key. Its methods may be called from many goroutines.
type Store interface {
	Get(user, key string) ([]byte, error)       // nil: there is none
	Put(user, key string, value []byte) error   // nil: remove; ErrStoreFull
	Keys(user, prefix string) ([]string, error) // sorted
}

// values is what one user has stored.
type values map[string][]byte

func (v values) keys(prefix string) []string {
	var out []string
	for k := range v {
		if strings.HasPrefix(k, prefix) {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

// put changes v, within the limits of a user.
func (v values) put(key string, value []byte) error {
	if value == nil {
		delete(v, key)
		return nil
	}
	n, size := 1, len(key)+len(value)
	for k, old := range v {
		if k != key {
			n++
			size += len(k) + len(old)
		}
	}
	if n > storeEntries || size > storeBytes {
		return ErrStoreFull
	}
	v[key] = value
	return nil
}

// memory is a Store that forgets at the end of the process.
type memory struct {
	mu    sync.Mutex
	users map[string]values
}

// NewMemory makes a store that forgets at the end of the process.
func NewMemory() Store { return &memory{users: map[string]values{}} }

func (m *memory) Get(user, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.users[user][key], nil
}

func (m *memory) Put(user, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users[user] == nil {
		m.users[user] = values{}
	}
	return m.users[user].put(key, value)
}

func (m *memory) Keys(user, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.users[user].keys(prefix), nil
}

// dir is a Store of one file a user. It holds nothing in memory: values are
// read at logins, and small.
type dir struct {
	path string
	mu   sync.Mutex
}

// NewDir makes a store of one file a user, mode 0600, in a directory that it
// makes if it is not there.
func NewDir(path string) (Store, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	return &dir{path: path}, nil
}

// file is the user's; a name in hexadecimal is no path, whatever the user's is.
func (d *dir) file(user string) string {
	return filepath.Join(d.path, hex.EncodeToString([]byte(user))+".json")
}

func (d *dir) load(user string) (values, error) {
	v := values{}
	b, err := os.ReadFile(d.file(user))
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	return v, json.Unmarshal(b, &v)
}

func (d *dir) Get(user, key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.load(user)
	return v[key], err
}

func (d *dir) Keys(user, prefix string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.load(user)
	return v.keys(prefix), err
}

// Put replaces the user's file: after a power cut it holds the old values or the
// new ones.
func (d *dir) Put(user, key string, value []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.load(user)
	if err != nil {
		return err
	}
	if err := v.put(key, value); err != nil {
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(d.path, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if _, err := tmp.Write(b); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), d.file(user))
}
