package node

import (
	"errors"
	"fmt"
	"time"

	"picket/codec"
	"picket/mirror"
	"picket/radio/link"
)

// A peer is one link and the tables of its session.
type peer struct {
	name    string
	conn    *link.Conn
	master  string // the domains at the two ends
	mirror  string
	text    codec.TextModel
	up      bool
	session uint64 // counts the sessions

	enc     *codec.Encoder
	dec     *codec.Decoder
	resetAt time.Time  // when a session was last ended for what did not decode
	queue   []transfer // not yet the link's, in order
	sent    map[link.Token]sending

	framesIn, framesOut, bytesIn, bytesOut, stanzasIn, stanzasOut, undecodable, unencodable uint64
}

// A sending is a stanza that the link has.
type sending struct {
	token mirror.Token
	ref   codec.Ref
}

// open begins a session: empty tables on both ends, and what both have in
// common. lacks says what they have not; an error: too much to talk at all.
func (p *peer) open(peerHello []byte) (lacks string, err error) {
	p.session++
	p.queue = nil
	clear(p.sent)
	theirs, err := parseHello(peerHello)
	if err == nil && theirs.version != codec.Version {
		err = fmt.Errorf("it codes by version %d, we by %d: update the older one", theirs.version, codec.Version)
	}
	if err != nil {
		return err.Error(), err
	}
	cfg := codec.Config{Text: p.text, Peer: &theirs.known, Master: p.master, Mirror: p.mirror}
	ours := helloOf(p.text, p.master, p.mirror)
	if theirs.text != ours.text {
		cfg.Text, lacks = nil, "it has another text model: texts cross uncoded until both have the same version"
	}
	if theirs.domains != ours.domains {
		cfg.Master, cfg.Mirror, lacks = "", "", "its configuration has other domains for the two ends: compare them"
	}
	p.enc, p.dec = codec.NewEncoder(cfg), codec.NewDecoder(cfg)
	p.up = true
	return lacks, nil
}

func (p *peer) close() {
	p.up = false
	p.queue = nil
}

// send gives the link what it has room for. A stanza is coded when the link
// takes it, so that it uses all that was acknowledged until then.
func (p *peer) send(now time.Time) {
	for p.up && len(p.queue) > 0 {
		t := p.queue[0]
		payload, ref, err := p.enc.Encode(nil, t.Stanza)
		if err != nil {
			p.unencodable++ // over a limit of the wire: roles check before (policy.MessageMaxBytes)
			p.queue = p.queue[1:]
			continue
		}
		token, err := p.conn.Send(now, link.Item{Class: link.Class(t.Class), Key: t.Key, Payload: payload, Since: t.since})
		if err != nil {
			p.enc.Dropped(ref)
			if errors.Is(err, link.ErrQueueFull) || errors.Is(err, link.ErrDown) {
				return // again when something was acknowledged; or the Down is on its way
			}
			p.unencodable++
			p.queue = p.queue[1:]
			continue
		}
		p.queue = p.queue[1:]
		p.stanzasOut++
		p.sent[token] = sending{t.Token, ref}
	}
}

// PeerStatus is what is known of one link.
type PeerStatus struct {
	Name string
	Up   bool
	// Frames and bytes by direction, as the bearer carried them.
	FramesOut, FramesIn, BytesOut, BytesIn uint64
	StanzasOut, StanzasIn                  uint64
	QueueItems, QueueBytes                 int    // waiting or not yet acknowledged
	Undecodable                            uint64 // of the peer's messages
	Link                                   link.Stats
}

// Status tells how the links are.
func (n *Node) Status() []PeerStatus {
	out := make([]PeerStatus, 0, len(n.peers))
	for _, p := range n.peers {
		st := p.conn.Stats()
		out = append(out, PeerStatus{Name: p.name, Up: p.up, FramesOut: p.framesOut, FramesIn: p.framesIn,
			BytesOut: p.bytesOut, BytesIn: p.bytesIn, StanzasOut: p.stanzasOut, StanzasIn: p.stanzasIn,
			QueueItems: st.QueueItems + len(p.queue), QueueBytes: st.QueueBytes, Undecodable: p.undecodable, Link: st})
	}
	return out
}
