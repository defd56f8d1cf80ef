package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"picket/radio/pair"
)

// A Link is one file of the folder links: a paired peer and the ways to it.
type Link struct {
	Peer      string         `toml:"peer"`      // its name: a gateway's mirror domain, the headquarters' MUC domain
	Domains   []string       `toml:"domains"`   // whose users it may speak for
	ID        uint8          `toml:"id"`        // 1..62, the same at both ends
	Public    pair.PublicKey `toml:"public"`    // its key; the secret of the pairing is in keys/PEER.psk
	TagBytes  int            `toml:"tag_bytes"` // 4, 8 or 16, the same at both ends
	KeepAlive Duration       `toml:"keepalive"` // 0: an idle line stays silent
	Tries     int            `toml:"tries"`     // unanswered sendings after which the link is down; 0: the default
	Bearers   []Bearer       `toml:"bearer"`    // in order of preference
}

// A Bearer is one way to the peer.
type Bearer struct {
	Kind       string   `toml:"kind"` // serial
	Port       string   `toml:"port"` // a device
	Rate       int      `toml:"rate"` // bit/s
	MTU        int      `toml:"mtu"`  // bytes of a frame; 0: the bearer's default
	CRC        bool     `toml:"crc"`  // a checksum a frame, beside the seal's tag
	Flow       string   `toml:"flow"` // "" or "rtscts"
	HalfDuplex bool     `toml:"half_duplex"`
	Turnaround Duration `toml:"turnaround"`
}

// LinkIDMax is the largest address on a shared channel (radio/WIRE.md).
const LinkIDMax = 62

// What a bearer may call its longest frame: a handshake has to fit
// (radio/WIRE.md), and one lost frame must not cost too much air.
const (
	MTUMin = 120
	MTUMax = 1024
)

// TriesMax is how patient a link may be made: each try waits half as long again
// as the one before, 30 s at most.
const TriesMax = 100

// BearersMax is how many ways there are to one peer, at most.
const BearersMax = 4

// Validate names the keys.
func (l *Link) Validate() []Problem {
	all := CheckDomain("peer", l.Peer)
	for _, d := range l.Domains {
		all = append(all, CheckDomain("domains", d)...)
	}
	bad := func(yes bool, key, what, hint string) {
		if yes {
			all = append(all, Problem{Key: key, What: what, Hint: hint})
		}
	}
	bad(len(l.Domains) == 0, "domains", "the peer may speak for nobody", `domains = ["raleigh.example.org"]`)
	bad(l.ID < 1 || l.ID > LinkIDMax, "id", fmt.Sprintf("%d is not 1 to %d", l.ID, LinkIDMax), "the number that picketctl pair gave to both ends")
	bad(l.Public == pair.PublicKey{}, "public", "the peer's key is missing", "picketctl pair writes it")
	bad(!slices.Contains([]int{4, 8, 16}, l.TagBytes), "tag_bytes", fmt.Sprintf("%d is not 4, 8 or 16", l.TagBytes), "the same at both ends; 4 below 2400 bit/s, 8 above")
	bad(l.Tries < 0 || l.Tries > TriesMax, "tries", fmt.Sprintf("%d is not 0 to %d", l.Tries, TriesMax), "0 for the default; each waits longer than the one before")
	bad(len(l.Bearers) == 0 || len(l.Bearers) > BearersMax, "bearer", fmt.Sprintf("%d bearers are none to %d", len(l.Bearers), BearersMax), "one to four sections [[bearer]]")
	for _, b := range l.Bearers {
		bad(b.Kind != "serial", "bearer.kind", strconv.Quote(b.Kind)+" is no kind of bearer", `kind = "serial"`)
		bad(b.Port == "", "bearer.port", "no port is named", `port = "/dev/serial/by-id/…" stays the same wherever it is plugged in`)
		bad(b.Rate < 50 || b.Rate > 4_000_000, "bearer.rate", fmt.Sprintf("%d bit/s is out of range", b.Rate), "300, 1200, 2400, 4800, 9600, 19200, 57600 or 115200, as the peer")
		bad(b.MTU != 0 && (b.MTU < MTUMin || b.MTU > MTUMax), "bearer.mtu", fmt.Sprintf("%d is not %d to %d", b.MTU, MTUMin, MTUMax),
			"0 for the default, 255; both ends alike. In a shorter frame a handshake has no room, and no link would come up")
		bad(b.Flow != "" && b.Flow != "rtscts", "bearer.flow", strconv.Quote(b.Flow)+" is no flow control", `"" or "rtscts"`)
	}
	return all
}

// A Pairing is a peer as a program needs it: its file and the keys.
type Pairing struct {
	Link
	File   string
	Record pair.Peer
}

