package replica

import (
	"fmt"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror"
	"picket/mirror/delta"
	"picket/mirror/dmuc"
	"picket/mirror/muc"
)

// takeHistory ends a filling: the room is here, and live.
func (r *Replica) takeHistory(rm *room, el *xmltree.Element) {
	if rm.phase != filling {
		return
	}
	rm.asked = ""
	for _, m := range el.Named(ns.Client, "message") {
		it, ok := dmuc.ItemOf(m)
		if m.Child(ns.DMUC0, "item") == nil {
			it, ok = dmuc.Item{Pos: rm.pos + 1, Inc: 1}, true
		}
		if !ok || it.Pos == 0 {
			r.note(mirror.BadStanza, rm.JID, "history without a place")
			continue
		}
		var jid string
		if d := m.Child(ns.Delay, "delay"); d != nil {
			jid = d.Get("from")
			if stamp := parseStamp(d.Get("stamp"), r.wall()); stamp.Before(r.wall()) {
				it.Age = max(it.Age, r.wall().Sub(stamp))
			}
		}
		r.keep(rm, muc.Resource(m.Get("from")), jid, it, m)
	}
	sum, ok := dmuc.ResumeOf(el)
	if ok && sum.Pos > rm.pos {
		rm.pos = sum.Pos
	}
	rm.known, rm.deaf = true, false
	r.adoptNumbers(rm, sum)
	r.saveMark(rm)
	r.saveMeta(rm)
	rm.out.Start(rm.num + 1)
	r.goLive(rm)
}

// adoptNumbers makes sure that we never use a number that the master has seen:
// a gateway that lost its journal, or came back with an old one, counts on in a
// new incarnation, and what still waits is numbered anew.
func (r *Replica) adoptNumbers(rm *room, master dmuc.Resume) {
	if master.Inc < rm.inc || master.Inc == rm.inc && master.Num <= rm.num {
		return
	}
	rm.inc, rm.num = master.Inc+1, 0
	waiting := append([]*muc.Entry(nil), rm.Archive.Waiting()...)
	for _, e := range waiting {
		r.persist(entryKey(rm.JID, e), nil)
		rm.Archive.Withdraw(e.Key())
		rm.num++
		e.Inc, e.Num = rm.inc, rm.num
		rm.Archive.Add(e)
		r.saveEntry(rm, e, nil)
	}
	r.note(mirror.Resynced, rm.JID, fmt.Sprintf("the master knows more of our messages than we do: incarnation %d", rm.inc))
}

// takeResume ends a resume: what the master has of ours, and whether we hold
// what it holds.
func (r *Replica) takeResume(rm *room, el *xmltree.Element) {
	res, ok := dmuc.ResumeOf(el)
	if !ok || rm.phase != resuming && rm.phase != live {
		return
	}
	rm.asked = ""
	differs := uint32(delta.DigestOf(rm.held)) != res.Have
	if res.Full {
		r.sendRoster(rm)
	}
	if rm.phase == resuming {
		r.adoptNumbers(rm, res)
		r.saveMark(rm)
		first := res.Num + 1
		if res.Inc != rm.inc {
			first = 1
		}
		rm.out.Start(first)
		r.goLive(rm)
		if differs {
			// What crossed on the way makes a difference too; the second time
			// it is one, and the master sends all it has.
			r.note(mirror.Resynced, rm.JID, "digest differs")
			r.sendResume(rm)
		}
	}
}

func (r *Replica) sendResume(rm *room) {
	rm.resumes++
	rm.backlogTo = rm.num
	res := dmuc.Resume{Inc: rm.inc, Num: rm.num, Pos: rm.pos,
		Have: uint32(delta.DigestOf(rm.held)), Up: uint32(rm.up.Digest())}
	rm.asked = r.newID()
	r.transfer(mirror.Membership, "", 0, dmuc.IQ("get", r.cfg.Mirror, rm.JID, rm.asked, res.Element()))
}

// sendRoster sends all our occupants, since the master holds others.
func (r *Replica) sendRoster(rm *room) {
	var lines []dmuc.Occupant
	for _, nick := range rm.up.Keys() {
		m := rm.mine[nick]
		lines = append(lines, dmuc.Occupant{Nick: nick, JID: m.jid, Payload: m.payload})
		m.told = true
	}
	rm.resumes++
	t := r.newToken(rm)
	rm.up.SentAll(delta.Token(t))
	r.transfer(mirror.Membership, "", t, dmuc.IQ("set", r.cfg.Mirror, rm.JID, r.newID(), dmuc.Roster(lines, false)))
	r.note(mirror.Resynced, rm.JID, "whole roster to the master")
}

func parseStamp(s string, otherwise time.Time) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return otherwise
	}
	return t
}
