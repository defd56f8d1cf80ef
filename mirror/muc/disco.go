package muc

import (
	"slices"
	"strconv"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// Features every room service here has (XEP-0030 §3).
var serviceFeatures = []string{ns.DiscoInfo, ns.DiscoItems, ns.MUC, ns.MUCStableID, ns.Ping, ns.SID}

// ServiceInfo is the disco#info of the service (XEP-0045 §6.2). extra are
// features of the role.
func ServiceInfo(name string, extra ...string) *xmltree.Element {
	q := xmltree.New(ns.DiscoInfo, "query")
	q.Add(xmltree.New(ns.DiscoInfo, "identity").Set("category", "conference").Set("type", "text").Set("name", name))
	for _, f := range append(append([]string(nil), serviceFeatures...), extra...) {
		q.Add(xmltree.New(ns.DiscoInfo, "feature").Set("var", f))
	}
	return q
}

// ServiceItems is the disco#items of the service: the public rooms
// (XEP-0045 §6.3).
func ServiceItems(rooms []*Room) *xmltree.Element {
	q := xmltree.New(ns.DiscoItems, "query")
	for _, r := range rooms {
		if r.Config.Public {
			q.Add(xmltree.New(ns.DiscoItems, "item").Set("jid", r.JID).Set("name", r.title()))
		}
	}
	return q
}

func (r *Room) title() string {
	if r.Config.Name != "" {
		return r.Config.Name
	}
	return Local(r.JID)
}

// Info is the disco#info of the room (XEP-0045 §6.4, §16.5.4).
func (r *Room) Info() *xmltree.Element {
	q := xmltree.New(ns.DiscoInfo, "query")
	q.Add(xmltree.New(ns.DiscoInfo, "identity").Set("category", "conference").Set("type", "text").Set("name", r.title()))
	pick := func(b bool, yes, no string) string {
		if b {
			return yes
		}
		return no
	}
	c := &r.Config
	for _, f := range append(slices.Clone(mamFeatures), ns.MUC, ns.MUCStableID, ns.SID,
		pick(c.Public, "muc_public", "muc_hidden"), pick(c.MembersOnly, "muc_membersonly", "muc_open"),
		pick(c.Moderated, "muc_moderated", "muc_unmoderated"), pick(c.AnyoneSeesJIDs, "muc_nonanonymous", "muc_semianonymous"),
		pick(c.Password != "", "muc_passwordprotected", "muc_unsecured"), pick(c.Persistent, "muc_persistent", "muc_temporary")) {
		q.Add(xmltree.New(ns.DiscoInfo, "feature").Set("var", f))
	}
	form := xmltree.New(ns.Form, "x").Set("type", "result")
	add := func(name, kind, value string) {
		f := xmltree.New(ns.Form, "field").Set("var", name).Set("type", kind)
		form.Add(f.Add(xmltree.NewText(ns.Form, "value", value)))
	}
	add("FORM_TYPE", "hidden", ns.MUCRoomInfo)
	add("muc#roominfo_description", "text-single", c.Desc)
	add("muc#roominfo_occupants", "text-single", strconv.Itoa(r.shown()))
	add("muc#roominfo_subject", "text-single", r.Subject.Text)
	add("muc#roominfo_changesubject", "boolean", pick(c.ChangeSubject, "1", "0"))
	add("muc#maxhistoryfetch", "text-single", strconv.Itoa(c.HistoryMax))
	return q.Add(form)
}

// Items is the disco#items of the room: its occupants (XEP-0045 §6.5).
func (r *Room) Items() *xmltree.Element {
	q := xmltree.New(ns.DiscoItems, "query")
	for _, o := range r.Occupants() {
		if !o.Hidden {
			q.Add(xmltree.New(ns.DiscoItems, "item").Set("jid", r.JID+"/"+o.Nick).Set("name", o.Nick))
		}
	}
	return q
}

func (r *Room) shown() int {
	n := 0
	for _, o := range r.occupants {
		if !o.Hidden {
			n++
		}
	}
	return n
}
