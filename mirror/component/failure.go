package component

import (
	"errors"
	"fmt"

	mellium "mellium.im/xmpp/stream"

	"picket/codec/ns"
	"picket/codec/xmltree"
)

// A FatalError ends Run. Hint says who must mend what.
type FatalError struct {
	Reason string
	Hint   string
}

func (e *FatalError) Error() string { return "component: " + e.Reason + " (" + e.Hint + ")" }

// streamError reads a <stream:error/> (RFC 6120 §4.9).
func streamError(el *xmltree.Element) error {
	for _, c := range el.Children() {
		if c.Space == ns.Streams && c.Local != "text" {
			return mellium.Error{Err: c.Local}
		}
	}
	return mellium.UndefinedCondition
}

// isConflict reports whether the server says that the domain is taken.
func isConflict(err error) bool {
	var e mellium.Error
	return errors.As(err, &e) && e.Err == "conflict"
}

// fatal says whether an error of the server's ends Run. served: it has let us in
// before, so that our side is right and the server's may come right again.
func (c *Client) fatal(err error, served bool) error {
	var e mellium.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Err {
	case "conflict":
		return &FatalError{
			Reason: fmt.Sprintf("the server has another connection for %s", c.cfg.Domain),
			Hint:   "a second instance is running; stop one of the two"}
	case "not-authorized":
		if !served {
			return &FatalError{
				Reason: fmt.Sprintf("the server at %s refused our secret for %s", c.cfg.Addr, c.cfg.Domain),
				Hint: "this side's secret and the server's differ: Prosody's component_secret under Component \"" + c.cfg.Domain +
					"\", ejabberd's password under hosts of the ejabberd_service listener"}
		}
	case "host-unknown", "host-gone":
		if !served {
			return &FatalError{
				Reason: fmt.Sprintf("the server at %s knows no component %s", c.cfg.Addr, c.cfg.Domain),
				Hint:   "the server's side is missing: give it an external component of that name"}
		}
	}
	return nil
}
