package lab_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"picket/tools/lab"
	"picket/tools/rig/slixmpp"
)

// TestCommands goes through a lab's life by the command line: up, status,
// account, cut, heal, kill, start, down.
func TestCommands(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("real programs: set PICKET_RIG=1")
	}
	bin, err := lab.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "lab")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	ctl := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "picketctl"), append([]string{"lab"}, args...)...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("lab %v: %v\n%s", args, err, stderr.String())
		}
		return strings.TrimSpace(string(out))
	}
	ctl("up", "-gateways", "2", "-rate", "9600", "-loss", "0.02", "-hq", "embedded", "-bearer", "serial", "-dir", dir)
	t.Cleanup(func() { lab.Down(dir) }) // a lab that is down already says so

	w := world(t, dir)
	for i, name := range []string{"fairfax", "raleigh", "norfolk"} {
		if w.Sites[i].Name != name {
			t.Errorf("site %d is %s, want %s", i, w.Sites[i].Name, name)
		}
		reach(t, w.Sites[i])
	}
	state := func(site string) lab.SiteStatus {
		t.Helper()
		var st lab.Status
		if err := json.Unmarshal([]byte(ctl("status", "-json")), &st); err != nil { // without -dir: the last one
			t.Fatal(err)
		}
		for _, s := range st.Sites {
			if s.Name == site {
				return s
			}
		}
		t.Fatalf("no status of %s", site)
		return lab.SiteStatus{}
	}
	if s := state("raleigh"); s.State != "running" || s.PID != w.Site("raleigh").PID || s.Line == nil || s.Line.Link != "up" || s.Line.BytesUp == 0 || s.Line.FramesDown == 0 {
		t.Errorf("raleigh: %+v %+v", s, s.Line)
	}
	ctl("cut", "raleigh")
	if raleigh, norfolk := state("raleigh"), state("norfolk"); raleigh.Line.State != "cut" || norfolk.Line.State != "ok" {
		t.Errorf("after a cut the lines are %s and %s", raleigh.Line.State, norfolk.Line.State)
	}
	ctl("heal", "raleigh")
	ctl("kill", "raleigh")
	if s := state("raleigh"); s.State != "killed" || s.PID != 0 || s.Line.State != "ok" {
		t.Errorf("killed: %+v %+v", s, s.Line)
	}
	ctl("start", "raleigh")
	if s := state("raleigh"); s.State != "running" || s.PID == w.Site("raleigh").PID || s.PID != world(t, dir).Site("raleigh").PID {
		t.Errorf("started again: %+v", s)
	}
	if got := ctl("account", "-password", "a password of mine", "fairfax", "luis"); got != "a password of mine" {
		t.Errorf("the password printed is %q", got)
	}
	admin := ctl("account", "-admin", "raleigh", "anna")
	w = world(t, dir)
	if a := w.Site("raleigh").Account("anna"); a == nil || a.Password != admin {
		t.Errorf("lab.json says %v of anna, whose password is %q", a, admin)
	}
	owns(t, w)
	pids := []int{w.Sites[0].PID, w.Sites[1].PID, w.Sites[2].PID}
	ctl("down")
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d still runs", pid)
		}
	}
	if _, err := lab.Load(dir); !os.IsNotExist(err) {
		t.Errorf("lab.json of a lab that is down: %v", err)
	}
}

func world(t *testing.T, dir string) *lab.World {
	t.Helper()
	w, err := lab.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// reach connects to both ports of a site, trusting its CA alone.
func reach(t *testing.T, s lab.Site) {
	t.Helper()
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := tls.Dial("tcp", net.JoinHostPort(s.Host, fmt.Sprint(s.TLSPort)), &tls.Config{RootCAs: roots, ServerName: s.Domain})
	if err != nil {
		t.Errorf("%s, TLS: %v", s.Name, err)
	} else {
		c.Close()
	}
	plain, err := net.DialTimeout("tcp", net.JoinHostPort(s.Host, fmt.Sprint(s.Port)), 10*time.Second)
	if err != nil {
		t.Errorf("%s, STARTTLS: %v", s.Name, err)
	} else {
		plain.Close()
	}
}

// owns lets anna, an administrator from the field, and luis of headquarters
// enter a room that luis makes: she owns it.
func owns(t *testing.T, w *lab.World) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := slixmpp.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	for _, who := range []struct{ site, name string }{{"fairfax", "luis"}, {"raleigh", "anna"}} {
		s := w.Site(who.site)
		a := s.Account(who.name)
		c, err := slixmpp.Start(ctx, slixmpp.Config{JID: a.JID, Password: a.Password, Host: s.Host, Port: s.Port, CA: s.CA})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Join(ctx, w.Room, who.name, "", -1); err != nil {
			t.Fatal(err)
		}
		own, err := c.Wait(ctx, func(e slixmpp.Event) bool { return e.Kind == "presence" && e.From == w.Room+"/"+who.name })
		if err != nil || own.Type == "error" || own.Item["affiliation"] != "owner" {
			t.Fatalf("%s enters: %s %v", who.name, own.XML, err)
		}
		if who.name == "luis" { // a new room is locked until its settings are accepted
			if e, err := c.IQ(ctx, "set", w.Room, `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>`); err != nil || e.Type != "result" {
				t.Fatalf("the room's settings: %s %v", e.XML, err)
			}
		}
	}
}
