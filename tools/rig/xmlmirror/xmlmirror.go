// Package xmlmirror plays a mirror that is no picket: it speaks the protocol as
// the specification has it, in plain XML, through the XMPP server that the
// headquarters has already (Prosody, ejabberd). Two external components stand for
// its domains, as its own server would at the far end of a federation.
//
// It knows nothing of links, numbers and digests, and the test wants none of
// them on its side.
package xmlmirror

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"picket/codec/xmltree"
	"picket/mirror/component"
)

// A Mirror is the far side: the users' domain and the mirror's.
type Mirror struct {
	Users, Name string // raleigh.tridsys.com, mirror.raleigh.tridsys.com

	clients map[string]*component.Client
	stop    context.CancelFunc
	ended   []chan error

	mu   sync.Mutex
	seen []*xmltree.Element
	news chan struct{}
}

// Start connects both domains to the server and waits until they are in.
func Start(ctx context.Context, addr, secret, users string) (*Mirror, error) {
	m := &Mirror{Users: users, Name: "mirror." + users, clients: map[string]*component.Client{}, news: make(chan struct{})}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	m.stop = stop
	for _, domain := range []string{m.Users, m.Name} {
		up := make(chan bool, 10)
		c, err := component.New(component.Config{Addr: addr, Domain: domain, Secret: secret, Handler: m.take, State: func(is bool) { up <- is }})
		if err != nil {
			m.Stop()
			return nil, err
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Run(run) }()
		m.clients[domain], m.ended = c, append(m.ended, ended)
		select {
		case <-up:
		case err := <-ended:
			ended <- err
			m.Stop()
			return nil, err
		case <-ctx.Done():
			m.Stop()
			return nil, ctx.Err()
		}
	}
	return m, nil
}

// Stop takes both domains from the server.
func (m *Mirror) Stop() {
	m.stop()
	for _, ended := range m.ended {
		<-ended
	}
	m.ended = nil
}

// take keeps what came, and answers what a mirror has to.
func (m *Mirror) take(el *xmltree.Element) {
	if el.Local == "iq" && el.Get("type") == "set" {
		m.Say(fmt.Sprintf(`<iq xmlns='jabber:client' from='%s' to='%s' id='%s' type='result'/>`, el.Get("to"), el.Get("from"), el.Get("id")))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, el)
	close(m.news)
	m.news = make(chan struct{})
}

// Say sends a stanza by the domain that it is from.
func (m *Mirror) Say(stanza string) {
	el := xmltree.MustParse(stanza)
	domain, _, _ := strings.Cut(el.Get("from"), "/")
	if _, d, ok := strings.Cut(domain, "@"); ok {
		domain = d
	}
	m.clients[domain].Send(el)
}

// Seen gives all that came so far.
func (m *Mirror) Seen() []*xmltree.Element {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]*xmltree.Element(nil), m.seen...)
}

// Await waits for a stanza that fits, at or after a mark.
func (m *Mirror) Await(patience time.Duration, from int, fits func(*xmltree.Element) bool) *xmltree.Element {
	timeout := time.After(patience)
	for {
		m.mu.Lock()
		news, seen := m.news, m.seen[from:]
		m.mu.Unlock()
		for _, el := range seen {
			if fits(el) {
				return el
			}
		}
		select {
		case <-news:
		case <-timeout:
			return nil
		}
	}
}
