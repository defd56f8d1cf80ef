package codec

// The shapes: elements with holes. A stanza that fits one crosses as the
// shape's number and the holes; what fits none goes in the generic form, so a
// shape can lose nothing and adding one is safe. Numbers never change; new
// shapes go to the end (WIRE.md, "Versions").
//
// Holes of attributes: {room} {nick} {jid} {mirror} of the one occupant or room
// that the message is about, {jid@mirror} escaped after XEP-0106; {peer} and
// {user} are nick and JID of a second occupant. {affiliation} {role} are small
// sets, {stamp} a time, {value} anything. Holes among nodes: {text} is all the
// text of its element; {more} is any number of nodes, {inner} and {tail} too;
// {item} is the numbers of a message (urn:xmpp:dmuc:0), or nothing.

// hotSlots is how many occupant slots a groupchat names in its first byte.
const hotSlots = 16

// Numbers of the shapes that the first byte of a message can be besides.
const (
	groupchatUp = hotSlots + iota
	groupchatDown
)

// templates are the shapes of whole messages, from number hotSlots on.
var templates = []string{
	// 16–23: one byte.
	`<message from='{jid}' to='{room}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
	`<message from='{room}/{nick}' to='{mirror}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
	`<presence from='{jid}' to='{room}/{nick}'>{more}{item}</presence>`,
	`<presence from='{jid}' to='{room}/{nick}'>{more}<dmuc xmlns='http://tridsys.com/protocol/dmuc' from='{mirror}'/></presence>`,
	`<presence from='{jid}' to='{room}/{nick}' type='unavailable'>{more}{item}</presence>`,
	`<presence from='{room}/{nick}' to='{mirror}'>{more}<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}' jid='{jid}'/></x></presence>`,
	`<presence from='{room}/{nick}' to='{mirror}'>{more}<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}'/></x></presence>`,
	`<presence from='{room}/{nick}' to='{mirror}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}'/></x>{more}</presence>`,
	// 24 and on: two bytes.
	`<presence from='{room}/{nick}' to='{mirror}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}' jid='{jid}'/></x>{more}</presence>`,
	`<presence from='{room}/{nick}' to='{mirror}'>{more}<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}' jid='{jid}'>{inner}</item>{tail}</x></presence>`,
	`<presence from='{room}/{nick}' to='{mirror}'>{more}<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}'>{inner}</item>{tail}</x></presence>`,
	`<presence from='{room}/{nick}' to='{mirror}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}' jid='{jid}'>{inner}</item>{tail}</x>{more}</presence>`,
	`<presence from='{room}/{nick}' to='{mirror}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='{affiliation}' role='{role}'>{inner}</item>{tail}</x>{more}</presence>`,
	`<message from='{jid}' to='{room}/{nick}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
	`<message from='{jid}' to='{room}' type='groupchat'><subject>{text}</subject>{more}{item}</message>`,
	`<message from='{room}/{nick}' to='{mirror}' type='groupchat'><subject>{text}</subject>{more}{item}</message>`,
	`<message from='{jid}' to='{room}' type='groupchat'>{more}{item}</message>`,
	`<message from='{room}/{nick}' to='{mirror}' type='groupchat'>{more}{item}</message>`,
	`<presence from='{jid}' to='{room}/{nick}'>{more}<dmuc xmlns='http://tridsys.com/protocol/dmuc' from='{mirror}' resume='1'/></presence>`,
	`<presence from='{jid}' to='{room}/{nick}'>{more}<dmuc xmlns='http://tridsys.com/protocol/dmuc' from='{mirror}'/><x xmlns='http://jabber.org/protocol/muc'><password>{text}</password></x></presence>`,
	`<message from='{jid}' to='{room}/{peer}' type='chat'><body>{text}</body>{more}</message>`,
	`<message from='{room}/{nick}' to='{user@mirror}' type='chat'><body>{text}</body>{more}</message>`,
	`<presence from='{room}' to='{jid@mirror}' type='error'>{more}</presence>`,
	`<presence from='{room}/{nick}' to='{jid@mirror}' type='error'>{more}</presence>`,
	`<message from='{room}' to='{jid@mirror}' type='error'>{more}</message>`,
	`<message from='{room}/{nick}' to='{jid@mirror}' type='error'>{more}</message>`,
	`<iq type='{value}' from='{mirror}' to='{room}' id='{value}'>{more}</iq>`,
	`<iq type='{value}' from='{mirror}' to='{room}/{nick}' id='{value}'>{more}</iq>`,
	`<iq type='{value}' from='{room}' to='{mirror}' id='{value}'>{more}</iq>`,
	`<iq type='{value}' from='{room}/{nick}' to='{mirror}' id='{value}'>{more}</iq>`,
	`<iq type='{value}' from='{jid}' to='{room}' id='{value}'>{more}</iq>`,
	`<iq type='{value}' from='{jid}' to='{room}/{peer}' id='{value}'>{more}</iq>`,
	`<iq type='{value}' from='{room}' to='{jid@mirror}' id='{value}'>{more}</iq>`,
	`<iq type='{value}' from='{room}/{nick}' to='{user@mirror}' id='{value}'>{more}</iq>`,
	`<presence from='{mirror}' to='{room}' type='unavailable'>{more}</presence>`,
	`<presence from='{room}' to='{mirror}' type='unavailable'>{more}</presence>`,
	`<message from='{jid}' to='{room}'>{more}</message>`,
	`<message from='{room}' to='{mirror}' type='groupchat'>{more}{item}</message>`,
	`<message from='{room}' to='{jid@mirror}'>{more}</message>`,
	// With a language, which many clients and servers put on all they send.
	`<message xml:lang='{value}' from='{jid}' to='{room}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
	`<message xml:lang='{value}' from='{room}/{nick}' to='{mirror}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
	`<message xml:lang='{value}' from='{jid}' to='{room}/{nick}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
}

