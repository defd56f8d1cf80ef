package service

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"picket/mirror/site"
)

// A Front is where a program is reached: by clients, by an XMPP server, and by
// its operator.
type Front struct {
	Listen     site.Listen // none, where both are ""
	PortsFile  string
	StatusFile string
	// StartTLS and TLS serve a listener until ctx ends; an error ends all.
	StartTLS, TLS func(context.Context, net.Listener) error
	// Others run beside them, in the same way: components.
	Others []func(context.Context) error
}

// frontWait is how long fronts may take to say goodbye to their clients.
const frontWait = time.Second

// Serve runs a service with its front until ctx ends or a part fails. Clients
// are told goodbye once what they sent is on the disk.
func Serve(ctx context.Context, s *Service, f Front, log *slog.Logger) error {
	status, err := ListenStatus(f.StatusFile)
	if err != nil {
		return err
	}
	defer os.Remove(f.StatusFile)
	defer status.Close()
	l, err := Listen(f.Listen, f.PortsFile)
	if err != nil {
		return err
	}
	defer l.Close()
	go s.ServeStatus(status)

	inner, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	outer, goodbye := context.WithCancel(context.WithoutCancel(ctx))
	defer goodbye()
	var fronts sync.WaitGroup
	front := func(serve func(context.Context) error) {
		fronts.Go(func() {
			if err := serve(outer); err != nil && outer.Err() == nil {
				fail(err)
			}
		})
	}
	if l.StartTLS != nil {
		log.Info("clients: STARTTLS", "address", l.StartTLS.Addr().String())
		front(func(ctx context.Context) error { return f.StartTLS(ctx, l.StartTLS) })
	}
	if l.TLS != nil {
		log.Info("clients: TLS", "address", l.TLS.Addr().String())
		front(func(ctx context.Context) error { return f.TLS(ctx, l.TLS) })
	}
	for _, serve := range f.Others {
		front(serve)
	}
	err = s.Run(inner)
	goodbye()
	l.Close()
	gone := make(chan struct{})
	go func() { fronts.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(frontWait):
		err = errors.Join(err, errors.New("service: some clients did not end in time"))
	}
	if cause := context.Cause(inner); ctx.Err() == nil && cause != nil {
		err = errors.Join(cause, err)
	}
	log.Info("stopped")
	return err
}
