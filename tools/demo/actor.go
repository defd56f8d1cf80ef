package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"picket/tools/lab"
	"picket/tools/rig/slixmpp"
)

// An actor is one of the story's users: a real client, and what it has seen.
type actor struct {
	name string // local part: "wayne"
	nick string
	site *lab.Site
	side *side
	room string

	client *slixmpp.Client

	mu   sync.Mutex
	seen []slixmpp.Event
	news chan struct{}
}

// A side is one of the two columns. What both of its users see is shown once.
type side struct {
	show  func(code, text string)
	stage *stage

	mu    sync.Mutex
	shown map[string]time.Time
}

// sameWithin is how close the same sight of two users of a side is one event.
const sameWithin = 5 * time.Second

// tell shows a line, unless the other user of this side has just shown it. note
// is what may differ between the two.
func (s *side) tell(code, text, note string) {
	s.mu.Lock()
	at, again := s.shown[text]
	again = again && time.Since(at) < sameWithin
	if !again {
		s.shown[text] = time.Now()
	}
	s.mu.Unlock()
	if !again {
		s.show(code, text+note)
	}
}

// logIn starts the actor's client and follows what it receives until ctx ends.
func (a *actor) logIn(ctx context.Context) error {
	account := a.site.Account(a.name)
	if account == nil {
		return fmt.Errorf("%s has no account at %s", a.name, a.site.Name)
	}
	c, err := slixmpp.Start(ctx, slixmpp.Config{JID: account.JID + "/TransVerse", Password: account.Password,
		Host: a.site.Host, Port: a.site.Port, CA: a.site.CA})
	if err != nil {
		return err
	}
	a.client, a.news = c, make(chan struct{})
	go a.follow(ctx)
	return nil
}

func (a *actor) follow(ctx context.Context) {
	for {
		e, err := a.client.Wait(ctx, func(e slixmpp.Event) bool {
			return e.Event == "stanza" && e.Kind != "iq" && strings.HasPrefix(e.From, a.room)
		})
		if err != nil {
			return
		}
		a.present(e)
		a.mu.Lock()
		a.seen = append(a.seen, e)
		close(a.news)
		a.news = make(chan struct{})
		a.mu.Unlock()
	}
}

// present shows an event in the words of a chat window.
func (a *actor) present(e slixmpp.Event) {
	nick := strings.TrimPrefix(e.From, a.room+"/")
	switch {
	case e.Type == "error":
		a.side.tell(yellow, a.nick+" is refused: "+e.Error, "")
	case e.Kind == "presence" && e.Type == "unavailable":
		a.side.tell(dim, "← "+nick+" has left", "")
	case e.Kind == "presence" && e.Show != "":
		a.side.tell(cyan, strings.TrimSuffix(fmt.Sprintf("  %s is %s: %s", nick, e.Show, e.Status), ": "), "")
	case e.Kind == "presence":
		a.side.tell(cyan, "→ "+nick+" is here", "")
	case e.Kind == "message" && e.Body != "" && !a.isHistory(e):
		a.side.tell(plain, nick+": "+e.Body, a.lateness(e))
	}
}

// lateness tells how long a message was under way, where one can notice it.
func (a *actor) lateness(e slixmpp.Event) string {
	d, ok := a.side.stage.age(e.Body, e.Time)
	switch {
	case e.Delayed:
		return " (sent in the outage)"
	case ok && d >= noticeable:
		return fmt.Sprintf("  [%.1f s]", d.Seconds())
	}
	return ""
}

// noticeable is what a person sees as not at once.
const noticeable = 100 * time.Millisecond

// isHistory says that a message is from before the actor's join, which ends
// with the subject.
func (a *actor) isHistory(e slixmpp.Event) bool {
	return e.Delayed && a.count(isSubject) == 0
}

func isSubject(e slixmpp.Event) bool { return e.Kind == "message" && e.Subject != nil && e.Body == "" }

func (a *actor) count(fits func(slixmpp.Event) bool) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, e := range a.seen {
		if fits(e) {
			n++
		}
	}
	return n
}

// await waits until the actor has seen what fits.
func (a *actor) await(what string, fits func(slixmpp.Event) bool) {
	a.until(what, func(seen []slixmpp.Event) bool { return slices.ContainsFunc(seen, fits) })
}

// until waits until what the actor has seen is enough.
func (a *actor) until(what string, enough func(seen []slixmpp.Event) bool) {
	st := a.side.stage
	for st.err == nil {
		a.mu.Lock()
		news, done := a.news, enough(a.seen)
		a.mu.Unlock()
		if done {
			return
		}
		select {
		case <-news:
		case <-st.ctx.Done():
			st.fail(fmt.Errorf("%s waits in vain for %s: %w", a.name, what, st.ctx.Err()))
		}
	}
}

// hears waits for a message.
func (a *actor) hears(body string) {
	a.await(fmt.Sprintf("%q", body), func(e slixmpp.Event) bool { return e.Kind == "message" && e.Body == body })
}

// sees waits until the newest presence of a nick is of this type: "" for there,
// "unavailable" for gone.
func (a *actor) sees(nick, kind string) {
	a.until(fmt.Sprintf("presence %q of %s", kind, nick), func(seen []slixmpp.Event) bool {
		last := "never seen"
		for _, e := range seen {
			if e.Kind == "presence" && e.From == a.room+"/"+nick {
				last = e.Type
			}
		}
		return last == kind
	})
}

// do lets the client do something, unless the story is over already.
func (a *actor) do(what func(context.Context, *slixmpp.Client) error) {
	if st := a.side.stage; st.err == nil {
		st.fail(what(st.ctx, a.client))
	}
}

// join enters the room and waits for the end of the join.
func (a *actor) join() {
	a.do(func(ctx context.Context, c *slixmpp.Client) error { return c.Join(ctx, a.room, a.nick, "", -1) })
	a.await("the room's subject", isSubject)
	if n := a.count(func(e slixmpp.Event) bool { return e.Kind == "message" && e.Body != "" && e.Delayed }); n > 0 {
		a.side.tell(dim, fmt.Sprintf("  %s reads %d earlier messages", a.nick, n), "")
	}
}

func (a *actor) say(body string) {
	a.side.stage.sent(body)
	a.do(func(ctx context.Context, c *slixmpp.Client) error { return c.Say(ctx, a.room, body) })
}

func (a *actor) leave() {
	a.do(func(ctx context.Context, c *slixmpp.Client) error { return c.Leave(ctx, a.room, a.nick) })
}
