// Package c2s is an XMPP server for local users: TLS, SCRAM, resource binding
// and what ordinary clients ask of their server (RFC 6120, RFC 6121).
//
// It knows nothing of rooms: a stanza for a domain that Config.Remote names goes
// to the Handler, with the from that the login vouches for. It speaks to no
// other server. Every IQ request to it is answered.
//
// The way in: Server here; negotiate.go and sasl.go until a resource is bound;
// session.go reads and writes after that; route.go decides where a stanza goes;
// iq.go answers what is asked of the server.
package c2s

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"picket/codec/xmltree"
	"picket/mirror/c2s/account"
)

// A Handler takes what is not for this server. It is called by the sessions'
// own readers and must only enqueue.
type Handler interface {
	// Stanza is one stanza for a remote domain. from is the sender's full JID,
	// and stands on the element.
	Stanza(from string, el *xmltree.Element)
	// Gone says, once for each session and after its last Stanza, that it ended.
	Gone(jid string)
}

// Accounts tells who may log in. user is a normalized localpart.
type Accounts interface {
	Lookup(user string) (account.Account, bool)
}

// A Roster may be an Accounts too: its users are each other's contacts
// (RFC 6121 §2), as far as they are online.
type Roster interface {
	Users() []string
}

// A Store keeps what clients put at their server, a small value for a key.
// NewMemory and NewDir make one.
type Store interface {
	Get(user, key string) ([]byte, error)     // nil: there is none
	Put(user, key string, value []byte) error // nil value: remove; ErrStoreFull
	Keys(user, prefix string) ([]string, error)
}

// A Service is what the server's disco#items list.
type Service struct{ JID, Name string }

// A Config is all that a Server needs to know.
type Config struct {
	Domains  []string                 // of the users' JIDs; the first is taken where a client names none
	TLS      *tls.Config              // with a certificate for the domains
	Accounts Accounts                 // *account.File, say
	Handler  Handler                  // takes what is remote
	Remote   func(domain string) bool // whether a domain is the Handler's; nil: none is
	Services []Service                // listed by disco#items, the room service first
	Store    Store                    // nil: in memory
	Plain    bool                     // offer SASL PLAIN too, over TLS as all else
	Limits   Limits                   // zero fields: defaults
	Version  string                   // told to XEP-0092
	Wall     func() time.Time         // told to XEP-0202; nil: time.Now
	Log      *slog.Logger             // nil: none
}

// Validate says what is missing.
func (c Config) Validate() error {
	switch {
	case len(c.Domains) == 0:
		return errors.New("c2s: no domain")
	case c.TLS == nil || len(c.TLS.Certificates) == 0 && c.TLS.GetCertificate == nil:
		return errors.New("c2s: no certificate")
	case c.Accounts == nil:
		return errors.New("c2s: no accounts")
	case c.Handler == nil:
		return errors.New("c2s: no handler")
	}
	return nil
}

// A Server holds the sessions of its users.
type Server struct {
	cfg Config
}

// New makes a server that serves nothing yet.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Server{cfg: cfg}, nil
}

// Serve accepts clients that begin in clear and must ask for STARTTLS, until
// ctx ends: then each session is told <system-shutdown/> and Serve returns when
// all are gone. An error is the listener's.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	return fmt.Errorf("c2s: %s: not served", l.Addr())
}

// ServeTLS is Serve for clients that begin with TLS (XEP-0368).
func (s *Server) ServeTLS(ctx context.Context, l net.Listener) error {
	return fmt.Errorf("c2s: %s: not served", l.Addr())
}

// Send queues a stanza for the user or session that its "to" names. False:
// nobody there. It never waits for a client.
func (s *Server) Send(el *xmltree.Element) bool { return false }

// Online gives the full JIDs of all sessions, sorted.
func (s *Server) Online() []string { return nil }
