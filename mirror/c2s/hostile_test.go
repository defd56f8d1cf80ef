package c2s

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mellium.im/sasl"
)

// streamErr is how a stream's error prints, in what the client reads.
func streamErr(condition string) string {
	return "<" + condition + ` xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>`
}

// TestBeforeLogin sends what no client should, at each stage of the login.
func TestBeforeLogin(t *testing.T) {
	w := newWorld(t, nil)
	plain := func() *client { return w.dial(w.starttls) }
	opened := func() *client { c := plain(); c.open(); return c }
	secured := func() *client { c := plain().secure(); c.open(); return c }
	authenticated := func() *client {
		c := secured()
		c.auth(sasl.ScramSha1, "wayne", "gravel-road")
		c.open()
		return c
	}
	for _, tt := range []struct {
		name  string
		stage func() *client
		send  string
		want  string // condition of the stream's error; "": the stream is closed
	}{
		{"HTTP", plain, "GET / HTTP/1.1\r\n\r\n", "not-well-formed"},
		{"a DTD", plain, "<!DOCTYPE x [<!ENTITY a 'b'>]>", "restricted-xml"},
		{"no stream", plain, "<iq/>", "not-well-formed"},
		{"another root", plain, "<foo xmlns='jabber:client' version='1.0'>", "invalid-namespace"},
		{"another namespace", plain, strings.Replace(openTo, "jabber:client", "jabber:server", 1), "invalid-namespace"},
		{"no version", plain, strings.Replace(openTo, "version='1.0' ", "", 1), "unsupported-version"},
		{"a stranger's domain", plain, strings.Replace(openTo, testDomain, "example.com", 1), "host-unknown"},
		{"no domain at all", plain, strings.Replace(openTo, testDomain, "a@b@c", 1), "host-unknown"},
		{"a long header", plain, "<stream:stream a='" + strings.Repeat("x", 11<<10), "policy-violation"},
		{"many attributes", opened, "<starttls" + strings.Repeat(" a='1'", 100), "policy-violation"},
		{"a long attribute", opened, "<starttls a='" + strings.Repeat("x", 11<<10), "policy-violation"},
		{"a deep tree", opened, strings.Repeat("<a>", 20), "policy-violation"},
		{"a stanza in clear", opened, "<message/>", "not-authorized"},
		{"a login in clear", opened, "<auth xmlns='" + nsSASL + "' mechanism='PLAIN'>AGEAYg==</auth>", "policy-violation"},
		{"a comment", opened, "<!-- hello -->", "restricted-xml"},
		{"the end", opened, "</stream:stream>", ""},
		{"a stanza before the login", secured, "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", "not-authorized"},
		{"tags that do not match", secured, "<auth></oath>", "not-well-formed"},
		{"a stanza before binding", authenticated, "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", "not-authorized"},
		{"a message before binding", authenticated, "<message><body>x</body></message>", "not-authorized"},
		{"a second login", authenticated, "<auth xmlns='" + nsSASL + "' mechanism='SCRAM-SHA-1'>=</auth>", "policy-violation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.stage()
			c.send(tt.send)
			all, err := io.ReadAll(c.conn)
			if err != nil {
				t.Fatalf("the connection: %v", err)
			}
			got := string(all)
			if tt.want == "" && got != "</stream:stream>" {
				t.Errorf("got %s", got)
			}
			if tt.want != "" && (!strings.Contains(got, streamErr(tt.want)) || !strings.HasSuffix(got, "</stream:error></stream:stream>")) {
				t.Errorf("sent %.100s\n got %s\nwant %s", tt.send, got, tt.want)
			}
		})
	}
	if events := w.rec.wait(t, 0); len(events) > 0 {
		t.Errorf("the handler heard of it: %q", events)
	}
}

