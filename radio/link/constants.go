package link

import "time"

// From WIRE.md: changing one breaks peers.
const (
	HelloMax = 64       // bytes of a Config.Hello
	ItemMax  = 64 << 10 // bytes of an Item's payload

	versionMin = 1 // of the protocol, spoken here
	versionMax = 1
)

// Ours: changing one is tuning.
const (
	triesDefault      = 6                      // at 1.5 times the wait each: 20 waits in all
	queueItemsDefault = 4096                   // a day of a small room
	queueBytesDefault = 4 << 20                // of a gateway's 512 MiB
	ackDelayDefault   = 400 * time.Millisecond // WIRE.md, "Acknowledgement"
)

// versions are the lowest and the highest protocol version that an end speaks.
type versions struct{ min, max uint8 }
