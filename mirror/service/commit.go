package service

import (
	"time"

	"picket/mirror"
	"picket/mirror/journal"
)

// A transaction is one write to the journal and what waits for it.
type transaction struct {
	batch   Batch
	records []journal.Record
}

type commitDone struct {
	tx   transaction
	err  error
	took time.Duration
}

// commitAll writes transactions until there are no more.
func (s *Service) commitAll() {
	for tx := range s.commit {
		began := time.Now()
		err := s.cfg.Journal.Append(tx.records)
		s.done <- commitDone{tx, err, time.Since(began)}
	}
}

// newest keeps the last record of each key, in the order of those: what merged
// steps wrote and deleted again costs nothing.
func newest(recs []mirror.Record) []journal.Record {
	last := make(map[string]int, len(recs))
	for i, r := range recs {
		last[r.Key] = i
	}
	var out []journal.Record
	for i, r := range recs {
		if last[r.Key] == i {
			out = append(out, journal.Record(r))
		}
	}
	return out
}

// finish, after the actor has ended, writes what it had not handed over. What
// fails now was neither acknowledged nor echoed.
func (s *Service) finish() {
	a := &s.actor
	a.retryAt = time.Time{}
	deadline := time.After(stopWait)
	for {
		if a.committing {
			select {
			case d := <-s.done:
				s.committed(d)
			case <-deadline:
				return
			}
		}
		if a.broken != nil || a.pending.Seq == 0 {
			return
		}
		s.settleJournal(s.now())
	}
}