// TestAfterLogin sends what no client should in a session: the stream ends with
// its error and the session is gone, once.
func TestAfterLogin(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.StanzaBytes = 2000 })
	for n, tt := range []struct{ name, send, want string }{
		{"tags that do not match", "<message><body></message>", "not-well-formed"},
		{"text between stanzas", "hello", "not-well-formed"},
		{"no UTF-8", "<message><body>\xff</body></message>", "not-well-formed"},
		{"a NUL", "<message><body>\x00</body></message>", "not-well-formed"},
		{"a prefix of nobody", "<message><x:body/></message>", "not-well-formed"},
		{"an entity of nobody", "<message><body>&lol;</body></message>", "not-well-formed"},
		{"an attribute twice", "<message id='1' id='2'/>", "not-well-formed"},
		{"a comment", "<message><!-- x --></message>", "restricted-xml"},
		{"a DTD", "<!DOCTYPE x>", "restricted-xml"},
		{"a processing instruction", "<?php x ?>", "restricted-xml"},
		{"a long stanza", "<message><body>" + strings.Repeat("x", 2000), "policy-violation"},
		{"a deep one", strings.Repeat("<message>", 40), "policy-violation"},
		{"a stream in the stream", openTo[strings.Index(openTo, "<stream"):], "restricted-xml"},
		{"no stanza", "<hello/>", "unsupported-stanza-type"},
		{"a stanza of another namespace", "<message xmlns='jabber:server'/>", "unsupported-stanza-type"},
		{"XEP-0198, which was not offered", "<enable xmlns='urn:xmpp:sm:3'/>", "unsupported-stanza-type"},
		{"the end", "</stream:stream>", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := w.login("wayne", "r")
			c.send(tt.send)
			if tt.name == "a stream in the stream" {
				tt.want = "policy-violation" // it is an element until 2000 bytes are full
				c.send(strings.Repeat("<presence/>", 300))
			}
			if got := c.rest(); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("sent %.100s\n got %s\nwant %s", tt.send, got, tt.want)
			}
			if events := w.rec.wait(t, n+1); len(events) != n+1 || events[n] != "gone "+c.jid {
				t.Errorf("events %q", events)
			}
		})
	}
}

// TestPasswords shows that nothing tells a wrong name from a wrong password, and
// that an address that goes on guessing waits.
func TestPasswords(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Plain = true })
	failure := func(reason string) string {
		return `<failure xmlns="` + nsSASL + `"><` + reason + `/></failure>`
	}
	for _, tt := range []struct {
		name           string
		mech           sasl.Mechanism
		user, password string
	}{
		{"wrong password", sasl.ScramSha256, "wayne", "gravel"},
		{"unknown user", sasl.ScramSha256, "nobody", "gravel"},
		{"no user name", sasl.ScramSha256, "a@b", "gravel"},
		{"wrong password in clear", sasl.Plain, "wayne", "gravel"},
		{"unknown user in clear", sasl.Plain, "nobody", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer w.srv.delays.forget("127.0.0.1")
			c := w.dial(w.direct).tls()
			defer c.conn.Close()
			c.open()
			if got := c.auth(tt.mech, tt.user, tt.password).String(); got != failure("not-authorized") {
				t.Errorf("got %s", got)
			}
			if got := c.auth(tt.mech, "keith", "two rivers ☂"); got.Local != "success" {
				t.Errorf("the right one after it: %s", got)
			}
			c.open() // by then the server has forgotten the address: not amid the next test's tries
		})
	}
	t.Run("three tries", func(t *testing.T) {
		defer w.srv.delays.forget("127.0.0.1")
		c := w.dial(w.direct).tls()
		c.open()
		for range passwordTries {
			if got := c.auth(sasl.ScramSha1, "wayne", "x").String(); got != failure("not-authorized") {
				t.Errorf("got %s", got)
			}
		}
		if got := c.rest(); !strings.Contains(got, "policy-violation") {
			t.Errorf("got %s", got)
		}
		c = w.dial(w.direct).tls()
		c.open()
		began := time.Now()
		c.auth(sasl.ScramSha1, "wayne", "x")
		if took := time.Since(began); took < delayUnit {
			t.Errorf("the fourth failure of an address was told after %v, want %v", took, delayUnit)
		}
	})
	for _, tt := range []struct{ name, send, want string }{
		{"no such mechanism", "<auth xmlns='%s' mechanism='DIGEST-MD5'>x</auth>", "invalid-mechanism"},
		{"with channel binding", "<auth xmlns='%s' mechanism='SCRAM-SHA-256-PLUS'>x</auth>", "invalid-mechanism"},
		{"no base64", "<auth xmlns='%s' mechanism='PLAIN'>***</auth>", "incorrect-encoding"},
		{"an abort", "<abort xmlns='%s'/>", "aborted"},
		{"another user's identity", "<auth xmlns='%s' mechanism='PLAIN'>a2VpdGhAcmFsZWlnaC50cmlkc3lzLmNvbQB3YXluZQBncmF2ZWwtcm9hZA==</auth>", "not-authorized"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer w.srv.delays.forget("127.0.0.1")
			c := w.dial(w.direct).tls()
			defer c.conn.Close()
			c.open()
			c.ask(fmt.Sprintf(tt.send, nsSASL), failure(tt.want))
		})
	}
	t.Run("the salt of nobody", func(t *testing.T) {
		again, err := New(w.srv.cfg)
		if err != nil {
			t.Fatal(err)
		}
		a, b := w.srv.nobody([]byte("nobody")), again.nobody([]byte("nobody"))
		if string(a.SHA256.Salt) != string(b.SHA256.Salt) || string(a.SHA1.Salt) == string(a.SHA256.Salt) {
			t.Error("the salt shown for an unknown user changes with a restart")
		}
	})
}

