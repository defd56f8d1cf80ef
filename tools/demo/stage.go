package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"picket/tools/lab"
)

// A stage is the running demonstration: the lab, the screen, the users and what
// the steps have cost so far. The story is a script: its first error sticks, and
// after it nothing more is done or waited for.
type stage struct {
	ctx    context.Context // of the whole story
	err    error
	dir    string
	rate   int // bit/s
	world  *lab.World
	screen *screen
	plain  *plainRoom
	actors []*actor
	bill   []item

	mu  sync.Mutex
	say map[string]time.Time // when a body was sent
}

// An item is one step's cost on the air and as plain XML.
type item struct {
	title string
	air   cost
	xml   xmlCost
}

// An xmlCost is what a step costs between two ordinary servers.
type xmlCost struct {
	cost
	impossible bool // they could not do it at all
}

func (st *stage) fail(err error) {
	if st.err == nil {
		st.err = err
	}
}

// line cuts or heals the gateway's line.
func (st *stage) line(what string) {
	if st.err == nil {
		st.fail(lab.Do(st.dir, what, st.world.Sites[1].Name))
	}
}

func (st *stage) sent(body string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.say[body] = time.Now()
}

// age tells how long ago a message was sent, for one that the story sent.
func (st *stage) age(body string, at time.Time) (time.Duration, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	sent, ok := st.say[body]
	return at.Sub(sent), ok
}

// read gives what the line has carried so far.
func (st *stage) read() cost {
	var c cost
	s, err := lab.State(st.dir)
	if err != nil {
		st.fail(err)
		return c
	}
	for _, site := range s.Sites {
		if l := site.Line; l != nil {
			c = c.add(cost{l.BytesUp, l.BytesDown})
		}
	}
	return c
}

const (
	quietFor  = 700 * time.Millisecond // nothing on the line: the step's last acknowledgement is over
	quietPoll = 100 * time.Millisecond
)

// quiet waits until the line has carried nothing for a while.
func (st *stage) quiet() cost {
	last, since := st.read(), time.Now()
	for st.err == nil && time.Since(since) < quietFor {
		select {
		case <-time.After(quietPoll):
		case <-st.ctx.Done():
			st.fail(fmt.Errorf("the line does not become quiet: %w", st.ctx.Err()))
		}
		if r := st.read(); r != last {
			last, since = r, time.Now()
		}
	}
	return last
}

// step plays one step, waits for the line to be quiet and shows what it cost.
func (st *stage) step(title string, play func() xmlCost) {
	if st.err != nil {
		return
	}
	before := st.read()
	st.screen.line(plain, "")
	st.screen.line(bold, "%d. %s", len(st.bill)+1, title)
	xml := play()
	after := st.quiet()
	if st.err != nil {
		st.err = fmt.Errorf("step %d (%s): %w", len(st.bill)+1, title, st.err)
		return
	}
	it := item{title: title, xml: xml, air: cost{after.up - before.up, after.down - before.down}}
	st.bill = append(st.bill, it)
	st.screen.line(green, "   %s", it.text(st.rate))
}

func (it item) text(rate int) string {
	air := fmt.Sprintf("on the air ↑%d ↓%d B", it.air.up, it.air.down)
	switch {
	case it.xml.impossible:
		return air + " · plain XML: not possible"
	case it.xml.sum() == 0:
		return air + " · plain XML: nothing either"
	}
	return fmt.Sprintf("%s, %.1f s · plain XML ↑%d ↓%d B, %.0f s", air, seconds(it.air.sum(), rate),
		it.xml.up, it.xml.down, seconds(it.xml.sum(), rate))
}

// seconds is the time that bytes take on a line of 8N1.
func seconds(bytes, rate int) float64 { return float64(bytes) * 10 / float64(rate) }
