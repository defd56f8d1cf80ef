package main

import (
	"embed"
	"fmt"
	"strings"

	"picket/codec/text"
)

//go:embed corpus/*.txt
var files embed.FS

// A source is one kind of text. Every heldOut-th line of it is kept for
// measuring when the tool measures.
type source struct {
	name   string
	lines  []string
	copies int
	list   bool
}

const heldOut = 20

// sources are all of the training text, in the order of the index.
func sources() ([]source, error) {
	all := []source{
		{name: "languages", copies: 1},
		{name: "chat-en", copies: 1},
		{name: "messages-en", copies: 2},
		{name: "messages-zh", copies: 2},
		{name: "messages-other", copies: 1},
	}
	for i := range all {
		lines, err := corpus(all[i].name)
		if err != nil {
			return nil, err
		}
		all[i].lines = lines
	}
	all = append(all, source{name: "radio", lines: radioLines(2500), copies: 1})
	words, err := corpus("words-zh")
	if err != nil {
		return nil, err
	}
	return append(all, wordLists(words)...), nil
}

func corpus(name string) ([]string, error) {
	b, err := files.ReadFile("corpus/" + name + ".txt")
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' }), nil
}

// wordLists puts words, most frequent first, into lines as a sentence would
// hold them. The frequent ones count more often.
func wordLists(words []string) []source {
	tiers := []struct{ end, copies int }{{300, 8}, {1500, 4}, {6000, 2}, {20000, 1}}
	var all []source
	start := 0
	for _, tier := range tiers {
		s := source{name: fmt.Sprint("words-zh to ", tier.end), copies: tier.copies, list: true}
		for end := min(tier.end, len(words)); start < end; start = min(start+12, end) {
			s.lines = append(s.lines, strings.Join(words[start:min(start+12, end)], "，"))
		}
		all = append(all, s)
	}
	return all
}

// split gives the lines to train on, and those held out, by source. Without
// measuring nothing is held out.
func split(all []source, measuring bool) (train []text.Line, held []source) {
	for _, s := range all {
		out := source{name: s.name}
		for i, l := range s.lines {
			if measuring && !s.list && i%heldOut == heldOut/2 {
				out.lines = append(out.lines, l)
				continue
			}
			train = append(train, text.Line{Text: l, Copies: s.copies, List: s.list})
		}
		if len(out.lines) > 0 {
			held = append(held, out)
		}
	}
	return train, held
}
