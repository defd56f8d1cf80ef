// Package text codes short chat messages in few bytes: an arithmetic coder
// behind a model of text that was trained beforehand and is built in.
//
// All arithmetic is on integers, so both ends predict the same on any machine.
// A Model reads and writes nothing but its arguments; messages are coded each
// for itself, in any order. Load once, make a Model for each link with
// NewModel, then Append and Decode.
//
// It knows nothing of stanzas or links. Read model.go first, then interval.go.
package text
