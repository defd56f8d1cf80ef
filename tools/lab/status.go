package lab

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// A Status is what `lab status -json` prints.
type Status struct {
	Dir   string       `json:"dir"`
	HQ    string       `json:"hq"`
	Rate  int          `json:"rate"` // bit/s
	Sites []SiteStatus `json:"sites"`
}

// A SiteStatus is one site's program and, for a gateway, its line.
type SiteStatus struct {
	Name  string      `json:"name"`
	State string      `json:"state"` // running, killed, exited
	PID   int         `json:"pid"`   // 0 unless running
	Line  *LineStatus `json:"line,omitempty"`
}

// A LineStatus is what passed on a gateway's line since the lab was brought up,
// counted by the line itself: up is towards the headquarters. Bytes are those
// of the bearer, with framing, resent frames and handshakes.
type LineStatus struct {
	State       string `json:"state"` // ok, cut
	Link        string `json:"link"`  // up, down; unknown while the gateway's program does not run
	BytesUp     int    `json:"bytes_up"`
	BytesDown   int    `json:"bytes_down"`
	FramesUp    int    `json:"frames_up"`
	FramesDown  int    `json:"frames_down"`
	DamagedUp   int    `json:"damaged_up"` // frames, by the line's loss
	DamagedDown int    `json:"damaged_down"`
	LostUp      int    `json:"lost_up"` // bytes: the line was cut, or nobody listened
	LostDown    int    `json:"lost_down"`
	QueueUp     int    `json:"queue_up"` // items that wait at the gateway
	QueueDown   int    `json:"queue_down"`
}

func printStatus(w io.Writer, st *Status) {
	fmt.Fprintf(w, "lab in %s: %s headquarters, lines of %d bit/s\n\n", st.Dir, st.HQ, st.Rate)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SITE\tPROGRAM\tPID\tLINE\tLINK\tUP\tDOWN\tQUEUE UP/DOWN")
	for _, s := range st.Sites {
		pid := "-"
		if s.PID != 0 {
			pid = fmt.Sprint(s.PID)
		}
		if l := s.Line; l != nil {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d B in %d frames\t%d B in %d frames\t%d/%d\n", s.Name, s.State, pid, l.State, l.Link,
				l.BytesUp, l.FramesUp, l.BytesDown, l.FramesDown, l.QueueUp, l.QueueDown)
		} else {
			fmt.Fprintf(tw, "%s\t%s\t%s\t-\t-\t-\t-\t-\n", s.Name, s.State, pid)
		}
	}
	tw.Flush()
}
