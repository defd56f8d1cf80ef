package codec

import (
	"testing"

	"picket/codec/xmltree"
)

func TestGenericRoundTrip(t *testing.T) {
	for _, s := range []string{
		`<message xmlns='jabber:client' from='a@b' type='groupchat'><body>hi &lt; there</body><x xmlns='urn:foo' xml:lang='en'/></message>`,
		`<a/>`,
	} {
		el := xmltree.MustParse(s)
		b, _, err := NewEncoder(Config{}).Encode(nil, el)
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewDecoder(Config{}).Decode(b)
		if err != nil || !xmltree.Equal(got, el) {
			t.Errorf("%s\n got %v, %v", s, got, err)
		}
	}
}
