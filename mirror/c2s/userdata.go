package c2s

import (
	"errors"
	"sort"
	"strings"

	"mellium.im/xmpp/jid"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// Keys of a user's values in the Store: a kind, a colon, what tells it apart.
const (
	keyVCard   = "vcard:"
	keyPrivate = "private:" // namespace and name of the element
	keyPEP     = "pep:"     // node, a blank, id of the item
	keyRoster  = "roster:"  // bare JID of the contact
)

// keyMax is how long a key may be, in bytes.
const keyMax = 1024

// bookmarkNodes are the only nodes that are kept (XEP-0402, XEP-0048).
var bookmarkNodes = map[string]bool{"urn:xmpp:bookmarks:1": true, "storage:bookmarks": true}

// load gives a value as the element that it was stored as, or nil.
func (r *request) load(user, key string) *xmltree.Element {
	b, err := r.srv.cfg.Store.Get(user, key)
	if err != nil {
		r.srv.log.Warn("store", "user", user, "err", err)
	}
	if b == nil {
		return nil
	}
	el, err := xmltree.Parse(b)
	if err != nil {
		r.srv.log.Warn("store: no XML", "user", user, "key", key, "err", err)
		return nil
	}
	return el
}

// save stores an element; nil removes it. It gives a condition, or "".
func (r *request) save(key string, el *xmltree.Element) string {
	if len(key) > keyMax {
		return "not-acceptable"
	}
	var b []byte
	if el != nil {
		b = []byte(el.String())
	}
	switch err := r.srv.cfg.Store.Put(r.c.jid.Localpart(), key, b); {
	case err == nil:
		return ""
	case errors.Is(err, ErrStoreFull):
		return "resource-constraint"
	default:
		r.srv.log.Warn("store", "user", r.c.jid.Localpart(), "err", err)
		return "internal-server-error"
	}
}

// stored gives the values whose keys begin so, in the order of the keys.
func (r *request) stored(prefix string) []*xmltree.Element {
	user := r.c.jid.Localpart()
	keys, err := r.srv.cfg.Store.Keys(user, prefix)
	if err != nil {
		r.srv.log.Warn("store", "user", user, "err", err)
	}
	var out []*xmltree.Element
	for _, k := range keys {
		if el := r.load(user, k); el != nil {
			out = append(out, el)
		}
	}
	return out
}

// getVCard is XEP-0054 §3.1: anybody may read it, an absent one is empty.
func getVCard(r *request) (*xmltree.Element, string) {
	if r.server() {
		return nil, "item-not-found"
	}
	if el := r.load(r.to.Localpart(), keyVCard); el != nil {
		return el, ""
	}
	if r.own() {
		return xmltree.New(ns.VCard, "vCard"), ""
	}
	return nil, "item-not-found"
}

func setVCard(r *request) (*xmltree.Element, string) { return nil, r.save(keyVCard, r.payload) }

// getPrivate is XEP-0049 §3: the element that was stored, or the one asked with.
func getPrivate(r *request) (*xmltree.Element, string) {
	what := r.payload.Children()
	if len(what) != 1 {
		return nil, "bad-request"
	}
	el := r.load(r.c.jid.Localpart(), privateKey(what[0]))
	if el == nil {
		el = xmltree.New(what[0].Space, what[0].Local)
	}
	return xmltree.New(nsPrivate, "query", el), ""
}

func setPrivate(r *request) (*xmltree.Element, string) {
	what := r.payload.Children()
	if len(what) != 1 || what[0].Space == nsPrivate {
		return nil, "bad-request"
	}
	return nil, r.save(privateKey(what[0]), what[0])
}

func privateKey(el *xmltree.Element) string { return keyPrivate + el.Space + " " + el.Local }

// getItems is XEP-0060 §6.5 for bookmarks.
func getItems(r *request) (*xmltree.Element, string) {
	ask := r.payload.Child(nsPubSub, "items")
	if ask == nil {
		return nil, "service-unavailable"
	}
	node := ask.Get("node")
	if !bookmarkNodes[node] {
		return nil, "item-not-found"
	}
	items := xmltree.New(nsPubSub, "items").Set("node", node)
	wanted := map[string]bool{}
	for _, i := range ask.Named(nsPubSub, "item") {
		wanted[i.Get("id")] = true
	}
	for _, item := range r.stored(keyPEP + node + " ") {
		if len(wanted) == 0 || wanted[item.Get("id")] {
			items.Add(item)
		}
	}
	return xmltree.New(nsPubSub, "pubsub", items), ""
}

// setItems is XEP-0060 §7.1 and §7.2 for bookmarks: publish one item, retract
// one. Nobody is notified: a user's other clients ask at their next login.
func setItems(r *request) (*xmltree.Element, string) {
	publish, retract := r.payload.Child(nsPubSub, "publish"), r.payload.Child(nsPubSub, "retract")
	act := publish
	if act == nil {
		act = retract
	}
	if act == nil || !bookmarkNodes[act.Get("node")] {
		return nil, "service-unavailable"
	}
	items := act.Named(nsPubSub, "item")
	if len(items) != 1 {
		return nil, "bad-request"
	}
	item := items[0]
	id := item.Get("id")
	if publish == nil {
		return nil, r.save(keyPEP+act.Get("node")+" "+id, nil)
	}
	if id == "" {
		id = token(8)
		item.Set("id", id)
	}
	if condition := r.save(keyPEP+act.Get("node")+" "+id, item); condition != "" {
		return nil, condition
	}
	return xmltree.New(nsPubSub, "pubsub", xmltree.New(nsPubSub, "publish",
		xmltree.New(nsPubSub, "item").Set("id", id)).Set("node", act.Get("node"))), ""
}

// getRoster is RFC 6121 §2.1.3: what the user stored, and unless they are hidden
// all users of the domain.
func getRoster(r *request) (*xmltree.Element, string) {
	r.srv.hub.wantsPushes(r.c)
	q := xmltree.New(ns.Roster, "query")
	seen := map[string]bool{}
	for _, item := range r.stored(keyRoster) {
		seen[item.Get("jid")] = true
		q.Add(item.Set("subscription", r.subscription(item.Get("jid"))))
	}
	if r.srv.cfg.HideUsers {
		return q, ""
	}
	for _, user := range r.srv.cfg.Accounts.Users() {
		j := user + "@" + r.c.domain
		if user == r.c.jid.Localpart() || seen[j] || len(q.Nodes) >= rosterMax {
			continue
		}
		q.Add(xmltree.New(ns.Roster, "item").Set("jid", j).Set("name", user).Set("subscription", "both"))
	}
	return q, ""
}

// subscription is what a contact's is: users that list each other see each
// other, nobody else does.
func (r *request) subscription(contact string) string {
	user, domain, _ := strings.Cut(contact, "@")
	if _, ok := r.srv.cfg.Accounts.Lookup(user); ok && !r.srv.cfg.HideUsers && domain == r.c.domain {
		return "both"
	}
	return "none"
}

// setRoster is RFC 6121 §2.3 to §2.5: one item, added, changed or removed.
func setRoster(r *request) (*xmltree.Element, string) {
	items := r.payload.Named(ns.Roster, "item")
	if len(items) != 1 {
		return nil, "bad-request"
	}
	j, err := jid.Parse(items[0].Get("jid"))
	if err != nil {
		return nil, "bad-request"
	}
	contact := j.Bare().String()
	item := xmltree.New(ns.Roster, "item").Set("jid", contact)
	if items[0].Get("subscription") == "remove" {
		item.Set("subscription", "remove")
		if condition := r.save(keyRoster+contact, nil); condition != "" {
			return nil, condition
		}
	} else {
		item.Set("name", items[0].Get("name")).Add(items[0].Named(ns.Roster, "group")...)
		if condition := r.save(keyRoster+contact, item); condition != "" {
			return nil, condition
		}
		item.Set("subscription", r.subscription(contact))
	}
	for _, c := range r.srv.hub.pushed(r.c) {
		c.send(xmltree.New(ns.Client, "iq", xmltree.New(ns.Roster, "query", item)).
			Set("type", "set").Set("id", "push-"+token(4)).Set("to", c.full))
	}
	return nil, ""
}

// wantsPushes notes that a session asked for the roster (RFC 6121 §2.1.6).
func (h *hub) wantsPushes(c *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.asked = true
}

// pushed gives the sessions of the same user that want pushes.
func (h *hub) pushed(c *session) []*session {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*session
	for _, other := range h.users[c.jid.Bare().String()] {
		if other.asked {
			out = append(out, other)
		}
	}
	sort.Slice(out, func(i, k int) bool { return out[i].full < out[k].full })
	return out
}
