package text

import (
	"math"
	"testing"
)

func TestLogistic(t *testing.T) {
	for x := int32(-outputMax); x <= outputMax; x++ {
		want := 65536 / (1 + math.Exp(-float64(x)/stretchOne))
		if got := float64(squash(x)); math.Abs(got-want) > 1.01 {
			t.Errorf("squash(%d) = %v, want %v", x, got, want)
		}
	}
	for n := uint32(1); n < 1<<24; n += n/7 + 1 {
		want := stretchOne * math.Log(float64(n))
		if got := float64(ln(n)); math.Abs(got-want) > 3 {
			t.Errorf("ln(%d) = %v, want %v", n, got, want)
		}
	}
	for _, p := range []uint32{100, 1000, 32768, 65000} {
		if got := squash(stretch(p)); got > p || p-got > 200 {
			t.Errorf("squash(stretch(%d)) = %d", p, got)
		}
	}
}
