package c2s

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// door bounds the connections that have not logged in. Those beyond what may
// negotiate at once stand in line: many laptops behind one address log in
// together when a link or a mast comes back.
type door struct {
	lim Limits

	mu      sync.Mutex
	waiting int            // not logged in, in all
	active  int            // negotiating
	addrs   map[string]int // not logged in, by address
	busy    map[string]int // negotiating, by address
	line    []*place
}

// A place in the line of those that wait to negotiate.
type place struct {
	addr string
	turn chan struct{} // closed when it may go on
}

// enter waits for the address's turn. False: refused. Else leave must be called
// once the login has ended.
func (d *door) enter(ctx context.Context, addr string, deadline time.Time) (leave func(), ok bool) {
	d.mu.Lock()
	if d.waiting >= d.lim.Waiting || d.addrs[addr] >= d.lim.WaitingAddr {
		d.mu.Unlock()
		return nil, false
	}
	if d.addrs == nil {
		d.addrs, d.busy = map[string]int{}, map[string]int{}
	}
	d.waiting++
	d.addrs[addr]++
	p := &place{addr: addr, turn: make(chan struct{})}
	d.line = append(d.line, p)
	d.advance()
	d.mu.Unlock()

	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-p.turn:
		return func() { d.leave(p) }, true
	case <-timer.C:
	case <-ctx.Done():
	}
	d.leave(p)
	return nil, false
}

// advance lets those in line go on that may.
func (d *door) advance() {
	kept := d.line[:0]
	for _, p := range d.line {
		if d.active < d.lim.Logins && d.busy[p.addr] < d.lim.LoginsPerAddr {
			d.active++
			d.busy[p.addr]++
			close(p.turn)
		} else {
			kept = append(kept, p)
		}
	}
	clear(d.line[len(kept):])
	d.line = kept
}

func (d *door) leave(p *place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
	count(d.addrs, p.addr)
	select {
	case <-p.turn:
		d.active--
		count(d.busy, p.addr)
	default:
		for i, q := range d.line {
			if q == p {
				d.line = append(d.line[:i], d.line[i+1:]...)
				break
			}
		}
	}
	d.advance()
}

// count takes one off, and forgets what is at none.
func count(m map[string]int, addr string) {
	if m[addr]--; m[addr] <= 0 {
		delete(m, addr)
	}
}

// delays makes addresses wait that keep sending wrong passwords. It remembers a
// bounded number of them; the longest quiet is forgotten first.
type delays struct {
	mu    sync.Mutex
	addrs map[string]*failures
}

type failures struct {
	n    int
	last time.Time
}

// failed counts a failure and tells how long its answer must wait.
func (d *delays) failed(addr string, now time.Time) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.addrs == nil {
		d.addrs = map[string]*failures{}
	}
	f := d.addrs[addr]
	if f == nil || now.Sub(f.last) > delayForget {
		if f == nil && len(d.addrs) >= delayAddrs {
			d.evict()
		}
		f = &failures{}
		d.addrs[addr] = f
	}
	f.n++
	f.last = now
	if f.n <= delayFree {
		return 0
	}
	return min(delayUnit<<min(f.n-delayFree-1, 20), delayMax)
}

func (d *delays) forget(addr string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.addrs, addr)
}

func (d *delays) evict() {
	oldest := ""
	for a, f := range d.addrs {
		if oldest == "" || f.last.Before(d.addrs[oldest].last) {
			oldest = a
		}
	}
	delete(d.addrs, oldest)
}

// hostOf is what counts as one address: of IPv6 the /64, which one host may fill.
func hostOf(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return a.String()
	}
	ip := ap.Addr().Unmap()
	if ip.Is6() {
		p, _ := ip.WithZone("").Prefix(64) // never fails: 64 fits
		return p.String()
	}
	return ip.String()
}
