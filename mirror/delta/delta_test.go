package delta

import "testing"

func TestBook(t *testing.T) {
	a, b2, c := HashOf("a"), HashOf("b"), HashOf("c")
	b := NewBook()
	b.Set("x", a)
	b.Set("y", b2)
	if got := b.Dirty(); len(got) != 2 || got[0] != "x" {
		t.Fatalf("dirty %v, want x y", got)
	}
	b.Sent("x", 1)
	b.Sent("y", 2)
	b.Delivered(1)
	b.Set("y", c) // again, before the first one arrived
	if got := b.Dirty(); len(got) != 1 || got[0] != "y" {
		t.Fatalf("dirty %v, want y", got)
	}
	b.Sent("y", 3)
	b.Lost()
	b.Set("x", 0)
	b.Set("x", a) // left and came back while the link was down: nothing to say
	if got := b.Dirty(); len(got) != 1 || got[0] != "y" {
		t.Fatalf("after the loss dirty %v, want y", got)
	}
	// The peer got the first value of y, not the second.
	if !b.Reconcile(DigestOf(map[string]Hash{"x": a, "y": b2})) {
		t.Fatal("a digest that can be is not found")
	}
	if got := b.Dirty(); len(got) != 1 || b.Settled("y") {
		t.Fatalf("dirty %v, want y", got)
	}
	if b.Reconcile(DigestOf(map[string]Hash{"x": c})) {
		t.Fatal("a digest that cannot be is found")
	}
	b.Forget()
	if got := b.Dirty(); len(got) != 2 {
		t.Fatalf("after Forget dirty %v, want x y", got)
	}
	b.SentAll(9)
	b.Delivered(9)
	if len(b.Dirty()) != 0 || b.Digest() != DigestOf(map[string]Hash{"x": a, "y": c}) {
		t.Fatalf("after the whole state: dirty %v", b.Dirty())
	}
}

func TestLog(t *testing.T) {
	l := NewLog(2)
	if l.Room() {
		t.Fatal("a log that was not started has room")
	}
	l.Start(5)
	l.Sent(5, 1)
	l.Skip(6)
	l.Sent(7, 2)
	if l.Room() || l.Acked() != 4 {
		t.Fatalf("room %v, acked %d", l.Room(), l.Acked())
	}
	if !l.Delivered(2) || l.Delivered(99) || l.Acked() != 4 {
		t.Fatalf("acked %d, want 4: 5 is still on its way", l.Acked())
	}
	l.Stop()
	if l.Next != 5 {
		t.Fatalf("next %d, want 5", l.Next)
	}
}
