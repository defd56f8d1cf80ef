package cert

import (
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

func TestIssue(t *testing.T) {
	now := time.Now()
	ca, err := NewCA("fairfax", now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue(now, "raleigh.tridsys.com", "gw.local", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Cert)
	for _, tt := range []struct {
		name string
		at   time.Time
		ok   bool
	}{
		{"raleigh.tridsys.com", now, true},
		{"gw.local", now, true},
		{"192.0.2.1", now, true},
		{"fairfax.tridsys.com", now, false},
		{"raleigh.tridsys.com", now.AddDate(-4, 0, 0), true}, // a board whose clock is behind
		{"raleigh.tridsys.com", now.AddDate(9, 0, 0), true},
		{"raleigh.tridsys.com", now.AddDate(11, 0, 0), false},
	} {
		_, err := pair.Cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: tt.name, CurrentTime: tt.at})
		if (err == nil) != tt.ok {
			t.Errorf("%s at %v: %v, want good: %v", tt.name, tt.at.Year(), err, tt.ok)
		}
	}
	if !pair.Cert.IPAddresses[0].Equal(net.ParseIP("192.0.2.1")) {
		t.Errorf("addresses %v", pair.Cert.IPAddresses)
	}
	if _, err := pair.Issue(now, "evil.example"); err == nil {
		if c, _ := pair.Issue(now, "evil.example"); c.Cert != nil {
			if _, err := c.Cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: poolOf(pair.Cert)}); err == nil {
				t.Error("a server's certificate can sign others")
			}
		}
	}
	if _, err := ca.Issue(now); err == nil {
		t.Error("a certificate without names was made")
	}
	if f := pair.Fingerprint(); !regexp.MustCompile(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`).MatchString(f) {
		t.Errorf("fingerprint %s", f)
	}
}

func poolOf(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	crt, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	ca, err := NewCA("fairfax", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := ca.Save(crt, key); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{crt, key} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
	again, err := Load(crt, key)
	if err != nil || !again.Cert.Equal(ca.Cert) || !again.Key.Equal(ca.Key) {
		t.Errorf("Load: %v", err)
	}
	other, _ := NewCA("other", time.Now())
	if err := other.Save(filepath.Join(dir, "other.pem"), key); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(crt, key); err == nil {
		t.Error("a key that is not the certificate's was taken")
	}
}
