package link

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"picket/radio/frame"
	"picket/radio/seal"
)

// A Config is what an end of a link is told. Zero values of the limits mean
// the defaults named.
type Config struct {
	Initiator bool      // a gateway: it starts handshakes. The headquarters responds
	LinkID    uint8     // 1..62: both ends' address on a shared channel
	Keys      seal.Keys // from the pairing
	TagBytes  int       // 4, 8 or 16, the same at both ends; 0: 4. See TagBytesFor
	Hello     []byte    // told to the peer in the handshake, at most HelloMax bytes
	Counter   uint32    // the newest Persist that is on disk; 0: never any

	Rand   io.Reader  // for the handshake's keys
	Jitter *rand.Rand // for back-offs; nil: none, for tests of times

	KeepAlive  time.Duration // poll when nothing was heard or sent for so long; 0: never
	AckDelay   time.Duration // a bare acknowledgement waits at most so long; 0: 400 ms
	Tries      int           // unanswered sendings after which the link is down; 0: 6
	QueueItems int           // items not yet Acked, at most; 0: 4096
	QueueBytes int           // of their payloads, at most; 0: 4 MiB

	versions versions // 0: what this package speaks; tests say otherwise
}

// TagBytesFor gives the tag length that suits a bit rate, in bit/s: each tag
// bounds how often a jammer may try before it hits (radio/WIRE.md, "Tags").
func TagBytesFor(rate int) int {
	switch {
	case rate <= 2400:
		return 4
	case rate <= 115200:
		return 8
	}
	return 16
}

// A ConfigError says which field of a Config makes no sense.
type ConfigError struct {
	Field, Reason string
}

func (e *ConfigError) Error() string { return "link: " + e.Field + ": " + e.Reason }

// Validate gives a *ConfigError, or nil.
func (c *Config) Validate() error {
	switch {
	case c.LinkID < frame.LinkMin || c.LinkID > frame.LinkMax:
		return &ConfigError{"LinkID", fmt.Sprintf("%d is not %d to %d", c.LinkID, frame.LinkMin, frame.LinkMax)}
	case c.TagBytes != 0 && c.TagBytes != 4 && c.TagBytes != 8 && c.TagBytes != 16:
		return &ConfigError{"TagBytes", fmt.Sprintf("%d is not 4, 8 or 16", c.TagBytes)}
	case len(c.Hello) > HelloMax:
		return &ConfigError{"Hello", fmt.Sprintf("%d bytes are over %d", len(c.Hello), HelloMax)}
	case c.Rand == nil:
		return &ConfigError{"Rand", "there is none to make keys with"}
	case c.Keys.Private == [seal.KeyBytes]byte{}, c.Keys.Peer == [seal.KeyBytes]byte{}, c.Keys.PSK == [seal.KeyBytes]byte{}:
		return &ConfigError{"Keys", "one is all zero: pair first"}
	case c.KeepAlive < 0 || c.AckDelay < 0 || c.Tries < 0 || c.QueueItems < 0 || c.QueueBytes < 0:
		return &ConfigError{"KeepAlive, AckDelay, Tries, QueueItems, QueueBytes", "negative"}
	}
	return nil
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	for _, f := range []struct {
		field *int
		value int
	}{{&c.TagBytes, 4}, {&c.Tries, triesDefault}, {&c.QueueItems, queueItemsDefault}, {&c.QueueBytes, queueBytesDefault}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	if c.AckDelay == 0 {
		c.AckDelay = ackDelayDefault
	}
	if c.versions == (versions{}) {
		c.versions = versions{versionMin, versionMax}
	}
	return c
}

// Stats are counters since New, and the queue as it is.
type Stats struct {
	FramesSent, BytesSent         uint64 // all frames that AppendFrame gave
	FramesReceived, BytesReceived uint64 // all that HandleFrame took, good or not
	Resent                        uint64 // packets taken for lost: what they carried went out again
	Spurious                      uint64 // of those, acknowledged after all
	Handshakes                    uint64 // sessions that went up
	Downs                         uint64 // sessions that ended

	Foreign   uint64 // another link's, or our own come back
	Malformed uint64 // no frame of ours, or from a paired peer and against the rules
	BadTag    uint64 // not sealed with our keys: noise, jam, or a wrong key
	Replayed  uint64 // sealed well, but come before
	Stale     uint64 // sealed well, for a session that is over
	Refused   uint64 // handshake frames with a counter that is used up, or over the rate limit
	OverLimit uint64 // good frames dropped for what they would make us hold

	QueueItems, QueueBytes int // not yet Acked
}
