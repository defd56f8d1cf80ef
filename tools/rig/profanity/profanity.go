// Package profanity runs a real Profanity, a client for the terminal, and types
// into it: for tests with a client that people use.
//
// The client runs in tmux of a private socket, with a home of its own, so that
// nothing of the user's is touched. Start logs in; Say and Join type; Screen is
// what a person would see.
package profanity

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"picket/tools/rig/debian"
)

const (
	program = "/usr/bin/profanity"
	tmux    = "/usr/bin/tmux"
	// settle is how long a typed line must stand before Enter: a faster one is
	// swallowed.
	settle = 700 * time.Millisecond
	// outcome is what the screen says when a login has ended, well or not.
	outcome = `logged in successfully|Login failed|Connection error|Lost connection`
	look    = 100 * time.Millisecond // between two looks at the screen
)

// Ensure installs what the client needs, if it is not there.
func Ensure(ctx context.Context) error {
	return debian.Ensure(ctx, debian.Program{Path: program, Package: "profanity"}, debian.Program{Path: tmux, Package: "tmux"})
}

// A Config says who logs in and where.
type Config struct {
	JID      string
	Password string
	Host     string
	Port     int
	Direct   bool // direct TLS, else STARTTLS
}

// A Client is a Profanity that runs.
type Client struct{ dir string }

// Start runs a client and waits until it is logged in. The certificate is taken
// as it is: Profanity pins, it does not ask for a CA.
func Start(ctx context.Context, cfg Config) (*Client, error) {
	dir, err := os.MkdirTemp("", "profanity-")
	if err != nil {
		return nil, err
	}
	c := &Client{dir: dir}
	rc := "[ui]\nsplash=false\n[connection]\nautoping=0\n[notifications]\nmessage=off\n"
	if err := os.MkdirAll(filepath.Join(dir, "config/profanity"), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "config/profanity/profrc"), []byte(rc), 0o600); err != nil {
		return nil, err
	}
	cmd := c.tmux(ctx, "new-session", "-d", "-x", "160", "-y", "50", program)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+filepath.Join(dir, "config"),
		"XDG_DATA_HOME="+filepath.Join(dir, "data"), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		c.Close()
		return nil, fmt.Errorf("profanity: tmux: %w: %s", err, out)
	}
	if err := c.login(ctx, cfg); err != nil {
		screen, _ := c.Screen(context.WithoutCancel(ctx))
		c.Close()
		return nil, fmt.Errorf("profanity: %s: %w; the screen:\n%s", cfg.JID, err, screen)
	}
	return c, nil
}

func (c *Client) login(ctx context.Context, cfg Config) error {
	if _, err := c.See(ctx, `\n`); err != nil {
		return err
	}
	tls := "trust"
	if cfg.Direct {
		tls = "legacy"
	}
	if err := c.Type(ctx, "/connect "+cfg.JID+" server "+cfg.Host+" port "+strconv.Itoa(cfg.Port)+" tls "+tls); err != nil {
		return err
	}
	if _, err := c.See(ctx, "Enter password"); err != nil {
		return err
	}
	if err := c.Type(ctx, cfg.Password); err != nil {
		return err
	}
	seen, err := c.See(ctx, outcome+"|Use '/tls allow'")
	if err == nil && strings.HasPrefix(seen, "Use") {
		if err = c.Type(ctx, "/tls allow"); err == nil {
			seen, err = c.See(ctx, outcome)
		}
	}
	if err == nil && !strings.Contains(seen, "logged in") {
		err = errors.New(seen)
	}
	return err
}

// tmux makes a call of tmux on the client's own socket.
func (c *Client) tmux(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, tmux, append([]string{"-S", filepath.Join(c.dir, "tmux"), "-f", "/dev/null"}, args...)...)
}

// Type types a line and Enter.
func (c *Client) Type(ctx context.Context, line string) error {
	if out, err := c.tmux(ctx, "send-keys", "-l", line).CombinedOutput(); err != nil {
		return fmt.Errorf("profanity: type: %w: %s", err, out)
	}
	select {
	case <-time.After(settle):
	case <-ctx.Done():
		return ctx.Err()
	}
	if out, err := c.tmux(ctx, "send-keys", "Enter").CombinedOutput(); err != nil {
		return fmt.Errorf("profanity: type: %w: %s", err, out)
	}
	return nil
}

// Join enters a room and shows its window.
func (c *Client) Join(ctx context.Context, room, nick string) error {
	return c.Type(ctx, "/join "+room+" nick "+nick)
}

// Say types a message into the window that is shown.
func (c *Client) Say(ctx context.Context, body string) error { return c.Type(ctx, body) }

// Screen gives what is on the screen.
func (c *Client) Screen(ctx context.Context) (string, error) {
	out, err := c.tmux(ctx, "capture-pane", "-p").Output()
	return string(out), err
}

// See waits until the screen shows the pattern, and gives what fitted.
func (c *Client) See(ctx context.Context, pattern string) (string, error) {
	re := regexp.MustCompile(pattern)
	for {
		screen, err := c.Screen(ctx)
		if err != nil && ctx.Err() == nil {
			return "", fmt.Errorf("profanity: it has ended: %w", err)
		}
		if seen := re.FindString(screen); seen != "" {
			return seen, nil
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return "", fmt.Errorf("%q is not on the screen: %w", pattern, ctx.Err())
		}
	}
}

// Quit leaves as a person does, and waits for the end.
func (c *Client) Quit(ctx context.Context) error {
	err := c.Type(ctx, "/quit")
	for err == nil {
		if _, gone := c.Screen(ctx); gone != nil {
			break
		}
		time.Sleep(look)
		err = ctx.Err()
	}
	c.Close()
	return err
}

// Close ends the client at once.
func (c *Client) Close() {
	c.tmux(context.Background(), "kill-server").Run()
	os.RemoveAll(c.dir)
}
