package c2s

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mellium.im/sasl"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/c2s/account"
	"picket/mirror/c2s/cert"
	"picket/mirror/c2s/stream"
)

const (
	testDomain = "raleigh.tridsys.com"
	testRooms  = "conference.fairfax.tridsys.com"
	patience   = 5 * time.Second
)

// recorder is a Handler that keeps what it is told, in order.
type recorder struct {
	mu     sync.Mutex
	events []string
	news   chan struct{}
}

func (r *recorder) note(e string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	select {
	case r.news <- struct{}{}:
	default:
	}
}

func (r *recorder) Stanza(from string, el *xmltree.Element) { r.note(from + ": " + el.String()) }
func (r *recorder) Gone(jid string)                         { r.note("gone " + jid) }

// wait gives the events once there are n.
func (r *recorder) wait(t *testing.T, n int) []string {
	t.Helper()
	for limit := time.After(patience); ; {
		r.mu.Lock()
		events := append([]string(nil), r.events...)
		r.mu.Unlock()
		if len(events) >= n {
			return events
		}
		select {
		case <-r.news:
		case <-limit:
			t.Fatalf("want %d events, got %q", n, events)
		}
	}
}

// users is an Accounts in memory.
type users map[string]account.Account

func (u users) Lookup(user string) (account.Account, bool) { a, ok := u[user]; return a, ok }
func (u users) Users() []string                            { return []string{"keith", "wayne"} }

// A world is a server with its listeners.
type world struct {
	t        testing.TB
	srv      *Server
	rec      *recorder
	roots    *x509.CertPool
	starttls string // addresses
	direct   string
	stop     func() // ends Serve and waits for it
}

var testUsers = sync.OnceValue(func() users {
	u := users{}
	for user, password := range map[string]string{"wayne": "gravel-road", "keith": "two rivers ☂"} {
		a, err := account.New(user, password)
		if err != nil {
			panic(err)
		}
		u[user] = a
	}
	return u
})

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	ca, err := cert.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue(time.Now(), testDomain)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, rec: &recorder{news: make(chan struct{}, 1)}, roots: x509.NewCertPool()}
	w.roots.AddCert(ca.Cert)
	cfg := Config{
		Domains: []string{testDomain}, Accounts: testUsers(), Handler: w.rec,
		TLS:      &tls.Config{Certificates: []tls.Certificate{pair.TLS()}},
		Remote:   func(domain string) bool { return domain == testRooms },
		Services: []Service{{JID: testRooms, Name: "Rooms"}}, Version: "1",
		Wall: func() time.Time { return time.Unix(0, 0) },
	}
	if change != nil {
		change(&cfg)
	}
	if w.srv, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	serve := func(f func(context.Context, net.Listener) error) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served.Go(func() {
			if err := f(ctx, l); err != nil {
				t.Errorf("serve: %v", err)
			}
		})
		return l.Addr().String()
	}
	w.starttls, w.direct = serve(w.srv.Serve), serve(w.srv.ServeTLS)
	w.stop = func() { cancel(); served.Wait() }
	t.Cleanup(w.stop)
	return w
}

// A client is a raw one, that reads with encoding/xml alone.
type client struct {
	t    testing.TB
	conn net.Conn
	d    *xml.Decoder
	w    *world
	jid  string
}

func (w *world) dial(addr string) *client {
	w.t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &client{t: w.t, w: w}
	w.t.Cleanup(func() { c.conn.Close() })
	c.use(conn)
	return c
}

func (c *client) use(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(2 * patience))
	c.conn, c.d = conn, xml.NewDecoder(conn)
}

func (c *client) tls() *client {
	c.t.Helper()
	conn := tls.Client(c.conn, &tls.Config{ServerName: testDomain, RootCAs: c.w.roots,
		InsecureSkipVerify: c.w.roots == nil, // of BenchmarkMemory's other process
		NextProtos:         []string{"xmpp-client"}})
	if err := conn.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.use(conn)
	return c
}

func (c *client) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, s); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

