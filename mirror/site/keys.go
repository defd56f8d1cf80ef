package site

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"picket/radio/pair"
)

// A text is a key's form in a file, with its checksum (radio/pair).
type text interface {
	UnmarshalText([]byte) error
}

// LoadOwnKey reads this place's private key.
func LoadOwnKey(dir string) (pair.PrivateKey, error) {
	var k pair.PrivateKey
	return k, loadKey(filepath.Join(dir, KeysDir, OwnKeyFile), &k)
}

// EnsureOwnKey reads this place's private key, and makes one if there is none.
func EnsureOwnKey(dir string) (pair.PrivateKey, error) {
	k, err := LoadOwnKey(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = pair.NewPrivateKey(rand.Reader); err != nil {
		return k, err
	}
	b, err := k.MarshalText()
	if err != nil {
		return k, err
	}
	return k, Write(filepath.Join(dir, KeysDir, OwnKeyFile), append(b, '\n'), SecretMode)
}

// LoadPSK reads the secret shared with a peer.
func LoadPSK(dir, peer string) (pair.PSK, error) {
	var k pair.PSK
	return k, loadKey(pskFile(dir, peer), &k)
}

func savePSK(dir, peer string, k pair.PSK) error {
	b, err := k.MarshalText()
	if err != nil {
		return err
	}
	return Write(pskFile(dir, peer), append(b, '\n'), SecretMode)
}

func pskFile(dir, peer string) string { return filepath.Join(dir, KeysDir, peer+".psk") }

func loadKey(path string, k text) error {
	b, err := ReadSecret(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return &Problem{File: path, What: "the key is missing", Hint: "picketctl pair makes the keys of both ends", err: err}
		}
		return err
	}
	if err := k.UnmarshalText([]byte(strings.TrimSpace(string(b)))); err != nil {
		return &Problem{File: path, What: err.Error(), Hint: "put the file back from a backup, or pair again: picketctl pair … -replace"}
	}
	return nil
}
