package seal

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestVectors reads testdata/*.txt, and the examples of the specification.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, f := range files {
		v := &vectors{} // a file is one story
		t.Run(filepath.Base(f), func(t *testing.T) { datadriven.RunTest(t, f, v.run) })
	}
	wire, err := os.ReadFile("../WIRE.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(wire), "\n```seal\n")[1:]
	if len(examples) == 0 {
		t.Error("WIRE.md has no example of a sealed frame")
	}
	v := &vectors{}
	for _, e := range examples {
		e, _, _ = strings.Cut(e, "```\n")
		datadriven.RunTestFromString(t, e, v.run)
	}
}

// vectors is the state between the commands of one file.
type vectors struct {
	keys      [2]Keys // gateway, headquarters
	link      uint8
	opening   *Opening
	challenge *Challenge
	sessions  [2]*Session
	openers   [2]*Session // for open: a sealer only goes forward
}

func (v *vectors) run(t *testing.T, d *datadriven.TestData) string {
	arg := func(key string) []byte {
		var s string
		d.MaybeScanArgs(t, key, &s)
		return unhex(t, s)
	}
	num := func(key string) (n uint64) {
		d.MaybeScanArgs(t, key, &n)
		return n
	}
	from := 0
	if d.HasArg("headquarters") {
		from = 1
	}
	switch d.Cmd {
	case "pairing": // link=N, then gateway, headquarters and psk keys, a line each
		v.link = uint8(num("link"))
		f := strings.Fields(d.Input)
		for i := range 2 {
			v.keys[i] = Keys{Private: [32]byte(unhex(t, f[i])), PSK: [32]byte(unhex(t, f[2]))}
		}
		for i := range 2 {
			public, err := Public(v.keys[1-i].Private)
			if err != nil {
				t.Fatal(err)
			}
			v.keys[i].Peer = public
		}
		return fmt.Sprintf("gateway's public key:      %x\nheadquarters' public key:  %x", v.keys[1].Peer, v.keys[0].Peer)
	case "message1": // ephemeral=HEX payload=HEX
		var err error
		if v.opening, err = v.keys[0].Start(v.link, bytes.NewReader(arg("ephemeral")), arg("payload")); err != nil {
			return err.Error()
		}
		return lines(v.opening.Message)
	case "read1": // ephemeral=HEX [other-link], then message 1
		link := v.link
		if d.HasArg("other-link") {
			link++
		}
		c, err := v.keys[1].Read(link, bytes.NewReader(arg("ephemeral")), unhex(t, d.Input))
		if err != nil {
			return err.Error()
		}
		v.challenge = c
		return fmt.Sprintf("payload %x", c.Payload)
	case "message2": // tag=N payload=HEX
		m, s, err := v.challenge.Answer(arg("payload"), int(num("tag")))
		if err != nil {
			return err.Error()
		}
		v.sessions[1] = s
		return lines(m)
	case "read2": // tag=N, then message 2
		p, s, err := v.opening.Finish(unhex(t, d.Input), int(num("tag")))
		if err != nil {
			return err.Error()
		}
		v.sessions[0] = s
		return fmt.Sprintf("payload %x\nchain from the gateway       %x\nchain from the headquarters  %x", p, s.Out.now.chain, s.In.now.chain)
	case "seal": // [headquarters] number=N header=HEX plain=HEX
		return lines(v.sessions[from].Out.Seal(arg("header"), num("number"), arg("header"), arg("plain")))
	case "open": // [headquarters] number=N, then the frame: by whom it was sealed
		f := unhex(t, d.Input)
		head := 2
		if f[0]&0x40 != 0 {
			head = 3
		}
		plain, ok := v.sessions[1-from].In.Open(num("number"), f[:head], f[head:])
		if !ok {
			return "refused"
		}
		return fmt.Sprintf("plain %x", plain)
	case "wake": // counter=N
		head := []byte{0x80, 0x80 | v.link}
		return lines(v.keys[1].AppendWake(head, head, uint32(num("counter"))))
	case "readwake": // then the frame
		f := unhex(t, d.Input)
		n, err := v.keys[0].ReadWake(f[:2], f[2:])
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("counter %d", n)
	}
	t.Fatalf("%s: no such command", d.Pos)
	return ""
}

func lines(b []byte) string {
	var s []string
	for len(b) > 32 {
		s, b = append(s, hex.EncodeToString(b[:32])), b[32:]
	}
	return strings.Join(append(s, hex.EncodeToString(b)), "\n")
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testSession(t testing.TB, tagBytes int) (gateway, hq *Session) {
	var k [2]Keys
	for i := range 2 {
		k[i] = Keys{Private: [32]byte{byte(i + 1)}, PSK: [32]byte{3}}
	}
	for i := range 2 {
		k[i].Peer, _ = Public(k[1-i].Private)
	}
	o, err := k[0].Start(7, rand.NewChaCha8([32]byte{4}), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := k[1].Read(7, rand.NewChaCha8([32]byte{5}), o.Message)
	if err != nil {
		t.Fatal(err)
	}
	m, hq, err := c.Answer(nil, tagBytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, gateway, err = o.Finish(m, tagBytes); err != nil {
		t.Fatal(err)
	}
	return gateway, hq
}

// TestSpoiltAnswer: answers that are none, one of them with a point of low
// order, do not keep the true one from being taken.
func TestSpoiltAnswer(t *testing.T) {
	k := [2]Keys{{Private: [32]byte{1}, PSK: [32]byte{3}}, {Private: [32]byte{2}, PSK: [32]byte{3}}}
	k[0].Peer, _ = Public(k[1].Private)
	k[1].Peer, _ = Public(k[0].Private)
	o, _ := k[0].Start(7, rand.NewChaCha8([32]byte{4}), nil)
	c, _ := k[1].Read(7, rand.NewChaCha8([32]byte{5}), o.Message)
	m, _, _ := c.Answer([]byte("yes"), 4)
	spoilt := bytes.Clone(m)
	spoilt[40] ^= 1
	for _, bad := range [][]byte{make([]byte, 48), make([]byte, 51), nil, spoilt, o.Message} {
		if _, _, err := o.Finish(bad, 4); err != ErrBadMessage {
			t.Errorf("Finish(%x): %v", bad, err)
		}
	}
	if p, _, err := o.Finish(m, 4); err != nil || string(p) != "yes" {
		t.Errorf("the true answer: %q, %v", p, err)
	}
}

// TestForgeries: no changed bit, other number or other direction opens.
func TestForgeries(t *testing.T) {
	for _, tag := range []int{4, 8, 16} {
		gateway, hq := testSession(t, tag)
		head := []byte{7, 5}
		f := gateway.Out.Seal(nil, 5, head, []byte("payload"))
		if len(f) != len("payload")+tag {
			t.Errorf("tag of %d: %d bytes", tag, len(f))
		}
		for i := range 8 * len(f) {
			g := bytes.Clone(f)
			g[i/8] ^= 1 << (i % 8)
			if _, ok := hq.In.Open(5, head, g); ok {
				t.Errorf("tag of %d: bit %d changed, and opened", tag, i)
			}
		}
		_, number := hq.In.Open(6, head, f)
		_, header := hq.In.Open(5, []byte{0x87, 5}, f)
		_, reflected := gateway.In.Open(5, head, f)
		_, short := hq.In.Open(5, head, f[:tag-1])
		if number || header || reflected || short {
			t.Errorf("tag of %d: opened: number %v, header %v, reflected %v, short %v", tag, number, header, reflected, short)
		}
		if _, ok := hq.In.Open(5, head, f); !ok {
			t.Error("the true one was refused")
		}
	}
}

// TestEpoch: the key changes with number 65536; late packets of the epoch
// before open within the window, and a forgery moves nothing.
func TestEpoch(t *testing.T) {
	gateway, hq := testSession(t, 8)
	const edge = 1 << EpochBits
	seal := func(n uint64) []byte { return gateway.Out.Seal(nil, n, nil, []byte{1}) }
	late, last := seal(edge-2), seal(edge-1)
	first, later := seal(edge), seal(edge+WindowBits)
	opens := func(n uint64, f []byte) bool { _, ok := hq.In.Open(n, nil, f); return ok }
	if opens(edge, last) || opens(edge+1, []byte("no frame at all")) || hq.In.now.number != 0 {
		t.Error("a forgery moved the epoch")
	}
	if !opens(edge-1, last) || !opens(edge, first) || !opens(edge-2, late) {
		t.Error("around the change")
	}
	if !opens(edge+WindowBits, later) || opens(edge-2, late) || hq.In.before != nil {
		t.Error("the old key was kept")
	}
	defer func() {
		if recover() == nil {
			t.Error("a number of an old epoch was sealed")
		}
	}()
	seal(5)
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		number uint64
		fresh  bool
	}{
		{"first", 0, true}, {"again", 0, false},
		{"ahead", 5, true}, {"between", 3, true}, {"between again", 3, false},
		{"far ahead", 200, true}, {"oldest that counts", 200 - 127, true}, {"too old", 200 - 128, false}, {"long since", 5, false},
		{"by 64", 264, true}, {"the same by 64", 200, false}, {"its neighbour", 201, true},
		{"a jump", 1 << 40, true}, {"before it", 1<<40 - 1, true}, {"lost in the jump", 264, false},
	} {
		if got := testWindow.Fresh(tt.number); got != tt.fresh {
			t.Errorf("%s: %d is fresh: %v", tt.name, tt.number, got)
		}
		if tt.fresh {
			testWindow.Take(tt.number)
		}
	}
}

var testWindow Window

// TestWindowModel compares with a set that forgets nothing.
func TestWindowModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var w Window
	seen, highest := map[uint64]bool{}, uint64(0)
	for range 100000 {
		n := highest + uint64(rng.IntN(200))
		if back := uint64(rng.IntN(300)); rng.IntN(2) == 0 && back <= highest {
			n = highest - back
		}
		want := !seen[n] && n+WindowBits > highest
		if w.Fresh(n) != want {
			t.Fatalf("%d with %d the highest: fresh is not %v", n, highest, want)
		}
		if want {
			w.Take(n)
			seen[n], highest = true, max(highest, n)
		}
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	k := Keys{Private: [32]byte{0xab, 0xcd}, PSK: [32]byte{0xab, 0xcd}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if s := fmt.Sprintf(verb, k); s != "keys(…)" {
			t.Errorf("%s prints %q", verb, s)
		}
		if s := fmt.Sprintf(verb, struct{ K Keys }{k}); strings.Contains(strings.ToLower(s), "abcd") || strings.Contains(s, "171") {
			t.Errorf("%s prints %q in a struct", verb, s)
		}
	}
}

func BenchmarkSealOpen(b *testing.B) {
	for _, size := range []int{48, 255} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			gateway, hq := testSession(b, 4)
			head, plain := []byte{7, 5}, make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			n := uint64(0)
			for b.Loop() {
				f := gateway.Out.Seal(nil, n, head, plain)
				if _, ok := hq.In.Open(n, head, f); !ok {
					b.Fatal("refused")
				}
				n++
			}
		})
	}
}

func BenchmarkHandshake(b *testing.B) {
	for b.Loop() {
		testSession(b, 4)
	}
}
