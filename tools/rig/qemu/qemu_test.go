package qemu

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"picket/tools/lab"
	"picket/tools/rig/slixmpp"
)

// build compiles the three programs for a target and gives their folder.
func build(t *testing.T, target string) string {
	t.Helper()
	out := t.TempDir()
	cmd := exec.Command("go", "run", "./tools/build", "-target", target, "-o", out)
	cmd.Dir = "../../.."
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building for %s: %v\n%s", target, err, text)
	}
	return filepath.Join(out, target)
}

func needRig(t *testing.T) context.Context {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("QEMU and real clients: set PICKET_RIG=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	if err := Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// TestARMv6 runs the program for the oldest processor that we build for, on an
// emulated one that knows no newer instruction.
func TestARMv6(t *testing.T) {
	ctx := needRig(t)
	picket := filepath.Join(build(t, "linux-armv6"), "picket")
	out, err := exec.CommandContext(ctx, Emulator, "-cpu", "arm1176", picket, "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "picket ") {
		t.Errorf("picket version: %v\n%s", err, out)
	}
}

// TestGatewayOnARM: picket for ARM v7 is raleigh's gateway; at headquarters all
// is as on any server. Real clients on both sides talk over the line, also after
// the gateway's process was killed.
func TestGatewayOnARM(t *testing.T) {
	ctx := needRig(t)
	if err := slixmpp.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	bin := build(t, "linux-"+runtime.GOARCH)
	gateway := filepath.Join(bin, "picket")
	if err := os.Remove(gateway); err != nil {
		t.Fatal(err)
	}
	if err := Wrap(gateway, filepath.Join(build(t, "linux-armv7"), "picket")); err != nil {
		t.Fatal(err)
	}
	dir, err := lab.Up(filepath.Join(t.TempDir(), "lab"), lab.Options{
		Gateways: 1, Rate: 9600, HQ: "embedded", Bearer: "serial", Seed: 1, Bin: bin,
	}, func(step string) { t.Log(step) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			tail(t, dir)
		}
		lab.Down(dir)
	})
	w, err := lab.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", w.Site("raleigh").PID)); err != nil || filepath.Base(exe) != filepath.Base(Emulator) {
		t.Errorf("the gateway's process is %s (%v), want the emulator", exe, err)
	}

	scott := login(t, ctx, w, "fairfax", "scott")
	wayne := login(t, ctx, w, "raleigh", "wayne")
	for nick, c := range map[string]*slixmpp.Client{"Scott": scott, "Wayne": wayne} {
		if err := c.Joined(ctx, w.Room, nick); err != nil {
			t.Fatalf("%s joins: %v", nick, err)
		}
	}
	say(t, ctx, w, wayne, scott, "from the emulated gateway")
	say(t, ctx, w, scott, wayne, "and back to it")

	control := func(args ...string) {
		t.Helper()
		args = append([]string{"lab", args[0], "-dir", dir}, args[1:]...)
		if out, err := exec.CommandContext(ctx, filepath.Join(bin, "picketctl"), args...).CombinedOutput(); err != nil {
			t.Fatalf("picketctl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	control("kill", "raleigh")
	control("start", "raleigh")
	wayne.Close()
	if w, err = lab.Load(dir); err != nil {
		t.Fatal(err)
	}
	wayne = login(t, ctx, w, "raleigh", "wayne")
	if err := wayne.Joined(ctx, w.Room, "Wayne"); err != nil {
		t.Fatalf("Wayne joins again: %v", err)
	}
	say(t, ctx, w, wayne, scott, "after the kill")
}

// login waits for a site to take logins: after a start it may need a moment.
func login(t *testing.T, ctx context.Context, w *lab.World, site, user string) *slixmpp.Client {
	t.Helper()
	s := w.Site(site)
	a := s.Account(user)
	cfg := slixmpp.Config{JID: a.JID, Password: a.Password, Host: s.Host, Port: s.Port, CA: s.CA}
	for try := 1; ; try++ {
		limited, cancel := context.WithTimeout(ctx, 30*time.Second)
		c, err := slixmpp.Start(limited, cfg)
		cancel()
		if err == nil {
			t.Cleanup(c.Close)
			return c
		}
		if try == 5 {
			t.Fatalf("%s logs in at %s: %v", user, site, err)
		}
		time.Sleep(time.Second)
	}
}

func say(t *testing.T, ctx context.Context, w *lab.World, from, to *slixmpp.Client, body string) {
	t.Helper()
	begin := time.Now()
	if err := from.Say(ctx, w.Room, body); err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	_, err := to.Wait(limited, func(e slixmpp.Event) bool {
		return e.Kind == "message" && e.Type == "groupchat" && e.Body == body
	})
	if err != nil {
		t.Fatalf("%s waits for %q: %v", to.JID, body, err)
	}
	t.Logf("%q after %v", body, time.Since(begin).Round(time.Millisecond))
}

// tail logs the ends of the lab's logs.
func tail(t *testing.T, dir string) {
	logs, _ := filepath.Glob(filepath.Join(dir, "*", "*.log"))
	more, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, name := range append(logs, more...) {
		text, _ := os.ReadFile(name)
		t.Logf("%s:\n%s", name, text[max(0, len(text)-2000):])
	}
}
