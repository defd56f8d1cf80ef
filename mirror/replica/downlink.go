package replica

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
	"picket/mirror/policy"
)

// fromMaster takes a stanza that crossed the link.
func (r *Replica) fromMaster(st *xmltree.Element) {
	to := st.Get("to")
	user, escaped := dmuc.Unescape(to, r.cfg.Mirror)
	switch {
	case escaped && muc.Domain(user) != r.cfg.Domain, !escaped && to != r.cfg.Mirror && muc.Domain(to) != r.cfg.Domain:
		r.note(mirror.BadStanza, "", "for "+muc.Domain(to)+", which is not served here")
	case escaped:
		r.forUser(user, st)
	case to != r.cfg.Mirror:
		r.say(st) // one to one
	case st.Local == "iq":
		r.masterQuery(st)
	default:
		rm := r.rooms[muc.Bare(st.Get("from"))]
		switch {
		case rm == nil || rm.phase == idle:
			// What was on its way when we left the room.
		case st.Local == "presence":
			r.masterPresence(rm, st)
		case st.Local == "message":
			r.masterMessage(rm, st)
		}
	}
}

// forUser delivers what is for one user alone (XEP-0106; seed, "Failure case").
func (r *Replica) forUser(user string, st *xmltree.Element) {
	rm := r.rooms[muc.Bare(st.Get("from"))]
	switch {
	case st.Local == "iq":
		r.answered(st)
	case st.Local == "presence" && st.Get("type") == "error" && rm != nil:
		r.joinRefused(rm, user, st)
	case st.Local == "message" && st.Get("type") == "error" && rm != nil:
		r.messageRefused(rm, user, st)
	case st.Local == "message" && rm != nil && rm.BySession(user) != nil && muc.Resource(st.Get("from")) != "":
		rm.Private(muc.Resource(st.Get("from")), rm.BySession(user), muc.Core(st))
	case st.Local == "message":
		r.say(st.Shallow().Set("to", user))
	}
}

// joinRefused brings the master's refusal to the user whom it concerns. Others
// need not know of a join that they never saw.
func (r *Replica) joinRefused(rm *room, user string, st *xmltree.Element) {
	answer := st.Shallow().Set("to", user)
	for _, p := range rm.pendingList() {
		if p.stanza.Get("from") == user {
			answer.Set("id", p.stanza.Get("id"))
			delete(rm.pending, user)
		}
	}
	r.say(answer)
	r.note(mirror.JoinRefused, rm.JID, "by the master")
	for nick, m := range rm.mine {
		if m.jid != user {
			continue
		}
		if o := rm.ByNick(nick); o != nil && o.Home == "" {
			rm.Leave(o, muc.Why{}) // it was let in while the link was down
			r.note(mirror.Left, rm.JID, nick)
			r.disclaim(rm, nick, gone{jid: m.jid, num: rm.num}) // what it said stands
		} else {
			delete(rm.mine, nick)
			rm.up.Agree(nick, 0)
		}
		r.unshadow(rm, nick)
		break
	}
	r.linger(rm)
}

// messageRefused takes back a message that the master does not accept.
func (r *Replica) messageRefused(rm *room, user string, st *xmltree.Element) {
	answer := st.Shallow().Set("to", user)
	answer.Remove(func(e *xmltree.Element) bool { return e.Space == ns.DMUC0 })
	if it, ok := dmuc.ItemOf(st); ok && it.Num > 0 {
		e := rm.Withdraw(muc.Key{Origin: r.cfg.Origin, Inc: it.Inc, Num: it.Num})
		if e == nil {
			return
		}
		r.persist(entryKey(rm.JID, e), nil)
		r.saveSubject(rm, e)
		answer.Set("id", e.ID)
	}
	r.say(answer)
}

