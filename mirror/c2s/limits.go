package c2s

import "time"

// Ours: what one client, or many from one address, may take. A radio behind the
// server carries little; who is over a limit is told so by a stream error
// (RFC 6120 §4.9.3.14, policy-violation) and closed, unless said otherwise.
const (
	loginElementBytes  = 10 << 10 // one element before login
	loginDepth         = 8
	loginAttrs         = 32 // an element
	loginElements      = 64 // in one top-level element
	defaultStanzaBytes = 64 << 10
	stanzaDepth        = 32
	stanzaAttrs        = 64
	stanzaElements     = 1000

	defaultTLSTime   = 10 * time.Second // from accept or <proceed/> to the end of the handshake
	defaultLoginTime = 30 * time.Second // from accept to the bound resource
	defaultWriteTime = 30 * time.Second // one write of what is queued
	defaultIdle      = 5 * time.Minute  // silent that long: the server pings
	defaultIdleGrace = time.Minute      // silent that much longer: gone

	defaultLoginsPerAddr = 4   // that negotiate at once; others wait in line
	defaultLogins        = 64  // that negotiate at once, in all
	defaultWaiting       = 256 // not logged in, in all, those in line among them
	defaultWaitingAddr   = 64  // of one address
	defaultResources     = 8   // sessions of one user

	passwordTries     = 3 // a connection
	delayFree         = 3 // failures of an address before it is made to wait
	delayUnit         = 250 * time.Millisecond
	delayMax          = 8 * time.Second
	delayForget       = 10 * time.Minute // after the last failure
	delayAddrs        = 1024             // remembered at most; the oldest is forgotten
	defaultRate       = 10.0             // stanzas a second; beyond, the server reads no faster
	defaultBurst      = 50
	defaultQueue      = 1024                   // stanzas not yet written to a client
	defaultQueueBytes = 256 << 10              // of them
	directedMax       = 64                     // addresses that a session has sent directed presence to
	farewellTime      = 2 * time.Second        // for the last words to a client
	lingerTime        = 500 * time.Millisecond // for it to read them
	lingerBytes       = 256 << 10              // that it may still have sent meanwhile
	spareBytes        = 8 << 10                // a larger buffer is given back

	rosterMax    = 1000      // items of a roster
	storeEntries = 64        // a user: vCard, private XML, bookmarks
	storeBytes   = 128 << 10 // of them
)

// Limits is what an operator may set; a zero field means the default.
type Limits struct {
	StanzaBytes   int           // one stanza as it stands on the wire
	TLSTime       time.Duration // for the TLS handshake
	LoginTime     time.Duration // from accept to bind
	WriteTime     time.Duration // for one write
	Idle          time.Duration // silence before a ping
	IdleGrace     time.Duration // silence after it
	LoginsPerAddr int           // negotiating at once; others wait in line
	Logins        int           // negotiating at once, in all
	WaitingAddr   int           // not logged in, of one address
	Waiting       int           // not logged in, in all
	Resources     int           // sessions of one user
	Rate          float64       // stanzas a second from one session; <0: not limited
	Burst         int           // stanzas at once
	Queue         int           // stanzas waiting for one session
	QueueBytes    int           // bytes waiting for one session
}

func (l Limits) withDefaults() Limits {
	l.StanzaBytes = or(l.StanzaBytes, defaultStanzaBytes)
	l.TLSTime = or(l.TLSTime, defaultTLSTime)
	l.LoginTime = or(l.LoginTime, defaultLoginTime)
	l.WriteTime = or(l.WriteTime, defaultWriteTime)
	l.Idle = or(l.Idle, defaultIdle)
	l.IdleGrace = or(l.IdleGrace, defaultIdleGrace)
	l.LoginsPerAddr = or(l.LoginsPerAddr, defaultLoginsPerAddr)
	l.Logins = or(l.Logins, defaultLogins)
	l.WaitingAddr = or(l.WaitingAddr, defaultWaitingAddr)
	l.Waiting = or(l.Waiting, defaultWaiting)
	l.Resources = or(l.Resources, defaultResources)
	l.Rate = or(l.Rate, defaultRate)
	l.Burst = or(l.Burst, defaultBurst)
	l.Queue = or(l.Queue, defaultQueue)
	l.QueueBytes = or(l.QueueBytes, defaultQueueBytes)
	return l
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
