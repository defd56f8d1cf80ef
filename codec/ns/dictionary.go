package ns

// The static dictionary: what a number stands for on the air. The place in a
// list is the number; the first 24 of each list cost one byte, the next 232
// two. The lists grow at their end only: number n of the dictionary is a prefix
// of number n+1, so two ends of different age use the shorter one.

// A Name is the name of an element or attribute.
type Name struct{ Space, Local string }

// Names of elements.
var Names = []Name{
	// One byte: what stands inside presences and messages.
	{Client, "show"}, {Client, "status"}, {Client, "priority"}, {Caps, "c"},
	{MUCUser, "x"}, {MUCUser, "item"}, {MUCUser, "status"}, {MUCUser, "reason"},
	{Client, "body"}, {Client, "subject"}, {Client, "thread"}, {Client, "error"},
	{Markers, "markable"}, {Receipts, "request"}, {ChatStates, "active"}, {ChatStates, "composing"},
	{DMUC0, "item"}, {Delay, "delay"}, {Form, "field"}, {Form, "value"},
	{MUC, "x"}, {Client, "message"}, {Client, "presence"}, {Client, "iq"},
	// Two bytes: the rest of rooms.
	{DMUC, "dmuc"}, {DMUC0, "dmuc"}, {DMUC0, "config"}, {DMUC0, "roster"}, {DMUC0, "room"}, {DMUC0, "resume"}, {DMUC0, "subject"},
	{MUC, "history"}, {MUC, "password"}, {MUCUser, "actor"}, {MUCUser, "invite"}, {MUCUser, "decline"}, {MUCUser, "destroy"}, {MUCUser, "password"},
	{MUCAdmin, "query"}, {MUCAdmin, "item"}, {MUCAdmin, "reason"}, {MUCAdmin, "actor"},
	{MUCOwner, "query"}, {MUCOwner, "destroy"}, {MUCOwner, "reason"}, {MUCOwner, "password"},
	{Form, "x"}, {Form, "title"}, {Form, "instructions"}, {Form, "option"}, {Form, "required"}, {Form, "desc"}, {Form, "reported"}, {Form, "item"},
	// Messages.
	{ChatStates, "paused"}, {ChatStates, "inactive"}, {ChatStates, "gone"},
	{Receipts, "received"}, {Markers, "displayed"}, {Markers, "received"}, {Markers, "acknowledged"},
	{SID, "origin-id"}, {SID, "stanza-id"}, {OccupantID, "occupant-id"},
	{Hints, "no-store"}, {Hints, "no-permanent-store"}, {Hints, "no-copy"}, {Hints, "store"},
	{Correct, "replace"}, {Reactions, "reactions"}, {Reactions, "reaction"}, {Reply, "reply"},
	{Fallback, "fallback"}, {Fallback, "body"}, {Fallback, "subject"},
	{Retract, "retract"}, {Retract, "retracted"}, {Moderate, "moderate"}, {Moderate, "moderated"},
	{OOB, "x"}, {OOB, "url"}, {OOB, "desc"}, {Conference, "x"}, {EME, "encryption"},
	{XHTMLIM, "html"}, {XHTML, "body"}, {XHTML, "p"}, {XHTML, "a"}, {XHTML, "br"}, {XHTML, "span"}, {XHTML, "strong"}, {XHTML, "em"},
	{Geoloc, "geoloc"}, {Geoloc, "lat"}, {Geoloc, "lon"}, {Geoloc, "alt"}, {Geoloc, "accuracy"}, {Geoloc, "timestamp"},
	{Geoloc, "bearing"}, {Geoloc, "speed"}, {Geoloc, "text"}, {Geoloc, "datum"},
	// Presences.
	{VCardUpdate, "x"}, {VCardUpdate, "photo"}, {Idle, "idle"}, {Nick, "nick"}, {Hats, "hats"}, {Hats, "hat"},
	// Error conditions (RFC 6120 §8.3.3).
	{Stanzas, "bad-request"}, {Stanzas, "conflict"}, {Stanzas, "feature-not-implemented"}, {Stanzas, "forbidden"}, {Stanzas, "gone"},
	{Stanzas, "internal-server-error"}, {Stanzas, "item-not-found"}, {Stanzas, "jid-malformed"}, {Stanzas, "not-acceptable"},
	{Stanzas, "not-allowed"}, {Stanzas, "not-authorized"}, {Stanzas, "policy-violation"}, {Stanzas, "recipient-unavailable"},
	{Stanzas, "redirect"}, {Stanzas, "registration-required"}, {Stanzas, "remote-server-not-found"}, {Stanzas, "remote-server-timeout"},
	{Stanzas, "resource-constraint"}, {Stanzas, "service-unavailable"}, {Stanzas, "subscription-required"},
	{Stanzas, "undefined-condition"}, {Stanzas, "unexpected-request"}, {Stanzas, "text"},
	// Queries.
	{DiscoInfo, "query"}, {DiscoInfo, "identity"}, {DiscoInfo, "feature"}, {DiscoItems, "query"}, {DiscoItems, "item"},
	{Ping, "ping"}, {Version, "query"}, {Version, "name"}, {Version, "version"}, {Version, "os"},
	{Time, "time"}, {Time, "tzo"}, {Time, "utc"}, {Last, "query"}, {Register, "query"}, {Register, "nick"},
	{Roster, "query"}, {Roster, "item"}, {Roster, "group"}, {RSM, "set"}, {RSM, "max"}, {RSM, "before"}, {RSM, "after"},
	{RSM, "first"}, {RSM, "last"}, {RSM, "count"}, {RSM, "index"}, {MAM, "query"}, {MAM, "result"}, {MAM, "fin"}, {MAM, "prefs"},
	{Forward, "forwarded"}, {VCard, "vCard"}, {VCard, "FN"}, {VCard, "NICKNAME"}, {VCard, "PHOTO"}, {VCard, "TYPE"}, {VCard, "BINVAL"},
	{PubSub, "pubsub"}, {PubSub, "publish"}, {PubSub, "item"}, {PubSub, "items"}, {PubSub, "subscribe"}, {PubSub, "publish-options"},
	{PubSubEvent, "event"}, {PubSubEvent, "items"}, {PubSubEvent, "item"}, {PubSubEvent, "retract"},
	{Bookmarks, "conference"}, {Bookmarks, "nick"}, {Private, "query"}, {BookmarksOld, "storage"}, {BookmarksOld, "conference"}, {BookmarksOld, "nick"},
	{Carbons, "enable"}, {Carbons, "disable"}, {Carbons, "sent"}, {Carbons, "received"}, {Carbons, "private"}, {Blocking, "blocklist"},
	{Bind, "bind"}, {Bind, "jid"}, {Bind, "resource"}, {Session, "session"},
	{SM, "r"}, {SM, "a"}, {SM, "enable"}, {SM, "enabled"}, {RosterNotes, "storage"},
}

