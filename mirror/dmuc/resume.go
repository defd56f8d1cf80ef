package dmuc

import (
	"strconv"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A Resume is how a mirror comes back to a room that it knows, after an outage,
// a restart or a time without occupants: as a request what it holds, as a
// result what the master holds. Zero fields are not written.
type Resume struct {
	Inc  uint64 // incarnation of the mirror's numbers; not written if 1
	Num  uint64 // request: the mirror's last number; result: the last that the master has
	Pos  uint64 // request: the mirror's place in the master's order
	Have uint32 // digest of the room's state, as the mirror holds it (request) or as it is (result)
	Up   uint32 // request: digest of the mirror's own occupants, after what was sent before
	Full bool   // result: Up differs, the master wants the mirror's whole roster
}

// Element is the resume as it crosses.
func (r Resume) Element() *xmltree.Element {
	e := xmltree.New(ns.DMUC0, "resume")
	if r.Inc > 1 {
		e.Set("inc", number(r.Inc))
	}
	e.Set("n", number(r.Num)).Set("pos", number(r.Pos))
	if r.Have != 0 {
		e.Set("have", strconv.FormatUint(uint64(r.Have), 16))
	}
	if r.Up != 0 {
		e.Set("up", strconv.FormatUint(uint64(r.Up), 16))
	}
	if r.Full {
		e.Set("full", "1")
	}
	return e
}

// ResumeOf reads what Element built; false: it makes no sense.
func ResumeOf(e *xmltree.Element) (Resume, bool) {
	var r Resume
	ok := read(e, "inc", &r.Inc) && read(e, "n", &r.Num) && read(e, "pos", &r.Pos) &&
		readDigest(e, "have", &r.Have) && readDigest(e, "up", &r.Up)
	if r.Inc == 0 {
		r.Inc = 1
	}
	r.Full = e.Get("full") != ""
	return r, ok
}

func readDigest(e *xmltree.Element, name string, to *uint32) bool {
	s, ok := e.Lookup("", name)
	if !ok {
		return true
	}
	n, err := strconv.ParseUint(s, 16, 32)
	*to = uint32(n)
	return err == nil
}
