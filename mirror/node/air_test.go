package node

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"picket/codec/ns"
	"picket/codec/text"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/master"
	"picket/mirror/replica"
	"picket/radio/link"
	"picket/radio/pair"
	"picket/radio/radiotest"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/air.txt from what the nodes do")

// What is promised of a serial line.
const (
	messageMost    = 60 // bytes of a message of 48 characters, all in, both directions
	secondJoinMost = 48 // bytes of the one frame that goes up; the confirmation is acknowledged by another
)

// TestAirPrices plays a day of a room between a headquarters and a gateway with
// the programs' settings, over a simulated line, and compares what each step
// costs with testdata/air.txt.
func TestAirPrices(t *testing.T) {
	var columns [][]price
	for _, rate := range []int{1200, 9600} {
		columns = append(columns, newDay(t, rate).play())
	}
	var b strings.Builder
	b.WriteString(airHead)
	for i, slow := range columns[0] {
		fast := columns[1][i]
		if fast.what != slow.what {
			t.Fatalf("%q beside %q", fast.what, slow.what)
		}
		fmt.Fprintf(&b, "%-66s %5d %5d %5d  %6.1f  %5d %5d %5d  %6.2f\n", slow.what,
			slow.up, slow.down, slow.up+slow.down, slow.took.Seconds(), fast.up, fast.down, fast.up+fast.down, fast.took.Seconds())
	}
	const file = "testdata/air.txt"
	if *rewrite {
		if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want, _ := os.ReadFile(file); string(want) != b.String() {
		t.Errorf("%s is not what the nodes do now (go test ./mirror/node -run Air -rewrite, and read the diff):\n%s", file, b.String())
	}
}

const airHead = `# Bytes on a serial line, all in: header, seal, acknowledgement, COBS and delimiters, with the tags that the
# programs choose (4 bytes up to 2400 bit/s, then 8) and their text model, each step after a quiet minute and a
# half (which costs each direction one delimiter more). Seconds: until the last of it has arrived.
#
#                                                                   ------ 1200 bit/s ------   ------ 9600 bit/s ------
#                                                                      up  down   sum       s     up  down   sum       s
`

// A price is what one step put on the line.
type price struct {
	what     string
	up, down int
	longest  int // frame up
	took     time.Duration
}

// A day is two nodes with their roles and a line between them.
type day struct {
	t      *testing.T
	rate   int
	now    time.Time
	air    *radiotest.Air
	nodes  [2]*Node
	bytes  [2]int       // on the line, by who sent them: headquarters, gateway
	last   [2]time.Time // a frame of that end began
	upMost int          // the longest frame of the gateway in this step
	moved  time.Time    // the last frame arrived
	shown  int          // stanzas to clients
}

func newDay(t *testing.T, rate int) *day {
	d := &day{t: t, rate: rate, now: time.Unix(1e9, 0)}
	d.air = radiotest.New(radiotest.Config{Stations: 2, BitsPerSec: rate, BitsPerByte: 10, FramingBytes: 2, MTUBytes: 255, Rand: rand.New(rand.NewPCG(1, 1))})
	words, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	hq, err := master.New(master.Config{Domain: names[0], OpenCreation: true,
		Mirrors: []master.Mirror{{Name: names[1], Domains: []string{"raleigh.tridsys.com"}, Origin: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := replica.New(replica.Config{Mirror: names[1], Domain: "raleigh.tridsys.com", Master: names[0], Origin: 1})
	if err != nil {
		t.Fatal(err)
	}
	rnd := seedReader{rand.New(rand.NewPCG(1, 2))}
	var own [2]pair.PrivateKey
	for i := range own {
		own[i], _ = pair.NewPrivateKey(rnd)
	}
	psk, _ := pair.NewPSK(rnd)
	for i, role := range []mirror.Machine{hq, gateway} {
		record := pair.Peer{Name: names[1-i], LinkID: 1, Public: own[1-i].Public(), PSK: psk}
		n, err := New(d.now, Config{Machine: role, Domain: names[i], Text: words.NewModel(), Peers: []Peer{{Name: names[1-i], Link: link.Config{
			Initiator: i == 1, LinkID: 1, Keys: record.Keys(own[i]), TagBytes: link.TagBytesFor(rate), Rand: rnd, Jitter: rand.New(rand.NewPCG(3, uint64(i)))}}}})
		if err != nil {
			t.Fatal(err)
		}
		d.nodes[i] = n
	}
	return d
}

// take does what a driver does with a batch.
func (d *day) take(i int, b Batch) {
	d.shown += len(b.ToClient)
	for _, n := range b.Notices {
		if n.Kind == mirror.BadStanza || n.Kind == mirror.RuleBroken || n.Kind == mirror.CodecError {
			d.t.Errorf("%s notes %s", names[i], n.LogValue())
		}
	}
	d.nodes[i].Persisted(d.now, b.Seq)
}

// lineBytes is what a frame takes on a serial line (radio/serial/WIRE.md).
func lineBytes(frame int, quiet bool) int {
	n := frame + (frame+253)/254 + 1
	if quiet {
		n++
	}
	return n
}

// run lets time pass.
func (d *day) run(span time.Duration) {
	for end := d.now.Add(span); ; {
		next := end
		sooner := func(at time.Time, ok bool) {
			if ok && at.Before(next) {
				next = at
			}
		}
		for i, n := range d.nodes {
			if at, ok := n.NextTimeout(); ok && !at.After(d.now) {
				d.take(i, n.HandleTimeout(d.now))
			}
			d.offer(i)
			sooner(n.NextTimeout())
			sooner(d.air.Free(radiotest.Side(i)), d.air.Free(radiotest.Side(i)).After(d.now))
		}
		sooner(d.air.Next())
		if !next.Before(end) {
			d.now = end
			return
		}
		d.now = next
		for _, arrived := range d.air.Deliver(d.now) {
			d.moved = d.now
			d.take(int(arrived.To), d.nodes[arrived.To].HandleFrame(d.now, names[arrived.From], 0, arrived.Frame))
		}
	}
}

func (d *day) offer(i int) {
	if d.air.Free(radiotest.Side(i)).After(d.now) {
		return
	}
	f := d.nodes[i].AppendFrame(d.now, names[1-i], 0, nil, d.air.Capabilities())
	if len(f) == 0 {
		return
	}
	n := lineBytes(len(f), !d.last[i].IsZero() && d.now.Sub(d.last[i]) > time.Second)
	d.bytes[i] += n
	if i == 1 {
		d.upMost = max(d.upMost, n)
	}
	d.last[i] = d.now
	d.air.Send(d.now, radiotest.Side(i), f)
}

// price plays a step and lets the line fall quiet.
func (d *day) price(what string, span time.Duration, step func()) price {
	before, began := d.bytes, d.now
	d.moved, d.upMost = d.now, 0
	step()
	d.run(span)
	return price{what, d.bytes[1] - before[1], d.bytes[0] - before[0], d.upMost, d.moved.Sub(began)}
}

func (d *day) says(jid, stanza string) {
	d.t.Helper()
	el, err := xmltree.ParseIn(ns.Client, []byte(stanza))
	if err != nil {
		d.t.Fatal(err)
	}
	i := 0
	if strings.Contains(jid, "@raleigh.") {
		i = 1
	}
	d.take(i, d.nodes[i].Step(d.now, mirror.FromClient{Stanza: el.Set("from", jid)}))
}

// setClocks is the first that both programs do.
func (d *day) setClocks() {
	for i, n := range d.nodes {
		d.take(i, n.Step(d.now, mirror.ClockSet{Wall: d.now}))
	}
}

const airRoom = "chatroom@conference.fairfax.tridsys.com"

// What clients send is what slixmpp sends: with a language and an id of its own.

func (d *day) joins(jid, nick string) {
	d.t.Helper()
	d.says(jid, `<presence xml:lang="en" to="`+airRoom+`/`+nick+`" id="5f1c0d2be3f44e0d9a7c"><x xmlns="http://jabber.org/protocol/muc"/></presence>`)
}

func (d *day) tells(jid, body string) {
	d.t.Helper()
	d.says(jid, `<message xml:lang="en" to="`+airRoom+`" type="groupchat" id="`+fmt.Sprintf("%032x", d.shown)+`"><body>`+body+`</body></message>`)
}

// play is the day.
func (d *day) play() []price {
	const step = 90 * time.Second
	// The server gives resources like these to clients that ask for none.
	const wayne, keith = "wayne@raleigh.tridsys.com/5d2f0c9a41b7e386", "keith@raleigh.tridsys.com/b81e44f09ac27d53"
	const scott = "scott@fairfax.tridsys.com/77c04ad1e93b5f28"
	var all []price
	add := func(p price) { all = append(all, p) }
	add(d.price("a session begins: handshake, and its first frame", step, d.setClocks))
	add(d.price("20 people talk at headquarters, nobody in the field is in the room", step, func() { d.crowd(scott) }))
	add(d.price("first join of the room: settings, 20 occupants, 20 messages", step, func() { d.joins(wayne, "Wayne") }))
	join := d.price("a second local user joins", step, func() { d.joins(keith, "Keith") })
	add(join)
	if join.longest > secondJoinMost {
		d.t.Errorf("%d bit/s: a second user's join: a frame of %d bytes up, want at most %d", d.rate, join.longest, secondJoinMost)
	}
	for _, way := range []struct{ what, from string }{{"up", wayne}, {"down", scott}} {
		for _, p := range d.messages(way.what, way.from) {
			add(p)
		}
	}
	for _, m := range []struct{ what, body string }{
		{"in German", "Die Brücke am alten Wehr ist seit heute gesperrt"},
		{"in Ukrainian", "Міст через річку закрито, їдемо іншою дорогою вж"},
		{"of nothing but digits", "274913865501928374650918273645546372819009182736"},
	} {
		if n := utf8.RuneCountInString(m.body); n != 48 {
			d.t.Fatalf("%q has %d characters", m.body, n)
		}
		add(d.price("48 characters "+m.what+", up", step, func() { d.tells(wayne, m.body) }))
	}
	add(d.price("a message of 2 characters, up", step, func() { d.tells(wayne, "ok") }))
	add(d.price("8 messages of 48 characters at once, up", step, func() {
		for _, body := range airReports {
			d.tells(wayne, body)
		}
	}))
	add(d.price("a status: away, \"on watch\", up", step, func() {
		d.says(keith, `<presence xml:lang="en" to="`+airRoom+`/Keith"><show>away</show><status>on watch</status></presence>`)
	}))
	add(d.price("a status: away, \"at lunch\", down", step, func() {
		d.says("ann@fairfax.tridsys.com/desk", `<presence xml:lang="en" to="`+airRoom+`/Ann"><show>away</show><status>at lunch</status></presence>`)
	}))
	add(d.price("one of two local users leaves", step, func() { d.says(keith, `<presence xml:lang="en" to="`+airRoom+`/Keith" type="unavailable"/>`) }))
	add(d.price("an occupant at headquarters leaves", step, func() {
		d.says("ann@fairfax.tridsys.com/desk", `<presence xml:lang="en" to="`+airRoom+`/Ann" type="unavailable"/>`)
	}))
	back := d.price("back after an outage with nothing new: handshake and resume", step, func() {
		d.nodes[1].peers[0].conn.Reset(d.now, "no answer from the peer")
		d.setClocks()
	})
	add(back)
	idle := d.price("an hour in which nothing happens", time.Hour, func() {})
	add(idle)
	if idle.up+idle.down != 0 {
		d.t.Errorf("%d bit/s: an idle hour costs %d bytes up, %d down", d.rate, idle.up, idle.down)
	}
	return all
}

// crowd fills the room at headquarters and gives it a history.
func (d *day) crowd(owner string) {
	d.joins(owner, "Scott")
	d.says(owner, `<iq type="set" id="c" to="`+airRoom+`"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"/></query></iq>`)
	jids := []string{owner}
	for _, nick := range strings.Fields("Kevin Ann Robert Maria Tom Ines Paul Ruth Ivan Lena Carl Nora Hugo Olga Finn Rosa Erik Vera Otto") {
		jid := strings.ToLower(nick) + "@fairfax.tridsys.com/desk"
		d.joins(jid, nick)
		jids = append(jids, jid)
	}
	for i, body := range slices.Concat(airHistory, airHistory)[:20] {
		d.now = d.now.Add(time.Minute)
		d.tells(jids[i%len(jids)], body)
	}
	d.now = d.now.Add(10 * time.Minute)
}

// messages gives the cheapest, the middle and the dearest of several.
func (d *day) messages(way, from string) []price {
	bodies := airReports
	if way == "down" {
		bodies = airOrders
	}
	var all []price
	for _, body := range bodies {
		if len(body) != 48 {
			d.t.Fatalf("%q has %d bytes", body, len(body))
		}
		all = append(all, d.price("", 90*time.Second, func() { d.tells(from, body) }))
	}
	slices.SortFunc(all, func(a, b price) int { return a.up + a.down - b.up - b.down })
	out := []price{all[0], all[len(all)/2], all[len(all)-1]}
	for i, which := range []string{"cheapest", "median", "dearest"} {
		out[i].what = fmt.Sprintf("a message of 48 characters, %s, the %s of %d", way, which, len(bodies))
		if sum := out[i].up + out[i].down; sum > messageMost {
			d.t.Errorf("%d bit/s: %s: %d bytes, want at most %d", d.rate, out[i].what, sum, messageMost)
		}
	}
	return out
}

// Messages of 48 characters: from the field, from headquarters, and of before.
var (
	airReports = []string{
		"Two vehicles at the ford, moving north and slow.",
		"Patrol two is at checkpoint bravo, nothing seen.",
		"We need water and batteries before it gets dark.",
		"The bridge on road 40 holds, light traffic only.",
		"Weather: wind 240 at 12 kt, visibility under 8 k",
		"Medic asks for a pickup at grid 33UXP04, no rush",
		"Convoy leaves at 1430 by route blue, six trucks.",
		"Nothing heard on channel two since this morning.",
	}
	airOrders = []string{
		"Copy. Hold your position and report back at six.",
		"Anyone up for lunch? The canteen has soup today.",
		"Road 12 is closed; take the old track to camp 3.",
		"Sorry, my laptop crashed in the middle of a call",
		"Your water comes with the evening convoy, 40 can",
		"Does anybody know who has the keys of room 1.17?",
		"Frequencies change at 0600Z: 7.045 and 14.313 MH",
		"lol no way, did he really say that in front of u",
	}
	airHistory = []string{
		"Generator is running again, fuel for nine hours.",
		"Switch to channel four if you hear nothing more.",
		"Who has the spare antenna? Ours is bent at base.",
		"List for tomorrow: tarps, rope, tablets and maps",
		"All quiet here, next check will be at full hour.",
		"Say again all after the grid, you came in broken",
		"The doctor is in village three until Friday noon",
		"Bring the keys of the store when you come across",
		"Two tents are wet, we can dry them in the garage",
		"Call sign of the new relay is hill one, on six a",
	}
)
