package kill

import (
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	said := []Said{{"w1", "wayne", true}, {"s1", "scott", true}, {"w2", "wayne", false}, {"w3", "wayne", true}}
	for _, tt := range []struct{ name, hq, gateway, want string }{
		{"all there, the unechoed one not", "w1 s1 w3", "w1 s1 w3", ""},
		{"all there, the unechoed one too", "s1 w1 w2 w3", "s1 w1 w2 w3", ""},
		{"lost at one site", "w1 s1 w3", "s1 w3", `the gateway has lost "w1"`},
		{"lost at both", "w1 w3", "w1 w3", `the headquarters has lost "s1"`},
		{"twice", "w1 s1 w1 w3", "w1 s1 w3", `the headquarters has "w1" twice`},
		{"out of the sender's order", "w3 s1 w1", "w1 s1 w3", `the headquarters has "w1" after "w3"`},
		{"invented", "w1 s1 w3 x9", "w1 s1 w3 x9", `"x9", which nobody said`},
		{"two orders", "w1 s1 w3", "s1 w1 w3", "the histories differ"},
	} {
		got := strings.Join(Judge(said, strings.Fields(tt.hq), strings.Fields(tt.gateway)), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}