// Attrs are the names of attributes.
var Attrs = []Name{
	{"", "from"}, {"", "to"}, {"", "type"}, {"", "id"}, {XML, "lang"}, {"", "code"}, {"", "jid"}, {"", "affiliation"},
	{"", "role"}, {"", "nick"}, {"", "name"}, {"", "node"}, {"", "ver"}, {"", "hash"}, {"", "stamp"}, {"", "by"},
	{"", "n"}, {"", "pos"}, {"", "age"}, {"", "o"}, {"", "i"}, {"", "inc"}, {"", "have"}, {"", "up"},
	{"", "full"}, {"", "partial"}, {"", "var"}, {"", "label"}, {"", "resume"}, {"", "since"}, {"", "maxstanzas"}, {"", "maxchars"},
	{"", "seconds"}, {"", "category"}, {"", "for"}, {"", "start"}, {"", "end"}, {"", "namespace"}, {"", "reason"}, {"", "password"},
	{"", "queryid"}, {"", "autojoin"}, {"", "complete"}, {"", "stable"}, {"", "subscription"}, {"", "ask"}, {"", "parent"},
	{"", "ext"}, {"", "seq"}, {"", "xmlns"}, {"", "href"}, {"", "style"}, {"", "thread"}, {"", "continue"}, {"", "h"},
	{"", "max"}, {"", "max_items"}, {"", "publisher"}, {"", "uri"}, {"", "title"},
}

