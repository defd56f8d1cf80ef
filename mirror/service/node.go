package service

import (
	"time"

	"picket/codec/xmltree"
	"picket/mirror"
	"picket/radio"
	"picket/radio/link"
)

// A BearerID names one of the bearers of a peer.
type BearerID = link.BearerID

// A Node is what the service drives; *node.Node is one.
type Node interface {
	Step(now time.Time, in mirror.Input) Batch
	HandleFrame(now time.Time, peer string, b BearerID, frame []byte) Batch
	HandleTimeout(now time.Time) Batch
	Persisted(now time.Time, seq uint64)
	AppendFrame(now time.Time, peer string, b BearerID, dst []byte, can radio.Capabilities) []byte
	NextTimeout() (time.Time, bool)
	Status() []PeerStatus
}

// A Batch is what one step of a node asks of the outside: Persist is on the
// disk before the rest leaves.
type Batch struct {
	Seq      uint64
	Persist  []mirror.Record
	ToClient []*xmltree.Element
	Notices  []mirror.Notice
}

// A PeerStatus is what a node tells of one link.
type PeerStatus struct {
	Name string
	Up   bool
}
