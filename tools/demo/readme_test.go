package main

import (
	"os"
	"strings"
	"testing"
)

// TestReadmePrices holds the README's table of stanzas to the codec's golden
// prices: XML, cold and warm are the columns 1, 2 and 4 there.
func TestReadmePrices(t *testing.T) {
	golden, err := os.ReadFile("../../codec/testdata/prices.txt")
	if err != nil {
		t.Fatal(err)
	}
	prices := map[string]string{}
	for line := range strings.Lines(string(golden)) {
		f := strings.Fields(line)
		if n := len(f) - 4; n > 0 && f[0] != "#" {
			prices[strings.Join(f[:n], " ")] = strings.Join([]string{f[n], f[n+1], f[n+3]}, " ")
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(readme), "| stanza | XML | cold | warm |\n|---|---:|---:|---:|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if !found || table == "" {
		t.Fatal("README.md has no table of prices")
	}
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		name, got := cells[0], strings.Join(cells[1:], " ")
		if want, ok := prices[name]; !ok || got != want {
			t.Errorf("%s\n got %q\nwant %q", name, got, want)
		}
	}
}
