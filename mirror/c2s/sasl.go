package c2s

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"picket/codec/xmltree"
	"picket/mirror/c2s/account"
)

// Reasons why a try to log in failed (RFC 6120 §6.5). Which of name and password
// was wrong is never told.
var (
	errWrong    = errors.New("not-authorized")
	errEncoding = errors.New("incorrect-encoding")
	errMech     = errors.New("invalid-mechanism")
	errAborted  = errors.New("aborted")
	errRequest  = errors.New("malformed-request")
)

// mechanisms is what is offered, the best first. Nothing with channel binding:
// mellium's server side has none.
func (s *Server) mechanisms() []sasl.Mechanism {
	m := []sasl.Mechanism{sasl.ScramSha256, sasl.ScramSha1}
	if s.cfg.Plain {
		m = append(m, sasl.Plain)
	}
	return m
}

// sasl is the feature of RFC 6120 §6 for a server; mellium's own knows no SCRAM
// on this side, ends the stream at the first wrong password, and its errors
// quote keys.
func (l *login) sasl() xmpp.StreamFeature {
	return xmpp.StreamFeature{
		Name:       xml.Name{Space: nsSASL, Local: "mechanisms"},
		Necessary:  xmpp.Secure,
		Prohibited: xmpp.Authn,
		List: func(_ context.Context, w xmlstream.TokenWriter, start xml.StartElement) (bool, error) {
			var names []xml.TokenReader
			for _, m := range l.srv.mechanisms() {
				names = append(names, xmlstream.Wrap(xmlstream.Token(xml.CharData(m.Name)),
					xml.StartElement{Name: xml.Name{Local: "mechanism"}}))
			}
			_, err := xmlstream.Copy(w, xmlstream.Wrap(xmlstream.MultiReader(names...), start))
			return true, err
		},
		Negotiate: func(ctx context.Context, _ *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, error) {
			el, err := l.wire.in.Parse(l.wire.last)
			for try := 1; err == nil; try++ {
				if err = l.authenticate(el); err == nil {
					l.srv.delays.forget(l.addr)
					l.wire.restart()
					return xmpp.Authn, l.wire, nil
				}
				if err = l.refuse(ctx, err); err != nil {
					break
				}
				if try >= passwordTries {
					err = &streamError{"policy-violation", "too many tries to log in"}
					break
				}
				el, err = l.wire.element()
			}
			return 0, nil, err
		},
	}
}

// refuse answers a failed try, after the time that this address must wait. The
// error is one that ends the stream.
func (l *login) refuse(ctx context.Context, why error) error {
	switch why {
	case errWrong:
		l.srv.log.Info("login refused", "addr", l.addr)
		select {
		case <-time.After(l.srv.delays.failed(l.addr, time.Now())):
		case <-ctx.Done():
			return &streamError{"system-shutdown", ""}
		}
	case errEncoding, errMech, errAborted, errRequest:
	default:
		return why
	}
	return l.wire.write(xmltree.New(nsSASL, "failure", xmltree.New(nsSASL, why.Error())))
}

// authenticate makes one exchange, from the <auth/> that has come. Its errors
// are the reasons above, or those of the connection.
func (l *login) authenticate(auth *xmltree.Element) error {
	if !auth.Is(nsSASL, "auth") {
		if auth.Is(nsSASL, "abort") {
			return errAborted
		}
		return &streamError{"not-authorized", "log in first"}
	}
	x, err := l.exchange(auth.Get("mechanism"))
	if err != nil {
		return err
	}
	msg, err := payload(auth)
	if len(msg) == 0 && err == nil { // no initial response: ask for it (RFC 6120 §6.4.2)
		if msg, err = l.challenge(nil); err == nil && len(msg) == 0 {
			err = errRequest
		}
	}
	for {
		if err != nil {
			return err
		}
		more, resp, stepErr := x.server.Step(msg)
		if stepErr != nil {
			return errWrong // its text quotes names and keys: not to be used
		}
		if !more {
			if !x.known {
				return errWrong
			}
			l.user = x.user
			success := xmltree.New(nsSASL, "success").AddText(base64.StdEncoding.EncodeToString(resp))
			return l.wire.write(success)
		}
		msg, err = l.challenge(resp)
	}
}

// challenge sends one and gives the response to it.
func (l *login) challenge(msg []byte) ([]byte, error) {
	c := xmltree.New(nsSASL, "challenge").AddText(base64.StdEncoding.EncodeToString(msg))
	if err := l.wire.write(c); err != nil {
		return nil, err
	}
	el, err := l.wire.element()
	switch {
	case err != nil:
		return nil, err
	case el.Is(nsSASL, "abort"):
		return nil, errAborted
	case !el.Is(nsSASL, "response"):
		return nil, errRequest
	}
	return payload(el)
}

// payload decodes what an element of SASL carries; "=" is an empty message.
func payload(el *xmltree.Element) ([]byte, error) {
	text := el.Text()
	if text == "=" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errEncoding
	}
	return b, nil
}

// An exchange is one run of a mechanism.
type exchange struct {
	srv    *Server
	domain string
	server *sasl.Negotiator
	user   string
	known  bool // there is such a user, and it asks to be no other
}

func (l *login) exchange(mechanism string) (*exchange, error) {
	for _, m := range l.srv.mechanisms() {
		if m.Name == mechanism {
			x := &exchange{srv: l.srv, domain: l.domain}
			x.server = sasl.NewServer(m, x.plain, sasl.SaltedCredentials(x.scram))
			return x, nil
		}
	}
	return nil, errMech
}

// find looks the user up. An unknown one gets credentials that no password
// fits, and whose salt is the same each time: it goes the same way and takes the
// same time as a wrong password.
func (x *exchange) find(username, identity []byte) account.Account {
	user, err := account.Normalize(string(username))
	a, ok := account.Account{}, false
	if err == nil {
		a, ok = x.srv.cfg.Accounts.Lookup(user)
	}
	x.user, x.known = user, ok && x.mayBe(user, identity)
	if !ok {
		a = x.srv.nobody(username)
	}
	return a
}

// mayBe reports whether the identity asked for (RFC 6120 §6.3.8) is the user's own.
func (x *exchange) mayBe(user string, identity []byte) bool {
	if len(identity) == 0 {
		return true
	}
	j, err := jid.Parse(string(identity))
	return err == nil && j.Localpart() == user && j.Domainpart() == x.domain && j.Resourcepart() == ""
}

func (x *exchange) scram(username, identity []byte, mechanism string) (salt, salted []byte, iterations int64, err error) {
	a := x.find(username, identity)
	c := a.SHA256
	if mechanism == sasl.ScramSha1.Name {
		c = a.SHA1
	}
	return c.Salt, c.Salted, int64(c.Iterations), nil
}

func (x *exchange) plain(n *sasl.Negotiator) bool {
	username, password, identity := n.Credentials()
	return x.find(username, identity).Verify(string(password)) && x.known
}

// nobody is the account of a user that there is not.
func (s *Server) nobody(name []byte) account.Account {
	derive := func(what string, n int) []byte {
		h := hmac.New(sha256.New, s.secret)
		h.Write([]byte(what))
		h.Write(name)
		return h.Sum(nil)[:n]
	}
	return account.Account{
		SHA256: account.Credential{Salt: derive("salt 256", account.SaltBytes), Iterations: account.Iterations, Salted: derive("key 256", 32)},
		SHA1:   account.Credential{Salt: derive("salt 1", account.SaltBytes), Iterations: account.Iterations, Salted: derive("key 1", 20)},
	}
}

// token gives n random bytes in hexadecimal.
func token(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
