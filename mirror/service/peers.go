package service

import (
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"time"

	"picket/mirror"
	"picket/mirror/journal"
	"picket/mirror/node"
	"picket/mirror/site"
	"picket/radio/link"
	"picket/radio/pair"
)

// Peers makes a node's peers of a site's pairings. An initiator is a gateway.
func Peers(own pair.PrivateKey, pairings []site.Pairing, initiator bool) []node.Peer {
	var peers []node.Peer
	for _, p := range pairings {
		peers = append(peers, node.Peer{Name: p.Peer, Link: link.Config{
			Initiator: initiator,
			LinkID:    p.ID,
			Keys:      p.Record.Keys(own),
			TagBytes:  p.TagBytes,
			Rand:      rand.Reader,
			Jitter:    mrand.New(mrand.NewPCG(mrand.Uint64(), mrand.Uint64())),
			KeepAlive: time.Duration(p.KeepAlive),
			Tries:     p.Tries,
		}})
	}
	return peers
}

// Records reads a journal as a node takes it.
func Records(j *journal.Journal) ([]mirror.Record, error) {
	recs, err := j.Load()
	out := make([]mirror.Record, len(recs))
	for i, r := range recs {
		out[i] = mirror.Record(r)
	}
	return out, err
}

// OpenNode makes a node that goes on where the journal ended.
func OpenNode(j *journal.Journal, cfg node.Config) (*node.Node, error) {
	recs, err := Records(j)
	if err != nil {
		return nil, err
	}
	cfg.Records = recs
	n, err := node.New(time.Now(), cfg)
	if err != nil {
		return nil, fmt.Errorf("what the journal holds, or a link: %w", err)
	}
	return n, nil
}
