// Package slixmpp runs a real slixmpp client, unmodified, and scripts it from
// Go: for tests and for the demonstration.
//
// The client is Debian's python3-slixmpp, in a process of its own that reads
// commands and tells events by lines of JSON (client.py). Start logs in; what
// the client receives is a queue of events, from which Wait takes the first that
// fits and leaves the others.
package slixmpp

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"picket/tools/rig/debian"
)

//go:embed client.py
var script string

// python is Debian's own: another one on the PATH lacks slixmpp.
const python = "/usr/bin/python3"

// Ensure installs what the client needs, if it is not there.
func Ensure(ctx context.Context) error {
	return debian.Ensure(ctx,
		debian.Program{Path: python, Package: "python3"},
		debian.Program{Path: "/usr/lib/python3/dist-packages/slixmpp", Package: "python3-slixmpp"})
}

// A Config says who logs in and where.
type Config struct {
	JID       string // may have a resource
	Password  string
	Host      string
	Port      int
	DirectTLS bool   // else STARTTLS
	CA        string // file; "": any certificate is taken
	Mechanism string // SASL; "": the client's choice
}

// An Event is a stanza that came in, or something that befell the client.
type Event struct {
	Event   string            `json:"event"` // stanza, session, disconnected, failed_auth, stream_error, …
	Kind    string            `json:"kind"`  // message, presence, iq
	From    string            `json:"from"`
	To      string            `json:"to"`
	Type    string            `json:"type"`
	ID      string            `json:"id"`
	Body    string            `json:"body"`
	Subject *string           `json:"subject"` // nil: no such element
	Show    string            `json:"show"`
	Status  string            `json:"status"`
	Item    map[string]string `json:"item"`  // attributes of the muc#user item
	Codes   []string          `json:"codes"` // statuses of muc#user
	Delayed bool              `json:"delayed"`
	Error   string            `json:"error"` // condition of a stanza's error
	XML     string            `json:"xml"`
	Text    string            `json:"text"` // of events that are no stanza
	N       int               `json:"n"`
	Time    time.Time         `json:"-"` // when it was read
}

// A Client is a client that runs.
type Client struct {
	JID string // full, as it was bound

	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr bytes.Buffer
	exited chan struct{}

	mu    sync.Mutex
	n     int
	queue []Event // not taken by Wait
	news  chan struct{}
	over  bool
}

// ErrEnded says that the client's process ended.
var ErrEnded = errors.New("slixmpp: the client has ended")

// Start runs a client and waits until it is logged in, has sent presence and has
// its roster. The context bounds the login only.
func Start(ctx context.Context, cfg Config) (*Client, error) {
	c := &Client{cmd: exec.Command(python, "-c", script), news: make(chan struct{}), exited: make(chan struct{})}
	c.cmd.Stderr = &c.stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.in = in
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("slixmpp: %w", err)
	}
	go c.read(out)
	if err := c.login(ctx, cfg); err != nil {
		c.Close()
		return nil, fmt.Errorf("slixmpp: %s: %w%s", cfg.JID, err, c.lastWords())
	}
	return c, nil
}

func (c *Client) login(ctx context.Context, cfg Config) error {
	line, err := json.Marshal(map[string]any{"jid": cfg.JID, "password": cfg.Password, "host": cfg.Host, "port": cfg.Port,
		"direct_tls": cfg.DirectTLS, "ca": cfg.CA, "mechanism": cfg.Mechanism})
	if err != nil {
		return err
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return err
	}
	e, err := c.Wait(ctx, func(e Event) bool {
		switch e.Event {
		case "session", "failed_all_auth", "connection_failed", "stream_error", "disconnected", "ssl_invalid_cert":
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	if e.Event != "session" {
		return fmt.Errorf("%s %s", e.Event, e.Text)
	}
	c.JID = e.To
	return nil
}

// lastWords is the end of what Python wrote to stderr, once it has ended.
func (c *Client) lastWords() string {
	lines := strings.Split(strings.TrimSpace(c.stderr.String()), "\n")
	if last := lines[len(lines)-1]; strings.Contains(last, "Error") {
		return " (" + last + ")"
	}
	return ""
}

func (c *Client) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e Event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // no line of ours
		}
		e.Time = time.Now()
		c.mu.Lock()
		c.queue = append(c.queue, e)
		close(c.news)
		c.news = make(chan struct{})
		c.mu.Unlock()
	}
	c.mu.Lock()
	c.over = true
	close(c.news)
	c.mu.Unlock()
	c.cmd.Wait()
	close(c.exited)
}

