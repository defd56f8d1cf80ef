package sim

import (
	"time"

	"picket/codec/xmltree"
	"picket/mirror"
)

// An event is something that happened in the world, in a form that a checker
// can judge: a closed set.
type event interface{ event() }

type (
	// clientSent: a client handed a stanza to its server.
	clientSent struct {
		client *client
		stanza *xmltree.Element
	}
	// clientGot: a client received a stanza. Complaint is its own, by XEP-0045.
	clientGot struct {
		client    *client
		stanza    *xmltree.Element
		text      string // the stanza as XML
		complaint string
	}
	// sessionEnded: a client is offline, its views are out.
	sessionEnded struct{ client *client }
	// stepped: a role took an input, and this is what it asked for.
	stepped struct {
		site  *site
		input mirror.Input
		batch mirror.Batch
	}
	// noticed: a program told its operator something.
	noticed struct {
		site   *site
		notice mirror.Notice
	}
	// framed: a frame went on the air. Up: from the gateway.
	framed struct {
		gateway *site
		up      bool
		bytes   int
	}
	// siteDown, siteUp: a program died, or started.
	siteDown struct{ site *site }
	siteUp   struct{ site *site }
	// lineChanged: a line was cut or healed.
	lineChanged struct {
		gateway *site
		cut     bool
	}
)

func (clientSent) event()   {}
func (clientGot) event()    {}
func (sessionEnded) event() {}
func (stepped) event()      {}
func (noticed) event()      {}
func (framed) event()       {}
func (siteDown) event()     {}
func (siteUp) event()       {}
func (lineChanged) event()  {}

// A Violation is one breach of an invariant.
type Violation struct {
	Invariant string        `json:"invariant"` // the checker's name
	At        time.Duration `json:"-"`         // virtual time since the start
	Seconds   float64       `json:"at_s"`
	What      string        `json:"what"`
	Seed      uint64        `json:"seed"`
	Repeat    string        `json:"repeat"` // the command that repeats it
}
