package codec

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"picket/codec/ns"
)

// Tags of this format (WIRE.md, "Values"). They never leave a link, so no
// registry is asked.
const (
	tagString   = 6  // an entry of the string table
	tagDefine   = 7  // the same, defined here
	tagAddress  = 8  // a part of an occupant or room
	tagAttr     = 9  // an attribute whose name is spelled out
	tagStatic   = 10 // a static value as text of an element
	tagUUID     = 11
	tagHex      = 12
	tagBase64   = 13
	tagNumber   = 14
	tagDateTime = 15
)

// dictionary is ns's, turned round.
type dictionary struct {
	names, attrs map[ns.Name]int
	values       map[string]int
}

var static = func() dictionary {
	d := dictionary{map[ns.Name]int{}, map[ns.Name]int{}, map[string]int{}}
	for i, n := range ns.Names {
		d.names[n] = i
	}
	for i, n := range ns.Attrs {
		d.attrs[n] = i
	}
	for i, v := range ns.Values {
		d.values[v] = i
	}
	return d
}()

// typed gives the shortest of the forms that print back to the very same
// characters (+1, 1.50e0, an upper-case UUID stay text); nil: none does.
func typed(s string) []byte {
	if s == "" {
		return nil
	}
	var best []byte
	try := func(b []byte) {
		if best == nil || len(b) < len(best) {
			best = b
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		try(appendInt(appendHead(nil, majorTag, tagNumber), n))
	} else if scale, mantissa, ok := decimal(s); ok {
		b := appendHead(appendHead(nil, majorTag, tagNumber), majorArray, 2)
		try(appendInt(appendHead(b, majorUint, uint64(scale)), mantissa))
	}
	if sec, ok := seconds(s); ok {
		try(appendInt(appendHead(nil, majorTag, tagDateTime), sec))
	}
	if id, ok := uuidBytes(s); ok {
		try(appendBytes(tagUUID, id))
	}
	if b, err := hex.DecodeString(s); err == nil && len(b) > 1 && hex.EncodeToString(b) == s {
		try(appendBytes(tagHex, b))
	}
	if len(s) >= 8 && len(s)%4 == 0 {
		if b, err := base64.StdEncoding.Strict().DecodeString(s); err == nil && base64.StdEncoding.EncodeToString(b) == s {
			try(appendBytes(tagBase64, b))
		}
	}
	return best
}

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendHead(dst, majorNeg, uint64(-1-n))
	}
	return appendHead(dst, majorUint, uint64(n))
}

func appendBytes(tag uint64, b []byte) []byte {
	dst := appendHead(appendHead(nil, majorTag, tag), majorBytes, uint64(len(b)))
	return append(dst, b...)
}

// scaleMax is the most digits after a decimal point.
const scaleMax = 17

// decimal reads a fraction such as 35.780000: digits after the point, and all
// digits as one number. False: printing it would give something else.
func decimal(s string) (scale int, mantissa int64, ok bool) {
	whole, frac, found := strings.Cut(s, ".")
	if !found || frac == "" || len(frac) > scaleMax || strings.ContainsAny(frac, "+-") {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil || printDecimal(len(frac), n) != s {
		return 0, 0, false
	}
	return len(frac), n, true
}

func printDecimal(scale int, mantissa int64) string {
	sign, digits := "", strconv.FormatInt(mantissa, 10)
	if mantissa < 0 {
		sign, digits = "-", digits[1:]
	}
	if pad := scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// layout is XEP-0082's DateTime in whole seconds.
const layout = "2006-01-02T15:04:05Z"

// Times that have four digits for the year.
const stampMin, stampMax = -62167219200, 253402300799

func seconds(s string) (int64, bool) {
	if len(s) != len(layout) || s[4] != '-' || s[len(s)-1] != 'Z' {
		return 0, false
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return 0, false
	}
	return t.Unix(), stamp(t.Unix()) == s
}

func stamp(sec int64) string { return time.Unix(sec, 0).UTC().Format(layout) }

// uuidBytes reads a UUID in its usual lower-case form (RFC 9562 §4).
func uuidBytes(s string) ([]byte, bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return nil, false
	}
	b, err := hex.DecodeString(s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	if err != nil || printUUID(b) != s {
		return nil, false
	}
	return b, true
}

func printUUID(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
