package sim

import (
	"maps"
	"slices"
	"time"

	"picket/mirror"
	"picket/mirror/muc"
)

// rosters is invariant 6: with a link up and quiet both sides hold the same
// occupants; with it down, each shows the other's as left once the hold time
// is over.
type rosters struct {
	down   map[*site]map[string]time.Time // by site and peer: since when its link does not work for it
	owners map[string]map[*site]bool      // by room/nick: sites whose users ever took it
	looked time.Time
}

// lookEvery is how often the storm's rosters are judged.
const lookEvery = 10 * time.Second

func newRosters() *rosters {
	return &rosters{down: map[*site]map[string]time.Time{}, owners: map[string]map[*site]bool{}}
}

func (r *rosters) see(w *World, e event) {
	switch e := e.(type) {
	case siteUp:
		r.down[e.site] = map[string]time.Time{}
		for _, p := range e.site.peerNames() {
			r.down[e.site][p] = w.now
		}
	case siteDown:
		delete(r.down, e.site)
	case stepped:
		switch in := e.input.(type) {
		case mirror.PeerUp:
			delete(r.down[e.site], in.Peer)
		case mirror.PeerDown:
			if _, is := r.down[e.site][in.Peer]; !is {
				r.down[e.site][in.Peer] = w.now
			}
		}
	case clientSent:
		if to := e.stanza.Get("to"); e.stanza.Local == "presence" && muc.Resource(to) != "" {
			if r.owners[to] == nil {
				r.owners[to] = map[*site]bool{}
			}
			r.owners[to][e.client.site] = true
		}
	}
	if w.now.Sub(r.looked) >= lookEvery {
		r.looked = w.now
		r.look(w)
	}
}

// holdSlack is what a side may take, beyond the hold time, to show its remote
// occupants as left: a sync of the disk.
const holdSlack = time.Second

// look judges what the clients of each site see of sites that are away.
func (r *rosters) look(w *World) {
	for _, s := range w.sites() {
		if s.node == nil {
			continue
		}
		for _, peer := range s.peerNames() {
			since, is := r.down[s][peer]
			if is && w.now.Sub(since) > w.hold+holdSlack {
				r.lookAway(w, s, peer, since)
			}
		}
	}
}

// lookAway judges the views at one site while one of its links is down.
func (r *rosters) lookAway(w *World, s *site, peer string, since time.Time) {
	for _, c := range s.clients {
		for _, room := range w.rooms {
			v := c.views[room]
			if v == nil || v.phase != live {
				continue
			}
			for _, nick := range slices.Sorted(maps.Keys(v.occupants)) {
				if r.behind(room+"/"+nick, s, peer) {
					w.violate("rosters", "%s still sees %s, although the link to %s is down since %v", c.jid(), nick, peer, since.Sub(epoch))
				}
			}
		}
	}
}

// behind reports whether a nick can only be somebody's on the other side of
// the site's link to peer.
func (r *rosters) behind(occupant string, s *site, peer string) bool {
	owners := r.owners[occupant]
	for o := range owners {
		if o == s || s.hq && o.service != peer {
			return false
		}
	}
	return len(owners) > 0
}

func (r *rosters) calm(w *World) {
	for _, room := range w.rooms {
		master, ok := w.hq.snapshot(room)
		if !ok {
			continue
		}
		want := standings(master)
		for _, s := range w.sites() {
			if !s.hasOccupants(room) {
				continue
			}
			if snap, ok := s.snapshot(room); ok && !s.hq {
				compareRosters(w, s.name+" holds", room, want, standings(snap), master, snap)
			}
			for _, c := range s.clients {
				if c.in(room) {
					compareRosters(w, c.jid()+" sees", room, want, c.views[room].standings(), master, muc.Snapshot{})
				}
			}
		}
	}
}

// A standing is what both sides must agree on of an occupant.
type standing struct{ role, affiliation, show, status string }

func standings(s muc.Snapshot) map[string]standing {
	out := map[string]standing{}
	for _, o := range s.Occupants {
		if !o.Hidden {
			out[o.Nick] = standing{o.Role, o.Affiliation, o.Show, o.Status}
		}
	}
	return out
}

func (v *view) standings() map[string]standing {
	out := map[string]standing{}
	for nick, o := range v.occupants {
		out[nick] = standing{o.role, o.affiliation, o.show, o.status}
	}
	return out
}

func compareRosters(w *World, who, room string, want, got map[string]standing, master, snap muc.Snapshot) {
	nicks := map[string]bool{}
	for n := range want {
		nicks[n] = true
	}
	for n := range got {
		nicks[n] = true
	}
	for _, n := range slices.Sorted(maps.Keys(nicks)) {
		a, atMaster := want[n]
		b, there := got[n]
		switch {
		case !there:
			w.violate("rosters", "%s no %s in %s, who is there", who, n, muc.Local(room))
		case !atMaster:
			w.violate("rosters", "%s %s in %s, who is not there", who, n, muc.Local(room))
		case a != b:
			w.violate("rosters", "%s %s in %s as %+v, the master as %+v", who, n, muc.Local(room), b, a)
		}
	}
	jids := map[string]string{}
	for _, o := range master.Occupants {
		jids[o.Nick] = muc.Bare(o.JID) // resources do not cross the link
	}
	for _, o := range snap.Occupants {
		if jid := jids[o.Nick]; jid != "" && o.JID != "" && jid != muc.Bare(o.JID) {
			w.violate("rosters", "%s %s in %s as %s, the master as %s", who, o.Nick, muc.Local(room), o.JID, jid)
		}
	}
}
