package sim

import (
	"fmt"
	"strings"
	"time"

	"picket/mirror/muc"
)

// A Result is what one run of a world came to.
type Result struct {
	Seed        uint64
	Violations  []Violation
	Traffic     Traffic
	Convergence time.Duration // from the storm's end to the last change
	Digest      uint64        // of the transcript: two runs of a seed share it
}

// Traffic is what a run moved.
type Traffic struct {
	Sent, Delivered, Lost, Doubled int
	BytesUp, BytesDown             int
	Delays                         []time.Duration // from the send to each other occupant's receipt
}

// Ours: how the phases of a run are timed.
const (
	setupTime   = 30 * time.Second // to make the rooms on a calm line
	quietTime   = 2 * time.Minute  // without a frame: nothing more is to come
	calmMax     = 45 * time.Minute // after which everything must have converged
	silenceTime = 30 * time.Minute // in which an idle world must not send a byte
)

// sites that a drawn world may have; users beyond the seed's are made up.
var siteNames = []string{"fairfax", "raleigh", "durham", "boone", "wilmington", "asheville", "hickory", "newbern", "kinston"}

var userNames = []string{"kevin", "keith", "maria", "john", "ines", "omar", "lucy", "peter", "nadia", "tom", "ruth", "ivan", "hana", "carl", "mona", "ravi"}

// places spreads the users of a configuration over its sites.
func (c *Config) places() []place {
	sites := make([]place, c.Gateways+1)
	for i := range sites {
		name := fmt.Sprintf("site%d", i)
		if i < len(siteNames) {
			name = siteNames[i]
		}
		sites[i] = place{name: name, domain: name + ".tridsys.com"}
	}
	for i := range c.Users {
		name := fmt.Sprintf("user%d", i)
		switch {
		case i == 0:
			name = "scott"
		case i == 1:
			name = "wayne"
		case i-2 < len(userNames):
			name = userNames[i-2]
		}
		s := &sites[i%len(sites)]
		s.users = append(s.users, name)
	}
	return sites
}

// Run runs one world from its seed. The error is one of the configuration or
// of ours, never a violation.
func Run(cfg Config) (*Result, error) { return run(cfg, sabotage{}, nil) }

func run(cfg Config, sab sabotage, prepare func(*World)) (*Result, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Rate == 0 {
		w := World{cfg: cfg}
		cfg.Rate = []int{300, 1200, 2400, 9600, 19200, 115200}[w.rand("rate").IntN(6)]
	}
	w, err := newWorld(cfg, cfg.places())
	if err != nil {
		return nil, err
	}
	w.sabotage = sab
	if prepare != nil {
		prepare(w)
	}
	w.populate()
	if err := w.boot(); err != nil {
		return nil, err
	}
	w.makeRooms()
	w.runUntil(w.now.Add(setupTime))
	w.unleash()
	for _, c := range w.clients {
		u := w.users[c]
		w.after(between(u.r, 0, 2*time.Minute), u.arrive)
		u.think()
	}
	w.runUntil(w.now.Add(cfg.Storm))
	res := &Result{Seed: cfg.Seed, Convergence: w.becalm()}
	res.Violations, res.Digest = w.violations, w.digest.Sum64()
	res.Traffic = w.judges.delivery.traffic()
	res.Traffic.BytesUp, res.Traffic.BytesDown = w.bytesUp, w.bytesDown
	return res, nil
}

// populate gives every client a user with habits.
func (w *World) populate() {
	r := w.rand("people")
	for i := range w.cfg.Rooms {
		name := "chatroom"
		if i > 0 {
			name = fmt.Sprintf("room%d", i)
		}
		w.rooms = append(w.rooms, name+"@"+w.hq.service)
	}
	// Chat of all takes at most a third of a line.
	pace := max(time.Minute, time.Duration(w.cfg.Users)*time.Second*1500/time.Duration(w.cfg.Rate))
	w.users = map[*client]*user{}
	for i, c := range w.clients {
		u := &user{client: c, w: w, r: w.rand("user " + c.bare()), nick: nickOf(c.user), held: map[string]bool{}}
		u.pace = between(u.r, pace*7/10, pace*2)
		u.admin = i == 0
		first := r.IntN(len(w.rooms))
		for k := range 1 + r.IntN(len(w.rooms)) {
			u.wants = append(u.wants, w.rooms[(first+k)%len(w.rooms)])
		}
		if i == 0 {
			u.wants = w.rooms
		}
		if i > 2 && r.IntN(10) == 0 { // two of a name, at different sites
			u.nick = nickOf(w.clients[i-1].user)
		}
		w.users[c] = u
	}
}

// nickOf is the nick that a user takes everywhere.
func nickOf(user string) string { return strings.ToUpper(user[:1]) + user[1:] }

// makeRooms lets the first headquarters user, the administrator, make the
// rooms of the world, each a little different.
func (w *World) makeRooms() {
	r, scott := w.rand("rooms"), w.clients[0]
	scott.login()
	for i, room := range w.rooms {
		cfg := muc.DefaultConfig
		if i > 0 {
			cfg.AnyoneSeesJIDs = r.IntN(2) == 0
			cfg.Moderated = r.IntN(6) == 0
			cfg.HistoryMax = r.IntN(40)
		}
		at := time.Duration(i) * 200 * time.Millisecond
		w.laws[room] = &law{base: cfg, now: cfg, stands: map[string]string{}}
		w.after(at, func() { scott.join(room, nickOf(scott.user)) })
		w.after(at+100*time.Millisecond, func() { scott.configure(room, &cfg) })
	}
}

// becalm ends the storm: no more faults, everyone connected, nobody talks. It
// judges what must hold then, and tells how long that took.
func (w *World) becalm() time.Duration {
	w.endStorm()
	begin := w.now
	w.lastFrame = begin
	for w.now.Sub(begin) < calmMax && !w.quiet() {
		w.runUntil(w.now.Add(10 * time.Second))
	}
	took := w.lastFrame.Sub(begin)
	if !w.quiet() {
		w.violate("convergence", "after %v of calm there is still traffic, or somebody is not where he wants to be: %s", calmMax, w.unsettled())
		took = w.now.Sub(begin)
	}
	for _, c := range w.judges.all {
		c.calm(w)
	}
	w.beSilent()
	return took
}

// endStorm takes all faults away and gets everyone to where he wants to be.
func (w *World) endStorm() {
	w.storm = false
	for _, l := range w.lines {
		l.air.SetFaults(w.clear)
		l.set(false)
	}
	for _, s := range w.sites() {
		s.doomed = nil
		if s.node == nil {
			s.mustStart()
		}
	}
	for _, c := range w.clients {
		u := w.users[c]
		w.after(between(u.r, 0, 10*time.Second), u.settle)
	}
	if w.kinds&People != 0 {
		w.after(amnestyEvery/2, w.amnesty)
	}
}

// settle brings a user to where he wants to be, and keeps him trying.
func (u *user) settle() {
	u.arrive()
	if !u.w.hushed {
		u.w.after(time.Minute, u.settle)
	}
}

// quiet reports whether nothing has moved for a while and everyone is in.
func (w *World) quiet() bool {
	return w.now.Sub(w.lastFrame) >= quietTime && w.unsettled() == ""
}

// unsettled names somebody who is not yet in a room that he wants.
func (w *World) unsettled() string {
	for _, c := range w.clients {
		for _, room := range w.users[c].wants {
			if v := c.views[room]; v == nil || v.phase != live {
				return fmt.Sprintf("%s in %s", c.jid(), muc.Local(room))
			}
		}
	}
	return ""
}