// masterQuery is an iq between the services.
func (r *Replica) masterQuery(st *xmltree.Element) {
	jid, kids := muc.Bare(st.Get("from")), st.Children()
	rm := r.rooms[jid]
	kind := st.Get("type")
	switch {
	case kind == "set" && rm != nil && rm.phase != idle && len(kids) == 1 && kids[0].Is(ns.DMUC0, "config"):
		r.takeConfig(rm, kids[0])
		r.acknowledge(st)
	case kind == "set" && rm != nil && rm.phase != idle && len(kids) == 1 && kids[0].Is(ns.DMUC0, "roster"):
		r.takeRoster(rm, kids[0])
		r.acknowledge(st)
	case kind == "set":
		r.acknowledge(st)
	case kind == "get" && len(kids) == 1 && kids[0].Is(ns.DiscoInfo, "query"):
		info := muc.ServiceInfo("Mirror", ns.DMUC, ns.DMUC0)
		r.transfer(mirror.Chatter, "", 0, dmuc.IQ("result", r.cfg.Mirror, st.Get("from"), st.Get("id"), info))
	case kind == "get":
		r.transfer(mirror.Chatter, "", 0, muc.ErrUnsupported.Reply(st))
	case rm != nil && rm.stale[st.Get("id")]:
		delete(rm.stale, st.Get("id")) // the answer to what we asked before we left and came back
	case kind == "result" && rm != nil && len(kids) == 1 && kids[0].Is(ns.MUC, "history"):
		r.takeHistory(rm, kids[0])
	case kind == "result" && rm != nil && len(kids) == 1 && kids[0].Is(ns.DMUC0, "resume"):
		r.takeResume(rm, kids[0])
	case kind == "error" && rm != nil && rm.phase == resuming:
		// What we know of is no more. Who waits wants in anyhow: as into a room
		// that nobody knows yet.
		waiting := rm.pendingList()
		clear(rm.pending)
		fresh := r.roomGone(rm, muc.Why{})
		for _, p := range waiting {
			r.join(fresh, p.nick, p.stanza)
		}
	}
}

// acknowledge answers config and roster (seed: the mirror MUST respond).
func (r *Replica) acknowledge(st *xmltree.Element) {
	r.transfer(mirror.Membership, "", 0, dmuc.IQ("result", r.cfg.Mirror, st.Get("from"), st.Get("id"), nil))
}

// takeConfig takes the room's configuration, and its subject where the whole
// state comes.
func (r *Replica) takeConfig(rm *room, el *xmltree.Element) {
	before := rm.Config
	next := muc.DefaultConfig
	if err := next.Apply(el.Child(ns.Form, "x")); err != nil {
		r.note(mirror.BadStanza, rm.JID, err.Error())
		return
	}
	rm.Config = next
	rm.held[configKey] = configHash(&rm.Config)
	if s := el.Child(ns.DMUC0, "subject"); s != nil {
		rm.Replace(muc.Subject{Text: s.Text(), Nick: s.Get("nick"), Stamp: parseStamp(s.Get("stamp"), r.wall())})
	}
	if before != next && rm.known {
		rm.ConfigChanged(before)
	}
	r.saveMeta(rm)
	r.progress(rm)
}

// progress gives those who wait for a filling more time.
func (r *Replica) progress(rm *room) {
	for _, p := range rm.pending {
		p.deadline = r.now.Add(r.cfg.JoinTimeout)
	}
}

// takeRoster takes a whole roster, or the lines of a partial one.
func (r *Replica) takeRoster(rm *room, el *xmltree.Element) {
	lines, partial := dmuc.RosterOf(el)
	keep := map[string]bool{configKey: true}
	for _, line := range lines {
		if line.Nick == "" {
			r.takeStanding(rm, muc.Bare(line.JID), line.Affiliation)
			keep[standingKey(muc.Bare(line.JID))] = true
			continue
		}
		if line.Role == "" { // the seed's roster has none
			a, _ := muc.ParseAffiliation(line.Affiliation)
			line.Role = rm.Config.DefaultRole(a).String()
		}
		if bare := muc.Bare(line.JID); bare != "" && line.Affiliation != muc.Unaffiliated.String() {
			r.takeStanding(rm, bare, line.Affiliation)
			keep[standingKey(bare)] = true
		}
		r.takeOccupant(rm, line, muc.Why{}, false)
		keep[occupantKey(line.Nick)] = true
	}
	r.progress(rm)
	defer r.bar(rm)
	if partial {
		return
	}
	for _, jid := range rm.AffiliationList() {
		if !keep[standingKey(jid)] {
			r.takeStanding(rm, jid, muc.Unaffiliated.String())
		}
	}
	for _, o := range rm.Occupants() {
		if o.Home != "" && !keep[occupantKey(o.Nick)] {
			rm.Leave(o, muc.Why{})
		}
	}
	for k := range rm.held {
		if !keep[k] {
			delete(rm.held, k)
		}
	}
	for nick := range rm.shadow {
		if !keep[occupantKey(nick)] {
			delete(rm.shadow, nick)
		}
	}
	rm.gotRoster = true
	if rm.phase == filling && rm.asked == "" {
		rm.asked = r.newID()
		to := rm.JID
		if p := rm.pendingList(); len(p) > 0 {
			to += "/" + p[0].nick // as in the seed's example
		}
		r.transfer(mirror.Membership, "", 0, dmuc.IQ("get", r.cfg.Mirror, to, rm.asked, dmuc.HistoryRequest(rm.JID)))
	}
}

