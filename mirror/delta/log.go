package delta

// A Log follows how far one peer has got in a sequence of messages, and how
// many are on their way: enough to keep the link busy, few enough to be
// composed late.
type Log struct {
	Window  int    // sendings on their way at once
	Next    uint64 // the first number not sent yet
	Running bool   // the peer has said where to begin
	flight  map[Token]uint64
}

// NewLog makes a log with a window.
func NewLog(window int) *Log { return &Log{Window: window, Next: 1, flight: map[Token]uint64{}} }

// Start begins to send with a number.
func (l *Log) Start(next uint64) {
	l.Next, l.Running = next, true
	clear(l.flight)
}

// Stop says that the link is down; Start must come again.
func (l *Log) Stop() {
	l.Next = l.Acked() + 1
	l.Running = false
	clear(l.flight)
}

// Room reports whether another message may be sent now.
func (l *Log) Room() bool { return l.Running && len(l.flight) < l.Window }

// Sent says that message n is on its way.
func (l *Log) Sent(n uint64, t Token) {
	l.flight[t] = n
	l.Next = n + 1
}

// Skip passes over messages that the peer has anyhow.
func (l *Log) Skip(n uint64) { l.Next = n + 1 }

// Delivered reports whether the token was one of this log's, and takes it off.
func (l *Log) Delivered(t Token) bool {
	_, ok := l.flight[t]
	delete(l.flight, t)
	return ok
}

// Acked gives the highest number up to which everything was delivered in this
// session of the link.
func (l *Log) Acked() uint64 {
	if l.Next == 0 {
		return 0
	}
	acked := l.Next - 1
	for _, n := range l.flight {
		acked = min(acked, n-1)
	}
	return acked
}
