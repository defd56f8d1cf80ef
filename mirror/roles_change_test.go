package mirror_test

import (
	"strings"
	"testing"
	"time"
)

const destroyRoom = `<iq type="set" id="d" to="` + roomJID + `"><query xmlns="http://jabber.org/protocol/muc#owner"><destroy/></query></iq>`

// What a mirror holds of a room that was destroyed while it was away does not
// mix with the room that was made under the same name.
func TestDestroyedAndMadeAnewWhileDown(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.say(scott, "of the old room")
	p.link(false)
	p.says(scott, destroyRoom)
	p.join(scott, "Scott")
	p.say(scott, "of the new room")
	p.say(wayne, "nobody is there any more")
	p.view(wayne)
	p.link(true)
	if got := p.view(wayne); !strings.HasSuffix(got, "-Wayne[110]") {
		t.Errorf("wayne saw %s, want the end of his stay", got)
	}
	p.join(wayne, "Wayne")
	p.expect(wayne, "+Scott, +Wayne[110 100], Scott: of the new room late, # ")
	p.same()
	p.say(wayne, "heard")
	p.view(scott)
	p.say(wayne, "and again")
	p.expect(scott, "Wayne: and again")
	p.same()
	p.link(false)
	p.startMaster() // places stay above those of the old room
	p.join(scott, "Scott")
	p.link(true)
	p.say(scott, "after a restart")
	p.same()
}

func TestBannedWhileDown(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.join(keith, "Keith")
	p.link(false)
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item jid="wayne@raleigh.tridsys.com" affiliation="outcast"/></query></iq>`)
	p.say(wayne, "before I heard of it")
	p.wait(time.Minute)
	p.view(scott)
	p.view(wayne)
	p.view(keith)
	p.link(true)
	if got := p.view(scott); !strings.Contains(got, "Wayne: before I heard of it late") {
		t.Errorf("scott saw %s, want what Wayne said before he heard of the ban", got)
	}
	if got := p.view(wayne); !strings.Contains(got, "-Wayne[110") {
		t.Errorf("wayne saw %s, want the end of his stay", got)
	}
	p.say(wayne, "after")
	p.expect(wayne, "error not-acceptable")
	p.same()
}

// A subject that waits for the master stands after what the master has, and
// over a restart.
func TestSubjectSetWhileDown(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.says(scott, `<message type="groupchat" to="`+roomJID+`"><subject>of headquarters</subject></message>`)
	p.link(false)
	p.says(wayne, `<message type="groupchat" to="`+roomJID+`"><subject>of the field</subject></message>`)
	p.startReplica()
	p.view(wayne)
	p.view(scott)
	p.join(wayne, "Wayne")
	p.expect(wayne, "+Wayne[110 100], Wayne# of the field")
	p.link(true)
	p.expect(wayne, "+Scott")
	if got := p.view(scott); !strings.HasSuffix(got, "# of the field") {
		t.Errorf("scott saw %s, want the subject", got)
	}
	p.same()
}

// XEP-0045 has a join say so. A status that crosses with a kick must not bring
// its user back.
func TestStatusIsNoJoin(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item nick="Wayne" role="none"/></query></iq>`)
	p.view(wayne)
	p.crossed = nil
	p.says(wayne, `<presence to="`+roomJID+`/Wayne"><show>away</show></presence>`)
	p.expect(wayne, "error not-acceptable")
	p.says(kevin, `<presence to="`+roomJID+`/Kevin"><show>away</show></presence>`)
	p.expect(kevin, "error not-acceptable")
	if len(p.crossed) > 0 {
		t.Errorf("crossed %q", p.crossed)
	}
	p.same()
}

// A room that is not persistent ends with its last occupant; who comes back to
// it by way of a mirror that still knows it makes it anew.
func TestTemporaryRoom(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.says(scott, `<iq type="set" id="c" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"><field var="muc#roomconfig_persistentroom"><value>0</value></field></x></query></iq>`)
	p.join(wayne, "Wayne")
	p.says(scott, `<presence to="`+roomJID+`/Scott" type="unavailable"/>`)
	p.link(false)
	p.startReplica()
	p.link(true) // the mirror has nobody in, and says so
	p.view(wayne)
	if _, there := p.master.Snapshot(roomJID); there {
		t.Error("the room is still there")
	}
	p.join(wayne, "Wayne")
	if got := p.view(wayne); !strings.HasSuffix(got, "+Wayne[110 100 201], # ") {
		t.Errorf("wayne saw %s", got)
	}
	p.same()
}
