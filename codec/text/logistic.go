package text

import "math/bits"

// Probabilities are mixed as ln(p/(1-p)), in units of 1/256: the stretched
// form. The tables are made by multiplying integers, so they are the same on
// every machine.

const (
	stretchOne = 256               // 1.0 in stretched units
	inputMax   = 8*stretchOne - 1  // of what goes into a mixer
	outputMax  = 12*stretchOne - 1 // of what comes out
)

// squashTable[i] is 65536/(1+exp(-x)) for x = (i-outputMax-1)/256, kept off 0 and 65536.
var squashTable, expTable = makeSquash()

// lnTable[m] is 256*ln(1+m/256).
var lnTable = makeLn()

// makeSquash also gives exp(i/256) in 2^-32 units, for i up to ln 2.
func makeSquash() ([2 * (outputMax + 1)]uint16, [180]uint64) {
	// exp(1/256) * 2^62
	const step = 4629735647166717428
	var squash [2 * (outputMax + 1)]uint16
	var exps [180]uint64
	mantissa, exponent := uint64(1)<<62, uint(0) // exp(x) = mantissa * 2^(exponent-62)
	for i := range outputMax + 1 {
		if i < len(exps) {
			exps[i] = mantissa >> (30 - exponent)
		}
		// 1/(1+exp(-x)) = E/(E+1), with E cut to 44 bits.
		e := mantissa >> 18
		one := uint64(1) << 44 >> exponent
		p := e * 65536 / (e + one)
		p = min(max(p, 1), 65535)
		squash[outputMax+1+i] = uint16(p)
		if i > 0 {
			squash[outputMax+1-i] = uint16(65536 - p)
		}
		hi, lo := bits.Mul64(mantissa, step)
		mantissa = hi<<2 | lo>>62
		if mantissa >= 1<<63 {
			mantissa >>= 1
			exponent++
		}
	}
	squash[0] = squash[1]
	return squash, exps
}

func makeLn() [256]uint8 {
	var ln [256]uint8
	k := 0
	for m := range ln {
		want := uint64(256+m) << 24
		for k+1 < len(expTable) && expTable[k+1] <= want {
			k++
		}
		ln[m] = uint8(k)
	}
	return ln
}

// squash is the probability, of 65536, of a stretched one.
func squash(x int32) uint32 {
	x = min(max(x, -outputMax), outputMax)
	return uint32(squashTable[x+outputMax+1])
}

// stretch undoes squash, to the nearest below. It searches: it is for tables
// and training.
func stretch(p uint32) int32 {
	lo, hi := int32(-inputMax), int32(inputMax)
	for lo < hi {
		mid := (lo + hi + 1) >> 1
		if squash(mid) <= p {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo
}

// ln is 256 times the natural logarithm of n, n > 0.
func ln(n uint32) int32 {
	e := bits.Len32(n) - 1
	var m uint32
	if e >= 8 {
		m = n >> (e - 8) & 255
	} else {
		m = n << (8 - e) & 255
	}
	return int32(e)*177446/1000 + int32(lnTable[m])
}
