// Package config is the configuration of a headquarters: one TOML file for
// people, beside the folder's other files (mirror/site).
//
// It opens nothing but files. Load reads one, Text makes a fresh one.
package config

import (
	_ "embed"
	"path/filepath"
	"strings"
	"text/template"

	"picket/mirror/site"
)

// FileName is the configuration's name in a site's folder.
const FileName = "picket-hq.toml"

// Faces of the headquarters towards its users.
const (
	Embedded  = "embedded"  // its own XMPP server
	Component = "component" // a component of a server that is there (XEP-0114)
)

// A Config is picket-hq.toml.
type Config struct {
	Domain       string        `toml:"domain"` // the users'
	MUC          string        `toml:"muc"`    // the rooms'
	Face         string        `toml:"face"`
	State        string        `toml:"state"`
	Admins       []string      `toml:"admins"`
	OpenCreation bool          `toml:"open_creation"`
	Hold         site.Duration `toml:"hold"`
	ResumeWait   site.Duration `toml:"resume_wait"`

	Listen     site.Listen  `toml:"listen"`
	Component  Server       `toml:"component"`
	XMLMirrors []XMLMirror  `toml:"xml_mirror"`
	Limits     site.Limits  `toml:"limits"`
	Journal    site.Journal `toml:"journal"`
	Log        site.Log     `toml:"log"`

	Dir string `toml:"-"` // the folder of the file: paths in it start there
}

// A Server is the XMPP server that the headquarters has already.
type Server struct {
	Addr           string `toml:"addr"`            // host:port of its component listener
	SecretFile     string `toml:"secret_file"`     // one secret for all domains, mode 0600
	GatewayDomains bool   `toml:"gateway_domains"` // a connection for each gateway domain too
}

// An XMLMirror is a mirror that is no picket: it speaks the protocol in XML,
// by ordinary XMPP, through the headquarters' server.
type XMLMirror struct {
	Name    string   `toml:"name"`    // its domain
	Domains []string `toml:"domains"` // whose users it may speak for
	ID      uint8    `toml:"id"`      // 1..62, not that of a link
}

// Default gives what an empty file means. Domains have none.
func Default() Config {
	return Config{Face: Embedded, State: site.StateDir, OpenCreation: true,
		Listen:    site.Listen{StartTLS: ":5222", TLS: ":5223"},
		Component: Server{Addr: "127.0.0.1:5347", SecretFile: "component.secret", GatewayDomains: true}}
}

// Load reads a configuration.
func Load(path string) (*Config, error) {
	c := Default()
	if err := site.Decode(path, &c); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c.Dir = filepath.Dir(abs)
	return &c, nil
}

// Path makes a path of the configuration one that can be opened.
func (c *Config) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// StatePath gives the path of a file in the state folder.
func (c *Config) StatePath(name string) string { return filepath.Join(c.Path(c.State), name) }

// Validate names what makes no sense (site.Validator).
func (c *Config) Validate() []site.Problem {
	all := append(site.CheckDomain("domain", c.Domain), site.CheckDomain("muc", c.MUC)...)
	bad := func(yes bool, key, what, hint string) {
		if yes {
			all = append(all, site.Problem{Key: key, What: what, Hint: hint})
		}
	}
	bad(c.Domain != "" && c.Domain == c.MUC, "muc", "the rooms need a domain other than the users'", `muc = "conference.`+c.Domain+`"`)
	bad(c.State == "", "state", "no folder is named", `state = "state"`)
	for _, a := range c.Admins {
		bad(!bareJID(a), "admins", a+" is no bare JID", `admins = ["kevin@`+c.Domain+`"]`)
	}
	switch c.Face {
	case Embedded:
		all = append(all, c.Listen.Validate("listen")...)
	case Component:
		bad(c.Component.Addr == "", "component.addr", "the server's component port is missing", `addr = "127.0.0.1:5347"`)
		bad(c.Component.SecretFile == "", "component.secret_file", "no file is named", `secret_file = "component.secret", with the server's component_secret in it and mode 0600`)
	default:
		bad(true, "face", c.Face+" is no face", `"embedded" or "component"`)
	}
	for _, m := range c.XMLMirrors {
		all = append(all, site.CheckDomain("xml_mirror.name", m.Name)...)
		bad(len(m.Domains) == 0, "xml_mirror.domains", "the mirror may speak for nobody", `domains = ["durham.example.org"]`)
		bad(m.ID < 1 || m.ID > site.LinkIDMax, "xml_mirror.id", "a number from 1 to 62 is missing", "one that no link has, counted down from 62")
		bad(c.Face != Component, "xml_mirror.name", "XML mirrors come through an XMPP server", `face = "component"`)
	}
	all = append(all, c.Limits.Validate("limits")...)
	all = append(all, c.Journal.Validate("journal")...)
	return append(all, c.Log.Validate("log")...)
}

//go:embed fresh.toml
var fresh string

// Text gives a fresh file with these values and a comment for each key.
func Text(c Config) ([]byte, error) {
	t, err := template.New(FileName).Parse(fresh)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	var b strings.Builder
	err = t.Execute(&b, c)
	return []byte(b.String()), err
}
