package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/muc"
)

// A scenario is a world that a script drives. Its commands are in the table
// below; what clients see, and the bytes that it cost, is what they print.
type scenario struct {
	w     *World
	lines []string
	bytes map[string]int // by direction, "raleigh>fairfax"
	xml   *xmlStage      // of seed-*.txt
}

// Ours: how long commands let the world go on.
const (
	settleTime      = 100 * time.Millisecond // after what a user does: enough for the local echo
	scenarioQuiet   = 30 * time.Second       // without a frame: run is over
	scenarioRunMax  = time.Hour
	scenarioHold    = 30 * time.Second
	scenarioLinger  = 10 * time.Minute
	defaultRoomName = "chatroom"
)

// A verb is one command of a scenario.
type verb struct {
	args string // for people
	does string
	do   func(*scenario, *directive) error
}

var verbs map[string]verb

func init() {
	verbs = map[string]verb{
		"world":   {"[seed=N] mirrors=(A, B) [rate=BIT/S] [hold=T] [linger=T] [users=(SITE/NAME, …)] [empty]", "makes a world; everyone is in the chatroom, unless it is empty", (*scenario).world},
		"join":    {"USER [nick=N] [room=R] [password=P]", "logs in if need be, and joins", (*scenario).join},
		"leave":   {"USER [room=R]", "leaves", (*scenario).leave},
		"vanish":  {"USER", "the session ends without a word", (*scenario).vanish},
		"say":     {"USER text=T [room=R]", "sends a message to the room", (*scenario).say},
		"status":  {"USER [show=S] [text=T]", "changes show and status", (*scenario).status},
		"subject": {"USER text=T", "sets the subject", (*scenario).subject},
		"whisper": {"USER to=NICK text=T", "sends a private message", (*scenario).whisper},
		"nick":    {"USER to=NICK", "tries to change the nick", (*scenario).nick},
		"role":    {"USER nick=NICK role=ROLE", "an administrator gives a role; none is a kick", (*scenario).role},
		"stand":   {"USER jid=JID affiliation=A", "an owner gives an affiliation; outcast is a ban", (*scenario).stand},
		"config":  {"USER [room=R] FIELD=VALUE …", "an owner configures the room, by muc#roomconfig names", (*scenario).config},
		"cut":     {"SITE [after=T]", "the line of a gateway carries nothing", (*scenario).cut},
		"heal":    {"SITE", "it works again", (*scenario).heal},
		"kill":    {"SITE [torn]", "the program dies; torn: and the transaction under way with it", (*scenario).kill},
		"start":   {"SITE", "it starts on what its disk holds", (*scenario).start},
		"clock":   {"SITE to=TIME", "sets the wall clock", (*scenario).clock},
		"run":     {"[for=T]", "lets time pass; without for: until the lines are quiet", (*scenario).run},
		"roster":  {"[SITE]", "prints who is in the room, as each site holds it", (*scenario).roster},
		"archive": {"[SITE]", "prints what was said, as each site holds it", (*scenario).archive},
		"check":   {"", "judges every invariant of a calm world", (*scenario).check},
	}
	for name, v := range stageVerbs {
		verbs[name] = v
	}
}

// do runs one directive and gives what it prints.
func (s *scenario) do(d *directive) (string, error) {
	v, ok := verbs[d.name]
	if !ok {
		return "", fmt.Errorf("%q is no command", d.name)
	}
	s.lines, s.bytes = nil, map[string]int{}
	_, onStage := stageVerbs[d.name]
	if d.name != "world" && d.name != "stage" && (onStage && s.xml == nil || !onStage && s.w == nil) {
		return "", fmt.Errorf("%s: first make a world, or a stage", d.name)
	}
	before := 0
	if s.w != nil {
		before = len(s.w.violations)
	}
	if err := v.do(s, d); err != nil {
		return "", fmt.Errorf("%s: %w", d.name, err)
	}
	if s.w != nil {
		for _, v := range s.w.violations[min(before, len(s.w.violations)):] {
			s.print("VIOLATION %s: %s", v.Invariant, v.What)
		}
		s.printAir()
	}
	if len(s.lines) == 0 {
		return "ok\n", nil
	}
	return strings.Join(s.lines, "\n") + "\n", nil
}

