// Package dmuc is the vocabulary of DMUC3 (Distributed MUC): the elements that
// cross between a mirror and its master, built and read. It knows their form
// and nothing of what they mean to a room.
//
// The seed's elements stand in dmuc.go and roster.go; what it leaves open
// (numbers, resume) in resume.go, in the same namespace urn:xmpp:dmuc:0, which a
// mirror that does not know it passes over.
package dmuc

import (
	"strconv"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// Tag marks a join that a mirror makes for its user (seed, "Mirror service
// joins the target MUC").
func Tag(mirror string) *xmltree.Element {
	return xmltree.New(ns.DMUC, "dmuc").Set("from", mirror)
}

// TagOf gives the mirror that a presence is tagged with, in either of the
// seed's namespaces; "": none.
func TagOf(presence *xmltree.Element) string {
	for _, space := range []string{ns.DMUC, ns.DMUC0} {
		if t := presence.Child(space, "dmuc"); t != nil {
			return t.Get("from")
		}
	}
	return ""
}

// Config wraps a room's form (seed, "MUC sends room configuration to DMUC").
func Config(form *xmltree.Element) *xmltree.Element { return xmltree.New(ns.DMUC0, "config", form) }

// HistoryRequest asks for a room's history (seed, "DMUC sends history request
// to MUC").
func HistoryRequest(room string) *xmltree.Element {
	return xmltree.New(ns.DMUC0, "room").Set("id", room).Add(xmltree.New(ns.MUC, "history"))
}

// IQ makes an iq of a type with one payload.
func IQ(kind, from, to, id string, payload *xmltree.Element) *xmltree.Element {
	return xmltree.New(ns.Client, "iq").Set("from", from).Set("to", to).Set("id", id).Set("type", kind).Add(payload)
}

// Stamp is a time as XEP-0082 writes it, in whole seconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// An Item is what a message carries on a link besides itself. Zero fields are
// not written.
type Item struct {
	Num    uint64        // the mirror's number of it
	Origin uint8         // the mirror that it came from; 0: the sender of the item, or headquarters
	Inc    uint64        // that mirror's incarnation, where it is not 1
	Pos    uint64        // the master's place for it
	Age    time.Duration // how long ago it was said, whole seconds
}

// AgeMax is the highest age that crosses. More is what a clock that jumped by
// years makes of a message that outlived a restart.
const AgeMax = 10 * 365 * 24 * time.Hour

func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// Element is the item as it crosses.
func (it Item) Element() *xmltree.Element {
	e := xmltree.New(ns.DMUC0, "item").Set("n", number(it.Num)).Set("o", number(uint64(it.Origin)))
	if it.Inc > 1 {
		e.Set("i", number(it.Inc))
	}
	return e.Set("pos", number(it.Pos)).Set("age", number(uint64(min(max(it.Age, 0), AgeMax)/time.Second)))
}

// ItemOf reads the item of a stanza; false: it has none, or one that makes no
// sense.
func ItemOf(stanza *xmltree.Element) (Item, bool) {
	e := stanza.Child(ns.DMUC0, "item")
	if e == nil {
		return Item{}, false
	}
	var it Item
	var origin, age uint64
	ok := read(e, "n", &it.Num) && read(e, "o", &origin) && read(e, "i", &it.Inc) && read(e, "pos", &it.Pos) && read(e, "age", &age)
	if it.Inc == 0 {
		it.Inc = 1
	}
	it.Origin, it.Age = uint8(origin), AgeMax
	if age < uint64(AgeMax/time.Second) {
		it.Age = time.Duration(age) * time.Second
	}
	return it, ok && origin < 256
}

// read reads a number of an attribute; absent is 0.
func read(e *xmltree.Element, name string, to *uint64) bool {
	s, ok := e.Lookup("", name)
	if !ok {
		*to = 0
		return true
	}
	n, err := strconv.ParseUint(s, 10, 64)
	*to = n
	return err == nil
}