// TestNoInitialResponse is RFC 6120 §6.4.2: the server asks for it.
func TestNoInitialResponse(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Plain = true })
	c := w.dial(w.direct).tls()
	c.open()
	c.ask("<auth xmlns='"+nsSASL+"' mechanism='PLAIN'/>", "<challenge xmlns='"+nsSASL+"'/>")
	c.ask("<response xmlns='"+nsSASL+"'>AHdheW5lAGdyYXZlbC1yb2Fk</response>", "<success xmlns='"+nsSASL+"'/>")
}

// TestInjection puts plain text behind <starttls/>, in the same packet: it must
// not be taken for what comes over TLS.
func TestInjection(t *testing.T) {
	w := newWorld(t, nil)
	c := w.dial(w.starttls)
	c.open()
	c.send("<starttls xmlns='" + nsTLS + "'/><auth xmlns='" + nsSASL + "' mechanism='PLAIN'>AHdheW5lAGdyYXZlbC1yb2Fk</auth>")
	c.want("<proceed xmlns='" + nsTLS + "'/>")
	got, err := io.ReadAll(c.conn)
	if strings.Contains(string(got), "success") || strings.Contains(string(got), "failure") {
		t.Errorf("the server took plain text for TLS: %q, %v", got, err)
	}
}

// TestSilent holds the times before the login.
func TestSilent(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.LoginTime, c.Limits.TLSTime = 100*time.Millisecond, 50*time.Millisecond })
	c := w.dial(w.starttls)
	if got, err := io.ReadAll(c.conn); err != nil || !strings.Contains(string(got), streamErr("connection-timeout")) {
		t.Errorf("a silent client: %s, %v", got, err)
	}
	for name, stage := range map[string]func() net.Conn{
		"direct": func() net.Conn { return w.dial(w.direct).conn },
		"starttls": func() net.Conn {
			c := w.dial(w.starttls)
			c.open()
			c.send("<starttls xmlns='" + nsTLS + "'/>")
			return c.conn
		},
	} {
		began := time.Now()
		io.ReadAll(stage())
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: no TLS handshake, closed after %v", name, took)
		}
	}
}

// TestIdle holds that a silent session is asked, and then given up.
func TestIdle(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Idle, c.Limits.IdleGrace = 100*time.Millisecond, 100*time.Millisecond })
	c := w.login("wayne", "r")
	for range 2 { // it answers: it stays
		ping := c.next()
		if ping.Child("urn:xmpp:ping", "ping") == nil {
			t.Fatalf("got %s", ping)
		}
		c.send("<iq type='result' id='" + ping.Get("id") + "' to='" + testDomain + "'/>")
	}
	if got := c.rest(); !strings.Contains(got, "connection-timeout") {
		t.Errorf("got %s", got)
	}
	w.rec.wait(t, 1)
}

// TestSlow is a client that does not read: it is closed, and the server never
// waited for it.
func TestSlow(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Queue, c.Limits.WriteTime = 50, time.Second })
	c := w.login("wayne", "r")
	c.conn.(interface{ NetConn() net.Conn }).NetConn().(*net.TCPConn).SetReadBuffer(1)
	el := message(strings.Repeat("x", 20000)).Set("to", c.jid)
	began, n := time.Now(), 0
	for w.srv.Send(el) {
		if n++; n > 100000 {
			t.Fatal("100000 stanzas of 20 kB were taken")
		}
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("sending to a slow client took %v", took)
	}
	w.rec.wait(t, 1)
	if on := w.srv.Online(); len(on) > 0 {
		t.Errorf("still online: %v", on)
	}
}

// TestRate shows that a fast client is slowed, not closed.
func TestRate(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Rate, c.Limits.Burst = 100, 5 })
	c := w.login("wayne", "r")
	began := time.Now()
	c.send(strings.Repeat("<presence to='room@"+testRooms+"/Wayne'/>", 25))
	w.rec.wait(t, 25)
	if took := time.Since(began); took < 150*time.Millisecond || took > 3*time.Second {
		t.Errorf("25 stanzas at 100/s after a burst of 5 took %v", took)
	}
}
