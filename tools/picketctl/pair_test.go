package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"picket/mirror/c2s/cert"
	"picket/mirror/site"
	"picket/mirror/site/commands"
	"picket/tools/picket-hq/config"
)

// newSites makes the folders of a headquarters and of some gateways, as the
// programs' init does.
func newSites(t *testing.T, gateways ...string) (hq string, dirs []string) {
	t.Helper()
	hq = t.TempDir()
	c := config.Default()
	c.Domain, c.MUC = "hq.example", "conference.hq.example"
	text, err := config.Text(c)
	must(t, err)
	must(t, site.Write(filepath.Join(hq, config.FileName), text, 0o644))
	_, err = commands.Authority(hq, c.Domain, time.Now())
	must(t, err)
	for _, name := range gateways {
		dir := t.TempDir()
		domain := name + ".example"
		must(t, site.Write(filepath.Join(dir, gatewayFile), []byte("domain = \""+domain+"\"\nmirror = \"mirror."+domain+"\"\nstate = \"state\"\n"), 0o644))
		must(t, commands.ProvisionalCertificate(dir, time.Now(), domain, "10.0.0.7"))
		dirs = append(dirs, dir)
	}
	return hq, dirs
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pairThem(t *testing.T, code int, args ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if got := pairMain(args, nil, &o, &e); got != code {
		t.Fatalf("picketctl pair %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, o.String(), e.String())
	}
	return o.String(), e.String()
}

func pairings(t *testing.T, dir string) (site.Pairing, [32]byte) {
	t.Helper()
	own, all, err := site.LoadPairings(dir)
	must(t, err)
	if len(all) != 1 {
		t.Fatalf("%s has %d pairings", dir, len(all))
	}
	return all[0], own.Public()
}

func TestPairGivesEachEndWhatItNeeds(t *testing.T) {
	hq, gw := newSites(t, "raleigh")
	out, _ := pairThem(t, 0, "-hq", hq, "-gateway", gw[0], "-hq-port", "/dev/ttyS1", "-gateway-port", "/dev/ttyS2", "-rate", "1200", "-keepalive", "10m")
	if !strings.Contains(out, "conference.hq.example and mirror.raleigh.example are paired, link id 1\nwords:  ") {
		t.Errorf("it says %q", out)
	}
	atHQ, hqKey := pairings(t, hq)
	atGateway, gatewayKey := pairings(t, gw[0])
	if atHQ.Public != gatewayKey || atGateway.Public != hqKey || atHQ.Record.PSK != atGateway.Record.PSK || atHQ.ID != atGateway.ID {
		t.Error("the two ends do not have each other's keys")
	}
	if atHQ.Peer != "mirror.raleigh.example" || atHQ.Domains[0] != "raleigh.example" || atGateway.Peer != "conference.hq.example" || atGateway.Domains[0] != "hq.example" {
		t.Errorf("names: %+v, %+v", atHQ.Link, atGateway.Link)
	}
	if a, b := atHQ.Bearers[0], atGateway.Bearers[0]; a.Port != "/dev/ttyS1" || b.Port != "/dev/ttyS2" || a.Rate != 1200 || b.Rate != 1200 || atHQ.TagBytes != 4 || atHQ.KeepAlive != atGateway.KeepAlive {
		t.Errorf("bearers: %+v, %+v", a, b)
	}
	signed, err := cert.Load(filepath.Join(gw[0], site.CertFile), filepath.Join(gw[0], site.CertKeyFile))
	must(t, err)
	ca, err := cert.Load(filepath.Join(hq, site.CAFile), filepath.Join(hq, site.CAKeyFile))
	must(t, err)
	if err := signed.Cert.CheckSignatureFrom(ca.Cert); err != nil {
		t.Errorf("the gateway's certificate: %v", err)
	}
	if names := signed.Cert.DNSNames; len(names) != 1 || names[0] != "raleigh.example" || signed.Cert.IPAddresses[0].String() != "10.0.0.7" {
		t.Errorf("it is for %v %v", names, signed.Cert.IPAddresses)
	}
	if _, err := os.Stat(filepath.Join(gw[0], site.CAKeyFile)); err == nil {
		t.Error("the gateway has the authority's key")
	}
}

func TestPairDoesNotReplaceUnasked(t *testing.T) {
	hq, gw := newSites(t, "raleigh", "durham")
	pairThem(t, 0, "-hq", hq, "-gateway", gw[0], "-rate", "1200")
	pairThem(t, 0, "-hq", filepath.Join(hq, config.FileName), "-gateway", filepath.Join(gw[1], gatewayFile))
	before, _ := pairings(t, gw[0])
	_, errOut := pairThem(t, 1, "-hq", hq, "-gateway", gw[0])
	if !strings.Contains(errOut, "there is a pairing already\nhint:  -replace") {
		t.Errorf("it says %q", errOut)
	}
	if after, _ := pairings(t, gw[0]); after.Record.PSK != before.Record.PSK {
		t.Error("the secret was replaced")
	}
	// What people set by hand stays; the secret is new.
	file := before.File
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, bytes.Replace(text, []byte(`port = "/dev/ttyUSB0"`), []byte(`port = "/dev/serial/by-id/mine"`), 1), 0o644))
	pairThem(t, 0, "-hq", hq, "-gateway", gw[0], "-replace")
	after, _ := pairings(t, gw[0])
	if after.Record.PSK == before.Record.PSK || after.ID != before.ID || after.Bearers[0].Port != "/dev/serial/by-id/mine" || after.Bearers[0].Rate != 1200 {
		t.Errorf("replaced: %+v", after.Link)
	}
	_, all, err := site.LoadPairings(hq)
	must(t, err)
	if len(all) != 2 || all[0].Peer != "mirror.durham.example" || all[0].ID != 2 || all[1].ID != 1 {
		t.Errorf("the headquarters has %+v", all)
	}
	if all[1].Record.PSK != after.Record.PSK {
		t.Error("the headquarters has another secret")
	}
}

