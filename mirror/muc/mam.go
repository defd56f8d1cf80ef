package muc

import (
	"slices"
	"strconv"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// The room's archive for clients (XEP-0313 on a MUC, with the extended queries
// of its §4.1.4 and XEP-0059 pages). Both roles answer from what they hold: at a
// mirror it costs nothing on the link.

// mamFeatures are disco features of a room that has an archive.
var mamFeatures = []string{ns.MAM, ns.MAM + "#extended"}

// Pages of an archive, in messages.
const (
	mamPageDefault = 50
	mamPageMax     = 100
)

// mamFields are what a query's form may ask for; others are refused
// (XEP-0313 §4.1.5).
var mamFields = []struct{ name, kind string }{
	{"start", "text-single"}, {"end", "text-single"}, {"with", "jid-single"},
	{"before-id", "text-single"}, {"after-id", "text-single"}, {"ids", "list-multi"},
}

// Archived answers a MAM query of an occupant's session: the messages go into
// the outbox, and the result is given. Who is not in the room gets nothing, as
// from a room that is joined for its history.
func (r *Room) Archived(session string, st, q *xmltree.Element) (*xmltree.Element, *Failure) {
	if r.sessions[session] == nil {
		return nil, ErrForbidden
	}
	get := st.Get("type") == "get"
	switch {
	case get && q.Is(ns.MAM, "query"):
		return mamForm(), nil
	case get && q.Is(ns.MAM, "metadata"):
		return r.mamMetadata(), nil
	case get || !q.Is(ns.MAM, "query"):
		return nil, ErrBadRequest
	}
	found, f := r.mamFind(q)
	if f != nil {
		return nil, f
	}
	first, last, backward, f := mamPage(found, q.Child(ns.RSM, "set"))
	if f != nil {
		return nil, f
	}
	for _, e := range found[first:last] {
		r.to(session, r.forwarded(e, q.Get("queryid")))
	}
	fin := mamFin(found, first, last)
	if !backward && last == len(found) || backward && first == 0 {
		fin.Set("complete", "true")
	}
	return fin, nil
}

// forwarded is one archived message as a MAM result (XEP-0313 §4.2).
func (r *Room) forwarded(e *Entry, queryID string) *xmltree.Element {
	m := r.reflection(e, false)
	m.Remove(func(c *xmltree.Element) bool { return c.Is(ns.SID, "stanza-id") })
	d := xmltree.New(ns.Delay, "delay").Set("stamp", stamp(e.Stamp))
	res := xmltree.New(ns.MAM, "result", xmltree.New(ns.Forward, "forwarded", d, m)).
		Set("queryid", queryID).Set("id", e.StanzaID())
	return xmltree.New(ns.Client, "message", res).Set("from", r.JID)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// mamFind gives the messages that fit the query's form, in the room's order.
func (r *Room) mamFind(q *xmltree.Element) ([]*Entry, *Failure) {
	all := r.Archive.All()
	form := q.Child(ns.Form, "x")
	if form == nil {
		return all, nil
	}
	place := func(id string) int {
		return slices.IndexFunc(all, func(e *Entry) bool { return e.StanzaID() == id })
	}
	first, last := 0, len(all)
	keep := func(*Entry) bool { return true }
	and := func(more func(*Entry) bool) {
		before := keep
		keep = func(e *Entry) bool { return before(e) && more(e) }
	}
	for _, field := range form.Named(ns.Form, "field") {
		v := field.Child(ns.Form, "value").Text()
		switch field.Get("var") {
		case "FORM_TYPE":
		case "start", "end":
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return nil, ErrBadRequest
			}
			start := field.Get("var") == "start"
			and(func(e *Entry) bool { return start && !e.Stamp.Before(t) || !start && !e.Stamp.After(t) })
		case "with":
			and(func(e *Entry) bool { return v == r.JID || v == r.JID+"/"+e.Nick })
		case "after-id", "before-id":
			i := place(v)
			if i < 0 {
				return nil, ErrNotArchived
			}
			if field.Get("var") == "after-id" {
				first = max(first, i+1)
			} else {
				last = min(last, i)
			}
		case "ids":
			ids := map[string]bool{}
			for _, value := range field.Named(ns.Form, "value") {
				if place(value.Text()) < 0 {
					return nil, ErrNotArchived
				}
				ids[value.Text()] = true
			}
			and(func(e *Entry) bool { return ids[e.StanzaID()] })
		default:
			return nil, ErrBadRequest
		}
	}
	var found []*Entry
	for i := first; i < last; i++ {
		if keep(all[i]) {
			found = append(found, all[i])
		}
	}
	return found, nil
}

// mamPage cuts one page out of what was found (XEP-0059 §2.2–2.6), and tells
// which way the client pages.
func mamPage(found []*Entry, set *xmltree.Element) (first, last int, backward bool, f *Failure) {
	size := mamPageDefault
	if m := set.Child(ns.RSM, "max"); m != nil {
		n, err := strconv.Atoi(m.Text())
		if err != nil || n < 0 {
			return 0, 0, false, ErrBadRequest
		}
		size = min(n, mamPageMax)
	}
	place := func(el *xmltree.Element) int {
		return slices.IndexFunc(found, func(e *Entry) bool { return e.StanzaID() == el.Text() })
	}
	if before := set.Child(ns.RSM, "before"); before != nil {
		last = len(found)
		if before.Text() != "" {
			if last = place(before); last < 0 {
				return 0, 0, true, ErrNotArchived
			}
		}
		return max(0, last-size), last, true, nil
	}
	if after := set.Child(ns.RSM, "after"); after != nil {
		i := place(after)
		if i < 0 {
			return 0, 0, false, ErrNotArchived
		}
		first = i + 1
	}
	return first, min(len(found), first+size), false, nil
}

// mamFin is the result of a query: where the page found[first:last] stands.
func mamFin(found []*Entry, first, last int) *xmltree.Element {
	set := xmltree.New(ns.RSM, "set")
	if first < last {
		set.Add(xmltree.NewText(ns.RSM, "first", found[first].StanzaID()).Set("index", strconv.Itoa(first)),
			xmltree.NewText(ns.RSM, "last", found[last-1].StanzaID()))
	}
	set.Add(xmltree.NewText(ns.RSM, "count", strconv.Itoa(len(found))))
	return xmltree.New(ns.MAM, "fin", set)
}

func mamForm() *xmltree.Element {
	x := xmltree.New(ns.Form, "x").Set("type", "form")
	ft := xmltree.New(ns.Form, "field").Set("type", "hidden").Set("var", "FORM_TYPE")
	x.Add(ft.Add(xmltree.NewText(ns.Form, "value", ns.MAM)))
	for _, f := range mamFields {
		x.Add(xmltree.New(ns.Form, "field").Set("type", f.kind).Set("var", f.name))
	}
	return xmltree.New(ns.MAM, "query", x)
}

// mamMetadata tells where the archive begins and ends (XEP-0313 §5).
func (r *Room) mamMetadata() *xmltree.Element {
	m := xmltree.New(ns.MAM, "metadata")
	all := r.Archive.All()
	if len(all) == 0 {
		return m
	}
	for _, edge := range []struct {
		name string
		e    *Entry
	}{{"start", all[0]}, {"end", all[len(all)-1]}} {
		m.Add(xmltree.New(ns.MAM, edge.name).Set("id", edge.e.StanzaID()).Set("timestamp", stamp(edge.e.Stamp)))
	}
	return m
}
