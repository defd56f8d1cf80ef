package tidy

import (
	"slices"
	"strconv"
	"strings"
)

// The element tree and its names: what every package that sees a stanza needs.
var stanza = []string{"codec/xmltree", "codec/ns"}

// shells do I/O: the simulator, which drives the core alone, has none of them.
var shells = []string{
	"mirror/journal", "mirror/c2s", "mirror/component", "mirror/web", "mirror/service",
	"radio/serial", "radio/kiss", "radio/lora", "radio/udp",
}

// A reach says which packages of ours a package may import.
type reach struct {
	only   []string // these alone ("a/...": what is below a); ignored when except is set
	except []string // all but these and what is below them
}

// reaches is "Who may import whom". A folder that is not named has the row of
// the nearest folder above it whose name here ends in "/...".
var reaches = map[string]reach{
	"codec/xmltree": {},
	"codec/ns":      {},
	"codec/text":    {},
	"codec":         {only: join(stanza, "codec/text")},

	"radio":           {},
	"radio/frame":     {},
	"radio/seal":      {},
	"radio/pair":      {only: []string{"radio/seal"}},
	"radio/link":      {only: []string{"radio", "radio/frame", "radio/seal"}},
	"radio/channel":   {only: []string{"radio", "radio/link"}},
	"radio/serial":    {only: []string{"radio"}},
	"radio/kiss":      {only: []string{"radio"}},
	"radio/lora":      {only: []string{"radio"}},
	"radio/udp":       {only: []string{"radio"}},
	"radio/radiotest": {only: []string{"radio"}},

	"mirror":         {only: []string{"codec/xmltree"}},
	"mirror/muc":     {only: stanza},
	"mirror/delta":   {only: stanza},
	"mirror/dmuc":    {only: stanza},
	"mirror/policy":  {only: stanza},
	"mirror/replica": {only: join(stanza, "mirror", "mirror/muc", "mirror/delta", "mirror/dmuc", "mirror/policy")},
	"mirror/master":  {only: join(stanza, "mirror", "mirror/muc", "mirror/delta", "mirror/dmuc", "mirror/policy")},
	"mirror/node": {only: []string{"codec", "codec/xmltree", "codec/text", "radio", "radio/link", "radio/channel",
		"radio/pair", "radio/seal", "mirror", "mirror/replica", "mirror/master"}},
	"mirror/journal":       {},
	"mirror/c2s":           {only: join(stanza, "mirror/c2s/...")},
	"mirror/c2s/...":       {only: stanza},
	"mirror/component":     {only: join(stanza, "mirror/c2s/stream")},
	"mirror/web":           {only: stanza},
	"mirror/site/commands": {only: []string{"mirror/site", "mirror/c2s/account", "mirror/c2s/cert"}},
	"mirror/site":          {only: []string{"radio/seal", "radio/pair"}}, // a place's folder holds its keys
	"mirror/service": {only: join(stanza, "mirror", "mirror/node", "mirror/journal", "mirror/c2s", "mirror/component",
		"mirror/web", "mirror/site", "radio", "radio/link", "radio/pair", "radio/seal")},

	"board":        {},
	"firmware/...": {except: []string{"tools"}},
	"tools/sim":    {except: append([]string{"firmware"}, shells...)},
	"tools/...":    {except: []string{"firmware"}},
}

// homes are modules that stay behind one wall: what is above it could be given
// another one without a change elsewhere. Others are free.
var homes = map[string][]string{
	"github.com/tarm/serial":       {"radio/serial"},
	"github.com/fxamacker/cbor/v2": {"codec"},
	"go.etcd.io/bbolt":             {"mirror/journal"},
	"mellium.im/xmpp":              {"mirror/c2s", "mirror/component", "tools"},
	"periph.io/x":                  {"board", "radio/lora", "firmware"},
	"github.com/creack/pty":        {"tools"},
}

func join(list []string, more ...string) []string {
	return append(slices.Clone(list), more...)
}

func checkImports(s *source, module string) []Problem {
	var problems []Problem
	row, known := reachOf(s.folder)
	if !known {
		problems = append(problems, Problem{s.path, 0, "the package has no row in tools/tidy/imports.go: say who it may import"})
	}
	for _, spec := range s.file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic("BUG: the parser let an import through that is no string: " + spec.Path.Value)
		}
		ours, isOurs := strings.CutPrefix(target, module+"/")
		switch {
		case isOurs && known && !row.allows(ours):
			problems = append(problems, s.problem(spec.Pos(), "%s may not import %s (architecture.md, Who may import whom)", s.folder, ours))
		case !isOurs && !atHome(s.folder, target):
			problems = append(problems, s.problem(spec.Pos(), "%s is used in %s alone", target, strings.Join(homes[homeOf(target)], ", ")))
		}
	}
	return problems
}

// reachOf finds the row of a folder: its own, or the nearest "…/..." above.
func reachOf(folder string) (reach, bool) {
	if row, ok := reaches[folder]; ok {
		return row, true
	}
	for up := folder; up != ""; {
		if row, ok := reaches[up+"/..."]; ok {
			return row, true
		}
		up = up[:max(0, strings.LastIndexByte(up, '/'))]
	}
	return reach{}, false
}

func (r reach) allows(target string) bool {
	if r.except == nil {
		return slices.ContainsFunc(r.only, func(x string) bool {
			folder, below := strings.CutSuffix(x, "/...")
			return target == x || below && within(target, folder)
		})
	}
	return !slices.ContainsFunc(r.except, func(x string) bool { return within(target, x) })
}

// within says that a path is a folder or below it.
func within(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func homeOf(target string) string {
	for home := range homes {
		if within(target, home) {
			return home
		}
	}
	return ""
}

func atHome(folder, target string) bool {
	home := homeOf(target)
	return home == "" || slices.ContainsFunc(homes[home], func(h string) bool { return within(folder, h) })
}
