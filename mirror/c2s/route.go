package c2s

import (
	"slices"

	"mellium.im/xmpp/jid"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// route takes a stanza of a session to where it goes (RFC 6120 §10). An error
// ends the stream; what is wrong with the stanza alone is answered.
func (s *Server) route(c *session, el *xmltree.Element) error {
	if el.Space != ns.Client || el.Local != "message" && el.Local != "presence" && el.Local != "iq" {
		return &streamError{"unsupported-stanza-type", ""}
	}
	el.Set("from", c.full) // whatever the client wrote (RFC 6120 §8.1.2.1)
	if el.Local == "iq" && !wellFormedIQ(el) {
		s.refuse(c, el, tryModify, "bad-request")
		return nil
	}
	if el.Get("to") == "" {
		s.own(c, el)
		return nil
	}
	to, err := jid.Parse(el.Get("to"))
	switch {
	case err != nil:
		el.Set("to", "") // no answer comes from an address that is none
		s.refuse(c, el, tryModify, "jid-malformed")
	case slices.Contains(s.cfg.Domains, to.Domainpart()):
		el.Set("to", to.String())
		s.local(c, to, el)
	case s.cfg.Remote(to.Domainpart()):
		if el.Local == "presence" {
			s.hub.direct(c, to.String(), el.Get("type"))
		}
		s.cfg.Handler.Stanza(c.full, el.Set("to", to.String()))
	default:
		el.Set("to", to.String())
		s.refuse(c, el, tryCancel, "remote-server-not-found")
	}
	return nil
}

// refuse answers a stanza with an error, if such may be answered.
func (s *Server) refuse(c *session, el *xmltree.Element, t errorType, condition string) {
	if wantsAnswer(el) {
		c.send(refusal(el, t, condition))
	}
}

// wellFormedIQ holds RFC 6120 §8.2.3.
func wellFormedIQ(iq *xmltree.Element) bool {
	switch iq.Get("type") {
	case "get", "set":
		return iq.Get("id") != "" && len(iq.Children()) == 1
	case "result", "error":
		return true
	}
	return false
}

// own takes a stanza without an address (RFC 6120 §10.3).
func (s *Server) own(c *session, el *xmltree.Element) {
	switch el.Local {
	case "iq":
		s.answerIQ(c, c.jid.Bare(), el)
	case "presence":
		s.broadcast(c, el)
	case "message":
		el.Set("to", c.jid.Bare().String())
		s.local(c, c.jid.Bare(), el)
	}
}

// local takes a stanza for this server or one of its users (RFC 6121 §8).
func (s *Server) local(c *session, to jid.JID, el *xmltree.Element) {
	switch {
	case to.Localpart() == "" && el.Local != "iq":
		// The server itself reads no messages and takes no presence.
	case el.Local == "iq" && (to.Localpart() == "" || to.Resourcepart() == ""):
		s.answerIQ(c, to, el)
	case el.Local == "presence":
		s.presenceTo(c, to, el)
	case !s.deliver(to, el) && el.Get("type") != "headline":
		s.refuse(c, el, tryCancel, "service-unavailable")
	}
}

// deliver gives a stanza to the sessions that it is for.
func (s *Server) deliver(to jid.JID, el *xmltree.Element) bool {
	taken := false
	for _, c := range s.hub.choose(to, el) {
		if c.send(el) {
			taken = true
		}
	}
	return taken
}
