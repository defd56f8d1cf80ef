package service

import (
	"time"

	"picket/mirror"
	"picket/mirror/node"
	"picket/radio"
	"picket/radio/link"
)

// What the contract with a node is made of.
type (
	BearerID = link.BearerID
	Batch    = node.Batch
)

// A Node is what the service drives; *node.Node is one.
type Node interface {
	Step(now time.Time, in mirror.Input) Batch
	HandleFrame(now time.Time, peer string, b BearerID, frame []byte) Batch
	HandleTimeout(now time.Time) Batch
	Persisted(now time.Time, seq uint64)
	AppendFrame(now time.Time, peer string, b BearerID, dst []byte, can radio.Capabilities) []byte
	NextTimeout() (time.Time, bool)
	Status() []node.PeerStatus
}

var _ Node = (*node.Node)(nil)
