// Package policy says of each kind of stanza whether it crosses a link, how
// urgent it is there, and what is answered on the near side instead: one table
// that a person can read.
package policy

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A Fate is what becomes of a message to a room beyond the local fan-out.
type Fate uint8

// Fates.
const (
	Keep Fate = iota // numbered, archived, delivered once to everybody
	Pass             // crosses once if the link is up; not kept
	Stay             // shown on this side only, 0 bytes
)

// messages is the table: the first row whose element a message holds decides.
var messages = []struct {
	space, local string
	fate         Fate
	why          string
}{
	{ns.Client, "body", Keep, "what was said"},
	{ns.Client, "subject", Keep, "the room's subject"},
	{ns.Reactions, "reactions", Keep, "XEP-0444: part of the history"},
	{ns.Retract, "retract", Keep, "XEP-0424: part of the history"},
	{ns.Hints, "store", Keep, "XEP-0334: the client asks for it"},
	{ns.Markers, "displayed", Pass, "XEP-0333"},
	{ns.Receipts, "received", Pass, "XEP-0184"},
	{ns.ChatStates, "composing", Stay, "XEP-0085: a keystroke is not worth a frame"},
	{ns.ChatStates, "paused", Stay, "XEP-0085"},
	{ns.ChatStates, "active", Stay, "XEP-0085"},
	{ns.ChatStates, "inactive", Stay, "XEP-0085"},
	{ns.ChatStates, "gone", Stay, "XEP-0085"},
}

// Message gives the fate of a groupchat message; what the table does not know
// crosses once.
func Message(msg *xmltree.Element) Fate {
	for _, row := range messages {
		if msg.Child(row.space, row.local) != nil {
			return row.fate
		}
	}
	if len(msg.Children()) == 0 {
		return Stay
	}
	return Pass
}

// MessageMaxBytes is the longest message, printed as XML, that a mirror sends
// over its link: 10 s at 9600 bit/s if nothing of it could be compressed.
const MessageMaxBytes = 10 << 10

// Trim takes from a kept message what is for the sender's own server or is not
// worth its bytes on a link: requests for receipts and markers (their answers
// are not worth a frame either), chat states, hints.
func Trim(msg *xmltree.Element) *xmltree.Element {
	return msg.Remove(func(e *xmltree.Element) bool {
		switch e.Space {
		case ns.ChatStates, ns.Hints:
			return true
		case ns.Receipts:
			return e.Local == "request"
		case ns.Markers:
			return e.Local == "markable"
		}
		return false
	})
}

// Presence gives what of a presence's payload crosses: not the avatar hash and
// the capabilities, which nobody across a link can ask about.
func Presence(payload []*xmltree.Element) []*xmltree.Element {
	var out []*xmltree.Element
	for _, c := range payload {
		switch {
		case c.Space == ns.Caps, c.Space == vcardUpdate, c.Space == idle:
		case c.Is(ns.Client, "priority"):
		default:
			out = append(out, c)
		}
	}
	return out
}

const (
	vcardUpdate = "vcard-temp:x:update" // XEP-0153
	idle        = "urn:xmpp:idle:1"     // XEP-0319
)
