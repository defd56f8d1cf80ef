package site

import (
	"log/slog"
	"net"
	"strconv"
)

// Listen says where clients reach the server: "host:port", ":port" for all
// addresses, port 0 for a free one (PortsFile tells which), "" for none.
type Listen struct {
	StartTLS string `toml:"starttls"` // begins in clear, RFC 6120 §5
	TLS      string `toml:"tls"`      // TLS from the first byte, XEP-0368
}

// Validate names the keys under section.
func (l Listen) Validate(section string) []Problem {
	var all []Problem
	for _, a := range []struct{ key, addr string }{{"starttls", l.StartTLS}, {"tls", l.TLS}} {
		if a.addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(a.addr)
		if n, err2 := strconv.Atoi(port); err != nil || err2 != nil || n < 0 || n > 65535 {
			all = append(all, Problem{Key: section + "." + a.key, What: strconv.Quote(a.addr) + " is no address to listen on",
				Hint: `":5222" for all addresses, "127.0.0.1:5222" for this machine alone, "" for none`})
		}
	}
	if l.StartTLS == "" && l.TLS == "" {
		all = append(all, Problem{Key: section + ".starttls", What: "no client could connect: both addresses are empty",
			Hint: `starttls = ":5222"`})
	}
	return all
}

// Limits bounds what one client may take. 0: the default.
type Limits struct {
	StanzaBytes      int     `toml:"stanza_bytes"`       // one stanza of a client
	SessionsPerUser  int     `toml:"sessions_per_user"`  //
	StanzasPerSecond float64 `toml:"stanzas_per_second"` // of one session, for long; beyond it is read slower
	HistoryMessages  int     `toml:"history_messages"`   // kept of a room
	Rooms            int     `toml:"rooms"`
}

// Validate names the keys under section.
func (l Limits) Validate(section string) []Problem {
	var all []Problem
	check := func(key string, v, min, max float64) {
		if v != 0 && (v < min || v > max) {
			all = append(all, Problem{Key: section + "." + key, What: strconv.FormatFloat(v, 'f', -1, 64) + " is out of range",
				Hint: "0 for the default, or " + strconv.FormatFloat(min, 'f', -1, 64) + " to " + strconv.FormatFloat(max, 'f', -1, 64)})
		}
	}
	check("stanza_bytes", float64(l.StanzaBytes), 10000, 1<<20)
	check("sessions_per_user", float64(l.SessionsPerUser), 1, 100)
	check("stanzas_per_second", l.StanzasPerSecond, 0.1, 10000)
	check("history_messages", float64(l.HistoryMessages), 1, 100000)
	check("rooms", float64(l.Rooms), 1, 10000)
	return all
}

// Journal bounds the file that outlives the power.
type Journal struct {
	SizeMaxMiB int `toml:"size_max_mib"` // 0: the default
}

// sizeMaxMiB still fits the address space of a 32-bit board, which maps the file.
const sizeMaxMiB = 1024

// Validate names the keys under section.
func (j Journal) Validate(section string) []Problem {
	if j.SizeMaxMiB != 0 && (j.SizeMaxMiB < 2 || j.SizeMaxMiB > sizeMaxMiB) {
		return []Problem{{Key: section + ".size_max_mib", What: strconv.Itoa(j.SizeMaxMiB) + " MiB is out of range", Hint: "0 for the default, or 2 to " + strconv.Itoa(sizeMaxMiB)}}
	}
	return nil
}

// Log says how much is told.
type Log struct {
	Level string `toml:"level"` // debug, info, warn, error
}

// Validate names the keys under section.
func (l Log) Validate(section string) []Problem {
	if _, err := l.Slog(); err != nil {
		return []Problem{{Key: section + ".level", What: strconv.Quote(l.Level) + " is no level", Hint: "debug, info, warn or error"}}
	}
	return nil
}

// Slog gives the level; "" is info.
func (l Log) Slog() (slog.Level, error) {
	var level slog.Level
	if l.Level == "" {
		return slog.LevelInfo, nil
	}
	return level, level.UnmarshalText([]byte(l.Level))
}

// CheckDomain gives the problem of a domain that cannot be one, or nil. It
// wants what is in a JID's domain already: lower case, no port, no slash.
func CheckDomain(key, domain string) []Problem {
	bad := domain == "" || len(domain) > 253 || domain[0] == '.' || domain[len(domain)-1] == '.'
	for _, r := range domain {
		bad = bad || r <= ' ' || r == '@' || r == '/' || r == ':' || r == '\\' || r >= 'A' && r <= 'Z'
	}
	if bad {
		return []Problem{{Key: key, What: strconv.Quote(domain) + " is no domain", Hint: "a name in lower case such as raleigh.example.org"}}
	}
	return nil
}
