package c2s

import (
	"strings"
	"testing"

	"mellium.im/sasl"
)

func TestLogin(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Plain = true })
	for _, mech := range []sasl.Mechanism{sasl.ScramSha256, sasl.ScramSha1, sasl.Plain} {
		for _, direct := range []bool{false, true} {
			var c *client
			if direct {
				c = w.dial(w.direct).tls()
			} else {
				c = w.dial(w.starttls).secure()
			}
			features := c.open().String()
			if !strings.Contains(features, mech.Name) || strings.Contains(features, "starttls") {
				t.Errorf("features before login: %s", features)
			}
			if el := c.auth(mech, "keith", "two rivers ☂"); el.Local != "success" {
				t.Fatalf("%s, direct %v: %s", mech.Name, direct, el)
			}
			if f := c.open(); f.Child(nsBind, "bind") == nil {
				t.Errorf("features after login: %s", f)
			}
			c.bind("TransVerse")
			if c.jid != "keith@raleigh.tridsys.com/TransVerse" {
				t.Errorf("bound %s", c.jid)
			}
			c.sync()
		}
	}
}
