package mirror_test

import (
	"strings"
	"testing"
	"time"
)

func TestKickAndBanAcross(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.join(keith, "Keith")
	p.view(wayne)
	p.view(keith)
	p.view(scott)
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item nick="Wayne" role="none"><reason>rest</reason></item></query></iq>`)
	p.expect(scott, "-Wayne[307], iq result")
	p.expect(wayne, "-Wayne[110 307]")
	p.expect(keith, "-Wayne[307]")
	p.same()
	p.join(wayne, "Wayne")
	p.view(wayne)
	p.view(scott)
	p.view(keith)
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item jid="wayne@raleigh.tridsys.com" affiliation="outcast"/></query></iq>`)
	p.expect(wayne, "-Wayne[110 301]")
	p.expect(keith, "-Wayne[301]")
	p.crossed = nil
	p.join(wayne, "Wayne")
	if len(p.crossed) > 0 {
		t.Errorf("the mirror knows the ban, yet crossed %q", p.crossed)
	}
	p.expect(wayne, "error forbidden")
	p.same()
	// A field user whose standing allows it, by way of the mirror.
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item jid="keith@raleigh.tridsys.com" affiliation="admin"/></query></iq>`)
	p.view(keith)
	p.says(keith, `<iq type="set" id="v" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item jid="wayne@raleigh.tridsys.com" affiliation="none"/></query></iq>`)
	p.expect(keith, "iq result")
	p.join(wayne, "Wayne")
	p.expect(wayne, "+Keith, +Scott, +Wayne[110 100], # ")
	p.same()
}

func TestVoiceAcross(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.view(wayne)
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"><field var="muc#roomconfig_moderatedroom"><value>1</value></field></x></query></iq>`)
	p.expect(wayne, ": [104], +Wayne[110]")
	p.say(wayne, "hush")
	p.expect(wayne, "error forbidden")
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item nick="Wayne" role="participant"/></query></iq>`)
	p.expect(wayne, "+Wayne[110]")
	p.say(wayne, "heard")
	p.expect(wayne, "Wayne: heard")
	p.same()
}

func TestNickTakenDuringOutage(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(keith, "Keith")
	p.link(false)
	p.join(wayne, "Wayne")
	p.expect(wayne, "+Keith, +Scott, +Wayne[110 100], # ")
	p.say(wayne, "meanwhile")
	p.join(kevin, "Wayne") // at headquarters, the same nick
	p.view(wayne)
	p.view(keith)
	p.wait(time.Minute)
	p.link(true)
	p.expect(wayne, "-Scott, error conflict, -Wayne[110]")
	if got := p.view(keith); !strings.Contains(got, "-Wayne") || !strings.Contains(got, "+Wayne") {
		t.Errorf("keith saw %s, want the one Wayne leave and the other come", got)
	}
	if got := p.view(scott); !strings.Contains(got, "Wayne: meanwhile") {
		t.Errorf("scott saw %s, want what Wayne said meanwhile", got)
	}
	p.same()
}

func TestNickTakenFromOneAway(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.view(wayne)
	p.link(false)
	p.wait(time.Minute) // Wayne is shown as left
	p.join(kevin, "Wayne")
	p.expect(kevin, "+Scott, +Wayne[110 100], # ")
	p.link(true)
	p.expect(wayne, "-Scott, error conflict, -Wayne[110]")
	p.same()
	p.join(wayne, "Wayne2")
	p.expect(wayne, "+Scott, +Wayne, +Wayne2[110 100], # ")
	p.same()
}

func TestUnknownRoomWhileDown(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.link(false)
	p.join(wayne, "Wayne")
	p.expect(wayne, "")
	p.wait(time.Minute)
	p.expect(wayne, "error remote-server-timeout")
	p.join(wayne, "Wayne")
	p.link(true)
	p.expect(wayne, "+Scott, +Wayne[110 100], # ")
	p.same()
}

func TestJoinRefused(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"><field var="muc#roomconfig_membersonly"><value>1</value></field></x></query></iq>`)
	p.join(wayne, "Wayne")
	p.expect(wayne, "error registration-required")
	p.view(scott)
	p.join(keith, "Scott")
	p.expect(keith, "error registration-required")
	p.expect(scott, "")
}

