package c2s

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"picket/codec/xmltree"
	"picket/mirror/c2s/cert"
)

// nobody is a Handler that takes no notice.
type nobody struct{}

func (nobody) Stanza(string, *xmltree.Element) {}
func (nobody) Gone(string)                     {}

func fuzzServer(f *testing.F) *Server {
	f.Helper()
	pair, err := cert.NewCA("fuzz", time.Now())
	if err != nil {
		f.Fatal(err)
	}
	srv, err := New(Config{Domains: []string{testDomain}, Accounts: testUsers(), Handler: nobody{}, Plain: true,
		TLS: &tls.Config{Certificates: []tls.Certificate{pair.TLS()}}, Remote: func(d string) bool { return d == testRooms },
		Limits: Limits{Rate: -1}})
	if err != nil {
		f.Fatal(err)
	}
	return srv
}

// feed writes the input to a connection, and reads what comes back for nobody.
func feed(in []byte) net.Conn {
	ours, theirs := net.Pipe()
	go io.Copy(io.Discard, theirs)
	go func() {
		theirs.Write(in)
		theirs.Close()
	}()
	return ours
}

// FuzzLogin holds that whatever comes over TLS before the login, the login ends,
// without a panic, and that nobody gets in without a password.
func FuzzLogin(f *testing.F) {
	srv := fuzzServer(f)
	const auth = "<auth xmlns='" + nsSASL + "' mechanism='"
	for _, s := range []string{
		openTo, openTo + auth + "PLAIN'>AGEAYg==</auth>", openTo + auth + "SCRAM-SHA-1'>biwsbj13YXluZSxyPWE=</auth><response xmlns='" + nsSASL + "'>Yz1iaXdzLHI9YSxwPWE=</response>",
		openTo + "<iq type='set' id='1'><bind xmlns='" + nsBind + "'/></iq>", openTo + "</stream:stream>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		conn := feed(in)
		defer conn.Close()
		l := &login{srv: srv, addr: "fuzz", domain: testDomain, wire: newWire(conn, srv.cfg.Domains)}
		if err := l.stream(context.Background(), xmpp.Secure); err == nil || l.session != nil {
			t.Fatalf("logged in by %q", in)
		} else {
			condition(err)
		}
		srv.delays.forget("fuzz") // the next input does not wait for this one's passwords
	})
}

// FuzzSession holds that whatever a client sends, its session ends, without a
// panic, and leaves nothing behind.
func FuzzSession(f *testing.F) {
	srv := fuzzServer(f)
	for _, s := range []string{
		"<presence/>", "<message to='keith@raleigh.tridsys.com'/>", "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
		"<iq type='set' id='1'><pubsub xmlns='" + nsPubSub + "'><publish node='urn:xmpp:bookmarks:1'><item/></publish></pubsub></iq>",
		"<presence to='r@conference.fairfax.tridsys.com/n'/><presence type='unavailable'/>", "</stream:stream>",
	} {
		f.Add([]byte(s))
	}
	header := []byte(openTo)
	f.Fuzz(func(t *testing.T, in []byte) {
		conn := feed(append(append([]byte(nil), header...), in...))
		w := newWire(conn, srv.cfg.Domains)
		if err := w.next(); err != nil {
			t.Fatal(err)
		}
		c := newSession(srv, jid.MustParse("wayne@raleigh.tridsys.com/r"), w)
		srv.hub.add(c)
		c.run(context.Background())
		if on := srv.Online(); len(on) > 0 {
			t.Fatalf("still online: %v", on)
		}
	})
}
