package c2s

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// An errorType says what the sender may do about an error (RFC 6120 §8.3.2).
type errorType string

const (
	tryCancel errorType = "cancel" // nothing
	tryModify errorType = "modify" // send something else
	tryWait   errorType = "wait"   // send it later
)

// result is the answer to an IQ request, from the one who was asked.
func result(iq *xmltree.Element, payload *xmltree.Element) *xmltree.Element {
	return answer(iq, "result").Add(payload)
}

// refusal is a stanza's error, from the one it was sent to (RFC 6120 §8.3).
func refusal(el *xmltree.Element, t errorType, condition string) *xmltree.Element {
	e := xmltree.New(ns.Client, "error", xmltree.New(ns.Stanzas, condition)).Set("type", string(t))
	return answer(el, "error").Add(e)
}

func answer(el *xmltree.Element, kind string) *xmltree.Element {
	return xmltree.New(ns.Client, el.Local).
		Set("type", kind).Set("id", el.Get("id")).
		Set("from", el.Get("to")).Set("to", el.Get("from"))
}

// wantsAnswer reports whether a stanza's sender may be told of an error: not of
// an error's or an answer's (RFC 6120 §8.3.1).
func wantsAnswer(el *xmltree.Element) bool {
	switch el.Get("type") {
	case "error", "result":
		return false
	}
	return true
}
