// Package sim runs whole worlds of picket on one virtual clock: one
// headquarters, gateways, the lines between them, rooms, clients and faults,
// all drawn from a seed. Each run is a storm (faults; safety is judged after
// every step), then a calm (no faults; everything must converge in bounded
// time). A seed always gives the same run, to the byte.
//
// The roles, the codec and the links are the real ones, driven through
// mirror/node as the service drives them. The disk (disk.go), the clients
// (client.go) and the lines are models with the faults of the real ones.
//
// It never opens a socket, and reads no clock but its own; only Main touches
// files and the processors. Read world.go first, then site.go, check.go and one
// check_*.go; scenario.go is the language of testdata/*.txt.
package sim

import (
	"fmt"
	"time"
)

// A Config says which world to make. Validate tells whether it can be made.
type Config struct {
	Seed     uint64
	Gateways int           // mirrors besides the headquarters, 1 to 62 (a link id each)
	Rooms    int           // rooms at the headquarters
	Users    int           // users in all, spread over the sites
	Storm    time.Duration // virtual time with faults and traffic
	Rate     int           // of each line, in bit/s; 0: drawn from the seed
	Loss     float64       // share of frames lost; negative: drawn from the seed
	Faults   Faults
}

// Limits of a Config. Ours: what one machine runs in minutes.
const (
	gatewaysMax = 62
	roomsMax    = 100
	usersMax    = 2000
	stormMax    = 31 * 24 * time.Hour
)

// DefaultConfig is that of `picketctl sim` without flags.
var DefaultConfig = Config{Seed: 1, Gateways: 2, Rooms: 3, Users: 20, Storm: 2 * time.Hour, Rate: 1200, Loss: -1, Faults: AllFaults}

// Validate tells what cannot be made, in the words of the flags.
func (c *Config) Validate() error {
	switch {
	case c.Gateways < 1 || c.Gateways > gatewaysMax:
		return fmt.Errorf("-gateways: %d is not from 1 to %d", c.Gateways, gatewaysMax)
	case c.Rooms < 1 || c.Rooms > roomsMax:
		return fmt.Errorf("-rooms: %d is not from 1 to %d", c.Rooms, roomsMax)
	case c.Users < 1 || c.Users > usersMax:
		return fmt.Errorf("-users: %d is not from 1 to %d", c.Users, usersMax)
	case c.Storm <= 0 || c.Storm > stormMax:
		return fmt.Errorf("-hours: %g is not above 0 and at most %g", c.Storm.Hours(), stormMax.Hours())
	case c.Rate != 0 && (c.Rate < 50 || c.Rate > 10_000_000):
		return fmt.Errorf("-rate: %d bit/s is not from 50 to 10000000 (0: drawn)", c.Rate)
	case c.Loss >= 0.9:
		return fmt.Errorf("-loss: with %g of all frames lost nothing converges; below 0.9, please", c.Loss)
	}
	return nil
}

// command gives the shell command that repeats a run.
func (c *Config) command() string {
	s := fmt.Sprintf("picketctl sim -seed %d -gateways %d -rooms %d -users %d -hours %g -rate %d -faults %s",
		c.Seed, c.Gateways, c.Rooms, c.Users, c.Storm.Hours(), c.Rate, c.Faults)
	if c.Loss >= 0 {
		s += fmt.Sprintf(" -loss %g", c.Loss)
	}
	return s
}
