package c2s

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	mellium "mellium.im/xmpp/stream"

	"picket/codec/ns"
	"picket/codec/xmltree"
	"picket/mirror/c2s/stream"
)

// errClosed says that the client ended the stream as it should.
var errClosed = errors.New("c2s: the client closed the stream")

// condition gives the name and text of the stream error that an error of the
// input is told as (RFC 6120 §4.9.3); "": it is not told.
func condition(err error) (name, text string) {
	var (
		ours       *streamError
		syntax     *stream.SyntaxError
		limit      *xmltree.LimitError
		restricted *xmltree.RestrictedError
		theirs     mellium.Error
		network    net.Error
	)
	switch {
	case errors.Is(err, errClosed):
		return "", ""
	case errors.As(err, &ours):
		return ours.condition, ours.text
	case errors.As(err, &syntax):
		return "not-well-formed", syntax.Reason
	case errors.As(err, &limit):
		return "policy-violation", "more than " + limit.What
	case errors.As(err, &restricted):
		return "restricted-xml", restricted.What
	case errors.As(err, &theirs):
		return theirs.Err, ""
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "connection-timeout", ""
	case errors.As(err, &network), isEOF(err):
		return "", ""
	}
	return "undefined-condition", ""
}

// isEOF reports whether the connection is gone.
func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// streamEnd is how a stream ends in error, on the wire: header says that ours is
// not out yet (RFC 6120 §4.9.1.2).
func streamEnd(header bool, domain, name, text string) []byte {
	var b []byte
	if header {
		b = fmt.Appendf(b, "<?xml version='1.0'?><stream:stream xmlns='%s' xmlns:stream='%s' version='1.0' from='%s' id='%s'>",
			ns.Client, stream.NS, domain, token(8))
	}
	if name != "" {
		b = append(b, "<stream:error>"...)
		b = xmltree.New(ns.Streams, name).Append(b, ns.Client)
		if text != "" {
			b = xmltree.NewText(ns.Streams, "text", printable(text)).Append(b, ns.Client)
		}
		b = append(b, "</stream:error>"...)
	}
	return append(b, "</stream:stream>"...)
}

// printable keeps what an error quotes of hostile input fit for XML.
func printable(s string) string {
	if xmltree.ValidText(s) {
		return s
	}
	return ""
}
