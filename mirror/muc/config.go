package muc

import (
	"fmt"
	"strconv"
	"strings"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A Config is a room's configuration (XEP-0045 §16.5.3). The fields that a
// room here has no use for are not in the form.
type Config struct {
	Name, Desc     string
	Public         bool // listed in disco#items
	Persistent     bool // stays when the last occupant leaves
	MembersOnly    bool
	Moderated      bool
	Password       string // "": none asked
	AnyoneSeesJIDs bool   // non-anonymous; else moderators alone see real JIDs
	ChangeSubject  bool   // participants may change the subject
	Invites        bool   // occupants may invite
	MaxUsers       int    // 0: no limit
	HistoryMax     int    // messages that a joiner gets
}

// DefaultConfig is that of a room nobody configured.
var DefaultConfig = Config{Public: true, Persistent: true, AnyoneSeesJIDs: true, ChangeSubject: true, Invites: true, HistoryMax: 20}

// Limits of a configuration's texts, in bytes.
const (
	nameMaxBytes    = 200
	descMaxBytes    = 1000
	historyMaxLimit = 500
)

// A field ties one form field to the configuration; both directions in one
// place, so that a form cannot be read other than it is written.
type field struct {
	name, kind, label string
	options           []string
	get               func(*Config) string
	set               func(*Config, string) error
}

func boolField(name, label string, at func(*Config) *bool) field {
	return field{name: name, kind: "boolean", label: label,
		get: func(c *Config) string {
			if *at(c) {
				return "1"
			}
			return "0"
		},
		set: func(c *Config, v string) error {
			switch v {
			case "1", "true":
				*at(c) = true
			case "0", "false":
				*at(c) = false
			default:
				return fmt.Errorf("%s: %q is neither 1 nor 0", name, v)
			}
			return nil
		}}
}

func textField(name, kind, label string, limit int, at func(*Config) *string) field {
	return field{name: name, kind: kind, label: label,
		get: func(c *Config) string { return *at(c) },
		set: func(c *Config, v string) error {
			if len(v) > limit {
				return fmt.Errorf("%s: %d bytes are more than %d", name, len(v), limit)
			}
			*at(c) = v
			return nil
		}}
}

func countField(name, label string, limit int, at func(*Config) *int) field {
	return field{name: name, kind: "text-single", label: label,
		get: func(c *Config) string { return strconv.Itoa(*at(c)) },
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if v == "" || v == "none" {
				n, err = 0, nil
			}
			if err != nil || n < 0 || n > limit {
				return fmt.Errorf("%s: %q is no number from 0 to %d", name, v, limit)
			}
			*at(c) = n
			return nil
		}}
}

var fields = []field{
	textField("muc#roomconfig_roomname", "text-single", "Name", nameMaxBytes, func(c *Config) *string { return &c.Name }),
	textField("muc#roomconfig_roomdesc", "text-single", "Description", descMaxBytes, func(c *Config) *string { return &c.Desc }),
	boolField("muc#roomconfig_publicroom", "Listed for everyone", func(c *Config) *bool { return &c.Public }),
	boolField("muc#roomconfig_persistentroom", "Stays when the last one leaves", func(c *Config) *bool { return &c.Persistent }),
	boolField("muc#roomconfig_membersonly", "Members only", func(c *Config) *bool { return &c.MembersOnly }),
	boolField("muc#roomconfig_moderatedroom", "Moderated: visitors have no voice", func(c *Config) *bool { return &c.Moderated }),
	// Whether a password is asked, and which, are two fields of one fact.
	{name: "muc#roomconfig_passwordprotectedroom", kind: "boolean", label: "Asks for a password",
		get: func(c *Config) string {
			if c.Password != "" {
				return "1"
			}
			return "0"
		},
		set: func(c *Config, v string) error {
			if v == "0" || v == "false" {
				c.Password = ""
			}
			return nil
		}},
	textField("muc#roomconfig_roomsecret", "text-private", "Password", nameMaxBytes, func(c *Config) *string { return &c.Password }),
	{name: "muc#roomconfig_whois", kind: "list-single", label: "Who sees real JIDs", options: []string{"moderators", "anyone"},
		get: func(c *Config) string {
			if c.AnyoneSeesJIDs {
				return "anyone"
			}
			return "moderators"
		},
		set: func(c *Config, v string) error {
			if v != "anyone" && v != "moderators" {
				return fmt.Errorf("muc#roomconfig_whois: %q is neither anyone nor moderators", v)
			}
			c.AnyoneSeesJIDs = v == "anyone"
			return nil
		}},
	boolField("muc#roomconfig_changesubject", "Participants may change the subject", func(c *Config) *bool { return &c.ChangeSubject }),
	boolField("muc#roomconfig_allowinvites", "Occupants may invite", func(c *Config) *bool { return &c.Invites }),
	countField("muc#roomconfig_maxusers", "Most occupants (0: no limit)", 10000, func(c *Config) *int { return &c.MaxUsers }),
	countField("muc#maxhistoryfetch", "Messages of history for a joiner", historyMaxLimit, func(c *Config) *int { return &c.HistoryMax }),
}

// Form is the configuration as a data form (XEP-0004) of the given type: form
// for an owner with labels, else bare values.
func (c *Config) Form(kind string) *xmltree.Element {
	x := xmltree.New(ns.Form, "x").Set("type", kind)
	ft := xmltree.New(ns.Form, "field").Set("type", "hidden").Set("var", "FORM_TYPE")
	x.Add(ft.Add(xmltree.NewText(ns.Form, "value", ns.MUCRoomConfig)))
	for _, f := range fields {
		el := xmltree.New(ns.Form, "field").Set("var", f.name)
		if kind == "form" {
			el.Set("type", f.kind).Set("label", f.label)
			for _, o := range f.options {
				el.Add(xmltree.New(ns.Form, "option").Add(xmltree.NewText(ns.Form, "value", o)))
			}
		}
		if v := f.get(c); v != "" {
			el.Add(xmltree.NewText(ns.Form, "value", v))
		}
		x.Add(el)
	}
	return x
}

// Wire is the configuration as it crosses a link: only what differs from
// DefaultConfig, in the seed's form ("MUC sends room configuration to DMUC").
func (c *Config) Wire() *xmltree.Element {
	x := xmltree.New(ns.Form, "x").Set("type", "form")
	ft := xmltree.New(ns.Form, "field").Set("type", "hidden").Set("var", "FORM_TYPE")
	x.Add(ft.Add(xmltree.NewText(ns.Form, "value", ns.MUCRoomConfig)))
	for _, f := range fields {
		if v := f.get(c); v != f.get(&DefaultConfig) {
			el := xmltree.New(ns.Form, "field").Set("var", f.name)
			x.Add(el.Add(xmltree.NewText(ns.Form, "value", v)))
		}
	}
	return x
}

// Apply takes the fields of a submitted form; fields that are absent keep
// their value (XEP-0045 §10.2). On an error c is unchanged.
func (c *Config) Apply(form *xmltree.Element) error {
	next := *c
	for _, el := range form.Named(ns.Form, "field") {
		for _, f := range fields {
			if f.name != el.Get("var") {
				continue
			}
			if err := f.set(&next, el.Child(ns.Form, "value").Text()); err != nil {
				return err
			}
		}
	}
	*c = next
	return nil
}
