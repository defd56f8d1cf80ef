package sim

import "picket/mirror/muc"

// oneHistory is invariant 5: in the calm every replica's archive is the end of
// the master's, in the master's order, under the same ids.
type oneHistory struct{}

func (*oneHistory) see(*World, event) {}

func (*oneHistory) calm(w *World) {
	for _, room := range w.rooms {
		master, ok := w.hq.snapshot(room)
		if !ok {
			w.violate("history", "the master has no %s", muc.Local(room))
			continue
		}
		for _, g := range w.gateways {
			if snap, ok := g.snapshot(room); ok && g.hasOccupants(room) {
				compareArchives(w, g, room, master.Archive, snap.Archive)
			}
		}
	}
}

func compareArchives(w *World, g *site, room string, master, replica []muc.SnapshotEntry) {
	if len(replica) > len(master) {
		w.violate("history", "%s at %s holds %d messages, the master %d", muc.Local(room), g.name, len(replica), len(master))
		return
	}
	end := master[len(master)-len(replica):]
	for i, e := range replica {
		// A mirror learns the place of its own newest messages from the next
		// thing that the master sends: they stand last until then.
		if e.Pos == 0 {
			e.Pos = end[i].Pos
		}
		if e != end[i] {
			w.violate("history", "%s at %s: message %d from the end is %+v, at the master %+v", muc.Local(room), g.name,
				len(replica)-i, e, end[i])
			return
		}
	}
}
