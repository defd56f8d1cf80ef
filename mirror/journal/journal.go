// Package journal keeps records that outlive the power: the newest value of
// each key, written in whole transactions, on the disk when Append returns.
//
// It knows nothing of rooms, starts no goroutine of its own and never repairs
// a damaged file by itself: what cannot be read whole is an error that says
// what to do. The way in is Open, Load once, then Append.
//
// # Why bbolt
//
// What a node persists is a small map that is rewritten for ever (a queue's
// items come and go, a cursor moves), and it has to survive a power cut at any
// write on the flash of a board with 64 MB of memory. Looked at:
//
//   - A log of our own writes the fewest bytes (one sector and one sync a
//     transaction, where bbolt writes three or four pages and syncs twice). But
//     it needs compaction, a second file to compact into, torn tails told from
//     rot, and directory syncs: the code where journals lose data.
//   - An LSM tree (pebble, badger) is made for write rates that a radio will
//     never see; it keeps many files, compacts in goroutines and wants tens of
//     megabytes of memory.
//   - SQLite in pure Go does all that is asked, for some 8 MB of program and a
//     query language that nobody here would speak.
//   - bbolt is one file, one package, no background work: a copy-on-write
//     B+tree under two checksummed roots, so the state after a cut is that of
//     the last whole transaction without any recovery step; keys come back in
//     order; deleted pages are used again, so the file stays as large as it was
//     at its fullest and no compaction runs. etcd and many others stand on it.
//
// Its price, and what is done about it: a transaction costs about 12 KiB of
// writes, so a driver merges what waits into one (mirror/service). Only the
// roots carry a checksum: each value here has its own (CRC-32C over key and
// value), compared whenever it is read. A damaged page makes bbolt panic or
// fault: Open walks the whole file first, read-only, and turns that into a
// CorruptError.
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// A Record is the newest value of a key. A nil Value deletes the key.
type Record struct {
	Key   string // 1 to 1024 bytes
	Value []byte // at most 1 MiB
}

// The format on disk: changing one makes old files unreadable.
const (
	bucketName = "records-1" // the digit is the format's version
	sumBytes   = 4           // CRC-32C before each value
	pageBytes  = 4096        // on every board, also where the kernel's pages are larger
)

// Ours to tune.
const (
	keyBytesMax   = 1024
	valueBytesMax = 1 << 20
	growBytes     = 1 << 20                // the file grows in such steps once it is past one
	reserveBytes  = 4 * growBytes          // a transaction that deletes may pass the limit by this
	lockWait      = 500 * time.Millisecond // a predecessor that is just ending lets go in this time

	// SizeMaxDefault holds some 100,000 messages in queues and archives and
	// fits the 32 MiB data partition of an image before it has grown.
	SizeMaxDefault = 24 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Options of a journal; the zero value means the defaults.
type Options struct {
	SizeMax int64 // bytes of the file, in whole MiB; 0: SizeMaxDefault
}

// A Journal is an open file. All methods may be called from any goroutine.
type Journal struct {
	mu      sync.Mutex
	db      *bolt.DB
	path    string
	sizeMax int
}

// Open opens the journal at path, or makes an empty one. The folder must
// exist. Errors: LockedError, CorruptError, or the system's.
func Open(path string, opts ...Options) (*Journal, error) {
	j := &Journal{path: path, sizeMax: SizeMaxDefault}
	for _, o := range opts {
		if o.SizeMax > 0 {
			j.sizeMax = int(o.SizeMax)
		}
	}
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
	if err := examine(path); err != nil {
		return nil, err
	}
	err := guard(path, func() (err error) {
		j.db, err = openBolt(path, &bolt.Options{
			MaxSize: j.sizeMax,
			// The free pages are found by a walk at the next open, one page
			// less to write in each transaction.
			NoFreelistSync: true, FreelistType: bolt.FreelistMapType,
		})
		return err
	})
	if err != nil {
		return nil, openError(path, err)
	}
	j.db.AllocSize = growBytes
	return j, nil
}

// Append writes all records as one transaction, which is on the disk when it
// returns nil. After an error none of them is visible here, but they may have
// reached the disk: append the same again, or end the process.
// Errors: ErrFull, ErrInvalid, or the system's (a full disk).
func (j *Journal) Append(recs []Record) error {
	if len(recs) == 0 {
		return nil
	}
	deletes := false
	for _, r := range recs {
		if len(r.Key) == 0 || len(r.Key) > keyBytesMax || len(r.Value) > valueBytesMax {
			return fmt.Errorf("%w: key of %d bytes, value of %d", ErrInvalid, len(r.Key), len(r.Value))
		}
		deletes = deletes || r.Value == nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.db == nil {
		return os.ErrClosed
	}
	j.db.MaxSize = j.sizeMax
	if deletes {
		j.db.MaxSize += reserveBytes // deleting copies pages first: a full journal must be able to empty itself
	}
	err := j.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketName))
		for _, r := range recs {
			if err := put(b, r); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, berrors.ErrMaxSizeReached):
		return &FullError{Path: j.path, SizeMax: int64(j.sizeMax)}
	case err != nil:
		return fmt.Errorf("journal: %s: %w", j.path, err)
	}
	return nil
}

