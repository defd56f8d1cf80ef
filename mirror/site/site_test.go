package site

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"picket/radio/link"
	"picket/radio/pair"
	"picket/radio/serial"
)

// A sample is a configuration like the programs'.
type sample struct {
	Domain string   `toml:"domain"`
	Hold   Duration `toml:"hold"`
	Listen Listen   `toml:"listen"`
	Log    Log      `toml:"log"`
}

func (s *sample) Validate() []Problem {
	return append(append(CheckDomain("domain", s.Domain), s.Listen.Validate("listen")...), s.Log.Validate("log")...)
}

func TestDecodeTellsWhere(t *testing.T) {
	const rest = "\n[listen]\nstarttls = \":5222\"\n"
	for _, tt := range []struct{ name, doc, want string }{
		{"good", "domain = \"hq.example\"\nhold = \"90s\"" + rest, ""},
		{"a key that is none", "domain = \"hq.example\"\nholt = \"90s\"" + rest, "error: c.toml:2: holt: there is no such key\n"},
		{"a key in the wrong section", "domain = \"hq.example\"" + rest + "hold = \"90s\"\n", "error: c.toml:4: listen.hold: there is no such key\n"},
		{"a time that is none", "domain = \"hq.example\"\nhold = \"soon\"" + rest, "c.toml:2: "},
		{"a negative time", "domain = \"hq.example\"\nhold = \"-1s\"" + rest, "c.toml:2: "},
		{"a number for text", "domain = 5" + rest, "c.toml:1: domain: "},
		{"no TOML", "domain = \"hq.example\"\nhold: 90s" + rest, "c.toml:2: "},
		{"a domain with a port", "domain = \"hq.example:5222\"" + rest, "error: c.toml:1: domain: \"hq.example:5222\" is no domain\nhint:  a name in lower case"},
		{"a missing key", rest, "error: c.toml: domain: \"\" is no domain\n"},
		{"a bad address", "domain = \"hq.example\"\n[listen]\n# tls is off\nstarttls = \"5222\"\n", "error: c.toml:4: listen.starttls: \"5222\" is no address to listen on\n"},
		{"a port too large", "domain = \"hq.example\"\n[listen]\ntls = \":70000\"\n", "error: c.toml:3: listen.tls: "},
		{"no listener", "domain = \"hq.example\"\n[listen]\n", "error: c.toml:2: listen.starttls: no client could connect"},
		{"two problems", "domain = \"HQ\"" + rest + "[log]\nlevel = \"loud\"\n", "error: c.toml:5: log.level: \"loud\" is no level\n"},
	} {
		var got bytes.Buffer
		if err := decode("c.toml", []byte(tt.doc), &sample{}); err != nil {
			Print(&got, err)
		}
		if tt.want == "" && got.Len() > 0 || !strings.Contains(got.String(), tt.want) {
			t.Errorf("%s\n got %q\nwant …%q…", tt.name, got.String(), tt.want)
		}
	}
}

// zeros stands for a source of keys that differ by their first byte.
type source byte

func (s source) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s)
	}
	return len(b), nil
}

func testLink(t *testing.T, peer string, id uint8) (Link, pair.PSK) {
	t.Helper()
	key, err := pair.NewPrivateKey(source(id))
	if err != nil {
		t.Fatal(err)
	}
	psk, err := pair.NewPSK(source(100 + id))
	if err != nil {
		t.Fatal(err)
	}
	return Link{Peer: peer, Domains: []string{strings.TrimPrefix(peer, "mirror.")}, ID: id, Public: key.Public(), TagBytes: 8,
		KeepAlive: Duration(10 * time.Minute),
		Bearers: []Bearer{{Kind: "serial", Port: "/dev/ttyUSB0", Rate: 1200, CRC: true, HalfDuplex: true, Turnaround: Duration(150 * time.Millisecond)},
			{Kind: "serial", Port: "/dev/ttyS1", Rate: 9600, MTU: 128, Flow: "rtscts"}}}, psk
}

