package account

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// MaxAccounts is how many users a file may hold.
const MaxAccounts = 10000

const fileHead = `# Accounts of an XMPP server: user, SCRAM-SHA-256, SCRAM-SHA-1 (iterations:salt:salted password), admin or nothing.
# Keep it secret. Add users with the program that made it; a running server reads changes at once.
`

// ErrExists says that there is a user of this name.
var ErrExists = errors.New("account: there is a user of this name already")

// ErrUnknown says that there is no user of this name.
var ErrUnknown = errors.New("account: there is no user of this name")

// A File is the accounts of one text file. Its methods may be called from many
// goroutines, and several processes may change the file.
type File struct {
	path string

	mu    sync.Mutex
	seen  stamp
	users map[string]Account
}

// stamp tells one version of the file from the next: a rewrite is a new inode.
type stamp struct {
	inode   uint64
	size    int64
	changed time.Time
}

// Open reads the accounts of a file. A file that does not exist has none; the
// first Add makes it.
func Open(path string) (*File, error) {
	f := &File{path: path}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f, f.reload()
}

// Lookup gives the account of a normalized user name. It reads the file again
// if that changed; if it cannot be read, what was known stays in force.
func (f *File) Lookup(user string) (Account, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.reload()
	a, ok := f.users[user]
	return a, ok
}

// Users gives all accounts' names, sorted.
func (f *File) Users() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.reload()
	return names(f.users)
}

// Admins gives the names of the accounts marked admin, sorted.
func (f *File) Admins() []string {
	var out []string
	for _, u := range f.Users() {
		if a, ok := f.Lookup(u); ok && a.Admin {
			out = append(out, u)
		}
	}
	return out
}

// Add adds an account; ErrExists if the name is taken.
func (f *File) Add(a Account) error {
	return f.change(func(users map[string]Account) error {
		if _, ok := users[a.User]; ok {
			return ErrExists
		}
		if len(users) >= MaxAccounts {
			return fmt.Errorf("account: %s holds %d users, no more fit", f.path, len(users))
		}
		users[a.User] = a
		return nil
	})
}

// Replace puts a new password in the place of an old one; ErrUnknown.
func (f *File) Replace(a Account) error {
	return f.change(func(users map[string]Account) error {
		if _, ok := users[a.User]; !ok {
			return ErrUnknown
		}
		users[a.User] = a
		return nil
	})
}

// Remove takes a user away; ErrUnknown. Sessions that are open stay so.
func (f *File) Remove(user string) error {
	return f.change(func(users map[string]Account) error {
		if _, ok := users[user]; !ok {
			return ErrUnknown
		}
		delete(users, user)
		return nil
	})
}

// change rewrites the file under a lock that other processes respect.
func (f *File) change(edit func(map[string]Account) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	lock, err := os.OpenFile(f.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("account: lock %s: %w", lock.Name(), err)
	}
	if err := f.reload(); err != nil {
		return err
	}
	users := make(map[string]Account, len(f.users)+1)
	for k, v := range f.users {
		users[k] = v
	}
	if err := edit(users); err != nil {
		return err
	}
	if err := write(f.path, users); err != nil {
		return err
	}
	return f.reload()
}

func (f *File) reload() error {
	info, err := os.Stat(f.path)
	if errors.Is(err, os.ErrNotExist) {
		f.users, f.seen = nil, stamp{}
		return nil
	}
	if err != nil {
		return err
	}
	now := stamp{size: info.Size(), changed: info.ModTime()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		now.inode = st.Ino
	}
	if now == f.seen {
		return nil
	}
	b, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	users, err := parse(b)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.users, f.seen = users, now
	return nil
}

// write replaces the file: whoever reads sees the old one or the new one, also
// after a power cut.
func write(path string, users map[string]Account) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if _, err := tmp.Write(format(users)); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func format(users map[string]Account) []byte {
	out := []byte(fileHead)
	for _, name := range names(users) {
		a := users[name]
		out = append(out, a.User...)
		for _, c := range []Credential{a.SHA256, a.SHA1} {
			out = append(out, ' ')
			out = strconv.AppendInt(out, int64(c.Iterations), 10)
			out = append(out, ':')
			out = base64.StdEncoding.AppendEncode(out, c.Salt)
			out = append(out, ':')
			out = base64.StdEncoding.AppendEncode(out, c.Salted)
		}
		if a.Admin {
			out = append(out, " admin"...)
		}
		out = append(out, '\n')
	}
	return out
}

func parse(b []byte) (map[string]Account, error) {
	users := map[string]Account{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		a, err := parseLine(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if _, dup := users[a.User]; dup {
			return nil, fmt.Errorf("line %d: user %q stands twice", n, a.User)
		}
		if len(users) >= MaxAccounts {
			return nil, fmt.Errorf("line %d: more than %d users", n, MaxAccounts)
		}
		users[a.User] = a
	}
	return users, lines.Err()
}

func parseLine(fields []string) (Account, error) {
	if len(fields) < 3 || len(fields) > 4 || len(fields) == 4 && fields[3] != "admin" {
		return Account{}, errors.New("want: user, two credentials, perhaps admin")
	}
	a := Account{User: fields[0], Admin: len(fields) == 4}
	if name, err := Normalize(a.User); err != nil || name != a.User {
		return Account{}, fmt.Errorf("%q is no normalized user name", a.User)
	}
	var err error
	if a.SHA256, err = parseCredential(fields[1], 32); err != nil {
		return Account{}, err
	}
	a.SHA1, err = parseCredential(fields[2], 20)
	return a, err
}

func parseCredential(s string, size int) (Credential, error) {
	bad := errors.New("a credential is no iterations:salt:salted password")
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return Credential{}, bad
	}
	n, err := strconv.Atoi(parts[0])
	if err != nil || n < 1 || n > 1e6 {
		return Credential{}, bad
	}
	salt, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil || len(salt) == 0 {
		return Credential{}, bad
	}
	salted, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(salted) != size {
		return Credential{}, bad
	}
	return Credential{Salt: salt, Iterations: n, Salted: salted}, nil
}

func names(users map[string]Account) []string {
	out := make([]string, 0, len(users))
	for name := range users {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
