package pair

import (
	"bytes"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

func TestTextForms(t *testing.T) {
	rand := bytes.NewReader(bytes.Repeat([]byte{7, 1, 200}, 40))
	own, err1 := NewPrivateKey(rand)
	psk, err2 := NewPSK(rand)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	pub := own.Public()
	var own2 PrivateKey
	var pub2 PublicKey
	var psk2 PSK
	for _, k := range []struct {
		out encoding.TextMarshaler
		in  encoding.TextUnmarshaler
	}{{own, &own2}, {pub, &pub2}, {psk, &psk2}} {
		text, _ := k.out.MarshalText()
		if err := k.in.UnmarshalText([]byte(" " + strings.ToUpper(string(text[:0])) + string(text) + "\n")); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for i := range text {
			bad := bytes.Clone(text)
			bad[i] ^= 1
			var te *TextError
			if err := k.in.UnmarshalText(bad); err == nil || !errors.As(err, &te) {
				t.Errorf("%s with character %d changed: %v", text, i, err)
			} else if strings.Contains(err.Error(), string(bad[len(bad)-20:])) {
				t.Errorf("the error tells the key: %v", err)
			}
		}
	}
	if own2 != own || pub2 != pub || psk2 != psk {
		t.Error("a key does not come back")
	}
	secret, _ := own.MarshalText()
	peer := Peer{Public: pub, PSK: psk}
	for _, f := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if out := fmt.Sprintf(f+" "+f, own, psk); out != "key(private) key(shared)" {
			t.Errorf("%s prints %s", f, out)
		}
		if out := fmt.Sprintf(f, peer); !strings.Contains(out, "key(shared)") {
			t.Errorf("%s of a Peer prints %s", f, out)
		}
	}
	if err := pub2.UnmarshalText(secret); err == nil || !strings.Contains(err.Error(), "no public key") {
		t.Errorf("a private key for a public one: %v", err)
	}
}

// TestVectors reads testdata/keys.txt.
func TestVectors(t *testing.T) {
	datadriven.RunTest(t, "testdata/keys.txt", func(t *testing.T, d *datadriven.TestData) string {
		var private PrivateKey
		var public PublicKey
		var psk PSK
		switch d.Cmd {
		case "private", "public", "shared": // bytes to text
			k := unhex(t, d.Input)
			text, _ := map[string]encoding.TextMarshaler{"private": PrivateKey(k), "public": PublicKey(k), "shared": PSK(k)}[d.Cmd].MarshalText()
			return string(text)
		case "read-private", "read-public", "read-shared": // text to bytes
			to := map[string]encoding.TextUnmarshaler{"read-private": &private, "read-public": &public, "read-shared": &psk}[d.Cmd]
			if err := to.UnmarshalText([]byte(d.Input)); err != nil {
				return err.Error()
			}
			for _, k := range [][32]byte{private, public, psk} {
				if k != [32]byte{} {
					return hex.EncodeToString(k[:])
				}
			}
		case "words": // two private keys and the shared one, a line each
			f := strings.Fields(d.Input)
			return Words(PrivateKey(unhex(t, f[0])).Public(), PrivateKey(unhex(t, f[1])).Public(), unhex(t, f[2]))
		}
		t.Fatalf("%s: no such command", d.Pos)
		return ""
	})
}

func unhex(t *testing.T, s string) (k [32]byte) {
	t.Helper()
	if n, err := hex.Decode(k[:], []byte(s)); err != nil || n != len(k) {
		t.Fatalf("%q: %d bytes, %v", s, n, err)
	}
	return k
}

func TestWords(t *testing.T) {
	a, b, psk := PublicKey{1}, PublicKey{2}, PSK{3}
	w := Words(a, b, psk)
	if w != Words(b, a, psk) || len(w) != 4*5+3 {
		t.Errorf("words %q", w)
	}
	if w == Words(a, b, PSK{4}) || w == Words(a, PublicKey{3}, psk) {
		t.Error("another pairing has the same words")
	}
}

func FuzzKeyText(f *testing.F) {
	f.Add("picket-public-aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqaaaa")
	f.Fuzz(func(t *testing.T, s string) {
		var k PublicKey
		if k.UnmarshalText([]byte(s)) == nil && !strings.EqualFold(k.String(), strings.TrimSpace(s)) {
			t.Errorf("%q is read as %s", s, k)
		}
	})
}
