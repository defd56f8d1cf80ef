package mirror_test

import (
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
)

// TestAgeOnTheLink: what waited in a link is shown as late, with the time when
// it was said; what it waited at its role is added once.
func TestAgeOnTheLink(t *testing.T) {
	p := newPair(t)
	wall := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	p.toMaster(mirror.ClockSet{Wall: wall})
	p.toReplica(mirror.ClockSet{Wall: wall})
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.view(scott)
	p.view(wayne)
	stamp := func(jid string) string {
		t.Helper()
		if len(p.seen[jid]) == 0 {
			t.Fatalf("%s saw nothing", jid)
		}
		d := p.seen[jid][0].Child(ns.Delay, "delay")
		if d == nil {
			return ""
		}
		return d.Get("stamp")
	}
	expect := func(jid, view, at string) {
		t.Helper()
		if got := stamp(jid); got != at {
			t.Errorf("%s: stamp %q, want %q", jid, got, at)
		}
		p.expect(jid, view)
	}

	p.say(wayne, "up-now")
	expect(scott, "Wayne: up-now", "")
	p.say(scott, "down-now")
	p.view(wayne)
	p.view(scott)

	p.age = 12 * time.Minute
	p.say(wayne, "up-late")
	expect(scott, "Wayne: up-late late", "2026-03-01T05:48:00Z")
	p.say(scott, "down-late")
	p.view(scott)
	p.expect(wayne, "Wayne: up-late, Scott: down-late late")

	// A minute at the replica, another in the link: the wall clock is at 06:01.
	p.age = 0
	p.link(false)
	p.say(wayne, "up-backlog")
	p.wait(time.Minute)
	p.age = time.Minute
	p.link(true)
	backlog := ""
	for _, el := range p.seen[scott] {
		if el.Local == "message" {
			backlog = el.Child(ns.Delay, "delay").Get("stamp")
		}
	}
	if want := "2026-03-01T05:59:00Z"; backlog != want {
		t.Errorf("backlog: stamp %q, want %q", backlog, want)
	}
	p.same()

	// Who comes first after that has the same times in the history.
	p.age = 0
	p.view(keith)
	p.join(keith, "Keith")
	late := map[string]string{}
	for _, el := range p.seen[keith] {
		if d := el.Child(ns.Delay, "delay"); el.Local == "message" && d != nil {
			late[body(el)] = d.Get("stamp")
		}
	}
	if late["up-late"] != "2026-03-01T06:00:00Z" || late["down-late"] != "2026-03-01T05:48:00Z" {
		t.Errorf("history at the mirror: %v", late)
	}
}

func body(el *xmltree.Element) string {
	b := el.Child(ns.Client, "body")
	if b == nil {
		return ""
	}
	return b.Text()
}
