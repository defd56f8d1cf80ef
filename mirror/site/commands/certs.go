package commands

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"picket/mirror/c2s/cert"
	"picket/mirror/site"
)

// Authority reads the certificate authority of a headquarters, or makes one if
// there is none: to lose it is to visit every client.
func Authority(dir, domain string, now time.Time) (cert.Pair, error) {
	ca, err := cert.Load(filepath.Join(dir, site.CAFile), filepath.Join(dir, site.CAKeyFile))
	if !errors.Is(err, fs.ErrNotExist) {
		return ca, err
	}
	ca, err = cert.NewCA("picket "+domain, now)
	if err != nil {
		return ca, err
	}
	return ca, save(ca, filepath.Join(dir, site.CAFile), filepath.Join(dir, site.CAKeyFile))
}

// NewCertificate puts a server's certificate, signed by ca, and ca's own into
// the folder of a place.
func NewCertificate(dir string, ca cert.Pair, now time.Time, names ...string) error {
	pair, err := ca.Issue(now, names...)
	if err != nil {
		return err
	}
	if err := save(pair, filepath.Join(dir, site.CertFile), filepath.Join(dir, site.CertKeyFile)); err != nil {
		return err
	}
	return copyCertificate(dir, ca)
}

// ProvisionalCertificate is NewCertificate by an authority that nobody keeps:
// what a gateway has until it is paired. One that is there stays.
func ProvisionalCertificate(dir string, now time.Time, names ...string) error {
	if there, err := Names(dir); err != nil || len(there) > 0 {
		return err
	}
	ca, err := cert.NewCA("picket "+names[0]+" (not paired)", now)
	if err != nil {
		return err
	}
	return NewCertificate(dir, ca, now, names...)
}

// Names gives the names of the certificate in a folder, so that a new one has
// them too; none, if there is no certificate.
func Names(dir string) ([]string, error) {
	pair, err := cert.Load(filepath.Join(dir, site.CertFile), filepath.Join(dir, site.CertKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := pair.Cert.DNSNames
	for _, ip := range pair.Cert.IPAddresses {
		names = append(names, ip.String())
	}
	return names, nil
}

// ServerTLS is what the server shows its clients.
func ServerTLS(dir string) (*tls.Config, error) {
	certFile := filepath.Join(dir, site.CertFile)
	c, err := tls.LoadX509KeyPair(certFile, filepath.Join(dir, site.CertKeyFile))
	if err != nil {
		return nil, &site.Problem{File: certFile, What: err.Error(), Hint: "certificate and key in PEM; \"init\" makes them, \"picketctl pair\" replaces a gateway's"}
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}, nil
}

// copyCertificate gives clients what they have to trust.
func copyCertificate(dir string, ca cert.Pair) error {
	return site.Write(filepath.Join(dir, site.CAFile),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Cert.Raw}), site.PlainMode)
}

func save(p cert.Pair, certFile, keyFile string) error {
	if err := p.Save(certFile, keyFile); err != nil {
		return err
	}
	return os.Chmod(certFile, site.PlainMode) // Save keeps both to the owner; a certificate is for everybody
}