const openTo = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='` + testDomain + `'>`

// header reads the server's.
func (c *client) header() xml.StartElement {
	c.t.Helper()
	for {
		tok, err := c.d.Token()
		if err != nil {
			c.t.Fatalf("reading the header: %v", err)
		}
		if start, ok := tok.(xml.StartElement); ok {
			if start.Name.Space != stream.NS || start.Name.Local != "stream" {
				c.t.Fatalf("the server begins with %v", start.Name)
			}
			return start
		}
	}
}

// open begins a stream and gives its features.
func (c *client) open() *xmltree.Element {
	c.t.Helper()
	c.d = xml.NewDecoder(c.conn)
	c.send(openTo)
	c.header()
	return c.next()
}

// next reads an element.
func (c *client) next() *xmltree.Element {
	c.t.Helper()
	el, err := xmltree.Next(c.d, xmltree.DefaultLimits)
	if err != nil {
		c.t.Fatalf("%s reads: %v", c.jid, err)
	}
	return el
}

// want reads an element and compares it.
func (c *client) want(s string) {
	c.t.Helper()
	got, want := c.next(), xmltree.MustParse(s)
	if !xmltree.Equal(got, want) {
		c.t.Fatalf("%s reads\n got %s\nwant %s", c.jid, got, want)
	}
}

// ask sends and compares the answer.
func (c *client) ask(send, want string) {
	c.t.Helper()
	c.send(send)
	c.want(want)
}

// rest reads until the stream ends and gives the last element, or what else
// ended it.
func (c *client) rest() string {
	last := ""
	for {
		el, err := xmltree.Next(c.d, xmltree.DefaultLimits)
		if err == io.EOF {
			return last
		}
		if err != nil {
			return strings.TrimSpace(last + " " + err.Error())
		}
		last = el.String()
	}
}

// auth logs in and gives the last element of the exchange.
func (c *client) auth(mech sasl.Mechanism, user, password string) *xmltree.Element {
	c.t.Helper()
	x := sasl.NewClient(mech, sasl.Credentials(func() ([]byte, []byte, []byte) { return []byte(user), []byte(password), nil }))
	_, resp, err := x.Step(nil)
	c.send(fmt.Sprintf("<auth xmlns='%s' mechanism='%s'>%s</auth>", nsSASL, mech.Name, base64.StdEncoding.EncodeToString(resp)))
	for {
		if err != nil {
			c.t.Fatal(err)
		}
		el := c.next()
		if !el.Is(nsSASL, "challenge") && !el.Is(nsSASL, "success") || el.Text() == "" {
			return el
		}
		msg, _ := base64.StdEncoding.DecodeString(el.Text())
		if _, resp, err = x.Step(msg); err == nil && el.Local == "success" {
			return el
		}
		c.send(fmt.Sprintf("<response xmlns='%s'>%s</response>", nsSASL, base64.StdEncoding.EncodeToString(resp)))
	}
}

// secure goes through STARTTLS.
func (c *client) secure() *client {
	c.t.Helper()
	c.open()
	c.ask("<starttls xmlns='"+nsTLS+"'/>", "<proceed xmlns='"+nsTLS+"'/>")
	return c.tls()
}

// bind asks for a resource.
func (c *client) bind(resource string) *client {
	c.t.Helper()
	c.send("<iq type='set' id='b'><bind xmlns='" + nsBind + "'><resource>" + resource + "</resource></bind></iq>")
	el := c.next()
	c.jid = el.Child(nsBind, "bind").Child(nsBind, "jid").Text()
	if c.jid == "" {
		c.t.Fatalf("binding %s: %s", resource, el)
	}
	return c
}

// login makes a session by direct TLS.
func (w *world) login(user, resource string) *client {
	w.t.Helper()
	c := w.dial(w.direct).tls()
	c.open()
	password := map[string]string{"wayne": "gravel-road", "keith": "two rivers ☂"}[user]
	if el := c.auth(sasl.ScramSha256, user, password); el.Local != "success" {
		w.t.Fatalf("login of %s: %s", user, el)
	}
	c.open()
	return c.bind(resource)
}

// sync waits until all that was sent has been taken.
func (c *client) sync() {
	c.t.Helper()
	c.ask("<iq type='get' id='sync' to='"+testDomain+"'><ping xmlns='"+ns.Ping+"'/></iq>",
		"<iq xmlns='jabber:client' type='result' id='sync' from='"+testDomain+"' to='"+c.jid+"'/>")
}