// bar takes out those of ours whom the rules that we now know of keep out, and
// whom the master does not know to be in, or it would have done so itself. The
// master counts on it: nobody speaks here once we have heard that he may not.
func (r *Replica) bar(rm *room) {
	for _, o := range rm.Occupants() {
		a := rm.Affiliation(muc.Bare(o.JID))
		var why muc.Why
		switch {
		case o.Home != "":
			continue
		case a == muc.Outcast:
			why.Codes = []string{"301"}
		case rm.Config.MembersOnly && a < muc.Member:
			why.Codes = []string{"322"}
		default:
			continue
		}
		jid := o.JID
		rm.Leave(o, why)
		r.note(mirror.Left, rm.JID, o.Nick+" by the rules")
		r.disclaim(rm, o.Nick, gone{jid: jid, num: rm.num})
		r.unshadow(rm, o.Nick)
	}
}

func (r *Replica) takeStanding(rm *room, jid, affiliation string) {
	a, ok := muc.ParseAffiliation(affiliation)
	if !ok || jid == "" {
		r.note(mirror.BadStanza, rm.JID, "affiliation "+affiliation)
		return
	}
	rm.SetAffiliation(jid, a)
	if a == muc.Unaffiliated {
		delete(rm.held, standingKey(jid))
		r.persist(affKey(rm.JID, jid), nil)
		return
	}
	rm.held[standingKey(jid)] = standingHash(jid, affiliation)
	r.persist(affKey(rm.JID, jid), []byte(affiliation))
}

// takeOccupant takes one occupant's newest state. While a room is filled, a
// roster does not confirm a join yet: the presence does, and says more.
func (r *Replica) takeOccupant(rm *room, line dmuc.Occupant, why muc.Why, presence bool) {
	own := muc.Domain(line.JID) == r.cfg.Domain && line.JID != "" || line.JID == "" && rm.ours[line.Nick]
	if own {
		line.JID, line.Payload = "", nil
		rm.ours[line.Nick] = true // of an earlier life of this program, it may be
		if rm.mine[line.Nick] == nil {
			return // it left while this was on its way
		}
	} else {
		delete(rm.ours, line.Nick)
	}
	rm.held[occupantKey(line.Nick)] = delta.HashOf(line.Fields()...)
	if !own {
		if o := rm.ByNick(line.Nick); o != nil && o.Home == "" {
			rm.shadow[line.Nick] = line // the master's error for ours is on its way
			return
		}
		r.remote(rm, line)
		return
	}
	a, ok1 := muc.ParseAffiliation(line.Affiliation)
	role, ok2 := muc.ParseRole(line.Role)
	if !ok1 || !ok2 {
		r.note(mirror.BadStanza, rm.JID, "standing "+line.Affiliation+" "+line.Role)
		return
	}
	s := standing{a, role, why.Codes}
	rm.stood[line.Nick] = stood{muc.Bare(rm.mine[line.Nick].jid), standing{a, role, nil}}
	if o := rm.ByNick(line.Nick); o != nil && o.Home == "" && (o.Affiliation != a || o.Role != role) {
		voice := o.Role >= muc.Participant
		rm.Restand(o, a, role, why)
		if voice && role < muc.Participant {
			r.close(rm, o)
		}
	}
	for _, p := range rm.pendingList() {
		if p.nick == line.Nick && (presence || rm.phase != filling) {
			r.admit(rm, p, s)
		}
	}
}

