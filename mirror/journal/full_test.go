package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A disk that is full refuses transactions one by one and keeps what was
// acknowledged; when there is room again the journal goes on, without being
// opened again.
func TestDiskFull(t *testing.T) {
	if os.Getenv("PICKET_RIG") == "" {
		t.Skip("mounts a small file system: set PICKET_RIG=1 as root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("no file system can be mounted here: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	path := filepath.Join(dir, "journal")
	j := open(t, path)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 200<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	value := []byte(strings.Repeat("m", 500))
	acked, refused := 0, 0
	appendOne := func(n int) bool {
		err := j.Append([]Record{{fmt.Sprintf("a/%04d", n), value}, {fmt.Sprintf("b/%04d", n), value}})
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("append %d: %v, want ENOSPC", n, err)
		}
		return err == nil
	}
	for refused < 20 {
		if appendOne(acked) {
			acked++
		} else {
			refused++
		}
	}
	check := func(j *Journal, want int) {
		t.Helper()
		recs, err := j.Load()
		if err != nil || len(recs) != 2*want {
			t.Fatalf("%d records, %v, want those of %d transactions", len(recs), err, want)
		}
	}
	check(j, acked)
	if acked < 50 {
		t.Errorf("only %d transactions fitted", acked)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if !appendOne(acked) {
			t.Fatal("it does not go on when there is room again")
		}
		acked++
	}
	check(j, acked)
	j.Close()
	check(open(t, path), acked)
	t.Logf("%d transactions, %d refused", acked, refused)
}
