package muc

import "strings"

// JIDs are plain strings that the server on each side has already prepared
// (RFC 7622); these functions only take them apart.

// Bare gives localpart@domain of a JID.
func Bare(jid string) string {
	if i := strings.IndexByte(jid, '/'); i >= 0 {
		return jid[:i]
	}
	return jid
}

// Resource gives what follows the first slash: a resource, or a nick.
func Resource(jid string) string {
	if i := strings.IndexByte(jid, '/'); i >= 0 {
		return jid[i+1:]
	}
	return ""
}

// Domain gives the domain of a JID.
func Domain(jid string) string {
	jid = Bare(jid)
	return jid[strings.IndexByte(jid, '@')+1:]
}

// Local gives the localpart of a JID, "" for a bare domain.
func Local(jid string) string {
	if i := strings.IndexByte(Bare(jid), '@'); i >= 0 {
		return jid[:i]
	}
	return ""
}