// partTemplates are the shapes of elements inside others, from number 0 on.
// They stand where a room is known from what is around them.
var partTemplates = []string{
	`<message from='{room}/{nick}' type='groupchat'><body>{text}</body>{more}{item}<delay xmlns='urn:xmpp:delay' from='{jid}' stamp='{stamp}'/></message>`,
	`<message from='{room}/{nick}' type='groupchat'><body>{text}</body>{more}{item}<delay xmlns='urn:xmpp:delay' from='{room}' stamp='{stamp}'/></message>`,
	`<message from='{room}/{nick}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
	`<item xmlns='urn:xmpp:dmuc:0' affiliation='{affiliation}' jid='{jid}' name='{nick}' role='{role}'>{more}</item>`,
	`<item xmlns='urn:xmpp:dmuc:0' affiliation='{affiliation}' name='{nick}' role='{role}'>{more}</item>`,
	`<item xmlns='urn:xmpp:dmuc:0' affiliation='{affiliation}' jid='{jid}' name='{nick}'>{more}</item>`,
	`<item xmlns='urn:xmpp:dmuc:0' affiliation='{affiliation}' jid='{jid}'/>`,
	`<item xmlns='urn:xmpp:dmuc:0' jid='{jid}' name='{nick}'>{more}</item>`,
	`<message from='{room}/{nick}' type='groupchat'>{more}{item}<delay xmlns='urn:xmpp:delay' from='{jid}' stamp='{stamp}'/></message>`,
	`<message from='{room}/{nick}' type='groupchat'>{more}{item}</message>`,
	`<delay xmlns='urn:xmpp:delay' from='{room}' stamp='{stamp}'/>`,
	`<message xml:lang='{value}' from='{room}/{nick}' type='groupchat'><body>{text}</body>{more}{item}</message>`,
}

var (
	affiliations = []string{"none", "outcast", "member", "admin", "owner"}
	roles        = []string{"none", "visitor", "participant", "moderator"}
)
