package c2s

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"mellium.im/sasl"

	"picket/codec/xmltree"
)

// reflector gives every groupchat message back to its sender, as a room of one.
type reflector struct{ w *world }

func (r *reflector) Gone(string) {}

func (r *reflector) Stanza(from string, el *xmltree.Element) {
	r.w.srv.Send(el.Shallow().Set("from", el.Get("to")+"/Wayne").Set("to", from))
}

// BenchmarkReflect is one client that has 100 messages under way: in through
// TLS, to the Handler, and back. Server and client share the machine's cores.
func BenchmarkReflect(b *testing.B) {
	r := &reflector{}
	r.w = newWorld(b, func(c *Config) { c.Handler, c.Limits.Rate = r, -1 })
	c := r.w.login("wayne", "r")
	stanza := []byte("<message xml:lang='en' to='chatroom@" + testRooms + "' type='groupchat' id='71d4a8055ed147a2bc64d6b4bd921a93'><body>Patrol two at checkpoint bravo, all quiet.</body></message>")
	batch := bytes.Repeat(stanza, 100)
	in := bufio.NewReaderSize(c.conn, 64<<10)
	b.ResetTimer()
	for sent := 0; sent < b.N; sent += 100 {
		if _, err := c.conn.Write(batch); err != nil {
			b.Fatal(err)
		}
		for got := 0; got < 100; {
			s, err := in.ReadSlice('>')
			if err != nil {
				b.Fatal(err)
			}
			if bytes.HasSuffix(s, []byte("</message>")) {
				got++
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stanzas/s")
}

const benchSessions = 300

// BenchmarkMemory logs 300 sessions in, from another process, and reports what
// each costs here when it is quiet.
func BenchmarkMemory(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.Limits.Resources = benchSessions })
	clients := exec.Command(os.Args[0], "-test.run", "TestBenchClients")
	clients.Env = append(os.Environ(), "C2S_BENCH="+w.starttls)
	out, err := clients.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	in, err := clients.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	before := inUse()
	if err := clients.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready") {
		b.Fatalf("the clients say %q, %v", line, err)
	}
	if n := len(w.srv.Online()); n != benchSessions {
		b.Fatalf("%d sessions, want %d", n, benchSessions)
	}
	b.ReportMetric(float64(inUse()-before)/benchSessions, "B/session")
	in.Close()
	clients.Wait()
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// TestBenchClients is the other process of BenchmarkMemory.
func TestBenchClients(t *testing.T) {
	addr := os.Getenv("C2S_BENCH")
	if addr == "" {
		t.Skip("the clients of BenchmarkMemory: it starts them")
	}
	w := &world{t: t}
	for i := range benchSessions {
		c := w.dial(addr).secure()
		c.open()
		c.auth(sasl.ScramSha256, "wayne", "gravel-road")
		c.open()
		c.bind(fmt.Sprint("r", i)).send("<presence to='chatroom@" + testRooms + "/Wayne'/>")
		c.sync()
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