func TestPrivateMessages(t *testing.T) {
	p := newPair(t)
	for jid, nick := range map[string]string{scott: "Scott", kevin: "Kevin", wayne: "Wayne", keith: "Keith"} {
		p.join(jid, nick)
	}
	for _, jid := range []string{scott, kevin, wayne, keith} {
		p.view(jid)
	}
	pm := func(from, nick, body string) {
		p.says(from, `<message type="chat" to="`+roomJID+`/`+nick+`"><body>`+body+`</body></message>`)
	}
	p.crossed = nil
	pm(wayne, "Keith", "local")
	if len(p.crossed) > 0 {
		t.Errorf("a local private message crossed: %q", p.crossed)
	}
	p.expect(keith, "Wayne: local")
	pm(wayne, "Scott", "up")
	p.expect(scott, "Wayne: up")
	pm(scott, "Wayne", "down")
	p.expect(wayne, "Scott: down")
	pm(scott, "Kevin", "hq")
	p.expect(kevin, "Scott: hq")
	pm(wayne, "Nobody", "x")
	p.expect(wayne, "error item-not-found")
	p.expect(keith, "")
}

func TestSubjectsCross(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.says(wayne, `<message type="groupchat" to="`+roomJID+`"><subject>ford</subject></message>`)
	p.view(scott)
	p.view(wayne)
	p.link(false)
	p.says(wayne, `<message type="groupchat" to="`+roomJID+`"><subject>ours</subject></message>`)
	p.says(scott, `<message type="groupchat" to="`+roomJID+`"><subject>theirs</subject></message>`)
	p.link(true)
	p.same()
	a, _ := p.master.Snapshot(roomJID)
	b, _ := p.replica.Snapshot(roomJID)
	if a.Subject != b.Subject {
		t.Errorf("subjects differ: %q and %q", a.Subject, b.Subject)
	}
}

func TestDestroyAcross(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.view(wayne)
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#owner"><destroy><reason>done</reason></destroy></query></iq>`)
	p.expect(wayne, "-Wayne[110]")
	p.join(wayne, "Wayne")
	p.expect(wayne, "+Wayne[110 100 201], # ")
	p.same()
}

func TestFirstJoinCutShort(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.say(scott, "one")
	p.link(false)
	p.join(wayne, "Wayne")
	p.link(true)
	p.expect(wayne, "+Scott, +Wayne[110 100], Scott: one late, # ")
	p.link(false)
	p.say(scott, "two")
	p.link(true)
	p.expect(wayne, "Scott: two")
	p.same()
}

func TestGatewayRestarts(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.say(wayne, "one")
	p.link(false)
	p.say(wayne, "two")
	p.say(scott, "three")
	p.wait(time.Minute)
	p.startReplica() // the power goes; Wayne's client comes back
	p.view(wayne)
	p.view(scott)
	p.link(true)
	p.expect(scott, "Wayne: two late")
	p.join(wayne, "Wayne")
	p.expect(wayne, "+Scott, +Wayne[110 100], Wayne: one late, Scott: three late, Wayne: two late, # ")
	p.same()
	p.say(wayne, "four")
	p.expect(scott, "+Wayne, Wayne: four")
	p.same()
}

func TestHeadquartersRestarts(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.join(keith, "Keith")
	p.say(wayne, "one")
	p.link(false)
	p.say(keith, "two")
	p.startMaster()
	p.join(scott, "Scott")
	p.expect(scott, "+Scott[110 100 201], # , +Wayne, +Keith, Wayne: one, +Scott[110 100], Wayne: one late, # ")
	p.view(wayne)
	p.link(true)
	p.say(scott, "three")
	p.same()
	p.expect(wayne, "+Scott, Scott: three") // it was away and came back within the hold
	p.expect(scott, "+Keith, +Wayne, Keith: two, Scott: three")
}

func TestGatewayWithEmptyJournal(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.say(wayne, "one")
	p.say(wayne, "two")
	p.link(false)
	clear(p.disks[1]) // another card
	p.startReplica()
	p.link(true)
	p.view(scott)
	p.join(wayne, "Wayne")
	p.say(wayne, "three")
	p.same()
	if got := p.view(scott); !strings.HasSuffix(got, "Wayne: three") {
		t.Errorf("scott saw %s, want three last", got)
	}
}

func TestKickWhileDown(t *testing.T) {
	p := newPair(t)
	p.join(scott, "Scott")
	p.join(wayne, "Wayne")
	p.view(wayne)
	p.link(false)
	p.says(scott, `<iq type="set" id="k" to="`+roomJID+`"><query xmlns="http://jabber.org/protocol/muc#admin"><item nick="Wayne" role="none"/></query></iq>`)
	p.link(true)
	p.expect(wayne, "-Wayne[110 307]")
	p.same()
}