// close tells the master the last number of an occupant without voice that
// its own side has seen: what stands up to there.
func (r *Replica) close(rm *room, o *muc.Occupant) {
	p := xmltree.New(ns.Client, "presence").Set("from", o.JID).Set("to", rm.JID+"/"+o.Nick)
	if m := rm.mine[o.Nick]; m != nil {
		p.Add(m.payload...)
	}
	r.transfer(mirror.Membership, "", 0, p.Add(dmuc.Item{Num: rm.num, Inc: rm.inc}.Element()))
}

// remote shows an occupant on the other side as it is now.
func (r *Replica) remote(rm *room, line dmuc.Occupant) {
	a, ok1 := muc.ParseAffiliation(line.Affiliation)
	role, ok2 := muc.ParseRole(line.Role)
	if !ok1 || !ok2 {
		r.note(mirror.BadStanza, rm.JID, "standing "+line.Affiliation+" "+line.Role)
		return
	}
	o := rm.ByNick(line.Nick)
	if o == nil || o.JID != line.JID {
		if o != nil {
			rm.Leave(o, muc.Why{})
		}
		o = &muc.Occupant{Nick: line.Nick, JID: line.JID, Affiliation: a, Role: role, Home: r.cfg.Master, Payload: line.Payload,
			Hidden: rm.phase != live && rm.hideAt.IsZero() && rm.phase != filling}
		if o.Hidden {
			rm.Conceal(o)
			return
		}
		rm.Enter(o, "")
		return
	}
	if o.Affiliation != a || o.Role != role {
		o.Payload = line.Payload
		rm.Restand(o, a, role, muc.Why{})
		return
	}
	rm.Present(o, line.Payload)
}

// masterPresence is the presence of an occupant, or the end of one.
func (r *Replica) masterPresence(rm *room, st *xmltree.Element) {
	line, item, ok := dmuc.PresenceOf(st)
	if muc.Resource(st.Get("from")) == "" && st.Get("type") == "unavailable" {
		r.roomGone(rm, whyOf(st, nil))
		return
	}
	nick := muc.Resource(st.Get("from"))
	why := whyOf(st, item)
	switch {
	case st.Get("type") == "unavailable":
		r.occupantGone(rm, nick, why, item)
	case st.Get("type") == "" && ok:
		r.takeOccupant(rm, line, why, true)
	default:
		r.note(mirror.BadStanza, rm.JID, "presence without item")
	}
}

// whyOf reads the codes and texts of XEP-0045 §16.6 from a presence.
func whyOf(st, item *xmltree.Element) muc.Why {
	x := st.Child(ns.MUCUser, "x")
	w := muc.Why{Status: st.Child(ns.Client, "status").Text(), Destroy: x.Child(ns.MUCUser, "destroy")}
	for _, s := range x.Named(ns.MUCUser, "status") {
		w.Codes = append(w.Codes, s.Get("code"))
	}
	if item != nil {
		w.Reason, w.NewNick = item.Child(ns.MUCUser, "reason").Text(), item.Get("nick")
		if actor := item.Child(ns.MUCUser, "actor"); actor != nil {
			w.Actor = actor.Get("nick")
		}
	}
	return w
}

// occupantGone ends an occupant's stay by the master's word.
func (r *Replica) occupantGone(rm *room, nick string, why muc.Why, item *xmltree.Element) {
	wasHeld := rm.held[occupantKey(nick)] != 0
	delete(rm.held, occupantKey(nick))
	delete(rm.shadow, nick)
	o := rm.ByNick(nick)
	switch {
	case o == nil && wasHeld && rm.mine[nick] != nil:
		// One of ours, thrown out before it was shown in.
		for _, p := range rm.pendingList() {
			if p.nick == nick {
				delete(rm.pending, p.stanza.Get("from"))
				r.refuse(p.stanza, why.Refusal())
			}
		}
		r.disclaim(rm, nick, gone{jid: rm.mine[nick].jid})
	case o == nil:
	case o.Home != "":
		rm.Leave(o, why)
	case wasHeld:
		// One of ours, kicked or banned. What it said up to here stands.
		if item != nil {
			o.Affiliation, _ = muc.ParseAffiliation(item.Get("affiliation"))
		}
		jid := o.JID
		rm.Leave(o, why)
		r.note(mirror.Left, rm.JID, nick+" by the master")
		r.disclaim(rm, nick, gone{jid: jid, num: rm.num})
	}
}

