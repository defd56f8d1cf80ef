package c2s

import (
	"strconv"
	"time"

	"mellium.im/xmpp/jid"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A request is an IQ get or set for the server or an account of it.
type request struct {
	srv     *Server
	c       *session // who asks
	to      jid.JID  // who is asked: the server, or a bare JID
	iq      *xmltree.Element
	payload *xmltree.Element
}

// own reports whether the asker's own account is asked.
func (r *request) own() bool { return r.to.Equal(r.c.jid.Bare()) }

// server reports whether the server itself is asked.
func (r *request) server() bool { return r.to.Localpart() == "" }

// An answerer gives the payload of the result, which may be nil, or the name of
// an error's condition.
type answerer func(r *request) (payload *xmltree.Element, condition string)

type question struct{ kind, space, local string }

// answers is all that is known to be asked; the rest is service-unavailable.
// What touches a user's own data answers nobody else.
var answers = map[question]answerer{
	{"get", ns.DiscoInfo, "query"}:   discoInfo,
	{"get", ns.DiscoItems, "query"}:  discoItems,
	{"get", ns.Ping, "ping"}:         empty,
	{"get", ns.Version, "query"}:     version,
	{"get", ns.Time, "time"}:         clock,
	{"get", nsLast, "query"}:         last,
	{"set", nsSession, "session"}:    empty,
	{"get", ns.VCard, "vCard"}:       getVCard,
	{"set", ns.VCard, "vCard"}:       ownOnly(setVCard),
	{"get", ns.Roster, "query"}:      ownOnly(getRoster),
	{"set", ns.Roster, "query"}:      ownOnly(setRoster),
	{"get", nsPrivate, "query"}:      ownOnly(getPrivate),
	{"set", nsPrivate, "query"}:      ownOnly(setPrivate),
	{"get", nsPubSub, "pubsub"}:      ownOnly(getItems),
	{"set", nsPubSub, "pubsub"}:      ownOnly(setItems),
	{"get", nsBlocking, "blocklist"}: ownOnly(blocklist),
	{"set", ns.Carbons, "enable"}:    ownOnly(empty),
	{"set", ns.Carbons, "disable"}:   ownOnly(empty),
}

// answerIQ answers what is asked of the server or an account; it takes the
// answers of clients to its own pings, and forgets them.
func (s *Server) answerIQ(c *session, to jid.JID, iq *xmltree.Element) {
	if !wantsAnswer(iq) {
		return
	}
	r := &request{srv: s, c: c, to: to, iq: iq, payload: iq.Children()[0]}
	answer := answers[question{iq.Get("type"), r.payload.Space, r.payload.Local}]
	if answer == nil {
		c.send(refusal(iq, tryCancel, "service-unavailable"))
		return
	}
	switch payload, condition := answer(r); condition {
	case "":
		c.send(result(iq, payload))
	case "bad-request", "not-acceptable":
		c.send(refusal(iq, tryModify, condition))
	case "resource-constraint":
		c.send(refusal(iq, tryWait, condition))
	default:
		c.send(refusal(iq, tryCancel, condition))
	}
}

// ownOnly answers the account's owner alone; for others, nothing is there. A
// client may write to its server where it means its account.
func ownOnly(a answerer) answerer {
	return func(r *request) (*xmltree.Element, string) {
		if !r.own() && !r.server() {
			return nil, "service-unavailable"
		}
		return a(r)
	}
}

func empty(*request) (*xmltree.Element, string) { return nil, "" }

// discoInfo is XEP-0030: of the server, and of accounts (RFC 6121 §8.5.1).
func discoInfo(r *request) (*xmltree.Element, string) {
	if r.payload.Get("node") != "" {
		return nil, "item-not-found"
	}
	q := xmltree.New(ns.DiscoInfo, "query")
	identity := func(category, kind, name string) {
		q.Add(xmltree.New(ns.DiscoInfo, "identity").Set("category", category).Set("type", kind).Set("name", name))
	}
	features := []string{ns.DiscoInfo, ns.DiscoItems, ns.Ping, ns.Version, ns.Time, nsLast, ns.VCard, ns.Roster, nsPrivate, ns.Carbons, nsBlocking}
	switch {
	case r.server():
		identity("server", "im", "picket")
	case r.own():
		identity("account", "registered", "")
		identity("pubsub", "pep", "") // XEP-0163 §6.1
		features = []string{ns.DiscoInfo, ns.VCard, nsPubSub + "#publish", nsPubSub + "#retrieve-items", nsPubSub + "#persistent-items"}
	default: // that there is such a user is told to nobody who does not see it anyway
		if _, ok := r.srv.cfg.Accounts.Lookup(r.to.Localpart()); !ok || r.srv.cfg.HideUsers {
			return nil, "service-unavailable"
		}
		identity("account", "registered", "")
		features = []string{ns.DiscoInfo, ns.VCard}
	}
	for _, f := range features {
		q.Add(xmltree.New(ns.DiscoInfo, "feature").Set("var", f))
	}
	return q, ""
}

// discoItems lists the services of the server.
func discoItems(r *request) (*xmltree.Element, string) {
	q := xmltree.New(ns.DiscoItems, "query").Set("node", r.payload.Get("node"))
	if r.server() && r.payload.Get("node") == "" {
		for _, s := range r.srv.cfg.Services {
			q.Add(xmltree.New(ns.DiscoItems, "item").Set("jid", s.JID).Set("name", s.Name))
		}
	}
	return q, ""
}

// version is XEP-0092, without the operating system.
func version(r *request) (*xmltree.Element, string) {
	if !r.server() && !r.own() {
		return nil, "service-unavailable"
	}
	return xmltree.New(ns.Version, "query",
		xmltree.NewText(ns.Version, "name", "picket"),
		xmltree.NewText(ns.Version, "version", or(r.srv.cfg.Version, "unknown"))), ""
}

// clock is XEP-0202.
func clock(r *request) (*xmltree.Element, string) {
	if !r.server() && !r.own() {
		return nil, "service-unavailable"
	}
	return xmltree.New(ns.Time, "time",
		xmltree.NewText(ns.Time, "tzo", "+00:00"),
		xmltree.NewText(ns.Time, "utc", r.srv.cfg.Wall().UTC().Format("2006-01-02T15:04:05Z"))), ""
}

// last is XEP-0012: the server's time since its start.
func last(r *request) (*xmltree.Element, string) {
	if !r.server() {
		return nil, "service-unavailable"
	}
	seconds := int64(time.Since(r.srv.started) / time.Second)
	return xmltree.New(nsLast, "query").Set("seconds", strconv.FormatInt(seconds, 10)), ""
}

// blocklist is XEP-0191: nobody is blocked.
func blocklist(*request) (*xmltree.Element, string) {
	return xmltree.New(nsBlocking, "blocklist"), ""
}
