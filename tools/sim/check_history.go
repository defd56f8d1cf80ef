package sim

import (
	"slices"

	"picket/mirror/muc"
)

// oneHistory is invariant 5: in the calm every replica's archive is the end of
// the master's, in the master's order, under the same ids, and everybody sees
// the last subject.
type oneHistory struct{}

func (*oneHistory) see(*World, event) {}

func (*oneHistory) calm(w *World) {
	for _, room := range w.rooms {
		master, ok := w.hq.snapshot(room)
		if !ok {
			w.violate("history", "the master has no %s", muc.Local(room))
			continue
		}
		for _, c := range w.clients {
			if v := c.views[room]; v != nil && v.phase == live && v.subject != master.Subject {
				w.violate("history", "%s sees the subject %q of %s; it is %q", c.jid(), v.subject, muc.Local(room), master.Subject)
			}
		}
		for _, g := range w.gateways {
			if snap, ok := g.snapshot(room); ok && g.hasOccupants(room) {
				compareArchives(w, g, room, master.Archive, snap.Archive)
			}
		}
	}
}

func compareArchives(w *World, g *site, room string, master, replica []muc.SnapshotEntry) {
	if len(replica) == 0 {
		return // what it should have is the delivery checker's business
	}
	first := slices.IndexFunc(master, func(e muc.SnapshotEntry) bool { return e.ID == replica[0].ID })
	if first < 0 {
		w.violate("history", "%s at %s begins with %+v, which the master does not have", muc.Local(room), g.name, replica[0])
		return
	}
	end := master[first:]
	for i := range max(len(end), len(replica)) {
		switch {
		case i == len(replica):
			w.violate("history", "%s at %s ends before %+v, which the master has", muc.Local(room), g.name, end[i])
			return
		case i == len(end):
			w.violate("history", "%s at %s goes on with %+v, which the master does not have", muc.Local(room), g.name, replica[i])
			return
		}
		// A mirror learns the place of its own newest messages from the next
		// thing that the master sends: they stand last until then.
		e := replica[i]
		if e.Pos == 0 {
			e.Pos = end[i].Pos
		}
		if e != end[i] {
			w.violate("history", "%s at %s: after %s comes %+v, at the master %+v", muc.Local(room), g.name,
				end[max(i-1, 0)].ID, e, end[i])
			return
		}
	}
}