// Values of attributes and texts. The namespaces are among them, since
// disco#info lists them and unknown elements use them.
var Values = []string{
	// One byte.
	"groupchat", "unavailable", "error", "result", "get", "set", "chat", "cancel",
	"auth", "modify", "wait", "none", "member", "admin", "owner", "participant",
	"moderator", "visitor", "away", "xa", "dnd", "en", "1", "0",
	// Two bytes: rooms.
	"outcast", "continue", "form", "submit", "hidden", "FORM_TYPE", "boolean", "text-single", "text-private", "text-multi", "list-single",
	"list-multi", "jid-multi", "jid-single", "fixed", "true", "false", "anyone", "moderators", "participants", "normal", "headline",
	"100", "101", "102", "103", "104", "110", "170", "171", "172", "173", "174", "201", "210", "301", "303", "307", "321", "322", "332", "333",
	"sha-1", "sha-256", "im", "client", "server", "conference", "text", "pc", "phone", "web", "sub", "subscribe", "both", "remove",
	"muc#roomconfig_roomname", "muc#roomconfig_roomdesc", "muc#roomconfig_publicroom", "muc#roomconfig_persistentroom",
	"muc#roomconfig_membersonly", "muc#roomconfig_moderatedroom", "muc#roomconfig_passwordprotectedroom", "muc#roomconfig_roomsecret",
	"muc#roomconfig_whois", "muc#roomconfig_changesubject", "muc#roomconfig_allowinvites", "muc#roomconfig_maxusers",
	"muc#roomconfig_lang", "muc#roomconfig_enablelogging", "muc#roomconfig_allowpm", "muc#roomconfig_presencebroadcast",
	"muc#roomconfig_getmemberlist", "muc#roomconfig_roomadmins", "muc#roomconfig_roomowners", "muc#maxhistoryfetch",
	"muc#roominfo_description", "muc#roominfo_occupants", "muc#roominfo_subject", "muc#roominfo_changesubject", "muc#roominfo_lang",
	"muc_public", "muc_hidden", "muc_membersonly", "muc_open", "muc_moderated", "muc_unmoderated", "muc_nonanonymous",
	"muc_semianonymous", "muc_passwordprotected", "muc_unsecured", "muc_persistent", "muc_temporary",
	Client, Stanzas, Roster, DiscoInfo, DiscoItems, Form, RSM, MUC, MUCUser, MUCAdmin, MUCOwner, MUCRoomConfig, MUCRoomInfo, MUCStableID,
	VCard, Register, ChatStates, Version, Caps, Receipts, Ping, Time, Delay, Conference, Carbons, Correct, MAM, Markers, Hints, SID,
	OccupantID, Retract, Moderate, Reactions, Reply, DMUC, DMUC0, Last, OOB, XHTMLIM, XHTML, Geoloc, VCardUpdate, Idle, Nick, Hats,
	Fallback, EME, Forward, PubSub, PubSubEvent, Bookmarks, BookmarksOld, Private, Blocking, Bind, Session, SM, RosterNotes, XML,
	"http://jabber.org/protocol/muc#request", "http://jabber.org/protocol/muc#self-ping-optimization",
	"http://jabber.org/protocol/pubsub#publish-options", "http://jabber.org/protocol/commands", "urn:xmpp:mam:2#extended",
	"https://conversejs.org", "http://mcabber.com/caps", "http://profanity-im.github.io", "https://poez.io", "http://slixmpp.com/ver/1.8.3",
	"http://conversations.im", "https://gajim.org", "https://dino.im", "http://psi-im.org",
}
