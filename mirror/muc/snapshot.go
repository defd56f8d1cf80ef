package muc

import (
	"picket/codec/ns"
)

// A Snapshot is what a replica holds of a room, for tests and status.
type Snapshot struct {
	Occupants []SnapshotOccupant // by nick
	Archive   []SnapshotEntry    // in the room's order
	Subject   string
}

// A SnapshotOccupant is one occupant of a Snapshot.
type SnapshotOccupant struct {
	Nick, JID, Role, Affiliation, Show, Status string
	Remote                                     bool // behind a link
	Hidden                                     bool // shown as left
}

// A SnapshotEntry is one message of a Snapshot.
type SnapshotEntry struct {
	ID, Nick, Body string
	Pos            uint64
}

// Snapshot copies what the room holds.
func (r *Room) Snapshot() Snapshot {
	s := Snapshot{Subject: r.Subject.Text}
	for _, o := range r.Occupants() {
		so := SnapshotOccupant{Nick: o.Nick, JID: o.JID, Role: o.Role.String(), Affiliation: o.Affiliation.String(),
			Remote: o.Home != "", Hidden: o.Hidden}
		for _, p := range o.Payload {
			switch {
			case p.Is(ns.Client, "show"):
				so.Show = p.Text()
			case p.Is(ns.Client, "status"):
				so.Status = p.Text()
			}
		}
		s.Occupants = append(s.Occupants, so)
	}
	for _, e := range r.Archive.All() {
		s.Archive = append(s.Archive, SnapshotEntry{ID: e.StanzaID(), Nick: e.Nick, Body: e.Msg.Child(ns.Client, "body").Text(), Pos: e.Pos})
	}
	return s
}
