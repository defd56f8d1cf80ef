package lab

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Options are what a world is made by; they are kept in DIR/world.json.
type Options struct {
	Gateways int     `json:"gateways"`
	Rate     int     `json:"rate"` // bit/s on each line
	Loss     float64 `json:"loss"` // share of frames that each line loses
	HQ       string  `json:"hq"`   // embedded, prosody or ejabberd
	Bearer   string  `json:"bearer"`
	Seed     int64   `json:"seed"` // of the lines' faults
	Bin      string  `json:"bin"`  // folder of the three programs

	Hold      time.Duration `json:"hold"`      // silence until remote users are shown as left; 0: the programs' default
	KeepAlive time.Duration `json:"keepalive"` // of the links; 0: an idle line is silent
	Tries     int           `json:"tries"`     // sendings without an answer until a link is down; 0: the default
}

const (
	domainSuffix = "tridsys.com" // the seed's
	hqName       = "fairfax"
	gatewaysMax  = 20     // as many as the design plans for one headquarters
	rateMax      = 921600 // bit/s
	roomName     = "chatroom"
)

// places names the gateways, the first as in the seed, with two users each.
var places = []struct {
	name  string
	users [2]string
}{
	{"raleigh", [2]string{"wayne", "keith"}},
	{"norfolk", [2]string{"ruth", "peter"}},
	{"durham", [2]string{"anna", "luis"}},
	{"roanoke", [2]string{"ines", "omar"}},
	{"asheville", [2]string{"greta", "sam"}},
	{"danville", [2]string{"mira", "paul"}},
	{"lynchburg", [2]string{"nora", "hugo"}},
	{"salem", [2]string{"vera", "carl"}},
}

// A World is what DIR/lab.json says: all that a client needs.
type World struct {
	MUC   string `json:"muc"`  // the MUC service's domain
	Room  string `json:"room"` // the seed's room; it exists once somebody has joined it
	Sites []Site `json:"sites"`
}

// A Site is one place of a world, the headquarters first.
type Site struct {
	Name     string    `json:"name"`
	Domain   string    `json:"domain"`
	Host     string    `json:"host"`
	Port     int       `json:"port"`     // STARTTLS
	TLSPort  int       `json:"tls_port"` // TLS from the first byte (XEP-0368)
	CA       string    `json:"ca"`       // file, PEM
	Accounts []Account `json:"accounts"`
	PID      int       `json:"pid"` // of the site's picket or picket-hq; 0: not running
}

// An Account is a bare JID and its password.
type Account struct {
	JID      string `json:"jid"`
	Password string `json:"password"`
}

// Site gives the site of that name, or nil.
func (w *World) Site(name string) *Site {
	for i := range w.Sites {
		if w.Sites[i].Name == name || w.Sites[i].Domain == name {
			return &w.Sites[i]
		}
	}
	return nil
}

// Account gives the account of that local part at the site, or nil.
func (s *Site) Account(name string) *Account {
	for i := range s.Accounts {
		if local, _, _ := strings.Cut(s.Accounts[i].JID, "@"); local == name {
			return &s.Accounts[i]
		}
	}
	return nil
}

// plan gives the sites that the options ask for: names, domains, free ports and
// passwords.
func plan(opt Options) (*World, error) {
	w := &World{MUC: "conference." + hqName + "." + domainSuffix}
	w.Room = roomName + "@" + w.MUC
	add := func(name string, users [2]string) error {
		s := Site{Name: name, Domain: name + "." + domainSuffix, Host: "127.0.0.1"}
		for _, u := range users {
			s.Accounts = append(s.Accounts, Account{JID: u + "@" + s.Domain, Password: randomPassword()})
		}
		ports, err := freePorts(2)
		if err != nil {
			return err
		}
		s.Port, s.TLSPort = ports[0], ports[1]
		w.Sites = append(w.Sites, s)
		return nil
	}
	if err := add(hqName, [2]string{"scott", "kevin"}); err != nil {
		return nil, err
	}
	for i := range opt.Gateways {
		name, users := "outpost"+strconv.Itoa(i+1), [2]string{"jo", "lee"}
		if i < len(places) {
			name, users = places[i].name, places[i].users
		}
		if err := add(name, users); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// check refuses what no lab can do.
func (o Options) check() error {
	switch {
	case o.Gateways < 1 || o.Gateways > gatewaysMax:
		return wrong(fmt.Sprintf("-gateways 1 to %d", gatewaysMax), "-gateways %d", o.Gateways)
	case o.Rate < 300 || o.Rate > rateMax:
		return wrong(fmt.Sprintf("-rate 300 to %d, in bit/s", rateMax), "-rate %d", o.Rate)
	case o.Loss < 0 || o.Loss >= 1:
		return wrong("-loss is a share of frames, like 0.02", "-loss %g", o.Loss)
	case o.Bearer != "serial":
		return wrong("-bearer serial is the only one yet", "-bearer %q", o.Bearer)
	case o.HQ != "embedded" && o.HQ != "prosody" && o.HQ != "ejabberd":
		return wrong("-hq embedded, prosody or ejabberd", "-hq %q", o.HQ)
	}
	return nil
}

// randomPassword gives 80 random bits in letters and digits that survive any
// shell and any client's login line.
func randomPassword() string {
	var b [10]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// freePorts gives n TCP ports of the loopback that nobody listens on. All are
// held until the last is known, so that none comes twice.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
