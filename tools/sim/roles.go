package sim

import (
	"crypto/ecdh"
	"fmt"
	"io"
	"time"

	"picket/mirror"
	"picket/mirror/master"
	"picket/mirror/node"
	"picket/mirror/replica"
	"picket/radio/link"
	"picket/radio/seal"
)

// Ours: how a world's roles are set up, where the seed does not draw it.
const (
	joinTimeout = 45 * time.Second
	archiveMax  = 100_000 // no checker has to reckon with what fell out at the old end
)

// newRole makes the site's role, as new; its node restores it.
func (s *site) newRole() (mirror.Machine, error) {
	if s.hq {
		cfg := master.Config{Domain: s.service, OpenCreation: true, ArchiveMax: archiveMax, Hold: s.w.hold, Wall: s.wall(),
			Admins: []string{"scott@" + s.domain}}
		for _, g := range s.w.gateways {
			cfg.Mirrors = append(cfg.Mirrors, master.Mirror{Name: g.service, Domains: []string{g.domain}, Origin: g.origin})
		}
		m, err := master.New(cfg)
		if err != nil {
			return nil, err
		}
		s.role = m
		return m, nil
	}
	r, err := replica.New(replica.Config{Mirror: s.service, Domain: s.domain, Master: s.w.hq.service, Origin: s.origin,
		Linger: s.w.linger, Hold: s.w.hold, JoinTimeout: joinTimeout, ArchiveMax: archiveMax, Wall: s.wall()})
	if err != nil {
		return nil, err
	}
	s.role = r
	return r, nil
}

// peerNames gives the names of those that the site has links with.
func (s *site) peerNames() []string {
	if !s.hq {
		return []string{s.w.hq.service}
	}
	var names []string
	for _, g := range s.w.gateways {
		names = append(names, g.service)
	}
	return names
}

// peers are the site's links, for a new life.
func (s *site) peers() []node.Peer {
	var peers []node.Peer
	for _, l := range s.w.lines {
		if !s.hq && l.gateway != s {
			continue
		}
		random := s.w.randReader(fmt.Sprintf("handshake %s %s %d", s.name, l.gateway.name, s.life))
		cfg := link.Config{Initiator: !s.hq, LinkID: l.gateway.origin, Keys: l.keys[s.hq], Rand: random,
			Jitter: s.w.rand("jitter " + s.name + " " + l.gateway.name)}
		name := s.w.hq.service
		if s.hq {
			name = l.gateway.service
		}
		peers = append(peers, node.Peer{Name: name, Link: cfg})
	}
	return peers
}

// pair gives the two ends of every line their keys, as `picketctl pair` does.
func (w *World) pair() error {
	random := w.randReader("pairing")
	for _, l := range w.lines {
		hq, hqPublic, err := keyPair(random)
		if err != nil {
			return err
		}
		gateway, gatewayPublic, err := keyPair(random)
		if err != nil {
			return err
		}
		var psk [seal.KeyBytes]byte
		if _, err := io.ReadFull(random, psk[:]); err != nil {
			return err
		}
		l.keys = map[bool]seal.Keys{
			true:  {Private: hq, Peer: gatewayPublic, PSK: psk},
			false: {Private: gateway, Peer: hqPublic, PSK: psk},
		}
	}
	return nil
}

func keyPair(random io.Reader) (private, public [seal.KeyBytes]byte, err error) {
	if _, err = io.ReadFull(random, private[:]); err != nil {
		return private, public, err
	}
	key, err := ecdh.X25519().NewPrivateKey(private[:])
	if err != nil {
		return private, public, err
	}
	copy(public[:], key.PublicKey().Bytes())
	return private, public, nil
}
