// Package component is the side of an existing XMPP server: an external
// component that serves one domain of it (XEP-0114).
//
// It answers nothing itself: each stanza goes to the Handler, which only
// enqueues. It dials again when the connection is lost; what waits to be sent is
// kept meanwhile. One connection serves one domain; rooms and field users are
// two. (ejabberd gives each connection the stanzas of all domains of a listener
// by turns unless that has global_routes: false.)
//
// The way in: Client.Run here; conn.go reads and writes one connection;
// failure.go says what a refusal means and who must mend it.
package component

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"mellium.im/xmpp/jid"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// Ours.
const (
	dialTime  = 10 * time.Second
	loginTime = 20 * time.Second // from the connection to the server's <handshake/>
	writeTime = 30 * time.Second
	// aliveAfter is how long the server may be silent before TCP's own probes
	// begin; XEP-0114 has no ping that all servers answer.
	aliveAfter = time.Minute

	defaultStanzaBytes = 512 << 10 // a server is trusted, and its own limits are about this
	stanzaDepth        = 64
	stanzaElements     = 10000
	stanzaAttrs        = 128
	defaultQueue       = 4096
	defaultQueueBytes  = 4 << 20
	defaultBackoffMin  = 500 * time.Millisecond
	defaultBackoffMax  = 30 * time.Second
	// defaultConflictTime is how long the server may go on believing in our own
	// last connection: after a kill and a quick start it has not seen its end.
	defaultConflictTime = 10 * time.Second
)

// Limits is what an operator may set; a zero field means the default.
type Limits struct {
	StanzaBytes int           // one inbound stanza
	Queue       int           // stanzas not yet written
	QueueBytes  int           // of them
	BackoffMin  time.Duration // before the first new try
	BackoffMax  time.Duration // at most
	Conflict    time.Duration // that the domain may be taken at our start
}

func (l Limits) withDefaults() Limits {
	for _, v := range []struct {
		field     *int
		otherwise int
	}{{&l.StanzaBytes, defaultStanzaBytes}, {&l.Queue, defaultQueue}, {&l.QueueBytes, defaultQueueBytes}} {
		if *v.field == 0 {
			*v.field = v.otherwise
		}
	}
	if l.BackoffMin == 0 {
		l.BackoffMin = defaultBackoffMin
	}
	if l.Conflict == 0 {
		l.Conflict = defaultConflictTime
	}
	if l.BackoffMax == 0 {
		l.BackoffMax = max(defaultBackoffMax, l.BackoffMin)
	}
	return l
}

// A Config is all that a Client needs to know.
type Config struct {
	Addr    string // host:port of the server's component listener
	Domain  string // that we serve
	Secret  string
	Handler func(*xmltree.Element) // each inbound stanza, in jabber:client; must only enqueue
	State   func(up bool)          // called from Run when the connection comes and goes; nil: not told
	Limits  Limits
	Log     *slog.Logger // nil: none
}

// Validate says what is missing or wrong.
func (c Config) Validate() error {
	j, err := jid.Parse(c.Domain)
	switch {
	case err != nil || j.Domainpart() != c.Domain || j.String() != c.Domain:
		return fmt.Errorf("component: %q is no normalized domain", c.Domain)
	case c.Secret == "":
		return errors.New("component: no secret")
	case c.Handler == nil:
		return errors.New("component: no handler")
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return fmt.Errorf("component: address: %w", err)
	}
	return nil
}

// A Client is a component.
type Client struct {
	cfg    Config
	domain jid.JID
	lim    Limits

	mu     sync.Mutex
	out    []byte // whole stanzas that wait to be written
	queued int
	news   chan struct{} // holds one when out has grown
}

// New makes a client that is not connected yet.
func New(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.State == nil {
		cfg.State = func(bool) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg, domain: jid.MustParse(cfg.Domain), lim: cfg.Limits.withDefaults(), news: make(chan struct{}, 1)}, nil
}

// Run stays connected until ctx ends, and returns nil then. A *FatalError says
// that dialling again would not help: another instance has taken the domain, or
// the server refused us before it ever let us in.
func (c *Client) Run(ctx context.Context) error {
	wait, served, start := c.lim.BackoffMin, false, time.Now()
	for {
		began := time.Now()
		up, err := c.connection(ctx)
		if ctx.Err() != nil {
			return nil
		}
		served = served || up
		if fatal := c.fatal(err, served); fatal != nil && (!isConflict(err) || served || time.Since(start) > c.lim.Conflict) {
			return fatal
		}
		if up && time.Since(began) > c.lim.BackoffMax {
			wait = c.lim.BackoffMin
		}
		c.cfg.Log.Warn("component: not connected", "domain", c.cfg.Domain, "addr", c.cfg.Addr, "err", err, "again_in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, c.lim.BackoffMax)
	}
}

// Send queues a stanza of the namespace jabber:client, whose from is of our
// domain. False: the queue is full, or the address is not ours (the server would
// close the stream), and the stanza is lost. What is queued while the connection
// is down leaves when it is up again.
func (c *Client) Send(el *xmltree.Element) bool {
	from, err := jid.Parse(el.Get("from"))
	if err != nil || from.Domainpart() != c.cfg.Domain {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queued >= c.lim.Queue || len(c.out) >= c.lim.QueueBytes {
		return false
	}
	c.out = inStream(el).Append(c.out, ns.Component)
	c.queued++
	select {
	case c.news <- struct{}{}:
	default:
	}
	return true
}

// inStream gives a stanza as it stands in a component's stream: what is in
// jabber:client from the root down is in jabber:component:accept there
// (XEP-0114 §3); what another payload holds, a forwarded message, say, stays.
func inStream(el *xmltree.Element) *xmltree.Element { return renamed(el, ns.Client, ns.Component) }

// ofClient is the reverse.
func ofClient(el *xmltree.Element) *xmltree.Element { return renamed(el, ns.Component, ns.Client) }

func renamed(el *xmltree.Element, from, to string) *xmltree.Element {
	if el.Space != from {
		return el
	}
	el = el.Shallow()
	el.Space = to
	for i, n := range el.Nodes {
		if n.Element != nil {
			el.Nodes[i].Element = renamed(n.Element, from, to)
		}
	}
	return el
}