func (s *scenario) print(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *scenario) printAir() {
	var parts []string
	hq := s.w.hq.name
	for _, g := range s.w.gateways {
		for _, dir := range []string{g.name + ">" + hq, hq + ">" + g.name} {
			if n := s.bytes[dir]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d B", dir, n))
			}
		}
	}
	if len(parts) > 0 {
		s.print("air: %s", strings.Join(parts, ", "))
	}
}

// watch turns events into lines.
func (s *scenario) watch(e event) {
	switch e := e.(type) {
	case clientGot:
		s.print("%s < %s", e.client.user, s.describe(e.client, e.stanza))
	case framed:
		dir := s.w.hq.name + ">" + e.gateway.name
		if e.up {
			dir = e.gateway.name + ">" + s.w.hq.name
		}
		s.bytes[dir] += e.bytes
	}
}

// describe says in a few words what a client got.
func (s *scenario) describe(c *client, el *xmltree.Element) string {
	nick := muc.Resource(el.Get("from"))
	switch {
	case el.Get("type") == "error":
		return strings.TrimSpace(el.Local + " error " + condition(el) + " " + nick)
	case el.Local == "presence":
		return describePresence(nick, el)
	case el.Local == "iq":
		return "iq " + el.Get("type")
	case el.Get("type") != "groupchat":
		return fmt.Sprintf("%s (private): %s", nick, el.Child(ns.Client, "body").Text())
	case el.Child(ns.Client, "body") != nil:
		return fmt.Sprintf("%s: %s%s", nick, el.Child(ns.Client, "body").Text(), delayed(c, el))
	case el.Child(ns.Client, "subject") != nil:
		return strings.TrimSpace("subject " + el.Child(ns.Client, "subject").Text())
	}
	return "message of " + nick
}

