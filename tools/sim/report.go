package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Report sums up the runs of one command; its JSON is what -json prints.
type Report struct {
	Violations  []Violation `json:"violations"`
	Sent        int         `json:"sent"`      // groupchat messages that somebody was shown
	Delivered   int         `json:"delivered"` // receipts by other occupants
	Lost        int         `json:"lost"`      // receipts, or archive entries, that never came
	Doubled     int         `json:"doubled"`   // that came twice
	BytesUp     int         `json:"bytes_up"`  // from gateways, framing included
	BytesDown   int         `json:"bytes_down"`
	DeliveryS   spread      `json:"delivery_s"`    // from the send to each other occupant's receipt
	Convergence converged   `json:"convergence_s"` // from the storm's end to the last byte
	Seeds       int         `json:"seeds"`         // worlds run
}

// A spread is a distribution, in seconds.
type spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

type converged struct {
	P50 float64 `json:"p50"`
	Max float64 `json:"max"`
}

// summarize makes the report of some runs, in the order of their seeds.
func summarize(results []*Result) *Report {
	r := &Report{Violations: []Violation{}, Seeds: len(results)}
	var delays, calms []time.Duration
	for _, res := range results {
		r.Violations = append(r.Violations, res.Violations...)
		r.Sent += res.Traffic.Sent
		r.Delivered += res.Traffic.Delivered
		r.Lost += res.Traffic.Lost
		r.Doubled += res.Traffic.Doubled
		r.BytesUp += res.Traffic.BytesUp
		r.BytesDown += res.Traffic.BytesDown
		delays = append(delays, res.Traffic.Delays...)
		calms = append(calms, res.Convergence)
	}
	slices.Sort(delays)
	slices.Sort(calms)
	r.DeliveryS = spread{share(delays, 0.5), share(delays, 0.95), share(delays, 1)}
	r.Convergence = converged{share(calms, 0.5), share(calms, 1)}
	return r
}

// share gives the value below which that share of the sorted durations lies,
// in seconds.
func share(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	d := sorted[int(q*float64(len(sorted)-1))]
	return float64(d.Milliseconds()) / 1000
}

func (r *Report) json(out io.Writer) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", b)
	return err
}

// print tells a person what came out.
func (r *Report) print(out io.Writer) {
	for _, v := range r.Violations {
		fmt.Fprintf(out, "seed %d, %.3f s: %s: %s\n", v.Seed, v.Seconds, v.Invariant, v.What)
	}
	fmt.Fprintf(out, "%d worlds: %d messages, %d receipts, %d lost, %d doubled\n", r.Seeds, r.Sent, r.Delivered, r.Lost, r.Doubled)
	fmt.Fprintf(out, "on the air: %d B up, %d B down\n", r.BytesUp, r.BytesDown)
	fmt.Fprintf(out, "delivery: %.1f s median, %.1f s 95th, %.1f s at most\n", r.DeliveryS.P50, r.DeliveryS.P95, r.DeliveryS.Max)
	fmt.Fprintf(out, "convergence: %.1f s median, %.1f s at most\n", r.Convergence.P50, r.Convergence.Max)
	if len(r.Violations) > 0 {
		fmt.Fprintf(out, "%d violations; the first again: %s\n", len(r.Violations), r.Violations[0].Repeat)
	}
}
