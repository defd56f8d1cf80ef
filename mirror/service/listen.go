package service

import (
	"encoding/json"
	"errors"
	"net"
	"strconv"
	"syscall"

	"picket/mirror/site"
)

// Listeners are where clients come in; nil: not there.
type Listeners struct{ StartTLS, TLS net.Listener }

// Ports is ports.json in the state folder: what was chosen where the
// configuration says 0. 0 here: there is none.
type Ports struct {
	StartTLS int `json:"starttls"`
	TLS      int `json:"tls"`
}

// Listen opens the listeners and writes their ports to the file.
func Listen(cfg site.Listen, portsFile string) (Listeners, error) {
	var l Listeners
	var ports Ports
	for _, one := range []struct {
		key, addr string
		listener  *net.Listener
		port      *int
	}{{"listen.starttls", cfg.StartTLS, &l.StartTLS, &ports.StartTLS}, {"listen.tls", cfg.TLS, &l.TLS, &ports.TLS}} {
		if one.addr == "" {
			continue
		}
		got, err := net.Listen("tcp", one.addr)
		if err != nil {
			l.Close()
			return Listeners{}, listenProblem(one.key, one.addr, err)
		}
		*one.listener = got
		*one.port = got.Addr().(*net.TCPAddr).Port
	}
	b, err := json.Marshal(ports)
	if err == nil {
		err = site.Write(portsFile, append(b, '\n'), site.PlainMode)
	}
	if err != nil {
		l.Close()
		return Listeners{}, err
	}
	return l, nil
}

// Close closes those that are open.
func (l Listeners) Close() {
	for _, one := range []net.Listener{l.StartTLS, l.TLS} {
		if one != nil {
			one.Close()
		}
	}
}

func listenProblem(key, addr string, err error) error {
	p := &site.Problem{Key: key, What: strconv.Quote(addr) + ": " + err.Error()}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		p.Hint = "another server has this port: stop it, or choose another one"
	case errors.Is(err, syscall.EACCES):
		p.Hint = "ports below 1024 need a right that this user lacks"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		p.Hint = "the address is none of this machine; \":5222\" takes all"
	}
	return p
}
