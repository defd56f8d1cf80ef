// Package account keeps the local users of an XMPP server: names and SCRAM
// credentials, never passwords (RFC 5802, RFC 7677).
//
// File is the store that gateways and the headquarters use: one text file, one
// user a line, mode 0600, rewritten as a whole and read again when it changed,
// so that another process may add a user while the server runs.
//
// A SaltedPassword is as good as the password for this one server (mellium's
// SCRAM wants it instead of the StoredKey): the file must be kept as a key is.
//
// Read account.go first, then file.go.
package account

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"golang.org/x/text/secure/precis"
	"mellium.im/xmpp/jid"
)

// Ours.
const (
	// Iterations of PBKDF2 for new credentials, RFC 7677 §4's minimum: the
	// clients pay it at each login, small boards among them.
	Iterations = 4096
	// SaltBytes of a new credential.
	SaltBytes = 16
	// MaxPasswordBytes keeps a password out of the range where hashing it costs.
	MaxPasswordBytes = 1024
)

// A Credential is what one SCRAM hash needs to know.
type Credential struct {
	Salt       []byte
	Iterations int
	Salted     []byte // SaltedPassword of RFC 5802 §3; secret
}

// An Account is one local user.
type Account struct {
	User   string // localpart of the JID, normalized (RFC 7622 §3.3)
	Admin  bool   // may administer the room service
	SHA256 Credential
	SHA1   Credential
}

// ErrPassword says that a password cannot be used.
var ErrPassword = errors.New("account: a password holds 1 to 1024 bytes and no control characters")

// New makes an account with fresh salts. It fails for a name that is no JID
// localpart and for a password outside ErrPassword's bounds.
func New(user, password string) (Account, error) {
	name, err := Normalize(user)
	if err != nil {
		return Account{}, err
	}
	prepared, err := prepare(password)
	if err != nil {
		return Account{}, err
	}
	a := Account{User: name}
	a.SHA256.Salt, a.SHA1.Salt = random(SaltBytes), random(SaltBytes)
	a.SHA256.Iterations, a.SHA1.Iterations = Iterations, Iterations
	if a.SHA256.Salted, err = salt256(prepared, a.SHA256); err != nil {
		return Account{}, err
	}
	a.SHA1.Salted, err = pbkdf2.Key(sha1.New, prepared, a.SHA1.Salt, a.SHA1.Iterations, sha1.Size)
	return a, err
}

// Verify reports whether this is the password, in a time that does not depend
// on how far it agrees.
func (a Account) Verify(password string) bool {
	prepared, err := prepare(password)
	if err != nil {
		return false
	}
	got, err := salt256(prepared, a.SHA256)
	return err == nil && subtle.ConstantTimeCompare(got, a.SHA256.Salted) == 1
}

// Normalize gives the localpart as JIDs carry it (lower case, RFC 7622 §3.3).
func Normalize(user string) (string, error) {
	j, err := jid.New(user, "localhost", "")
	if err != nil || j.Localpart() == "" {
		return "", fmt.Errorf("account: %q is no user name (RFC 7622 §3.3)", user)
	}
	return j.Localpart(), nil
}

// Password makes a random password of 20 characters, about 100 bits, without
// characters that are easily mistaken for one another.
func Password() string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32: no bias from the mask
	b := random(20)
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return string(b)
}

func salt256(prepared string, c Credential) ([]byte, error) {
	return pbkdf2.Key(sha256.New, prepared, c.Salt, c.Iterations, sha256.Size)
}

func prepare(password string) (string, error) {
	if password == "" || len(password) > MaxPasswordBytes {
		return "", ErrPassword
	}
	p, err := precis.OpaqueString.String(password)
	if err != nil {
		return "", ErrPassword
	}
	return p, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return b
}
