package lab

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"picket/mirror/service"
	"picket/mirror/site"
	"picket/tools/lab/line"
)

// The gateway is a line's end A.
const (
	gatewayEnd = line.A
	hqEnd      = line.B
)

const (
	pollEvery  = 50 * time.Millisecond
	readyWait  = 20 * time.Second // for a program's ports
	linksWait  = 60 * time.Second // for all links; 300 bit/s and a lossy handshake take their time
	dialWait   = time.Second
	logTailMax = 600 // bytes of a program's log that an error shows
)

// awaitPorts waits until clients can connect to the site's program.
func (s *supervisor) awaitPorts(sp *siteProc) error {
	addrs := []string{net.JoinHostPort(sp.site.Host, strconv.Itoa(sp.site.Port)),
		net.JoinHostPort(sp.site.Host, strconv.Itoa(sp.site.TLSPort))}
	deadline := time.Now().Add(readyWait)
	for {
		open := 0
		for _, addr := range addrs {
			if c, err := net.DialTimeout("tcp", addr, dialWait); err == nil {
				c.Close()
				open++
			}
		}
		_, statusErr := service.AskStatus(sp.statusPath())
		if open == len(addrs) && statusErr == nil {
			return nil
		}
		if state, pid := sp.proc.state(); pid == 0 {
			return fail("see "+sp.proc.logPath, "the program of %s %s: %s", sp.site.Name, state, logTail(sp.proc.logPath))
		}
		if time.Now().After(deadline) {
			return fail("see "+sp.proc.logPath, "%s is not ready after %v: %s", sp.site.Name, readyWait, logTail(sp.proc.logPath))
		}
		time.Sleep(pollEvery)
	}
}

// awaitLinks waits until every gateway and the headquarters say that their
// links are up.
func (s *supervisor) awaitLinks(aborted func() error) error {
	deadline := time.Now().Add(linksWait)
	for {
		var down []string
		for _, sp := range s.sites {
			if link, _ := sp.link(); sp.line != nil && link != "up" {
				down = append(down, sp.site.Name)
			}
		}
		if hq, err := service.AskStatus(s.sites[0].statusPath()); err == nil {
			for _, p := range hq.Peers {
				if !p.Up {
					down = append(down, p.Name)
				}
			}
		}
		if len(down) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fail("see the logs in "+s.dir, "no link after %v: %s", linksWait, strings.Join(down, ", "))
		}
		if err := aborted(); err != nil {
			return err
		}
		time.Sleep(pollEvery)
	}
}

func (sp *siteProc) statusPath() string {
	return filepath.Join(sp.dir, site.StateDir, site.StatusFile)
}

// link asks a gateway for the state of its link and the items that wait there.
func (sp *siteProc) link() (state string, queue int) {
	st, err := service.AskStatus(sp.statusPath())
	if err != nil || len(st.Peers) == 0 {
		return "unknown", 0
	}
	if st.Peers[0].Up {
		return "up", st.Peers[0].QueueItems
	}
	return "down", st.Peers[0].QueueItems
}

// status gives the state of every site and line.
func (s *supervisor) status() *Status {
	st := &Status{Dir: s.dir, HQ: s.opt.HQ, Rate: s.opt.Rate}
	waiting := map[string]int{} // at the headquarters, by peer
	if hq, err := service.AskStatus(s.sites[0].statusPath()); err == nil {
		for _, p := range hq.Peers {
			waiting[p.Name] = p.QueueItems
		}
	}
	for _, sp := range s.sites {
		one := SiteStatus{Name: sp.site.Name}
		one.State, one.PID = sp.proc.state()
		if sp.line != nil {
			up, down := sp.line.Stats(gatewayEnd), sp.line.Stats(hqEnd)
			l := &LineStatus{State: "ok", BytesUp: up.Bytes, BytesDown: down.Bytes, FramesUp: up.Frames, FramesDown: down.Frames,
				DamagedUp: up.Damaged, DamagedDown: down.Damaged, LostUp: up.Lost, LostDown: down.Lost}
			if sp.cut {
				l.State = "cut"
			}
			l.Link, l.QueueUp = sp.link()
			l.QueueDown = waiting[mirrorDomain(sp.site)]
			one.Line = l
		}
		st.Sites = append(st.Sites, one)
	}
	return st
}

func mirrorDomain(s *Site) string { return "mirror." + s.Domain }

// logTail gives the end of a log, for an error on one line.
func logTail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(b) > logTailMax {
		b = b[len(b)-logTailMax:]
	}
	return strings.Join(strings.Fields(string(b)), " ")
}
