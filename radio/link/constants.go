package link

import "time"

// From WIRE.md: changing one breaks peers.
const (
	HelloMax = 64       // bytes of a Config.Hello
	ItemMax  = 64 << 10 // bytes of an Item's payload
	MTUMin   = 120      // bytes of the longest handshake frame

	versionMin = 1 // of the protocol, spoken here
	versionMax = 1

	windowPackets = 64  // packets that wait for an acknowledgement
	shortSpan     = 64  // numbers beyond the acknowledged that one byte tells apart
	aheadMax      = 120 // numbers beyond the lowest not accepted: what a bitmap reaches
	itemSpan      = 64  // items of a class begun and not acknowledged
	holdBytesMax  = 256 << 10
	holdItemsMax  = 256 // received, not accepted
)

// Ours: changing one is tuning.
const (
	triesDefault      = 6                      // at 1.5 times the wait each: 20 waits in all
	queueItemsDefault = 4096                   // a day of a small room
	queueBytesDefault = 4 << 20                // of a gateway's 512 MiB
	ackDelayDefault   = 400 * time.Millisecond // WIRE.md, "Acknowledgement"

	urgentClasses = 2                      // have the last of the window and of the peer's memory
	urgentPackets = 8                      // of the window
	urgentItems   = 8                      // of itemsBegun
	itemsBegunMax = 60                     // begun and not acknowledged, all classes
	urgentBytes   = ItemMax                // of holdBytesMax
	ageMin        = 5                      // seconds up to which an item counts as new
	tailMin       = 24                     // bytes at a frame's end that an item is cut for
	mixedAirtime  = 400 * time.Millisecond // of a frame that holds urgent and other items
	burstMax      = 15 * time.Second       // of a turn on a half-duplex channel

	frameAirtimeMax = 5 * time.Second // of one frame, if it need not be shorter than
	frameBytesMin   = 64
	packetBytesMin  = 48 // of a frame on a channel that loses much

	backoffMin    = 2 * time.Second
	backoffMax    = 30 * time.Second
	jitterShare   = 0.15 // of a back-off, to either side
	repeatsMax    = 4    // of one message 1; then a new one, for a peer that lost its memory of it
	wakeMin       = 5 * time.Second
	waitMax       = 30 * time.Second // between two tries
	slack         = 50 * time.Millisecond
	answersBurst  = 3 // of a responder, then one each answersEvery
	answersEvery  = 5 * time.Second
	openingsBurst = 20 // messages 1 that a responder computes on, then one each openingsEvery
	openingsEvery = 250 * time.Millisecond
)

// versions are the lowest and the highest protocol version that an end speaks.
type versions struct{ min, max uint8 }