func describePresence(nick string, el *xmltree.Element) string {
	words := []string{"presence", nick}
	if el.Get("type") != "" {
		words = append(words, el.Get("type"))
	}
	x := el.Child(ns.MUCUser, "x")
	if item := x.Child(ns.MUCUser, "item"); item != nil && el.Get("type") == "" {
		if a, r := item.Get("affiliation"), item.Get("role"); a != "none" || r != "participant" {
			words = append(words, "("+a+" "+r+")")
		}
	}
	words = append(words, el.Child(ns.Client, "show").Text())
	if t := el.Child(ns.Client, "status").Text(); t != "" {
		words = append(words, strconv.Quote(t))
	}
	for _, code := range statusCodes(x) {
		if code == "110" {
			code = "self"
		}
		if code != "100" {
			words = append(words, code)
		}
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// delayed tells how old a message is by the clock of the client's site.
func delayed(c *client, el *xmltree.Element) string {
	d := el.Child(ns.Delay, "delay")
	if d == nil {
		return ""
	}
	t, err := time.Parse(time.RFC3339, d.Get("stamp"))
	if err != nil {
		return " (delayed, stamp " + d.Get("stamp") + ")"
	}
	return fmt.Sprintf(" (delayed %v)", c.site.wall().Sub(t).Round(time.Second))
}

// world makes the world of the script.
func (s *scenario) world(d *directive) error {
	cfg := DefaultConfig
	cfg.Faults, cfg.Loss = 0, 0
	number := func(key string, def int) int {
		if n, err := strconv.Atoi(d.keys[key]); err == nil {
			return n
		}
		return def
	}
	cfg.Seed, cfg.Rate = uint64(number("seed", 1)), number("rate", cfg.Rate)
	places := []place{{"fairfax", "fairfax.tridsys.com", []string{"scott", "kevin"}}}
	for _, m := range list(d.keys["mirrors"]) {
		p := place{name: m, domain: m + ".tridsys.com"}
		if m == "raleigh" {
			p.users = []string{"wayne", "keith"}
		}
		places = append(places, p)
	}
	for _, u := range list(d.keys["users"]) {
		at, name, _ := strings.Cut(u, "/")
		i := slices.IndexFunc(places, func(p place) bool { return p.name == at })
		if i < 0 {
			return fmt.Errorf("there is no site %q", at)
		}
		places[i].users = append(places[i].users, name)
	}
	cfg.Gateways = len(places) - 1
	if err := cfg.Validate(); err != nil {
		return err
	}
	w, err := newWorld(cfg, places)
	if err != nil {
		return err
	}
	w.hold, w.linger = duration(d, "hold", scenarioHold), duration(d, "linger", scenarioLinger)
	w.rooms = []string{defaultRoomName + "@" + w.hq.service}
	if err := w.boot(); err != nil {
		return err
	}
	s.w = w
	w.runUntil(w.now.Add(setupTime))
	if !slices.Contains(d.args, "empty") {
		for _, c := range w.clients {
			c.login()
			c.join(w.rooms[0], nickOf(c.user))
			if c == w.clients[0] {
				w.runUntil(w.now.Add(time.Second))
				c.configure(w.rooms[0], &muc.DefaultConfig)
			}
			w.runUntil(w.now.Add(setupTime))
		}
	}
	w.watch = s.watch
	return nil
}

func duration(d *directive, key string, def time.Duration) time.Duration {
	if t, err := time.ParseDuration(d.keys[key]); err == nil {
		return t
	}
	return def
}

// who finds the user that a command is about, and the room.
func (s *scenario) who(d *directive) (c *client, room string, err error) {
	name := ""
	if len(d.args) > 0 {
		name = d.args[0]
	}
	room = s.w.rooms[0]
	if r := d.keys["room"]; r != "" {
		room = r + "@" + s.w.hq.service
		if !slices.Contains(s.w.rooms, room) {
			s.w.rooms = append(s.w.rooms, room)
		}
	}
	for _, c := range s.w.clients {
		if c.user == name {
			return c, room, nil
		}
	}
	return nil, "", fmt.Errorf("there is no user %q", name)
}

// site finds the site that a command is about.
func (s *scenario) site(d *directive) (*site, error) {
	for _, x := range s.w.sites() {
		if len(d.args) > 0 && x.name == d.args[0] {
			return x, nil
		}
	}
	return nil, fmt.Errorf("there is no such site: %v", d.args)
}

func (s *scenario) line(d *directive) (*line, error) {
	for _, l := range s.w.lines {
		if len(d.args) > 0 && l.gateway.name == d.args[0] {
			return l, nil
		}
	}
	return nil, fmt.Errorf("there is no line to such a gateway: %v", d.args)
}

// act lets a user do something and the world answer for a moment.
func (s *scenario) act(d *directive, do func(c *client, room string)) error {
	c, room, err := s.who(d)
	if err != nil {
		return err
	}
	do(c, room)
	s.w.runUntil(s.w.now.Add(duration(d, "for", settleTime)))
	return nil
}

func (s *scenario) join(d *directive) error {
	return s.act(d, func(c *client, room string) {
		nick := d.keys["nick"]
		if nick == "" {
			nick = nickOf(c.user)
		}
		c.login()
		c.join(room, nick, d.keys["password"])
	})
}

func (s *scenario) leave(d *directive) error {
	return s.act(d, func(c *client, room string) { c.leave(room) })
}

func (s *scenario) vanish(d *directive) error {
	return s.act(d, func(c *client, _ string) { c.vanish() })
}

func (s *scenario) say(d *directive) error {
	return s.act(d, func(c *client, room string) { c.say(room, d.keys["text"]) })
}

func (s *scenario) status(d *directive) error {
	return s.act(d, func(c *client, room string) { c.status(room, d.keys["show"], d.keys["text"]) })
}

func (s *scenario) subject(d *directive) error {
	return s.act(d, func(c *client, room string) { c.setSubject(room, d.keys["text"]) })
}

func (s *scenario) whisper(d *directive) error {
	return s.act(d, func(c *client, room string) { c.whisper(room, d.keys["to"], d.keys["text"]) })
}

func (s *scenario) nick(d *directive) error {
	return s.act(d, func(c *client, room string) { c.changeNick(room, d.keys["to"]) })
}

func (s *scenario) role(d *directive) error {
	return s.act(d, func(c *client, room string) {
		c.administer(room, "nick", d.keys["nick"], "role", d.keys["role"])
	})
}

func (s *scenario) stand(d *directive) error {
	return s.act(d, func(c *client, room string) {
		c.administer(room, "jid", d.keys["jid"], "affiliation", d.keys["affiliation"])
	})
}

func (s *scenario) config(d *directive) error {
	return s.act(d, func(c *client, room string) {
		x := xmltree.New(ns.Form, "x").Set("type", "submit")
		x.Add(formField("FORM_TYPE", ns.MUCRoomConfig))
		for _, k := range sortedKeys(d.keys) {
			if k != "room" && k != "for" {
				x.Add(formField("muc#roomconfig_"+k, d.keys[k]))
			}
		}
		c.set(room, xmltree.New(ns.MUCOwner, "query").Add(x))
	})
}

func formField(name, value string) *xmltree.Element {
	return xmltree.New(ns.Form, "field").Set("var", name).Add(xmltree.NewText(ns.Form, "value", value))
}

func (s *scenario) cut(d *directive) error {
	l, err := s.line(d)
	if err == nil {
		s.w.after(duration(d, "after", 0), func() { l.set(true) })
		s.w.runUntil(s.w.now)
	}
	return err
}

func (s *scenario) heal(d *directive) error {
	l, err := s.line(d)
	if err == nil {
		l.set(false)
	}
	return err
}

func (s *scenario) kill(d *directive) error {
	x, err := s.site(d)
	if err == nil {
		x.crash(!slices.Contains(d.args, "torn"))
	}
	return err
}

func (s *scenario) start(d *directive) error {
	x, err := s.site(d)
	if err == nil && x.node == nil {
		err = x.start()
	}
	return err
}

func (s *scenario) clock(d *directive) error {
	x, err := s.site(d)
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, d.keys["to"])
	if err != nil {
		return err
	}
	x.wallOffset = t.Sub(s.w.now)
	x.step(mirror.ClockSet{Wall: x.wall()})
	return nil
}

func (s *scenario) run(d *directive) error {
	if d.keys["for"] != "" {
		s.w.runUntil(s.w.now.Add(duration(d, "for", 0)))
		return nil
	}
	begin := s.w.now
	s.w.lastFrame = begin
	for s.w.now.Sub(begin) < scenarioRunMax && s.w.now.Sub(s.w.lastFrame) < scenarioQuiet {
		s.w.runUntil(s.w.now.Add(time.Second))
	}
	return nil
}

// look prints something of each site that a command names, or of all.
func (s *scenario) look(d *directive, show func(name string, snap muc.Snapshot)) error {
	for _, x := range s.w.sites() {
		if len(d.args) > 0 && d.args[0] != x.name {
			continue
		}
		snap, ok := x.snapshot(s.w.rooms[0])
		if !ok {
			s.print("%s: no such room", x.name)
			continue
		}
		show(x.name, snap)
	}
	return nil
}

func (s *scenario) roster(d *directive) error {
	return s.look(d, func(name string, snap muc.Snapshot) {
		for _, o := range snap.Occupants {
			words := []string{name + ":", o.Nick, o.JID, o.Affiliation, o.Role, o.Show}
			if o.Hidden {
				words = append(words, "(hidden)")
			}
			s.print("%s", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
		}
	})
}

func (s *scenario) archive(d *directive) error {
	return s.look(d, func(name string, snap muc.Snapshot) {
		for _, e := range snap.Archive {
			s.print("%s: %d %s %s: %s", name, e.Pos, e.ID, e.Nick, e.Body)
		}
	})
}

func (s *scenario) check(*directive) error {
	for _, c := range s.w.judges.all {
		c.calm(s.w)
	}
	return nil
}
