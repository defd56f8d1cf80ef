package main

import "testing"

// photo is what Prosody's avatar module put into each captured presence and the
// count leaves out.
const photo = `<x xmlns='vcard-temp:x:update'><photo/></x>`

// The sizes are those of a capture: one slixmpp user of field.example in a room
// of conference.hq.example with Scott and Kevin, two Prosody servers between.
func TestPlainXML(t *testing.T) {
	slix := plainOccupant{nick: "Slix", jid: "slix@field.example/s", affiliation: "none", role: "participant", field: true}
	empty := plainRoom{room: "slix@conference.hq.example"}
	scott := plainOccupant{nick: "Scott", affiliation: "none", role: "participant"}
	quiet := plainMessage{"Scott", "1. Patrol two at checkpoint bravo, all quiet."}
	check := plainMessage{"Slix", "Wayne here, radio check over."}
	delay := `<delay xmlns='urn:xmpp:delay' stamp='2026-11-24T21:06:41Z' from='slix@conference.hq.example'/>`
	inRoom := func() *plainRoom { r := empty; r.join(slix); return &r }
	left := slix
	left.role = "none"
	for _, tt := range []struct {
		name      string
		got, want int
	}{
		{"presence of another", len(empty.presence(scott, slix.jid, "", false)), 373 - len(photo)},
		{"one's own presence", len(empty.presence(slix, slix.jid, "", true)), 419 - len(photo)},
		{"a message of the history", len(empty.message(quiet, slix.jid, delay)), 498},
		{"a message reflected", len(empty.message(check, slix.jid, "")), 387},
		{"a message sent", inRoom().say("Slix", check.body).up, 190},
		{"its copies", inRoom().say("Slix", check.body).down, 387},
		{"away, sent", inRoom().show("Slix", "<show>away</show><status>on watch</status>").up, 223 - len(photo)},
		{"away, seen", inRoom().show("Slix", "<show>away</show><status>on watch</status>").down, 461 - len(photo)},
		{"leaving, sent", inRoom().leave("Slix").up, 147},
		{"leaving, seen", inRoom().leave("Slix").down, 388},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d bytes, captured %d", tt.name, tt.got, tt.want)
		}
	}
}

// Somebody at the headquarters who talks to a room without field users costs
// nothing; with two of them, each message twice.
func TestPlainXMLCopies(t *testing.T) {
	r := plainRoom{room: "chatroom@conference.fairfax.tridsys.com"}
	r.join(plainOccupant{nick: "Scott", jid: "scott@fairfax.tridsys.com/s", affiliation: "owner", role: "moderator"})
	if c := r.say("Scott", "anybody there"); c != (cost{}) {
		t.Errorf("no field user: %+v", c)
	}
	r.join(plainOccupant{nick: "Wayne", jid: "wayne@raleigh.tridsys.com/w", affiliation: "none", role: "participant", field: true})
	one := r.say("Scott", "one")
	r.join(plainOccupant{nick: "Keith", jid: "keith@raleigh.tridsys.com/k", affiliation: "none", role: "participant", field: true})
	if two := r.say("Scott", "two"); one.up != 0 || two.down != 2*one.down {
		t.Errorf("one field user %+v, two %+v", one, two)
	}
	if c := r.rejoin(); c.up == 0 || len(r.occupants) != 3 {
		t.Errorf("rejoin: %+v, occupants %d", c, len(r.occupants))
	}
}
