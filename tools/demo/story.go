package main

import (
	"context"
	"errors"
	"time"

	"picket/tools/rig/slixmpp"
)

// earlier is what was said at headquarters before anybody in the field came.
var earlier = []struct{ nick, body string }{
	{"Scott", "Morning brief: road 40 is closed at the bridge."},
	{"Kevin", "Fuel state 60 percent, water 40 litres."},
	{"Scott", "Patrol two at checkpoint bravo, all quiet."},
	{"Kevin", "Weather: wind 240 at 12 kt, vis 8 km."},
	{"Scott", "Convoy moves at 1430, route blue."},
	{"Kevin", "Copy, hold there until relieved."},
}

// cast makes the users: scott and kevin at the headquarters, wayne and keith at
// the gateway.
func (st *stage) cast() {
	left := &side{show: st.screen.left, stage: st, shown: map[string]time.Time{}}
	right := &side{show: st.screen.right, stage: st, shown: map[string]time.Time{}}
	for _, a := range []struct {
		name, nick string
		site       int
		side       *side
	}{{"scott", "Scott", 0, left}, {"kevin", "Kevin", 0, left}, {"wayne", "Wayne", 1, right}, {"keith", "Keith", 1, right}} {
		st.actors = append(st.actors, &actor{name: a.name, nick: a.nick, site: &st.world.Sites[a.site], side: a.side, room: st.world.Room})
	}
}

// logIn logs all four in at once.
func (st *stage) logIn() {
	errs := make(chan error)
	for _, a := range st.actors {
		go func() { errs <- a.logIn(st.ctx) }()
	}
	for range st.actors {
		st.fail(<-errs)
	}
}

// play plays the story of the protocol's specification: joins, talk, a status,
// a link that dies and comes back, a refused nick, leaving.
func (st *stage) play() {
	scott, kevin, wayne, keith := st.actors[0], st.actors[1], st.actors[2], st.actors[3]
	st.step("Scott and Kevin talk at headquarters; nobody in the field is in the room", func() xmlCost {
		return xmlCost{cost: st.morning(scott, kevin)}
	})
	st.step("Wayne joins through the mirror: it learns settings, roster and history", func() xmlCost {
		wayne.join()
		scott.sees("Wayne", "")
		return xmlCost{cost: st.plain.join(st.occupant(wayne, "none", "participant"))}
	})
	st.step("Keith joins too: the gateway has it all already", func() xmlCost {
		keith.join()
		scott.sees("Keith", "")
		return xmlCost{cost: st.plain.join(st.occupant(keith, "none", "participant"))}
	})
	st.step("Wayne reports, Scott answers", func() xmlCost {
		const report, reply = "Two vehicles at the ford, moving north, slow.", "Copy. Hold and watch, report again at 1500."
		wayne.say(report)
		scott.hears(report)
		scott.say(reply)
		keith.hears(reply)
		return xmlCost{cost: st.plain.say("Wayne", report).add(st.plain.say("Scott", reply))}
	})
	st.step("Keith goes on watch", func() xmlCost {
		keith.do(func(ctx context.Context, c *slixmpp.Client) error {
			return c.Presence(ctx, keith.room+"/Keith", "", "away", "on watch")
		})
		scott.await("Keith's status", func(e slixmpp.Event) bool { return e.Show == "away" })
		return xmlCost{cost: st.plain.show("Keith", "<show>away</show><status>on watch</status>")}
	})
	st.step("Wayne wants another nick: the mirror refuses by itself", func() xmlCost {
		wayne.do(func(ctx context.Context, c *slixmpp.Client) error { return c.Nick(ctx, wayne.room, "Duke") })
		wayne.await("the refusal", func(e slixmpp.Event) bool { return e.Error == "not-acceptable" })
		return xmlCost{cost: st.plain.refused("Wayne", "Duke")}
	})
	const inField, atHQ = "No word from HQ. We hold, as ordered.", "Raleigh is silent. We keep the channel open."
	st.step("THE LINE IS CUT: both sides go on among themselves", func() xmlCost {
		st.line("cut")
		wayne.say(inField)
		keith.hears(inField)
		scott.say(atHQ)
		kevin.hears(atHQ)
		wayne.sees("Scott", "unavailable")
		scott.sees("Wayne", "unavailable")
		return xmlCost{impossible: true}
	})
	st.step("THE LINE IS BACK: each side hears what it missed, once and in order", func() xmlCost {
		st.line("heal")
		wayne.sees("Scott", "")
		scott.sees("Wayne", "")
		kevin.hears(inField)
		keith.hears(atHQ)
		return xmlCost{cost: st.plain.rejoin()}
	})
	st.step("Keith and Wayne leave", func() xmlCost {
		keith.leave()
		scott.sees("Keith", "unavailable")
		wayne.leave()
		scott.sees("Wayne", "unavailable")
		return xmlCost{cost: st.plain.leave("Keith").add(st.plain.leave("Wayne"))}
	})
}

func (st *stage) occupant(a *actor, affiliation, role string) plainOccupant {
	return plainOccupant{nick: a.nick, jid: a.client.JID, affiliation: affiliation, role: role, field: a.site != &st.world.Sites[0]}
}

// morning opens the room and fills its history.
func (st *stage) morning(scott, kevin *actor) cost {
	scott.join()
	// A new room is locked until its owner has accepted its settings
	// (XEP-0045 §10.1.2).
	scott.do(func(ctx context.Context, c *slixmpp.Client) error {
		e, err := c.IQ(ctx, "set", scott.room, `<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>`)
		if err == nil && e.Type == "error" {
			err = errors.New("the room's settings are refused: " + e.Error)
		}
		return err
	})
	kevin.join()
	for _, m := range earlier {
		who := scott
		if m.nick == "Kevin" {
			who = kevin
		}
		who.say(m.body)
		scott.hears(m.body)
	}
	if st.err != nil {
		return cost{}
	}
	c := st.plain.join(st.occupant(scott, "owner", "moderator")).add(st.plain.join(st.occupant(kevin, "none", "participant")))
	for _, m := range earlier {
		c = c.add(st.plain.say(m.nick, m.body))
	}
	return c
}