// LoadPairings reads this place's key and all links, sorted by name. No links:
// it is not paired yet.
func LoadPairings(dir string) (own pair.PrivateKey, all []Pairing, err error) {
	if own, err = LoadOwnKey(dir); err != nil {
		return own, nil, err
	}
	files, err := LinkFiles(dir)
	if err != nil {
		return own, nil, err
	}
	ids := map[uint8]string{}
	for _, file := range files {
		p, err := loadPairing(dir, file)
		if err != nil {
			return own, nil, err
		}
		if other, taken := ids[p.ID]; taken {
			return own, nil, &Problem{File: file, Key: "id", What: fmt.Sprintf("%d is that of %s too", p.ID, other),
				Hint: "pair one of them again: picketctl pair … -replace"}
		}
		ids[p.ID] = file
		all = append(all, p)
	}
	return own, all, nil
}

func loadPairing(dir, file string) (Pairing, error) {
	p := Pairing{File: file}
	if err := Decode(file, &p.Link); err != nil {
		return p, err
	}
	if want := LinkFile(dir, p.Peer); filepath.Base(want) != filepath.Base(file) {
		return p, &Problem{File: file, Key: "peer", What: "the link of " + p.Peer + " belongs into " + want, Hint: "one file a peer, named by it"}
	}
	psk, err := LoadPSK(dir, p.Peer)
	if err != nil {
		return p, err
	}
	p.Record = pair.Peer{Name: p.Peer, Domains: p.Domains, LinkID: p.ID, Public: p.Public, PSK: psk, TagBytes: p.TagBytes}
	return p, nil
}

// LinkFile is where a peer's link stands.
func LinkFile(dir, peer string) string { return filepath.Join(dir, LinksDir, peer+".toml") }

// LinkFiles gives the files of all links, sorted.
func LinkFiles(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, LinksDir, "[^.]*.toml"))
	slices.Sort(files)
	return files, err
}

// ReadLink reads one file; nil: there is none.
func ReadLink(file string) (*Link, error) {
	var l Link
	err := Decode(file, &l)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &l, err
}

// LinkIDs gives whose the link ids are, but for one peer.
func LinkIDs(dir, but string) (map[uint8]string, error) {
	files, err := LinkFiles(dir)
	if err != nil {
		return nil, err
	}
	ids := map[uint8]string{}
	for _, f := range files {
		l, err := ReadLink(f)
		if err != nil {
			return nil, err
		}
		if l != nil && l.Peer != but {
			ids[l.ID] = l.Peer
		}
	}
	return ids, nil
}

// RemoveLinks forgets all peers, and the secrets shared with them.
func RemoveLinks(dir string) error {
	files, err := LinkFiles(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		peer := strings.TrimSuffix(filepath.Base(f), ".toml")
		for _, gone := range []string{f, pskFile(dir, peer)} {
			if err := os.Remove(gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// WriteLink writes a peer's file and the secret shared with it.
func WriteLink(dir string, l Link, psk pair.PSK, now time.Time) error {
	if problems := l.Validate(); len(problems) > 0 {
		return &problems[0]
	}
	public, err := l.Public.MarshalText()
	if err != nil {
		return err
	}
	if err := savePSK(dir, l.Peer, psk); err != nil {
		return err
	}
	return Write(LinkFile(dir, l.Peer), linkText(l, string(public), now), PlainMode)
}

func linkText(l Link, public string, now time.Time) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `# The link to %s, made by "picketctl pair" on %s.
# The bearers may be changed here by hand; the rest comes from the pairing and
# has to agree at both ends. The shared secret stands in keys/%s.psk.

peer = %q
domains = [`, l.Peer, now.UTC().Format(time.DateOnly), l.Peer, l.Peer)
	for i, d := range l.Domains {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", d)
	}
	fmt.Fprintf(&b, `] # whose users the peer may speak for
id = %d
public = %q
tag_bytes = %d    # 4, 8 or 16
keepalive = %q # a poll after so long without a frame; "0s": an idle line is silent
tries = %d        # so many sendings without an answer, and the link is down; 0: the default, 6
`, l.ID, public, l.TagBytes, l.KeepAlive, l.Tries)
	for _, br := range l.Bearers {
		fmt.Fprintf(&b, `
[[bearer]]
kind = %q
port = %q
rate = %d          # bit/s, as the peer
mtu = %d              # bytes of a frame, 120 to 1024, as the peer; 0: the default
crc = %t          # a checksum in each frame, as the peer
flow = %q            # "" or "rtscts"
half_duplex = %t  # a radio is behind the port: one side at a time
turnaround = %q    # of that radio
`, br.Kind, br.Port, br.Rate, br.MTU, br.CRC, br.Flow, br.HalfDuplex, br.Turnaround)
	}
	return []byte(b.String())
}
