// Command demo shows what picket does, in a minute, on a terminal: it brings up a
// lab at 1200 bit/s, lets four real clients play the story of the protocol's
// specification, and prints what each step cost on the air beside what the same
// step costs as plain XML between two servers.
//
// `make demo` runs it; `make demo KEEP=1` leaves the lab up for your own client.
// Read story.go for the story, screen.go for the terminal, plainxml.go for the
// comparison.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"picket/tools/lab"
	"picket/tools/rig/slixmpp"
)

// limit ends a demonstration that hangs.
const limit = 4 * time.Minute

func main() {
	keep := flag.Bool("keep", false, "leave the lab up at the end")
	rate := flag.Int("rate", 1200, "bit/s of the line")
	dir := flag.String("dir", "", "folder of the lab; default: a new one")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *rate, *keep); err != nil {
		fmt.Fprintf(os.Stderr, "error: demo: %v\n", err)
		var hinted interface{ Hint() string }
		if errors.As(err, &hinted) {
			fmt.Fprintf(os.Stderr, "hint:  %s\n", hinted.Hint())
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, rate int, keep bool) error {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	sc := newScreen(os.Stdout, err == nil && os.Getenv("NO_COLOR") == "", width)
	sc.line(bold, "picket: a chat room at headquarters, mirrored over a serial line of %d bit/s", rate)
	if err := slixmpp.Ensure(ctx); err != nil {
		return err
	}
	dir, err = lab.Up(dir, lab.Options{Gateways: 1, Rate: rate, HQ: "embedded", Bearer: "serial", Seed: 1,
		Hold: hold, Tries: tries}, func(step string) { sc.line(dim, "   %s …", step) })
	if err != nil {
		return err
	}
	up := true
	defer func() {
		if up {
			lab.Down(dir) // on the way out with an error that matters more
		}
	}()
	world, err := lab.Load(dir)
	if err != nil {
		return err
	}
	st := &stage{ctx: ctx, dir: dir, rate: rate, world: world, screen: sc, plain: &plainRoom{room: world.Room}, say: map[string]time.Time{}}
	st.cast()
	sc.line(dim, "   four slixmpp clients log in …")
	sc.start = time.Now()
	defer st.logOut()
	st.logIn()
	sc.line(plain, "")
	sc.titles("HEADQUARTERS "+world.Sites[0].Domain, "GATEWAY "+world.Sites[1].Domain)
	st.play()
	if st.err != nil {
		return fmt.Errorf("%w; the lab's logs are in %s", st.err, dir)
	}
	st.summary()
	if keep {
		up = false
		lab.Remember(dir)
		st.howToJoin()
		return nil
	}
	up = false
	return lab.Down(dir)
}

// Less patience than in the field, so that an outage fits into a minute.
const (
	hold  = 2 * time.Second
	tries = 3 // unanswered, and the link is down
)