// Wait takes the first event that fits, waiting for it if need be. The others
// stay.
func (c *Client) Wait(ctx context.Context, fits func(Event) bool) (Event, error) {
	for {
		c.mu.Lock()
		for i, e := range c.queue { // from the start: another waiter may have taken what was before
			if fits(e) {
				c.queue = append(c.queue[:i:i], c.queue[i+1:]...)
				c.mu.Unlock()
				return e, nil
			}
		}
		news, over := c.news, c.over
		c.mu.Unlock()
		if over {
			return Event{}, ErrEnded
		}
		select {
		case <-news:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// Take gives all events that nobody waited for, and forgets them.
func (c *Client) Take() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queue
	c.queue = nil
	return q
}

// do sends a command and waits until the client has carried it out.
func (c *Client) do(ctx context.Context, command map[string]any) error {
	c.mu.Lock()
	c.n++
	n := c.n
	command["n"] = n
	line, err := json.Marshal(command)
	if err == nil {
		_, err = c.in.Write(append(line, '\n'))
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	e, err := c.Wait(ctx, func(e Event) bool { return e.N == n && (e.Event == "done" || e.Event == "failed") })
	if err == nil && e.Event == "failed" {
		err = fmt.Errorf("slixmpp: %v: %s", command["cmd"], e.Text)
	}
	return err
}

// Join asks to enter a room; the answer comes as presence. history is the most
// messages wanted, <0: the room's choice.
func (c *Client) Join(ctx context.Context, room, nick, password string, history int) error {
	command := map[string]any{"cmd": "join", "room": room, "nick": nick, "password": password}
	if history >= 0 {
		command["history"] = history
	}
	return c.do(ctx, command)
}

// Joined joins and waits for the subject, which ends a join (XEP-0045 §7.2.15).
func (c *Client) Joined(ctx context.Context, room, nick string) error {
	if err := c.Join(ctx, room, nick, "", -1); err != nil {
		return err
	}
	e, err := c.Wait(ctx, func(e Event) bool {
		return e.Kind == "presence" && e.Type == "error" && strings.HasPrefix(e.From, room) ||
			e.Kind == "message" && e.From == room && e.Subject != nil && e.Body == "" ||
			e.Kind == "message" && strings.HasPrefix(e.From, room+"/") && e.Type == "groupchat" && e.Subject != nil && e.Body == ""
	})
	if err == nil && e.Type == "error" {
		err = fmt.Errorf("slixmpp: %s is not let into %s: %s", nick, room, e.Error)
	}
	return err
}

// Say sends a message to a room.
func (c *Client) Say(ctx context.Context, room, body string) error {
	return c.do(ctx, map[string]any{"cmd": "say", "room": room, "body": body})
}

// Chat sends a message to one user or occupant.
func (c *Client) Chat(ctx context.Context, to, body string) error {
	return c.do(ctx, map[string]any{"cmd": "chat", "to": to, "body": body})
}

// Subject sets a room's subject.
func (c *Client) Subject(ctx context.Context, room, subject string) error {
	return c.do(ctx, map[string]any{"cmd": "subject", "room": room, "body": subject})
}

// Presence sends presence: to all if to is empty.
func (c *Client) Presence(ctx context.Context, to, kind, show, status string) error {
	return c.do(ctx, map[string]any{"cmd": "presence", "to": to, "type": kind, "show": show, "status": status})
}

// Nick asks for another nick in a room.
func (c *Client) Nick(ctx context.Context, room, nick string) error {
	return c.Presence(ctx, room+"/"+nick, "", "", "")
}

// Leave leaves a room.
func (c *Client) Leave(ctx context.Context, room, nick string) error {
	return c.do(ctx, map[string]any{"cmd": "leave", "room": room, "nick": nick})
}

// Raw sends XML as it is.
func (c *Client) Raw(ctx context.Context, xml string) error {
	return c.do(ctx, map[string]any{"cmd": "raw", "xml": xml})
}

// IQ sends a request with this payload and gives the answer, a result or an error.
func (c *Client) IQ(ctx context.Context, kind, to, payload string) (Event, error) {
	c.mu.Lock()
	id := fmt.Sprintf("rig%d", c.n+1)
	c.mu.Unlock()
	var address bytes.Buffer
	if err := xml.EscapeText(&address, []byte(to)); err != nil {
		return Event{}, err
	}
	head := fmt.Sprintf("<iq type='%s' id='%s'", kind, id)
	if to != "" {
		head += " to='" + address.String() + "'"
	}
	if err := c.Raw(ctx, head+">"+payload+"</iq>"); err != nil {
		return Event{}, err
	}
	return c.Wait(ctx, func(e Event) bool {
		return e.Kind == "iq" && e.ID == id && (e.Type == "result" || e.Type == "error")
	})
}

// Bare gives a JID without its resource.
func Bare(jid string) string {
	bare, _, _ := strings.Cut(jid, "/")
	return bare
}

// Quit ends the stream as a client should, and then the process.
func (c *Client) Quit(ctx context.Context) error {
	if err := c.do(ctx, map[string]any{"cmd": "quit"}); err != nil {
		return err
	}
	_, err := c.Wait(ctx, func(e Event) bool { return e.Event == "disconnected" })
	c.Close()
	return err
}

// Close ends the process at once, as a laptop does that loses power.
func (c *Client) Close() {
	c.cmd.Process.Kill()
	<-c.exited
}
