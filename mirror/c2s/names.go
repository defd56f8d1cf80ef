package c2s

// Namespaces that only a stream or a user's own server knows; what may cross a
// link is named in codec/ns.
const (
	nsTLS      = "urn:ietf:params:xml:ns:xmpp-tls"     // RFC 6120 §5
	nsSASL     = "urn:ietf:params:xml:ns:xmpp-sasl"    // RFC 6120 §6
	nsBind     = "urn:ietf:params:xml:ns:xmpp-bind"    // RFC 6120 §7
	nsSession  = "urn:ietf:params:xml:ns:xmpp-session" // RFC 3921 §3
	nsPrivate  = "jabber:iq:private"                   // XEP-0049
	nsLast     = "jabber:iq:last"                      // XEP-0012
	nsBlocking = "urn:xmpp:blocking"                   // XEP-0191
	nsPubSub   = "http://jabber.org/protocol/pubsub"   // XEP-0060, as of XEP-0163
)
