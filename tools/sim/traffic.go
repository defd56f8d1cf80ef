package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A user decides what a client does, as people in the field do: mostly short
// messages, now and then a status, a walk out of Wi-Fi, another room.
type user struct {
	*client
	w     *World
	r     *rand.Rand
	nick  string
	pace  time.Duration // mean time between two doings
	wants []string      // rooms to be in
	admin bool          // may kick and give voice
	held  map[string]bool
}

// phrases are what people say over such links: about 48 characters with the
// number that makes each message unlike all others.
var phrases = []string{
	"convoy at the ford, two vehicles, water is high",
	"say again all after grid, you came in broken",
	"bridge at the mill holds, trucks one at a time",
	"need two litres of oil and a fan belt by noon",
	"relief team leaves at first light, six people",
	"copy that, generator is back, fuel for nine hours",
	"weather closing in from the west, visibility poor",
	"clinic asks for blood type O, count is eleven now",
	"who has the spare antenna? ours is bent badly",
	"all quiet here, next check at the full hour",
	"road block cleared, north lane only, go slowly",
	"ok",
	"thanks, will do",
	"Wasser steigt, Brücke in Brunnau gesperrt seit neun",
	"list for tomorrow: batteries, tarps, rope (40 m), water tablets, two radios, paper maps of the valley sheet 7 and 8, and coffee",
}

// body makes a message that no other equals; its number comes last.
func (w *World) body(r *rand.Rand) string {
	w.said++
	return fmt.Sprintf("%s #%d", phrases[r.IntN(len(phrases))], w.said)
}

// think plans the user's next doing.
func (u *user) think() {
	u.w.after(around(u.r, u.pace), func() {
		if u.w.storm {
			u.act()
			u.think()
		}
	})
}

// act does one thing.
func (u *user) act() {
	if !u.connected {
		u.arrive()
		return
	}
	room := u.wants[u.r.IntN(len(u.wants))]
	v := u.views[room]
	if v == nil || v.phase == out {
		u.enter(room)
		return
	}
	if !u.in(room) {
		return
	}
	switch dice := u.r.IntN(1000); {
	case dice < 770:
		if u.w.kinds&People == 0 || !u.refer(room) {
			u.say(room, u.w.body(u.r))
		}
	case dice < 860:
		u.status(room, []string{"", "away", "dnd", "chat", "xa"}[u.r.IntN(5)], []string{"", "at the radio", "on patrol"}[u.r.IntN(3)])
	case dice < 890:
		u.leave(room)
	case dice < 910:
		u.vanish()
	case dice < 920:
		u.setSubject(room, "Sector "+string(rune('A'+u.r.IntN(26)))+", shift "+fmt.Sprint(u.r.IntN(4)))
	case dice < 930:
		u.changeNick(room, u.nick+"-"+fmt.Sprint(u.r.IntN(9)))
	case dice < 940:
		u.join(room, v.nick) // it lost its memory: a rejoin by the same full JID
	case dice < 980:
		u.whisperSomebody(room)
	default:
		u.rule(room)
	}
}

// arrive logs in and joins; where the server is down, it tries again.
func (u *user) arrive() {
	if !u.login() {
		u.w.after(between(u.r, 2*time.Second, 20*time.Second), func() {
			if !u.connected {
				u.arrive()
			}
		})
		return
	}
	for _, room := range u.wants {
		if v := u.views[room]; v == nil || v.phase == out {
			u.enter(room)
		}
	}
}

// enter joins a room with the password that the user has heard of.
func (u *user) enter(room string) { u.join(room, u.nick, u.w.laws[room].now.Password) }

func (u *user) whisperSomebody(room string) {
	nicks := u.views[room].nicks()
	if len(nicks) == 0 {
		return
	}
	to := nicks[u.r.IntN(len(nicks))]
	u.w.said++
	u.whisper(room, to, fmt.Sprintf("between us: bring the code book #%d", u.w.said))
}

// rule kicks somebody, or takes or gives voice.
func (u *user) rule(room string) {
	v := u.views[room]
	nicks := v.nicks()
	if !u.admin || len(nicks) == 0 {
		return
	}
	nick := nicks[u.r.IntN(len(nicks))]
	if nick == v.nick {
		return
	}
	role := []string{"none", "visitor", "participant"}[u.r.IntN(3)]
	u.administer(room, "nick", nick, "role", role)
}

// reacted lets the user behind a client answer what came: one who was thrown
// out or refused comes back after a while, under another nick where his own
// is taken.
func (w *World) reacted(c *client, room string) {
	u := w.users[c]
	v := c.views[room]
	if u == nil || v == nil || v.phase != out || u.held[room] || v.ended == "rejoined" {
		return
	}
	u.held[room] = true
	if strings.HasSuffix(v.ended, "conflict") {
		u.nick += "_"
	}
	wait := between(u.r, 5*time.Second, 60*time.Second)
	w.after(wait, func() {
		u.held[room] = false
		if v := u.views[room]; u.connected && (v == nil || v.phase == out) && !w.hushed {
			u.enter(room)
		}
	})
}
