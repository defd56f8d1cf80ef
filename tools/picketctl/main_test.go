package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestDispatch(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		code   int
		out    string // has this
		errOut string // is this
	}{
		{nil, 2, "usage: picketctl", ""},
		{[]string{"help"}, 0, "usage: picketctl", ""},
		{[]string{"version"}, 0, "picketctl ", ""},
		{[]string{"launch"}, 2, "", "error: picketctl: \"launch\" is no command\nhint:  picketctl help lists them\n"},
	} {
		var out, errOut bytes.Buffer
		code := dispatch(tt.args, strings.NewReader(""), &out, &errOut)
		if code != tt.code || !strings.Contains(out.String(), tt.out) || errOut.String() != tt.errOut {
			t.Errorf("picketctl %v\n got %d, %q, %q\nwant %d, …%q…, %q", tt.args, code, out.String(), errOut.String(), tt.code, tt.out, tt.errOut)
		}
	}
}
