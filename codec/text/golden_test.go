package text

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

const goldenFile = "testdata/golden.txt"

// goldenLines are what the golden file codes: scripts, lengths, procedure,
// text that the model never saw.
var goldenLines = []string{
	"", "a", "k", "ok", "Ok", "OK", "yes", "thanks", "Thanks!", "hello", "on my way", "See you at 8",
	"All work and no play makes Jack a dull boy", "convoy at ford", "Is anybody out there?",
	"I will be at yours around 8, do you want me to bring anything?",
	"Harpier cries: 'tis time, 'tis time.", "Thrice the brinded cat hath mew'd.",
	"ETA checkpoint Charlie 1430", "SITREP 3: bridge at 33U VP 123 456 blocked, need 200 l diesel", "CQ CQ CQ de DL1ABC DL1ABC JO62qm k",
	"KD2ABC de W1AW ur 599 in FN31pr 73", "Roger that, moving to the ridge", "51.4779, -0.0015", "QSY 7.074",
	"try sudo apt-get install xserver-xorg and reboot", "https://example.com/a?b=c&d=%20", "lol", "ROFL :-D", "WHERE ARE YOU", "aaaaaaaaaaaaaaaaaaaaaaaa",
	"zqxjkv", "x=3.14159;y=2.71828", "{\"a\":[1,2,3]}", "\t\n", "\x01\x7f",
	"Où es-tu ?", "Grüße aus Köln", "¿Dónde estás? Llego en diez minutos", "Привет, как дела?", "Ми вже їдемо, будемо за годину", "أين أنت الآن؟", "נפגש מחר",
	"你好,我们在路上", "你在哪里?我到了", "物资已经收到,人员全部到齐", "今どこ？", "어디야?", "नमस्ते", "สวัสดี", "🚁🚁 👍", "e\u0301", "\U0010ffff\u0800\u007f\u0080",
}

func loaded(t testing.TB) *Tables {
	t.Helper()
	tables, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// TestGolden holds the coded bytes: a change of one bit breaks old peers. One
// line each: the text as a Go string, and the bytes. -rewrite writes them.
func TestGolden(t *testing.T) {
	tables := loaded(t)
	m := tables.NewModel()
	var got strings.Builder
	fmt.Fprintf(&got, "model %016x\n", tables.ID())
	for _, s := range goldenLines {
		fmt.Fprintf(&got, "%+q %x\n", s, m.Append(nil, s))
	}
	if *rewrite {
		if err := os.WriteFile(goldenFile, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := "(none)", "(none)"
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Errorf("%s:%d\n got %s\nwant %s", goldenFile, i+1, g, w)
		}
	}
	back := bufio.NewScanner(strings.NewReader(string(want)))
	back.Scan()
	for i := 0; back.Scan(); i++ {
		_, coded, _ := strings.Cut(back.Text(), "\" ")
		b, err := hex.DecodeString(coded)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := m.Decode(b, 1000); err != nil || s != goldenLines[i] {
			t.Errorf("Decode(%x) = %q, %v, want %q", b, s, err, goldenLines[i])
		}
	}
}

// modelSum is the SHA-256 of model.bin: what `go run ./tools/model` makes.
const modelSum = "fa531fa63cca3e88391d70b34e7e30d68f5cb65f6c9cb8ac4466359e725d52f1"

func TestModelFile(t *testing.T) {
	if got := fmt.Sprintf("%x", sha256.Sum256(modelFile)); got != modelSum {
		t.Errorf("model.bin has SHA-256 %s, want %s: train it again with go run ./tools/model, or put the new sum here", got, modelSum)
	}
	if len(modelFile) > 4<<20 {
		t.Errorf("model.bin has %d bytes, at most 4 MiB are allowed", len(modelFile))
	}
}
