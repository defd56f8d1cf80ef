package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// childPath is the environment variable that makes the test binary the victim
// of TestKill: it appends to this journal until it is killed.
const childPath = "JOURNAL_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		appendForEver(path)
	}
	os.Exit(m.Run())
}

// appendForEver writes transactions of three records that carry one number,
// and prints the number once Append has acknowledged it. Old numbers go, so
// that pages are used again.
func appendForEver(path string) {
	j, err := Open(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	recs, err := j.Load()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	n := 0
	for _, r := range recs {
		v, _ := strconv.Atoi(string(r.Value[:8]))
		n = max(n, v)
	}
	for {
		n++
		value := fmt.Appendf(nil, "%08d%s", n, bytes.Repeat([]byte("x"), n%700))
		err := j.Append([]Record{
			{fmt.Sprintf("a/%03d", n%200), value},
			{"newest", value},
			{fmt.Sprintf("z/%03d", n%200), value},
			{fmt.Sprintf("a/%03d", (n+100)%200), nil},
			{fmt.Sprintf("z/%03d", (n+100)%200), nil},
		})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// A process that is killed at any moment leaves every transaction that it
// acknowledged, at most one more, and each of them whole.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	total := 0
	for round := range rounds {
		acked := killOne(t, path, time.Duration(10+rand.Intn(50))*time.Millisecond)
		j, err := Open(path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		newest := checkWhole(t, j)
		j.Close()
		if acked > 0 && newest != acked && newest != acked+1 {
			t.Fatalf("round %d: %d was acknowledged, the journal ends at %d", round, acked, newest)
		}
		total = max(total, newest)
	}
	t.Logf("%d transactions, %d kills", total, rounds)
	if total == 0 {
		t.Error("nothing was appended: the test shows nothing")
	}
}

// killOne runs the child for a while after its first acknowledgement, kills it
// and gives the last number that it printed.
func killOne(t *testing.T, path string, after time.Duration) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if acked == 0 {
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the child says: %s", lines.Text())
		}
		acked = n
	}
	cmd.Wait()
	return acked
}

// checkWhole compares the records of each transaction with one another and
// gives the newest number.
func checkWhole(t *testing.T, j *Journal) int {
	t.Helper()
	recs, err := j.Load()
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[string]string{}
	for _, r := range recs {
		byKey[r.Key] = string(r.Value)
	}
	for k, v := range byKey {
		if k[0] == 'a' && byKey["z"+k[1:]] != v {
			t.Errorf("%s is %.8s…, its other half %.8s…", k, v, byKey["z"+k[1:]])
		}
	}
	if len(recs) == 0 {
		return 0
	}
	n, err := strconv.Atoi(byKey["newest"][:8])
	if err != nil {
		t.Fatal(err)
	}
	if last := byKey[fmt.Sprintf("a/%03d", n%200)]; last != byKey["newest"] {
		t.Errorf("transaction %d is torn", n)
	}
	return n
}

// The power goes while a transaction is written: any part of its pages may be
// on the disk, in any order, the root page perhaps by half. The journal is then
// what it was before; only the whole root makes it what it is after.
func TestTornCommit(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	j := open(t, path)
	for n := range 60 {
		before, beforeText := readFile(t, path), load(t, j)
		appendNumber(t, j, n)
		after, afterText := readFile(t, path), load(t, j)
		changed, root := changedPages(before, after)
		if root < 0 || len(changed) == 0 {
			t.Fatalf("transaction %d changed pages %v, root %d: two kinds expected", n, changed, root)
		}
		for range 6 {
			image := append(bytes.Clone(before), make([]byte, max(0, len(after)-len(before)))...)
			for _, p := range changed {
				if rnd.Intn(2) == 0 {
					torn := pageBytes * rnd.Intn(9) / 8
					copy(image[p*pageBytes:][:torn], after[p*pageBytes:])
				}
			}
			if rnd.Intn(2) == 0 { // half a root, whose checksum then is wrong
				copy(image[root*pageBytes:][:40], after[root*pageBytes:])
			}
			compareImage(t, dir, image, beforeText)
		}
		compareImage(t, dir, after, afterText)
	}
}

func appendNumber(t *testing.T, j *Journal, n int) {
	t.Helper()
	if err := j.Append([]Record{
		{fmt.Sprintf("k/%02d", n*7%40), bytes.Repeat([]byte{byte('a' + n%26)}, n*13%900)},
		{fmt.Sprintf("k/%02d", n*11%40), nil},
		{"n", strconv.AppendInt(nil, int64(n), 10)},
	}); err != nil {
		t.Fatal(err)
	}
}

// changedPages gives the pages that differ; of the roots (0 and 1) exactly one
// does.
func changedPages(before, after []byte) (pages []int, root int) {
	root = -1
	for p := 0; p*pageBytes < len(after); p++ {
		a := after[p*pageBytes : min(len(after), (p+1)*pageBytes)]
		var b []byte
		if p*pageBytes < len(before) {
			b = before[p*pageBytes : min(len(before), (p+1)*pageBytes)]
		}
		switch {
		case bytes.Equal(a, b):
		case p < 2:
			root = p
		case len(a) == pageBytes:
			pages = append(pages, p)
		}
	}
	return pages, root
}

func compareImage(t *testing.T, dir string, image []byte, want string) {
	t.Helper()
	path := filepath.Join(dir, "image")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := Open(path)
	if err != nil {
		t.Fatalf("a torn journal does not open: %v", err)
	}
	defer j.Close()
	if got := load(t, j); got != want {
		t.Fatalf("a torn journal\n got %.200q\nwant %.200q", got, want)
	}
}

// A copy that was cut short, or a page that rotted, is refused with an error
// that says what to do, or reads back right because the damage hit a free page.
// It never brings the process down and never gives records that were not there.
func TestDamage(t *testing.T) {
	rnd := rand.New(rand.NewSource(2))
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	j := open(t, path)
	for n := range 300 {
		appendNumber(t, j, n)
		if err := j.Append([]Record{{fmt.Sprintf("row/%d", n), bytes.Repeat([]byte("r"), 200)}}); err != nil {
			t.Fatal(err)
		}
	}
	whole, text := readFile(t, path), load(t, j)
	j.Close()

	refused, older := 0, 0
	try := func(what string, image []byte) {
		t.Helper()
		bad := filepath.Join(dir, "bad")
		if err := os.WriteFile(bad, image, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(bad)
		var corrupt *CorruptError
		switch {
		case errors.As(err, &corrupt):
			refused++
			return
		case err != nil:
			t.Fatalf("%s: %v, want a CorruptError", what, err)
		}
		defer j.Close()
		if got := load(t, j); got != text {
			// Damage to the newest root shows the state one transaction earlier.
			older++
			if recs, _ := j.Load(); len(recs) < 300 {
				t.Fatalf("%s: opens with %d records", what, len(recs))
			}
		}
	}
	for range 60 {
		cut := 1 + rnd.Intn(len(whole)-1)
		try(fmt.Sprintf("cut to %d bytes", cut), whole[:cut])
	}
	for range 60 {
		image, p := bytes.Clone(whole), rnd.Intn(len(whole)/pageBytes)
		rnd.Read(image[p*pageBytes : (p+1)*pageBytes])
		try(fmt.Sprintf("page %d of noise", p), image)
	}
	for range 120 {
		image, bit := bytes.Clone(whole), rnd.Intn(8*len(whole))
		image[bit/8] ^= 1 << (bit % 8)
		try(fmt.Sprintf("bit %d flipped", bit), image)
	}
	t.Logf("%d of 240 refused, %d opened one transaction earlier", refused, older)
	if refused == 0 {
		t.Error("no damage was noticed: the test shows nothing")
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
