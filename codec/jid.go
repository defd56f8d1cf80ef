package codec

import "strings"

// splitJID takes an address apart: local@host/resource. False: putting it
// together again would give another string.
func splitJID(s string) (local, host, resource string, ok bool) {
	host, resource, _ = strings.Cut(s, "/")
	if i := strings.IndexByte(host, '@'); i >= 0 {
		local, host = host[:i], host[i+1:]
	}
	return local, host, resource, joinJID(local, host, resource) == s
}

func joinJID(local, host, resource string) string {
	if local != "" {
		host = local + "@" + host
	}
	if resource != "" {
		host += "/" + resource
	}
	return host
}

// lower is how a nick becomes the local part that people choose with it.
func lower(nick string) string { return strings.ToLower(nick) }

// parent is a host's domain above it: mirror.raleigh.tridsys.com is the mirror
// of raleigh.tridsys.com. "": it has none.
func parent(host string) string {
	_, up, _ := strings.Cut(host, ".")
	return up
}

// hostOf is the host of a JID.
func hostOf(jid string) string {
	_, host, _, _ := splitJID(jid)
	return host
}

// The characters that XEP-0106 (§3) escapes, and how. A backslash is escaped
// always, as mirrors do; an address that is escaped otherwise fits no shape.
var escapes = strings.NewReplacer(` `, `\20`, `"`, `\22`, `&`, `\26`, `'`, `\27`, `/`, `\2f`,
	`:`, `\3a`, `<`, `\3c`, `>`, `\3e`, `@`, `\40`, `\`, `\5c`)

var unescapes = strings.NewReplacer(`\20`, ` `, `\22`, `"`, `\26`, `&`, `\27`, `'`, `\2f`, `/`,
	`\3a`, `:`, `\3c`, `<`, `\3e`, `>`, `\40`, `@`, `\5c`, `\`)

// escaped is the address of one user behind a mirror (seed, "Failure case").
func escaped(jid, mirror string) string { return escapes.Replace(jid) + "@" + mirror }

// unescaped takes such an address apart. False: it is none.
func unescaped(s string) (jid, mirror string, ok bool) {
	local, mirror, found := strings.Cut(s, "@")
	jid = unescapes.Replace(local)
	return jid, mirror, found && mirror != "" && strings.Contains(local, `\40`) && escaped(jid, mirror) == s
}
