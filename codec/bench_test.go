package codec

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// Each benchmark prints B/stanza: what one costs on the air. gzip is one stream
// for all stanzas, flushed after each (XEP-0138): the peer that a server has.

// words draws text that does not repeat itself as a counted one would.
func words(r *rand.Rand, n int) string {
	const consonants, vowels = "bcdfghjklmnprstvw", "aeiou"
	var b strings.Builder
	for b.Len() < n {
		if b.Len() > 0 && r.Intn(3) == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(consonants[r.Intn(len(consonants))])
		b.WriteByte(vowels[r.Intn(len(vowels))])
	}
	return strings.TrimSpace(b.String()[:n])
}

func groupchats(t testing.TB) []*xmltree.Element {
	r := rand.New(rand.NewSource(1))
	var out []*xmltree.Element
	for n := 1; n <= 64; n++ {
		out = append(out, stanza(t, fmt.Sprintf("<message from='wayne@raleigh.tridsys.com/TransVerse' to='chatroom@conference.fairfax.tridsys.com' type='groupchat'>"+
			"<body>%s</body><item xmlns='urn:xmpp:dmuc:0' n='%d'/></message>", words(r, 50), n)))
	}
	return out
}

func roster200(t testing.TB) *xmltree.Element {
	r := rand.New(rand.NewSource(1))
	var b strings.Builder
	for range 200 {
		name := strings.ReplaceAll(words(r, 6), " ", "")
		nick := strings.ToUpper(name[:1]) + name[1:]
		fmt.Fprintf(&b, "<item affiliation='none' jid='%s@fairfax.tridsys.com/TransVerse' name='%s' role='participant'/>", name, nick)
	}
	return stanza(t, "<iq type='set' from='chatroom@conference.fairfax.tridsys.com' to='mirror.raleigh.tridsys.com' id='r1'><roster xmlns='urn:xmpp:dmuc:0'>"+b.String()+"</roster></iq>")
}

func BenchmarkGroupchat(b *testing.B) {
	all := groupchats(b)
	b.Run("encode", func(b *testing.B) {
		p := newPair(testDomains)
		size := 0
		for i := 0; b.Loop(); i++ {
			out, ref, err := p.enc.Encode(nil, all[i%len(all)])
			if err != nil {
				b.Fatal(err)
			}
			p.enc.Acked(ref)
			size += len(out)
		}
		b.ReportMetric(float64(size)/float64(b.N), "B/stanza")
	})
	b.Run("decode", func(b *testing.B) {
		p := newPair(testDomains)
		p.cross(b, all[0])
		msg, _, err := p.enc.Encode(nil, all[1])
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := p.dec.Decode(msg); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(msg)), "B/stanza")
	})
	b.Run("gzip", func(b *testing.B) { gzipStream(b, all) })
}

func BenchmarkRoster200(b *testing.B) {
	el := roster200(b)
	first := newPair(testDomains).cross(b, el)
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := NewEncoder(testDomains).Encode(nil, el); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(first)), "B/stanza")
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := NewDecoder(testDomains).Decode(first); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(first)), "B/stanza")
	})
	b.Run("gzip", func(b *testing.B) {
		size := 0
		for b.Loop() {
			var air bytes.Buffer
			z, _ := gzip.NewWriterLevel(&air, gzip.BestCompression)
			z.Write(el.Append(nil, ns.Client))
			z.Flush()
			size = air.Len()
		}
		b.ReportMetric(float64(size), "B/stanza")
	})
}

// gzipStream writes all stanzas into one stream.
func gzipStream(b *testing.B, all []*xmltree.Element) {
	var air bytes.Buffer
	size := 0
	z, _ := gzip.NewWriterLevel(&air, gzip.BestCompression)
	for i := 0; b.Loop(); i++ {
		z.Write(all[i%len(all)].Append(nil, ns.Client))
		z.Flush()
		size += air.Len()
		if air.Reset(); i%len(all) == 0 {
			z.Reset(&air) // each session starts cold
		}
	}
	b.ReportMetric(float64(size)/float64(b.N), "B/stanza")
}

// Even where nothing is lost, and the text is not coded, a groupchat costs no
// more than in a compressed stream that never starts anew.
func TestCheaperThanAStream(t *testing.T) {
	var air bytes.Buffer
	z, _ := gzip.NewWriterLevel(&air, gzip.BestCompression)
	p := newPair(testDomains)
	var ours, theirs int
	for _, el := range groupchats(t) {
		ours += len(p.cross(t, el))
		z.Write(el.Append(nil, ns.Client))
		z.Flush()
	}
	if theirs = air.Len(); ours > theirs {
		t.Errorf("64 groupchats cost %d bytes, a gzip stream %d", ours, theirs)
	}
}
