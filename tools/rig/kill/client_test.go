package kill

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

const room = "chatroom@conference.fairfax.tridsys.com"

// A client is one session of a person's laptop.
type client struct {
	nick string
	xmpp *xmpp.Session

	mu       sync.Mutex
	stanzas  chan *xmltree.Element // all that comes in; closed at the end
	closeErr error
}

// dial logs in over STARTTLS, trusting the site's authority alone.
func dial(ctx context.Context, addr, user, password, ca string) (*client, error) {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	j, err := jid.Parse(user)
	if err != nil {
		return nil, err
	}
	conn, err := net.DialTimeout("tcp", addr, 2*time.Second)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	s, err := xmpp.NewClientSession(ctx, j, conn,
		xmpp.StartTLS(&tls.Config{RootCAs: roots, ServerName: j.Domainpart(), MinVersion: tls.VersionTLS12}),
		xmpp.SASL("", password, sasl.ScramSha256), xmpp.BindResource())
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	name := j.Localpart()
	c := &client{nick: strings.ToUpper(name[:1]) + name[1:], xmpp: s, stanzas: make(chan *xmltree.Element, 1000)}
	go c.read()
	return c, nil
}

// read takes stanzas until the connection ends. The stream's own start tag was
// read by the negotiation: the namespace of what is in it is known.
func (c *client) read() {
	defer close(c.stanzas)
	d := xml.NewDecoder(c.xmpp.Conn())
	d.DefaultSpace = ns.Client
	for {
		el, err := xmltree.Next(d, xmltree.DefaultLimits)
		if err != nil {
			return
		}
		c.stanzas <- el
	}
}

func (c *client) send(format string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn := c.xmpp.Conn()
	conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
	_, err := fmt.Fprintf(conn, format, args...)
	return err
}

func (c *client) close() { c.xmpp.Conn().Close() }

// next waits for a stanza that f takes, passing over others; false: the
// connection or the time ended.
func (c *client) next(wait time.Duration, f func(*xmltree.Element) bool) bool {
	timeout := time.After(wait)
	for {
		select {
		case el, ok := <-c.stanzas:
			if !ok {
				return false
			}
			if f(el) {
				return true
			}
		case <-timeout:
			return false
		}
	}
}

// join enters the room and gives the bodies of its history, up to the subject.
func (c *client) join(wait time.Duration, history int, each func(*xmltree.Element)) (bodies []string, err error) {
	err = c.send(`<presence to='%s/%s'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='%d' maxchars='1000000'/></x></presence>`, room, c.nick, history)
	if err != nil {
		return nil, err
	}
	refused := ""
	done := c.next(wait, func(el *xmltree.Element) bool {
		switch {
		case el.Local == "presence" && el.Get("type") == "error":
			refused = el.String()
			return true
		case el.Local == "message" && el.Child(ns.Client, "subject") != nil && el.Child(ns.Client, "body") == nil:
			return true
		case el.Local == "message" && el.Child(ns.Delay, "delay") != nil:
			bodies = append(bodies, el.Child(ns.Client, "body").Text())
		default:
			each(el)
		}
		return false
	})
	switch {
	case refused != "":
		return nil, fmt.Errorf("join refused: %s", refused)
	case !done:
		return nil, fmt.Errorf("join was not done in %v", wait)
	}
	return bodies, nil
}
