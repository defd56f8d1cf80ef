package dmuc

import "strings"

// JID escaping (XEP-0106 §4.2). Our own, since mellium's jid.Unescape (v0.22.0)
// panics on escapes near the end of its buffer, and a peer chooses the address.

// escapes are the characters that a localpart cannot hold, in the order of
// their codes.
const escapes = ` "&'/:<>@\`

var hexes = [...]string{"20", "22", "26", "27", "2f", "3a", "3c", "3e", "40", "5c"}

// Escape gives the address of one user behind a mirror (seed, "Failure case"):
// user\40domain\2fresource@mirror.
func Escape(user, mirror string) string {
	var b strings.Builder
	for i := 0; i < len(user); i++ {
		c := user[i]
		n := strings.IndexByte(escapes, c)
		if n < 0 || c == '\\' && code(user[i+1:]) < 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('\\')
		b.WriteString(hexes[n])
	}
	return b.String() + "@" + mirror
}

// Unescape gives the user that an escaped address of the mirror stands for;
// false: it stands for none.
func Unescape(address, mirror string) (user string, ok bool) {
	local, found := strings.CutSuffix(address, "@"+mirror)
	if !found || local == "" {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(local); i++ {
		n := -1
		if local[i] == '\\' {
			n = code(local[i+1:])
		}
		if n < 0 {
			b.WriteByte(local[i])
			continue
		}
		b.WriteByte(escapes[n])
		i += 2
	}
	user = b.String()
	return user, strings.Contains(user, "@")
}

// code gives which character the two digits at the start of s stand for, -1
// for none. A backslash before anything else stands for itself.
func code(s string) int {
	if len(s) < 2 {
		return -1
	}
	for n, h := range hexes {
		if strings.EqualFold(s[:2], h) {
			return n
		}
	}
	return -1
}
