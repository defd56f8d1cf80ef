package config

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"picket/mirror/site"
)

// adminsFile holds bare JIDs, one a line, beside those of the configuration.
const adminsFile = "admins"

// LoadAdmins gives the owners of all rooms: the configuration's, then those
// that picket-hq admin added.
func (c *Config) LoadAdmins() ([]string, error) {
	all := append([]string(nil), c.Admins...)
	b, err := os.ReadFile(c.Path(adminsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return append(all, strings.Fields(string(b))...), nil
}

// SaveAdmins replaces those that picket-hq admin added.
func (c *Config) SaveAdmins(jids []string) error {
	for _, jid := range jids {
		if !bareJID(jid) {
			return &site.Problem{What: jid + " is no bare JID", Hint: "a name and a domain: kevin@" + c.Domain}
		}
	}
	text := strings.Join(jids, "\n")
	if text != "" {
		text += "\n"
	}
	return site.Write(c.Path(adminsFile), []byte(text), site.PlainMode)
}

func bareJID(jid string) bool {
	local, domain, ok := strings.Cut(jid, "@")
	return ok && local != "" && !strings.ContainsAny(jid, "/ \t\n") && len(site.CheckDomain("", domain)) == 0
}
