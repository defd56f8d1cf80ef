package muc

import (
	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A Failure is a stanza error (RFC 6120 §8.3) with an optional text for people.
type Failure struct {
	Type      string // auth, cancel, modify, wait
	Condition string
	Text      string
}

func (f *Failure) Error() string { return f.Condition + ": " + f.Text }

// The errors that XEP-0045 names (§7.2, §7.4, §8, §9, §10), and those of a link.
var (
	ErrPassword     = &Failure{"auth", "not-authorized", "The room asks for a password."}
	ErrMembersOnly  = &Failure{"auth", "registration-required", "The room is for members only."}
	ErrBanned       = &Failure{"auth", "forbidden", "You are banned from this room."}
	ErrNickTaken    = &Failure{"cancel", "conflict", "Another occupant has this nick."}
	ErrFull         = &Failure{"wait", "service-unavailable", "The room is full."}
	ErrNoRoom       = &Failure{"cancel", "item-not-found", "There is no such room, or it is locked."}
	ErrNoCreation   = &Failure{"cancel", "not-allowed", "You may not create a room here."}
	ErrNoNick       = &Failure{"modify", "jid-malformed", "Join as room@service/nick."}
	ErrNickLong     = &Failure{"modify", "not-acceptable", "The nick is too long."}
	ErrNoNickChange = &Failure{"cancel", "not-acceptable", "Nicks cannot be changed at a mirror: leave, and join under the new one."}
	ErrNotOccupant  = &Failure{"modify", "not-acceptable", "You are not in this room."}
	ErrNoVoice      = &Failure{"auth", "forbidden", "You have no voice in this room."}
	ErrNoSubject    = &Failure{"auth", "forbidden", "You may not change the subject."}
	ErrNoSuchNick   = &Failure{"cancel", "item-not-found", "Nobody here has this nick."}
	ErrNotArchived  = &Failure{"cancel", "item-not-found", "The archive has no such message."}
	ErrForbidden    = &Failure{"auth", "forbidden", "You lack the affiliation or role for this."}
	ErrNotAllowed   = &Failure{"cancel", "not-allowed", "This may not be done to that user."}
	ErrLastOwner    = &Failure{"cancel", "conflict", "The room would have no owner."}
	ErrBadRequest   = &Failure{"modify", "bad-request", "The request makes no sense here."}
	ErrUnsupported  = &Failure{"cancel", "service-unavailable", ""}
	ErrTooLong      = &Failure{"modify", "policy-violation", "The message is too long for the link; send it in parts."}
	ErrLinkDown     = &Failure{"wait", "remote-server-timeout", "Headquarters cannot be reached now; try again later."}
	ErrTooMany      = &Failure{"wait", "resource-constraint", "Too many at once; try again later."}
)

// Element is the <error/> of the failure.
func (f *Failure) Element() *xmltree.Element {
	e := xmltree.New(ns.Client, "error").Set("type", f.Type)
	e.Add(xmltree.New(ns.Stanzas, f.Condition))
	if f.Text != "" {
		e.Add(xmltree.NewText(ns.Stanzas, "text", f.Text))
	}
	return e
}

// Reply makes the error answer to a stanza, with its id and payload mark
// (XEP-0045 shows <x/> again in a refused join).
func (f *Failure) Reply(stanza *xmltree.Element) *xmltree.Element {
	r := xmltree.New(ns.Client, stanza.Local).Set("from", stanza.Get("to")).Set("to", stanza.Get("from")).
		Set("id", stanza.Get("id")).Set("type", "error")
	if stanza.Local == "presence" && stanza.Child(ns.MUC, "x") != nil {
		r.Add(xmltree.New(ns.MUC, "x"))
	}
	return r.Add(f.Element())
}

// IsError reports whether a stanza is an error, which is never answered by one
// (RFC 6120 §8.3.1), nor is a result.
func IsError(stanza *xmltree.Element) bool {
	t := stanza.Get("type")
	return t == "error" || stanza.Local == "iq" && t == "result"
}
