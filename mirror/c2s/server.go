// Package c2s is an XMPP server for local users: TLS, SCRAM, resource binding
// and what ordinary clients ask of their server (RFC 6120, RFC 6121).
//
// It knows nothing of rooms: a stanza for a domain that Config.Remote names goes
// to the Handler, with the from that the login vouches for. It speaks to no
// other server. Every IQ request to it is answered.
//
// The way in: Server here; negotiate.go and sasl.go until a resource is bound;
// session.go reads and writes after that; hub.go knows who is there; route.go
// decides where a stanza goes; iq.go answers what is asked of the server.
package c2s

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"mellium.im/xmpp/jid"

	"picket/codec/xmltree"
	"picket/mirror/c2s/account"
)

// A Handler takes what is not for this server. It is called by the sessions'
// own readers and must only enqueue.
type Handler interface {
	// Stanza is one stanza for a remote domain. from is the sender's full JID,
	// and stands on the element, which is the Handler's from now on.
	Stanza(from string, el *xmltree.Element)
	// Gone says, once for each session and after its last Stanza, that it ended.
	Gone(jid string)
}

// Accounts tells who may log in. user is a normalized localpart.
type Accounts interface {
	Lookup(user string) (account.Account, bool)
	Users() []string // sorted
}

// A Service is what the server's disco#items list.
type Service struct{ JID, Name string }

// A Config is all that a Server needs to know.
type Config struct {
	Domains   []string    // of the users' JIDs; the first is taken where a client names none
	TLS       *tls.Config // with a certificate for the domains
	Accounts  Accounts    // *account.File, say
	Handler   Handler
	Remote    func(domain string) bool // whether a domain is the Handler's; nil: none is
	Services  []Service                // listed by disco#items, the room service first
	Store     Store                    // nil: in memory
	HideUsers bool                     // do not make all users each other's contacts
	Plain     bool                     // offer SASL PLAIN too, over TLS as all else
	Limits    Limits                   // zero fields: defaults
	Version   string                   // told to XEP-0092
	Wall      func() time.Time         // told to XEP-0202; nil: time.Now
	Log       *slog.Logger             // nil: none
}

// Validate says what is missing or wrong.
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
	for _, d := range c.Domains {
		if j, err := jid.Parse(d); err != nil || j.String() != d || j.Domainpart() != d {
			return fmt.Errorf("c2s: %q is no normalized domain", d)
		}
	}
	return nil
}

// A Server holds the sessions of its users.
type Server struct {
	cfg     Config
	limits  Limits
	tls     *tls.Config
	log     *slog.Logger
	secret  []byte // of the answers about users that there are not
	started time.Time
	hub     hub
	door    door
	delays  delays
}

// New makes a server that serves nothing yet.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Remote == nil {
		cfg.Remote = func(string) bool { return false }
	}
	if cfg.Store == nil {
		cfg.Store = NewMemory()
	}
	if cfg.Wall == nil {
		cfg.Wall = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	t := cfg.TLS.Clone()
	t.MinVersion = max(t.MinVersion, tls.VersionTLS12) // RFC 7590 §3
	t.NextProtos = []string{"xmpp-client"}             // XEP-0368
	s := &Server{cfg: cfg, limits: cfg.Limits.withDefaults(), tls: t, log: cfg.Log,
		secret: secretOf(t), started: time.Now()}
	s.door.lim = s.limits
	return s, nil
}

// secretOf makes a secret that outlives a restart, so that the salt shown for a
// user that there is not stays the same, as that of a real one does.
func secretOf(t *tls.Config) []byte {
	if len(t.Certificates) > 0 {
		if der, err := x509.MarshalPKCS8PrivateKey(t.Certificates[0].PrivateKey); err == nil {
			sum := sha256.Sum256(append([]byte("c2s: users that there are not\x00"), der...))
			return sum[:]
		}
	}
	b := make([]byte, 32)
	rand.Read(b) // never fails (crypto/rand)
	return b
}

// Serve accepts clients that begin in clear and must ask for STARTTLS, until
// ctx ends: then each session is told <system-shutdown/>, and Serve returns nil
// when all are gone. It closes the listener, and fails with its error.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { return s.serve(ctx, l, false) }

// ServeTLS is Serve for clients that begin with TLS (XEP-0368).
func (s *Server) ServeTLS(ctx context.Context, l net.Listener) error { return s.serve(ctx, l, true) }

func (s *Server) serve(ctx context.Context, l net.Listener, direct bool) error {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for pause := time.Duration(0); ; {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			sessions.Go(func() { s.client(ctx, conn, direct) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default: // out of files, say: the clients that are there go on
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.log.Warn("accept", "err", err, "again_in", pause)
			time.Sleep(pause)
		}
	}
}

// client is the life of one connection.
func (s *Server) client(ctx context.Context, conn net.Conn, direct bool) {
	defer conn.Close()
	addr := hostOf(conn.RemoteAddr())
	deadline := time.Now().Add(s.limits.LoginTime)
	conn.SetDeadline(deadline)
	leave, ok := s.door.enter(ctx, addr, deadline)
	if !ok {
		s.log.Warn("connection refused: too many not logged in", "addr", addr)
		if !direct {
			conn.SetDeadline(time.Now().Add(farewellTime))
			conn.Write(streamEnd(true, s.cfg.Domains[0], "policy-violation", "too many connections"))
		}
		return
	}
	l := &login{srv: s, addr: addr}
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	err := l.negotiate(ctx, conn, direct)
	stop()
	leave()
	if err != nil {
		if l.session != nil { // bound, but it could not be told
			l.session.gone()
		}
		name, _ := condition(err)
		s.log.Debug("login ended", "addr", addr, "reason", or(name, "connection lost"))
		lingeringClose(conn)
		return
	}
	conn.SetDeadline(time.Time{})
	l.session.run(ctx)
}

// Send queues a stanza for the session that its "to" names in full, or for the
// user's sessions as RFC 6121 §8.5.2 chooses among them. False: nobody took it.
// It never waits for a client.
func (s *Server) Send(el *xmltree.Element) bool {
	to, err := jid.Parse(el.Get("to"))
	if err != nil || !slices.Contains(s.cfg.Domains, to.Domainpart()) {
		return false
	}
	return s.deliver(to, el)
}

// Online gives the full JIDs of all sessions, sorted.
func (s *Server) Online() []string { return s.hub.online() }
