package sim

import (
	"math/rand/v2"

	"picket/radio/link"
	"picket/radio/radiotest"
	"picket/radio/seal"
)

// bearer is the only bearer of each peer.
const bearer link.BearerID = 0

// Sides of a line's air.
const (
	hqSide      radiotest.Side = 0
	gatewaySide radiotest.Side = 1
)

// A line is the serial line between a gateway and the headquarters.
type line struct {
	w        *World
	gateway  *site
	air      *radiotest.Air
	keys     map[bool]seal.Keys // true: the headquarters'
	cut      bool
	recorded []recording // the newest frames, for who replays them
}

type recording struct {
	to    radiotest.Side
	frame []byte
}

// Ours: a serial line with COBS.
const (
	lineMTUBytes     = 255
	lineFramingBytes = 2
	bitsPerByte      = 10
	recordedMax      = 64
)

func newLine(w *World, gateway *site, rate int) *line {
	return &line{w: w, gateway: gateway, air: radiotest.New(radiotest.Config{
		Stations: 2, BitsPerSec: rate, BitsPerByte: bitsPerByte, FramingBytes: lineFramingBytes, MTUBytes: lineMTUBytes,
		Rand: rand.New(rand.NewPCG(w.cfg.Seed, uint64(gateway.origin))),
	})}
}

// ends gives the two sites as seen from one side.
func (l *line) ends(side radiotest.Side) (here, there *site) {
	if side == hqSide {
		return l.w.hq, l.gateway
	}
	return l.gateway, l.w.hq
}

// offer asks the side's node for a frame, if it can send one.
func (l *line) offer(side radiotest.Side) {
	here, there := l.ends(side)
	if here.node == nil || l.air.Free(side).After(l.w.now) {
		return
	}
	frame := here.node.AppendFrame(l.w.now, there.service, bearer, nil, l.air.Capabilities())
	here.dueKnown = false
	if len(frame) == 0 {
		return
	}
	if l.w.storm && l.w.cfg.Faults&Replay != 0 {
		l.record(recording{1 - side, append([]byte(nil), frame...)})
	}
	free := l.air.Send(l.w.now, side, frame)
	l.w.emit(framed{l.gateway, side == gatewaySide, len(frame) + lineFramingBytes})
	life := here.life
	l.w.after(free.Sub(l.w.now), func() {
		if here.life == life {
			l.offer(side)
		}
	})
	l.plan()
}

// plan looks again when the next frame arrives.
func (l *line) plan() {
	if at, ok := l.air.Next(); ok {
		l.w.after(at.Sub(l.w.now), l.arrive)
	}
}

func (l *line) arrive() {
	arrived := l.air.Deliver(l.w.now)
	for _, d := range arrived {
		l.inject(d.To, d.Frame)
	}
	if len(arrived) > 0 {
		l.plan()
	}
}

// inject hands a frame to a side, wherever it comes from.
func (l *line) inject(to radiotest.Side, frame []byte) {
	here, there := l.ends(to)
	here.frame(there.service, frame)
}

func (l *line) record(r recording) {
	if l.recorded = append(l.recorded, r); len(l.recorded) > recordedMax {
		l.recorded = l.recorded[1:]
	}
}

// set cuts or heals both ways.
func (l *line) set(cut bool) {
	if l.cut == cut {
		return
	}
	l.cut = cut
	if cut {
		l.air.CutOff(gatewaySide)
	} else {
		l.air.HealAll()
	}
	l.w.emit(lineChanged{l.gateway, cut})
}
