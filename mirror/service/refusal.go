package service

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// refusal tells whether a client's stanza is refused while the journal cannot
// be written, and gives the answer to it, nil where none is due. That somebody
// leaves is never refused: a room must not keep who is gone.
func refusal(el *xmltree.Element) (answer *xmltree.Element, refuse bool) {
	switch kind := el.Get("type"); {
	case el.Local == "presence" && kind != "":
		return nil, false
	case el.Local == "iq" && kind != "get" && kind != "set":
		return nil, true
	case kind == "error":
		return nil, true
	}
	return (&xmltree.Element{Space: ns.Client, Local: el.Local}).
		Set("type", "error").Set("from", el.Get("to")).Set("to", el.Get("from")).Set("id", el.Get("id")).
		Add((&xmltree.Element{Space: ns.Client, Local: "error"}).Set("type", "wait").
			Add(&xmltree.Element{Space: ns.Stanzas, Local: "resource-constraint"},
				xmltree.NewText(ns.Stanzas, "text", "the storage here is full; try again later"))), true
}
