// Package cert makes the certificates that unmodified XMPP clients accept: one
// CA for a headquarters, which signs each server (RFC 6120 §13.7.1.2).
//
// Clients look for the JID's domain in the certificate, not for the host name.
// Boards without a battery start in 1970 and may live for years without the
// Internet, so validity begins well back and lasts long. Keys are ECDSA P-256
// and their files 0600.
package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Ours.
const (
	// Backdate is how long before now a certificate is valid already, for boards
	// whose clock is behind.
	Backdate = 5 * 365 * 24 * time.Hour
	// CALife and ServerLife are how long after now they stay valid.
	CALife     = 20 * 365 * 24 * time.Hour
	ServerLife = 10 * 365 * 24 * time.Hour
)

// A Pair is a certificate and its private key. Of a CA it can Issue.
type Pair struct {
	Cert *x509.Certificate
	Key  *ecdsa.PrivateKey
}

// NewCA makes a certificate authority of this name. It may sign servers only,
// no further authority.
func NewCA(name string, now time.Time) (Pair, error) {
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-Backdate),
		NotAfter:              now.Add(CALife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return sign(t, Pair{})
}

// Issue makes a server's certificate for JID domains, and for host names or IP
// addresses where a client wants those.
func (ca Pair) Issue(now time.Time, names ...string) (Pair, error) {
	if len(names) == 0 {
		return Pair{}, errors.New("cert: a server's certificate needs a name")
	}
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: names[0]},
		NotBefore:             now.Add(-Backdate),
		NotAfter:              now.Add(ServerLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	return sign(t, ca)
}

// sign makes the pair of t, signed by ca, or by itself if ca is empty.
func sign(t *x509.Certificate, ca Pair) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return Pair{}, err
	}
	parent, signer := t, key
	if ca.Cert != nil {
		parent, signer = ca.Cert, ca.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return Pair{}, fmt.Errorf("cert: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	return Pair{Cert: c, Key: key}, err
}

// TLS gives the pair as crypto/tls wants it.
func (p Pair) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{p.Cert.Raw}, PrivateKey: p.Key, Leaf: p.Cert}
}

// Fingerprint gives the certificate's SHA-256 as people compare it.
func (p Pair) Fingerprint() string {
	sum := sha256.Sum256(p.Cert.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

// Save writes the two files, PEM, with mode 0600, each at once or not at all.
func (p Pair) Save(certPath, keyPath string) error {
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return err
	}
	if err := replace(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return err
	}
	return replace(certPath, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Cert.Raw}))
}

// Load reads what Save wrote. It fails if the key is not that of the certificate.
func Load(certPath, keyPath string) (Pair, error) {
	c, err := tls.LoadX509KeyPair(certPath, keyPath)
	if err != nil {
		return Pair{}, err
	}
	key, ok := c.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return Pair{}, fmt.Errorf("%s: a %T, want an ECDSA key", keyPath, c.PrivateKey)
	}
	return Pair{Cert: c.Leaf, Key: key}, nil
}

func replace(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
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
	return os.Rename(tmp.Name(), path)
}
