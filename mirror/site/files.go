package site

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Modes of what a site holds.
const (
	SecretMode = 0o600
	PlainMode  = 0o644
	DirMode    = 0o700
)

// Write replaces a file at once: whoever reads sees the old one or the new one,
// also after a power cut. Folders above it are made.
func Write(path string, b []byte, mode os.FileMode) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, DirMode); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ReadSecret reads a file that nobody but its owner may read.
func ReadSecret(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, &Problem{File: path, What: fmt.Sprintf("mode %04o lets others use this secret", st.Mode().Perm()),
			Hint: "chmod 600 " + path + "; if others were on this machine, make a new one"}
	}
	return os.ReadFile(path)
}

// exists reports whether there is something at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
