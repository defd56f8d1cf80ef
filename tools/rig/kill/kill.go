// Package kill judges what is left when the real programs are killed at random
// moments while people talk: no message that was echoed to its sender is lost,
// and none is there twice (protocol.md, invariant 4).
//
// The programs run unchanged, as processes of their own over a line of the lab;
// SIGKILL takes them where the processor stands. A small XMPP client in Go plays
// the people. All of it is in the tests; Judge is the part that is tried by
// itself.
package kill

import "fmt"

// A Said is what a test knows of one body, each of which is sent once.
type Said struct {
	Body   string
	Sender string
	Echoed bool // the sender saw it come back from the room
}

// Judge compares what was said, in the order of each sender, with the history
// of the rooms at both sites. It gives what is wrong, a line each.
func Judge(said []Said, atHQ, atGateway []string) []string {
	var wrong []string
	number := map[string]int{} // place of a body among what was said
	for i, s := range said {
		number[s.Body] = i
	}
	for _, site := range []struct {
		name    string
		history []string
	}{{"the headquarters", atHQ}, {"the gateway", atGateway}} {
		times := map[string]int{}
		last := map[string]int{} // by sender
		for _, body := range site.history {
			i, known := number[body]
			if !known {
				wrong = append(wrong, fmt.Sprintf("%s has %q, which nobody said", site.name, body))
				continue
			}
			if times[body]++; times[body] == 2 {
				wrong = append(wrong, fmt.Sprintf("%s has %q twice", site.name, body))
			}
			if before, ok := last[said[i].Sender]; ok && before > i {
				wrong = append(wrong, fmt.Sprintf("%s has %q after %q", site.name, body, said[before].Body))
			}
			last[said[i].Sender] = i
		}
		for _, s := range said {
			if s.Echoed && times[s.Body] == 0 {
				wrong = append(wrong, fmt.Sprintf("%s has lost %q, which was echoed", site.name, s.Body))
			}
		}
	}
	if len(wrong) == 0 && fmt.Sprint(atHQ) != fmt.Sprint(atGateway) {
		wrong = append(wrong, fmt.Sprintf("the histories differ:\n%q\n%q", atHQ, atGateway))
	}
	return wrong
}
