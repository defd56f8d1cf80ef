package c2s

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	mellium "mellium.im/xmpp/stream"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A login is a connection on its way to a session.
type login struct {
	srv    *Server
	addr   string // for the delay after wrong passwords
	wire   *wire
	domain string
	user   string // "": not authenticated yet

	session *session // nil: not bound yet
}

// negotiate takes a connection through STARTTLS (or direct TLS), SASL and
// binding. The deadline of the connection is the login's. After an error the
// client has been told, and the connection is still open.
func (l *login) negotiate(ctx context.Context, conn net.Conn, direct bool) (err error) {
	defer func() {
		// mellium is fed with what strangers send: a fault in it ends one login,
		// not the gateway.
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in the negotiation: %v", r)
		}
		if l.wire.err != nil {
			err = l.wire.err // before what the parser above made of it
		}
		if err != nil {
			l.fail(err)
		}
	}()
	l.domain = l.srv.cfg.Domains[0]
	l.wire = newWire(conn, l.srv.cfg.Domains)
	state := xmpp.SessionState(0)
	if direct {
		if l.wire, err = l.secure(ctx, conn); err != nil {
			return err
		}
		state = xmpp.Secure
	}
	return l.stream(ctx, state)
}

// stream lets mellium negotiate on the wire.
func (l *login) stream(ctx context.Context, state xmpp.SessionState) error {
	features := []xmpp.StreamFeature{l.startTLS(), l.sasl(), l.bind(), sessionFeature()}
	_, err := xmpp.ReceiveSession(ctx, l.wire, state, xmpp.NewNegotiator(
		func(s *xmpp.Session, _ *xmpp.StreamConfig) xmpp.StreamConfig {
			if s != nil { // mellium has just sent our header
				l.wire.opened = true
				l.domain = s.LocalAddr().Domainpart()
			}
			return xmpp.StreamConfig{Features: features}
		}))
	if err == nil && l.session == nil {
		err = errors.New("negotiation ended without a resource")
	}
	return err
}

// fail tells the client what was wrong and ends the stream.
func (l *login) fail(err error) {
	name, text := condition(err)
	var theirs mellium.Error
	if errors.As(err, &theirs) && l.session == nil && l.wire.isStanza() {
		name = "not-authorized" // RFC 6120 §4.9.3.12: a stanza before its time
	}
	var handshake *tlsError
	if errors.As(err, &handshake) || isEOF(err) {
		return // nobody to tell
	}
	l.wire.SetWriteDeadline(time.Now().Add(farewellTime))
	l.wire.Conn.Write(streamEnd(!l.wire.opened, l.domain, name, text))
}

// isStanza reports whether the last element was one.
func (w *wire) isStanza() bool {
	el, err := xmltree.ParseIn(ns.Client, w.last)
	return err == nil && el.Space == ns.Client
}

// A tlsError says that the handshake failed.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "TLS: " + e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }

// secure makes the TLS handshake in its own time.
func (l *login) secure(ctx context.Context, conn net.Conn) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, l.srv.limits.TLSTime)
	defer cancel()
	c := tls.Server(conn, l.srv.tls)
	if err := c.HandshakeContext(ctx); err != nil {
		return l.wire, &tlsError{err}
	}
	return newWire(c, l.srv.cfg.Domains), nil
}

// startTLS is mellium's feature, but the handshake is made at once and the TLS
// connection is a wire again.
func (l *login) startTLS() xmpp.StreamFeature {
	f := xmpp.StartTLS(l.srv.tls)
	f.Negotiate = func(ctx context.Context, s *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, error) {
		if _, err := fmt.Fprintf(l.wire.Conn, "<proceed xmlns='%s'/>", nsTLS); err != nil {
			return 0, nil, err
		}
		l.wire.rest, l.wire.raw = nil, true // what came too early is read as TLS, not as XML
		w, err := l.secure(ctx, l.wire)
		if err != nil {
			return 0, nil, err
		}
		l.wire = w
		return xmpp.Secure, w, nil
	}
	return f
}

// bind is RFC 6120 §7. mellium's own would put an error inside the <bind/>.
func (l *login) bind() xmpp.StreamFeature {
	f := xmpp.BindCustom(nil)
	f.Negotiate = func(context.Context, *xmpp.Session, any) (xmpp.SessionState, io.ReadWriter, error) {
		iq, err := l.wire.in.Parse(l.wire.last)
		if err != nil {
			return 0, nil, err
		}
		for {
			bind := iq.Child(nsBind, "bind")
			switch {
			case !iq.Is(ns.Client, "iq") || bind == nil || iq.Get("type") != "set" || iq.Get("id") == "":
				return 0, nil, &streamError{"not-authorized", "bind a resource first"}
			}
			j, err := jid.New(l.user, l.domain, or(bind.Child(nsBind, "resource").Text(), token(4))) // short: it crosses the link once
			switch {
			case err != nil:
				err = l.wire.write(refusal(iq, tryModify, "bad-request"))
			case !l.srv.hub.fits(j, l.srv.limits.Resources):
				err = l.wire.write(refusal(iq, tryWait, "resource-constraint"))
			default:
				// Reachable before the client knows its address: who is told of
				// it may write to it.
				l.session = newSession(l.srv, j, l.wire)
				l.srv.hub.add(l.session)
				full := xmltree.NewText(nsBind, "jid", j.String())
				return xmpp.Ready, nil, l.wire.write(result(iq, xmltree.New(nsBind, "bind", full)))
			}
			if err != nil {
				return 0, nil, err
			}
			if iq, err = l.wire.element(); err != nil {
				return 0, nil, err
			}
		}
	}
	return f
}

// sessionFeature tells clients of RFC 3921 that they need not ask; who asks
// after binding is answered in iq.go.
func sessionFeature() xmpp.StreamFeature {
	return xmpp.StreamFeature{
		Name:      xml.Name{Space: nsSession, Local: "session"},
		Necessary: xmpp.Authn,
		List: func(_ context.Context, w xmlstream.TokenWriter, start xml.StartElement) (bool, error) {
			optional := xml.StartElement{Name: xml.Name{Local: "optional"}}
			for _, tok := range []xml.Token{start, optional, optional.End(), start.End()} {
				if err := w.EncodeToken(tok); err != nil {
					return false, err
				}
			}
			return false, nil
		},
	}
}

// hosted gives the domain of ours that a client means.
func hosted(domains []string, to string) (string, bool) {
	j, err := jid.Parse(to)
	if err != nil {
		return "", false
	}
	return j.Domainpart(), slices.Contains(domains, j.Domainpart())
}
