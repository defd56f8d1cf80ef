package muc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// archive is a room in which Scott said 1 to 9, one a second.
func archive(t *testing.T) *Room {
	t.Helper()
	r := NewRoom(roomJID)
	scott := enter(r, "Scott", "scott@f/1", Owner)
	for i := range 9 {
		say(r, scott, uint64(i+1), fmt.Sprint(i+1))
	}
	r.Take()
	return r
}

func query(t *testing.T, r *Room, inside string) (bodies string, fin *xmltree.Element, f *Failure) {
	t.Helper()
	st := stanza(`<iq type="set" id="q" from="scott@f/1" to="` + roomJID + `"><query xmlns="urn:xmpp:mam:2" queryid="x">` + inside + `</query></iq>`)
	fin, f = r.Archived("scott@f/1", st, st.Children()[0])
	for _, m := range r.Take() {
		res := m.Child(ns.MAM, "result")
		if m.Get("to") != "scott@f/1" || res.Get("queryid") != "x" || res.Get("id") == "" {
			t.Errorf("result %s", m)
		}
		fwd := res.Child(ns.Forward, "forwarded")
		if fwd.Child(ns.Delay, "delay") == nil {
			t.Errorf("a forwarded message without delay: %s", m)
		}
		bodies += fwd.Child(ns.Client, "message").Child(ns.Client, "body").Text()
	}
	return bodies, fin, f
}

// TestArchived goes through XEP-0313 §4.1 and XEP-0059 §2.
func TestArchived(t *testing.T) {
	form := func(fields string) string {
		return `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>urn:xmpp:mam:2</value></field>` + fields + `</x>`
	}
	field := func(name, value string) string {
		return `<field var="` + name + `"><value>` + value + `</value></field>`
	}
	set := func(s string) string { return `<set xmlns="http://jabber.org/protocol/rsm">` + s + `</set>` }
	for _, tt := range []struct {
		name, query, want string
		complete          bool
		err               *Failure
	}{
		{"all", "", "123456789", true, nil},
		{"first page", set("<max>4</max>"), "1234", false, nil},
		{"next page", set("<max>4</max><after>0.0.4</after>"), "5678", false, nil},
		{"last page forward", set("<max>4</max><after>0.0.8</after>"), "9", true, nil},
		{"newest page", set("<max>3</max><before/>"), "789", false, nil},
		{"page before", set("<max>3</max><before>0.0.3</before>"), "12", true, nil},
		{"count alone", set("<max>0</max>"), "", false, nil},
		{"start", form(field("start", "1970-01-01T00:00:07Z")), "789", true, nil},
		{"end", form(field("end", "1970-01-01T00:00:02Z")), "12", true, nil},
		{"with the occupant", form(field("with", roomJID+"/Scott")), "123456789", true, nil},
		{"with another", form(field("with", roomJID+"/Wayne")), "", true, nil},
		{"between ids", form(field("after-id", "0.0.2") + field("before-id", "0.0.5")), "34", true, nil},
		{"ids", form(`<field var="ids"><value>0.0.7</value><value>0.0.3</value></field>`), "37", true, nil},
		{"an id that is not there", form(field("after-id", "0.0.99")), "", false, ErrNotArchived},
		{"a page from nowhere", set("<after>9.9.9</after>"), "", false, ErrNotArchived},
		{"a field of tomorrow", form(field("full-text", "x")), "", false, ErrBadRequest},
		{"no number", set("<max>-1</max>"), "", false, ErrBadRequest},
		{"no time", form(field("start", "now")), "", false, ErrBadRequest},
	} {
		r := archive(t)
		got, fin, f := query(t, r, tt.query)
		if got != tt.want || f != tt.err || fin != nil && (fin.Get("complete") == "true") != tt.complete {
			t.Errorf("%s: %q %s %v, want %q complete %v, %v", tt.name, got, fin, f, tt.want, tt.complete, tt.err)
		}
	}
	r := archive(t)
	st := stanza(`<iq type="set" from="eve@f/1"><query xmlns="urn:xmpp:mam:2"/></iq>`)
	if _, f := r.Archived("eve@f/1", st, st.Children()[0]); f != ErrForbidden {
		t.Errorf("who is not in the room gets %v", f)
	}
	meta := r.mamMetadata()
	if s := meta.Child(ns.MAM, "start"); s.Get("id") != "0.0.1" || s.Get("timestamp") != stamp(time.Unix(1, 0)) {
		t.Errorf("metadata %s", meta)
	}
	if !strings.Contains(mamForm().String(), "before-id") {
		t.Error("the form does not offer before-id")
	}
}