// roomGone ends a room that the master does not have any more, or not for us,
// and gives the one in its place, of which nothing is known.
func (r *Replica) roomGone(rm *room, why muc.Why) (fresh *room) {
	for _, p := range rm.pendingList() {
		delete(rm.pending, p.stanza.Get("from"))
		r.refuse(p.stanza, muc.ErrNoRoom)
	}
	rm.End(why)
	r.b.ToClient = append(r.b.ToClient, rm.Take()...)
	for _, e := range rm.Archive.All() {
		r.persist(entryKey(rm.JID, e), nil)
	}
	for _, jid := range rm.AffiliationList() {
		r.persist(affKey(rm.JID, jid), nil)
	}
	r.persist(metaKey(rm.JID), nil)
	r.saveMark(rm) // numbers are never used twice, whatever becomes of the room
	for t, owner := range r.owners {
		if owner == rm {
			delete(r.owners, t)
		}
	}
	// Who joined while the end was on its way here is in a new room there, of
	// which we hold nothing: out of it, and in again.
	r.transfer(mirror.Membership, "", 0, r.farewell(rm))
	fresh = r.newRoom(rm.JID)
	fresh.inc, fresh.num, fresh.stale, fresh.ours = rm.inc, rm.num, rm.stale, rm.ours
	if rm.asked != "" {
		fresh.stale[rm.asked] = true
	}
	r.saveMark(fresh)
	r.note(mirror.RoomDropped, rm.JID, "by the master")
	return fresh
}

// masterMessage is a message that others said.
func (r *Replica) masterMessage(rm *room, st *xmltree.Element) {
	nick := muc.Resource(st.Get("from"))
	it, ok := dmuc.ItemOf(st)
	switch {
	case nick == "" && ok:
		rm.deaf = false // what comes from here on begins after this place
		return
	case rm.deaf:
		return // on its way since before we left; it comes again
	case st.Child(ns.DMUC0, "item") == nil:
		if policy.Message(st) != policy.Keep {
			rm.Pass(nick, "", muc.Core(st))
			return
		}
		it, ok = dmuc.Item{Pos: rm.pos + 1, Inc: 1}, true // a master that gives no places
	}
	if !ok || it.Pos == 0 {
		r.note(mirror.BadStanza, rm.JID, "message without a place")
		return
	}
	r.keep(rm, nick, "", it, st)
}

// keep puts a message of the master's order into the archive. Those of ours
// that stand between the last one and it are placed by that.
func (r *Replica) keep(rm *room, nick, jid string, it dmuc.Item, st *xmltree.Element) {
	if it.Pos <= rm.pos {
		return // it came before a restart
	}
	for p := rm.pos + 1; p < it.Pos; p++ {
		if !r.place(rm, p) {
			break
		}
	}
	rm.pos = it.Pos
	r.saveMark(rm)
	k := muc.Key{Origin: it.Origin, Inc: it.Inc, Num: it.Num}
	if it.Origin == r.cfg.Origin && rm.Archive.Get(k) != nil {
		r.place(rm, it.Pos)
		return
	}
	it.Age += r.onTheWay
	e := &muc.Entry{Pos: it.Pos, Origin: it.Origin, Inc: it.Inc, Num: it.Num, Nick: nick, JID: jid,
		Stamp: r.wall().Add(-it.Age), Said: r.now.Add(-it.Age), Msg: muc.Core(st)}
	if e.Origin == 0 {
		e.Num = e.Pos
	}
	// Who has left meanwhile does not speak live: its leave took the faster way.
	trimmed, _ := rm.Post(e, nil, it.Age > 0 || !rm.Shown(nick))
	r.saveEntry(rm, e, trimmed)
	r.saveSubject(rm, e)
}

// place gives the oldest of our waiting messages its position.
func (r *Replica) place(rm *room, pos uint64) bool {
	w := rm.Archive.Waiting()
	if len(w) == 0 {
		return false
	}
	r.persist(entryKey(rm.JID, w[0]), nil)
	r.saveEntry(rm, rm.Archive.Place(pos), nil)
	return true
}
