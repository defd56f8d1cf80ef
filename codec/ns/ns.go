// Package ns names every XML namespace that picket speaks, each once, and (in
// dictionary.go) the numbers that names and values have on the air.
//
// It holds constants and tables only.
package ns

// Namespaces, with their source.
const (
	Client        = "jabber:client"                             // RFC 6120 §4.8.3
	Component     = "jabber:component:accept"                   // XEP-0114
	Stanzas       = "urn:ietf:params:xml:ns:xmpp-stanzas"       // RFC 6120 §8.3
	Streams       = "urn:ietf:params:xml:ns:xmpp-streams"       // RFC 6120 §4.9
	Roster        = "jabber:iq:roster"                          // RFC 6121 §2
	DiscoInfo     = "http://jabber.org/protocol/disco#info"     // XEP-0030
	DiscoItems    = "http://jabber.org/protocol/disco#items"    // XEP-0030
	Form          = "jabber:x:data"                             // XEP-0004
	RSM           = "http://jabber.org/protocol/rsm"            // XEP-0059
	MUC           = "http://jabber.org/protocol/muc"            // XEP-0045
	MUCUser       = "http://jabber.org/protocol/muc#user"       // XEP-0045
	MUCAdmin      = "http://jabber.org/protocol/muc#admin"      // XEP-0045
	MUCOwner      = "http://jabber.org/protocol/muc#owner"      // XEP-0045
	MUCRoomConfig = "http://jabber.org/protocol/muc#roomconfig" // XEP-0045 §16.5.3
	MUCRoomInfo   = "http://jabber.org/protocol/muc#roominfo"   // XEP-0045 §16.5.4
	MUCStableID   = "http://jabber.org/protocol/muc#stable_id"  // XEP-0045 §6.4
	VCard         = "vcard-temp"                                // XEP-0054
	Register      = "jabber:iq:register"                        // XEP-0077
	ChatStates    = "http://jabber.org/protocol/chatstates"     // XEP-0085
	Version       = "jabber:iq:version"                         // XEP-0092
	Caps          = "http://jabber.org/protocol/caps"           // XEP-0115
	Receipts      = "urn:xmpp:receipts"                         // XEP-0184
	Ping          = "urn:xmpp:ping"                             // XEP-0199
	Time          = "urn:xmpp:time"                             // XEP-0202
	Delay         = "urn:xmpp:delay"                            // XEP-0203
	Conference    = "jabber:x:conference"                       // XEP-0249
	Carbons       = "urn:xmpp:carbons:2"                        // XEP-0280
	Correct       = "urn:xmpp:message-correct:0"                // XEP-0308
	MAM           = "urn:xmpp:mam:2"                            // XEP-0313
	Markers       = "urn:xmpp:chat-markers:0"                   // XEP-0333
	Hints         = "urn:xmpp:hints"                            // XEP-0334
	SID           = "urn:xmpp:sid:0"                            // XEP-0359
	OccupantID    = "urn:xmpp:occupant-id:0"                    // XEP-0421
	Retract       = "urn:xmpp:message-retract:1"                // XEP-0424
	Moderate      = "urn:xmpp:message-moderate:1"               // XEP-0425
	Reactions     = "urn:xmpp:reactions:0"                      // XEP-0444
	Reply         = "urn:xmpp:reply:0"                          // XEP-0461
	DMUC          = "http://tridsys.com/protocol/dmuc"          // DMUC3, "Discovering Server Support", "Joining"
	DMUC0         = "urn:xmpp:dmuc:0"                           // DMUC3, "Joining": config, roster, room
	XML           = "http://www.w3.org/XML/1998/namespace"      // Namespaces in XML §3
	Bind          = "urn:ietf:params:xml:ns:xmpp-bind"          // RFC 6120 §7
	Session       = "urn:ietf:params:xml:ns:xmpp-session"       // RFC 3921 §3
	Last          = "jabber:iq:last"                            // XEP-0012
	Private       = "jabber:iq:private"                         // XEP-0049
	PubSub        = "http://jabber.org/protocol/pubsub"         // XEP-0060
	PubSubEvent   = "http://jabber.org/protocol/pubsub#event"   // XEP-0060
	OOB           = "jabber:x:oob"                              // XEP-0066
	XHTMLIM       = "http://jabber.org/protocol/xhtml-im"       // XEP-0071
	XHTML         = "http://www.w3.org/1999/xhtml"              // XEP-0071
	Geoloc        = "http://jabber.org/protocol/geoloc"         // XEP-0080
	RosterNotes   = "storage:rosternotes"                       // XEP-0145
	VCardUpdate   = "vcard-temp:x:update"                       // XEP-0153
	Nick          = "http://jabber.org/protocol/nick"           // XEP-0172
	Blocking      = "urn:xmpp:blocking"                         // XEP-0191
	SM            = "urn:xmpp:sm:3"                             // XEP-0198
	Forward       = "urn:xmpp:forward:0"                        // XEP-0297
	Hats          = "urn:xmpp:hats:0"                           // XEP-0317
	Idle          = "urn:xmpp:idle:1"                           // XEP-0319
	EME           = "urn:xmpp:eme:0"                            // XEP-0380
	Bookmarks     = "urn:xmpp:bookmarks:1"                      // XEP-0402
	BookmarksOld  = "storage:bookmarks"                         // XEP-0048
	Fallback      = "urn:xmpp:fallback:0"                       // XEP-0428
)
