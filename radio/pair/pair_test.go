package pair

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"strings"
	"testing"
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
	shared, _ := psk.MarshalText()
	for _, f := range []string{"%v", "%+v", "%#v", "%s"} {
		out := fmt.Sprintf(f+f, own, psk)
		if strings.Contains(out, string(secret[20:30])) || strings.Contains(out, string(shared[20:30])) || strings.Contains(out, "0x") {
			t.Errorf("%s prints %s", f, out)
		}
	}
	if err := pub2.UnmarshalText(secret); err == nil || !strings.Contains(err.Error(), "no public key") {
		t.Errorf("a private key for a public one: %v", err)
	}
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
