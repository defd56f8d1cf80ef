// Package component is the side of an existing XMPP server: an external
// component that serves one domain of it (XEP-0114).
//
// It answers nothing itself: each stanza goes to the Handler, which only
// enqueues. It dials again when the connection is lost. One connection serves
// one domain; rooms and field users are two.
package component

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"picket/codec/xmltree"
)

// A Config is all that a Client needs to know.
type Config struct {
	Addr    string // host:port of the server's component listener
	Domain  string // that we serve
	Secret  string
	Handler func(*xmltree.Element) // each inbound stanza, in jabber:client; must only enqueue
	State   func(up bool)          // nil: not told; called from Run when the connection comes and goes
	Limits  Limits
	Log     *slog.Logger // nil: none
}

// Limits is what an operator may set; a zero field means the default.
type Limits struct {
	StanzaBytes int           // one inbound stanza
	Queue       int           // stanzas not yet written
	QueueBytes  int           // of them
	BackoffMin  time.Duration // before the first new try
	BackoffMax  time.Duration // at most
}

// A FatalError ends Run: dialling again would not help.
type FatalError struct{ Reason string }

func (e *FatalError) Error() string { return "component: " + e.Reason }

// A Client is a component.
type Client struct{ cfg Config }

// New makes a client that is not connected yet.
func New(cfg Config) (*Client, error) {
	if cfg.Addr == "" || cfg.Domain == "" || cfg.Secret == "" || cfg.Handler == nil {
		return nil, errors.New("component: address, domain, secret and handler are needed")
	}
	return &Client{cfg: cfg}, nil
}

// Run stays connected until ctx ends. It returns nil then, and a *FatalError
// where a second instance holds the domain or the server refuses us for good.
func (c *Client) Run(ctx context.Context) error { return &FatalError{"not served"} }

// Send queues a stanza of the namespace jabber:client; its from must be of our
// domain. False: the queue is full and it is lost. What is queued while the
// connection is down leaves when it is up again.
func (c *Client) Send(el *xmltree.Element) bool { return false }
