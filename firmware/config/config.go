// Package config is the configuration of a gateway: one TOML file for people,
// beside the folder's other files (mirror/site). The link and its bearers stand
// in links/, written by picketctl pair.
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
const FileName = "picket.toml"

// A Config is picket.toml.
type Config struct {
	Domain      string        `toml:"domain"` // the users'
	Mirror      string        `toml:"mirror"` // the mirror's own
	State       string        `toml:"state"`
	Hold        site.Duration `toml:"hold"`
	Linger      site.Duration `toml:"linger"`
	JoinTimeout site.Duration `toml:"join_timeout"`

	Listen  site.Listen  `toml:"listen"`
	Board   Board        `toml:"board"`
	Limits  Limits       `toml:"limits"`
	Journal site.Journal `toml:"journal"`
	Log     site.Log     `toml:"log"`

	Dir string `toml:"-"` // the folder of the file: paths in it start there
}

// Limits are what clients may take, and what the link does.
type Limits struct {
	site.Limits
	QueueMessages int `toml:"queue_messages"` // of one room, waiting for the headquarters
}

// A Board is the gateway's light and switch (package board). Pins are names as
// the host has them, "GPIO17"; "": the model's, "-": none.
type Board struct {
	Model   string `toml:"model"` // "": none
	LED     string `toml:"led"`
	Link    string `toml:"link"`
	Inhibit string `toml:"inhibit"`
}

// Default gives what an empty file means. Domains have none.
func Default() Config {
	return Config{State: site.StateDir, Listen: site.Listen{StartTLS: ":5222", TLS: ":5223"}}
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
	all := append(site.CheckDomain("domain", c.Domain), site.CheckDomain("mirror", c.Mirror)...)
	if c.Domain != "" && c.Domain == c.Mirror {
		all = append(all, site.Problem{Key: "mirror", What: "the mirror needs a domain other than the users'", Hint: `mirror = "mirror.` + c.Domain + `"`})
	}
	if c.State == "" {
		all = append(all, site.Problem{Key: "state", What: "no folder is named", Hint: `state = "state"`})
	}
	all = append(all, c.Listen.Validate("listen")...)
	all = append(all, c.Limits.Validate("limits")...)
	if q := c.Limits.QueueMessages; q < 0 || q > 1_000_000 {
		all = append(all, site.Problem{Key: "limits.queue_messages", What: "it is out of range", Hint: "0 for the default, or up to 1000000"})
	}
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