func TestPairingsComeBack(t *testing.T) {
	dir := t.TempDir()
	own, err := EnsureOwnKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := EnsureOwnKey(dir); err != nil || again != own {
		t.Errorf("a second EnsureOwnKey gives another key (%v)", err)
	}
	var want []Link
	for i, peer := range []string{"mirror.durham.example", "mirror.raleigh.example"} {
		l, psk := testLink(t, peer, uint8(i+1))
		if err := WriteLink(dir, l, psk, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		want = append(want, l)
	}
	gotOwn, got, err := LoadPairings(dir)
	if err != nil || gotOwn != own || len(got) != 2 {
		t.Fatalf("%d pairings, %v", len(got), err)
	}
	for i, p := range got {
		_, psk := testLink(t, p.Link.Peer, p.ID)
		same(t, p.Link, want[i])
		if p.Record.PSK != psk || p.Record.Public != p.Public || p.Record.Name != p.Peer || p.Record.LinkID != p.ID {
			t.Errorf("the record of %s does not agree with its file", p.Peer)
		}
	}
	for _, file := range []string{"keys/own.key", "keys/mirror.durham.example.psk"} {
		if st, err := os.Stat(filepath.Join(dir, file)); err != nil || st.Mode().Perm() != SecretMode {
			t.Errorf("%s: %v, %v", file, st.Mode(), err)
		}
	}
	if err := RemoveLinks(dir); err != nil {
		t.Fatal(err)
	}
	if _, got, err := LoadPairings(dir); err != nil || len(got) != 0 {
		t.Errorf("after RemoveLinks: %d, %v", len(got), err)
	}
}

func same(t *testing.T, got, want Link) {
	t.Helper()
	a, b := linkText(got, got.Public.String(), time.Unix(0, 0)), linkText(want, want.Public.String(), time.Unix(0, 0))
	if !bytes.Equal(a, b) {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func TestDamagedPairings(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		damage     func(dir string) error
	}{
		{"own key readable by others", "own.key: mode 0644 lets others use this secret", func(dir string) error { return os.Chmod(filepath.Join(dir, "keys/own.key"), 0o644) }},
		{"own key gone", "own.key: the key is missing", func(dir string) error { return os.Remove(filepath.Join(dir, "keys/own.key")) }},
		{"own key is another kind of key", "own.key: pair: ", func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, "keys/mirror.raleigh.example.psk"))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, "keys/own.key"), b, 0o600))
		}},
		{"shared secret gone", "mirror.raleigh.example.psk: the key is missing", func(dir string) error { return os.Remove(filepath.Join(dir, "keys/mirror.raleigh.example.psk")) }},
		{"public key with a typing error", "mirror.raleigh.example.toml:8: public: ", func(dir string) error {
			return edit(filepath.Join(dir, "links/mirror.raleigh.example.toml"), `public = "`, `public = "x`)
		}},
		{"no such rate", "mirror.raleigh.example.toml:16: bearer.rate: 12 bit/s is out of range", func(dir string) error {
			return edit(filepath.Join(dir, "links/mirror.raleigh.example.toml"), `rate = 1200`, `rate = 12`)
		}},
		{"frames too short for a handshake", "mirror.raleigh.example.toml:17: bearer.mtu: 119 is not 120 to 1024", func(dir string) error {
			return edit(filepath.Join(dir, "links/mirror.raleigh.example.toml"), `mtu = 0`, `mtu = 119`)
		}},
		{"two links with one id", "id: 1 is that of", func(dir string) error {
			l, psk := testLink(t, "mirror.durham.example", 1)
			return WriteLink(dir, l, psk, time.Unix(0, 0))
		}},
		{"a link under another name", "belongs into", func(dir string) error {
			return os.Rename(filepath.Join(dir, "links/mirror.raleigh.example.toml"), filepath.Join(dir, "links/other.toml"))
		}},
	} {
		dir := t.TempDir()
		l, psk := testLink(t, "mirror.raleigh.example", 1)
		_, err := EnsureOwnKey(dir)
		if err = errors.Join(err, WriteLink(dir, l, psk, time.Unix(0, 0)), tt.damage(dir)); err != nil {
			t.Fatal(err)
		}
		_, _, err = LoadPairings(dir)
		if err == nil || !strings.Contains(err.Error(), tt.want) || hintOf(err) == "" {
			t.Errorf("%s\n got %v, hint %q\nwant …%s…", tt.name, err, hintOf(err), tt.want)
		}
		if psk, _ := psk.MarshalText(); err != nil && bytes.Contains([]byte(err.Error()), psk[10:]) {
			t.Errorf("%s: the error holds the secret", tt.name)
		}
	}
}

func edit(path, old, new string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(new), 1), 0o644)
}

// TestFrameSizes: what a file may say is what a link and its bearer take.
func TestFrameSizes(t *testing.T) {
	if MTUMin != link.MTUMin {
		t.Errorf("MTUMin is %d, a link needs %d", MTUMin, link.MTUMin)
	}
	for mtu, good := range map[int]bool{0: true, 1: false, MTUMin - 1: false, MTUMin: true, MTUMax: true, MTUMax + 1: false} {
		l, _ := testLink(t, "mirror.raleigh.example", 1)
		l.Bearers[1].MTU = mtu
		cfg := serial.Config{Path: "/dev/ttyS1", Baud: 9600, MTU: mtu}
		if problems, err := l.Validate(), cfg.Validate(); (len(problems) == 0) != good || (err == nil) != good {
			t.Errorf("mtu = %d: %v; serial: %v", mtu, problems, err)
		}
	}
}

func TestWriteReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	for _, text := range []string{"one", "two"} {
		if err := Write(path, []byte(text), PlainMode); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(path); string(b) != text {
			t.Errorf("got %q, want %q", b, text)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "picket.toml")
	if _, err := Find(dir, "picket.toml"); err == nil || !strings.Contains(hintOf(err), "picket init -config") {
		t.Errorf("no file: %v, %q", err, hintOf(err))
	}
	os.WriteFile(file, nil, 0o644)
	for _, arg := range []string{dir, file} {
		if got, err := Find(arg, "picket.toml"); err != nil || got != file {
			t.Errorf("Find(%s) = %s, %v", arg, got, err)
		}
	}
	if _, err := Fresh(dir, "picket.toml"); err == nil {
		t.Error("Fresh gives a file that is there")
	}
}
