package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"picket/mirror/node"
)

// About says who answers for a status.
type About struct {
	Program string `json:"program"` // picket or picket-hq
	Version string `json:"version"`
	Site    string `json:"site"` // the users' domain
}

// A Status is what `picketctl status` shows: counters since the start.
type Status struct {
	About
	PID     int               `json:"pid"`
	UptimeS int64             `json:"uptime_s"`
	Peers   []PeerStatus      `json:"peers"`
	Bearers []BearerStatus    `json:"bearers"`
	Journal JournalStatus     `json:"journal"`
	Clients ClientsStatus     `json:"clients"`
	Notices map[string]uint64 `json:"notices"` // by kind
}

// A PeerStatus is one link. Bytes are those of frames, with seal and
// acknowledgements, without a bearer's own framing.
type PeerStatus struct {
	Name           string `json:"name"`
	Up             bool   `json:"up"`
	QueueItems     int    `json:"queue_items"` // waiting, or not yet acknowledged
	QueueBytes     int    `json:"queue_bytes"`
	FramesSent     uint64 `json:"frames_sent"`
	BytesSent      uint64 `json:"bytes_sent"`
	FramesReceived uint64 `json:"frames_received"` // good or not
	BytesReceived  uint64 `json:"bytes_received"`
	StanzasSent    uint64 `json:"stanzas_sent"`
	StanzasIn      uint64 `json:"stanzas_received"`
	Handshakes     uint64 `json:"handshakes"` // sessions that went up
	Downs          uint64 `json:"downs"`
	Resent         uint64 `json:"resent"`      // packets taken for lost
	Bad            uint64 `json:"bad"`         // frames that were noise, foreign or replayed
	Undecodable    uint64 `json:"undecodable"` // stanzas
}

// peerStatus words what a node knows of a link.
func peerStatus(p node.PeerStatus) PeerStatus {
	l := p.Link
	return PeerStatus{Name: p.Name, Up: p.Up, QueueItems: p.QueueItems, QueueBytes: p.QueueBytes,
		FramesSent: p.FramesOut, BytesSent: p.BytesOut, FramesReceived: p.FramesIn, BytesReceived: p.BytesIn,
		StanzasSent: p.StanzasOut, StanzasIn: p.StanzasIn, Handshakes: l.Handshakes, Downs: l.Downs, Resent: l.Resent,
		Bad: l.Foreign + l.Malformed + l.BadTag + l.Replayed + l.Stale + l.Refused, Undecodable: p.Undecodable}
}

// A BearerStatus is one port or modem.
type BearerStatus struct {
	Name           string `json:"name"`
	Peer           string `json:"peer"`
	State          string `json:"state"`             // opening, open, closed
	Problem        string `json:"problem,omitempty"` // why it is closed
	Opens          uint64 `json:"opens"`
	Failures       uint64 `json:"failures"`
	FramesSent     uint64 `json:"frames_sent"`
	BytesSent      uint64 `json:"bytes_sent"` // of frames, without the bearer's own framing
	FramesReceived uint64 `json:"frames_received"`
	BytesReceived  uint64 `json:"bytes_received"`
}

// A JournalStatus is the state of the disk.
type JournalStatus struct {
	State        string `json:"state"`             // ok, failing
	Problem      string `json:"problem,omitempty"` // why it fails
	Bytes        int64  `json:"bytes"`
	BytesMax     int64  `json:"bytes_max"`
	Transactions uint64 `json:"transactions"`
	Records      uint64 `json:"records"`
	Errors       uint64 `json:"errors"`
	MeanUS       int64  `json:"mean_us"`   // of a transaction
	LatestUS     int64  `json:"latest_us"` //
}

// A ClientsStatus counts stanzas of local users.
type ClientsStatus struct {
	In            uint64 `json:"in"`      // and sessions that ended
	Waiting       int    `json:"waiting"` // for the actor
	Refused       uint64 `json:"refused"` // while the journal could not be written
	Delivered     uint64 `json:"delivered"`
	Undelivered   uint64 `json:"undelivered"`    // nobody there any more
	FramesDropped uint64 `json:"frames_dropped"` // from bearers, while the journal could not be written
}

// status is the actor's answer.
func (s *Service) status() Status {
	a := &s.actor
	st := Status{About: s.cfg.About, PID: os.Getpid(), UptimeS: int64(time.Since(s.start) / time.Second),
		Peers: []PeerStatus{}, Bearers: []BearerStatus{}, Notices: map[string]uint64{}}
	for _, p := range s.cfg.Node.Status() {
		st.Peers = append(st.Peers, peerStatus(p))
	}
	for _, b := range s.bearers {
		st.Bearers = append(st.Bearers, BearerStatus{Name: b.Name, Peer: b.Peer, State: b.state, Problem: b.problem,
			Opens: b.opens, Failures: b.failures, FramesSent: b.framesSent, BytesSent: b.bytesSent,
			FramesReceived: b.framesReceived, BytesReceived: b.bytesReceived})
	}
	st.Journal = JournalStatus{State: "ok", Transactions: a.transactions, Records: a.records,
		Errors: a.commitErrors, LatestUS: a.commitLatest.Microseconds()}
	st.Journal.Bytes, st.Journal.BytesMax = s.cfg.Journal.Size()
	if a.broken != nil {
		st.Journal.State, st.Journal.Problem = "failing", a.broken.Error()
	}
	if a.transactions > 0 {
		st.Journal.MeanUS = a.commitSum.Microseconds() / int64(a.transactions)
	}
	st.Clients = ClientsStatus{In: a.inputs, Waiting: s.inbox.len(), Refused: a.refused,
		Delivered: a.delivered, Undelivered: a.undelivered, FramesDropped: a.framesDropped}
	for k, n := range a.notices {
		st.Notices[string(k)] = n
	}
	return st
}

// Status asks the actor. Error: it does not run.
func (s *Service) Status(ctx context.Context) (Status, error) {
	ask := make(chan Status, 1)
	select {
	case s.asks <- ask:
		return <-ask, nil
	case <-ctx.Done():
		return Status{}, fmt.Errorf("service: no status: %w", ctx.Err())
	}
}

// statusWait is how long one who asks may take, and the actor to answer.
const statusWait = 2 * time.Second

// sunPathMax is the longest name of a unix socket (unix(7)).
const sunPathMax = 107

// ListenStatus opens the socket that tells the status to the owner of the
// state folder, over one that a killed process left.
func ListenStatus(path string) (net.Listener, error) {
	if len(path) > sunPathMax {
		// A path from the working folder may do where an absolute one is too long.
		if wd, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(wd, path); err == nil && len(rel) <= sunPathMax {
				path = rel
			}
		}
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("service: %s is answered by another process", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

// ServeStatus answers each connection with one JSON object, until the listener
// is closed.
func (s *Service) ServeStatus(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			c.SetDeadline(time.Now().Add(statusWait))
			ctx, cancel := context.WithTimeout(context.Background(), statusWait)
			defer cancel()
			if st, err := s.Status(ctx); err == nil {
				json.NewEncoder(c).Encode(st) // an error is the asker's, who is gone
			}
		}()
	}
}

// AskStatus asks the program whose status socket this is.
func AskStatus(path string) (Status, error) {
	var st Status
	c, err := net.DialTimeout("unix", path, statusWait)
	if err != nil {
		return st, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * statusWait))
	b, err := io.ReadAll(c)
	if err != nil {
		return st, err
	}
	if len(b) == 0 {
		return st, errors.New("the program ends, or is overloaded: it gave no answer")
	}
	return st, json.Unmarshal(b, &st)
}
