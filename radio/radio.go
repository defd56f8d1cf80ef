// Package radio says what a bearer is: one serial port, modem or IP path that
// moves whole frames, or loses them. Everything below the link implements
// Bearer; everything above knows no more than this.
package radio

import (
	"context"
	"time"
)

// A Bearer moves frames. Send and Receive are each called by one goroutine at
// a time.
type Bearer interface {
	// Capabilities is asked before each frame: a spreading factor can change.
	Capabilities() Capabilities
	// Send hands one frame to the medium and returns when the next may follow.
	Send(ctx context.Context, frame []byte) error
	// Receive waits for one frame and gives its length. buf must hold MTU bytes.
	Receive(ctx context.Context, buf []byte) (int, error)
	Close() error
}

// Capabilities are the facts of a medium that a link plans with.
type Capabilities struct {
	MTU        int                           // bytes of one frame
	Airtime    func(bytes int) time.Duration // key-up to key-down; not linear for LoRa
	HalfDuplex bool                          // one side at a time
	Turnaround time.Duration                 // from one side's end to the other's start
	DutyCycle  float64                       // share of time on the air; 0: unlimited
}