// A gateway that changes its headquarters forgets the old one.
func TestPairWithAnotherHeadquarters(t *testing.T) {
	old, gw := newSites(t, "raleigh")
	pairThem(t, 0, "-hq", old, "-gateway", gw[0])
	other, _ := newSites(t)
	c, err := os.ReadFile(filepath.Join(other, config.FileName))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(other, config.FileName), bytes.ReplaceAll(c, []byte("hq.example"), []byte("other.example")), 0o644))
	pairThem(t, 1, "-hq", other, "-gateway", gw[0])
	pairThem(t, 0, "-hq", other, "-gateway", gw[0], "-replace")
	if p, _ := pairings(t, gw[0]); p.Peer != "conference.other.example" {
		t.Errorf("the gateway's headquarters is %s", p.Peer)
	}
	if left, _ := filepath.Glob(filepath.Join(gw[0], site.KeysDir, "*.psk")); len(left) != 1 {
		t.Errorf("secrets left: %v", left)
	}
}

func TestPairRefuses(t *testing.T) {
	hq, gw := newSites(t, "raleigh", "durham")
	pairThem(t, 0, "-hq", hq, "-gateway", gw[0], "-id", "7")
	for _, tt := range []struct {
		args, want string
		code       int
	}{
		{"-hq " + hq, "-hq and -gateway are needed", 2},
		{"-hq " + hq + " -gateway /nowhere", "there is no such configuration", 1},
		{"-hq " + gw[1] + " -gateway " + gw[1], "there is no such configuration", 1},
		{"-hq " + hq + " -gateway " + gw[1] + " -id 7", "link id 7 is that of mirror.raleigh.example", 1},
		{"-hq " + hq + " -gateway " + gw[1] + " -id 63", "-id 63 is over 62", 2},
		{"-hq " + hq + " -gateway " + gw[0] + " -rate 12 -replace", "bearer.rate: 12 bit/s is out of range", 1},
		{"-hq " + hq + " -gateway " + gw[1] + " -rate 12", "bearer.rate: 12 bit/s is out of range", 1},
	} {
		_, errOut := pairThem(t, tt.code, strings.Fields(tt.args)...)
		if !strings.Contains(errOut, tt.want) || !strings.Contains(errOut, "\nhint:  ") {
			t.Errorf("pair %s\n got %q\nwant …%s…", tt.args, errOut, tt.want)
		}
	}
	pairings(t, gw[0]) // is still there
	if files, _ := site.LinkFiles(gw[1]); len(files) > 0 {
		t.Errorf("a refused pairing left %v", files)
	}
}