func put(b *bolt.Bucket, r Record) error {
	key := []byte(r.Key)
	if r.Value == nil {
		return b.Delete(key)
	}
	v := binary.BigEndian.AppendUint32(make([]byte, 0, sumBytes+len(r.Value)), sum(key, r.Value))
	return b.Put(key, append(v, r.Value...))
}

func sum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// Load gives all records, in the order of their keys' bytes.
func (j *Journal) Load() ([]Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.db == nil {
		return nil, os.ErrClosed
	}
	var recs []Record
	err := guard(j.path, func() error {
		return walk(j.path, j.db, func(key, value []byte) {
			recs = append(recs, Record{Key: string(key), Value: append([]byte{}, value...)})
		})
	})
	return recs, err
}

// Size gives the bytes of the file and how many it may have.
func (j *Journal) Size() (bytes, max int64) {
	fi, err := os.Stat(j.path)
	if err != nil {
		return 0, int64(j.sizeMax)
	}
	return fi.Size(), int64(j.sizeMax)
}

// Close ends the use of the file. Nothing has to be written.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.db == nil {
		return nil
	}
	err := j.db.Close()
	j.db = nil
	return err
}

// create makes an empty journal under another name and links it into place, so
// that a cut in the middle of the very first start leaves none instead of half
// a one, and of two first starts at once only one makes the file.
func create(path string) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openBolt(f.Name(), &bolt.Options{NoFreelistSync: true})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte(bucketName))
		return err
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir puts a folder's list of names on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// examine reads the whole file before it is opened for writing. bbolt looks
// for free pages in a goroutine of its own, whose panic over a damaged page
// nobody could catch; here it is caught.
func examine(path string) error {
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("journal: %w", err)
	case !fi.Mode().IsRegular():
		return fmt.Errorf("journal: %s is no file", path)
	case fi.Size() < 4*pageBytes:
		return &CorruptError{Path: path, Reason: fmt.Sprintf("it has %d bytes, the smallest journal %d", fi.Size(), 4*pageBytes)}
	}
	err = guard(path, func() error {
		db, err := openBolt(path, &bolt.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		return walk(path, db, func(key, value []byte) {})
	})
	if err != nil {
		return openError(path, err)
	}
	return nil
}

// openBolt is bolt.Open, which after a panic would hold the file's lock until
// the process ends: its memory map keeps the open file alive (TestDamage).
func openBolt(path string, opts *bolt.Options) (db *bolt.DB, err error) {
	var file *os.File
	opts.Timeout, opts.PageSize = lockWait, pageBytes
	opts.OpenFile = func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	defer func() {
		if db == nil && file != nil {
			syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
			file.Close()
		}
	}()
	return bolt.Open(path, 0o600, opts)
}

// walk calls f for each record, whose bytes are valid during the call only.
func walk(path string, db *bolt.DB, f func(key, value []byte)) error {
	return db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketName))
		if b == nil {
			return &CorruptError{Path: path, Reason: "it holds no " + bucketName + ": it is not a journal, or of another version of picket"}
		}
		return b.ForEach(func(key, v []byte) error {
			if len(v) < sumBytes || binary.BigEndian.Uint32(v) != sum(key, v[sumBytes:]) {
				return &CorruptError{Path: path, Reason: fmt.Sprintf("the checksum of record %q is wrong", key)}
			}
			f(key, v[sumBytes:])
			return nil
		})
	})
}

// guard runs f and turns a panic of bbolt, or a fault of its memory map (a
// file that was cut short), into a CorruptError.
func guard(path string, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = &CorruptError{Path: path, Reason: fmt.Sprint(r)}
		}
	}()
	return f()
}
