package board

import (
	"maps"
	"slices"
	"strings"
)

// Models are the boards that we have a table for. Taken from their documents;
// of the boards, none was at hand.
var Models = map[string]Pins{
	// A machine without pins of ours: a PC, an emulator.
	"none": {},
	// Every Raspberry Pi with the 40-pin header: pins 11, 13 and 15, next to a
	// ground at 9 and 14, with no second use that a gateway wants.
	"raspberry-pi": {LED: "GPIO17", Link: "GPIO27", Inhibit: "GPIO22"},
}

func modelNames() string {
	return strings.Join(slices.Sorted(maps.Keys(Models)), ", ")
}
