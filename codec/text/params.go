package text

// What a prediction is made of. Every decision has inputs for each of these
// orders (how many bytes of context), from the index, and for each of the
// message's own orders: the probability stretched, and its distance from one
// half. An order of the index has a third one, from the places where the next
// order does not fit. The last input is always one.
var indexOrders = [...]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16}

const (
	indexInputs = len(indexOrders)
	maxOrder    = 20
	ownInputs   = 5
	inputs      = onlyInputs + indexInputs + 1
	onlyInputs  = 2 * (indexInputs + ownInputs) // the first of those of an order alone
	mixers      = 5
	countLevels = 24
	smallCounts = 512 // beyond it the ratio of the counts speaks for itself
	ownLevels   = 8
	finalSets   = maxOrder + 2
)

// mixerSets is how many sets of weights each mixer chooses from.
var mixerSets = [mixers]int{nodes, (maxOrder + 2) * 6, 256, 8 * kinds * 8, 1024}

// params are the trained numbers.
type params struct {
	// guess[guessAt(order, longer, zeros, ones)]: stretched probability.
	guess [(2*indexInputs + ownInputs) * 2 * countLevels * countLevels]int16
	// weights[mixer][set*inputs+input], in 2^-weightBits.
	weights [mixers][]int32
	// final[set*mixers+mixer]
	final [finalSets * mixers]int32
}

const weightBits = 22

func newParams() *params {
	p := &params{}
	for i := range p.weights {
		p.weights[i] = make([]int32, mixerSets[i]*inputs)
	}
	return p
}

// guessAt is the place in params.guess for what an order counted, in levels.
// longer is 1 if a longer order has counts too.
func guessAt(order, longer int, zeros, ones uint8) int32 {
	return int32(((order*2+longer)*countLevels+int(zeros))*countLevels + int(ones))
}

// level quantises a count below smallCounts.
var level = makeLevels()

func makeLevels() [smallCounts]uint8 {
	var l [smallCounts]uint8
	edges := [countLevels]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 20, 25, 32, 42, 56, 76, 104, 144, 200, 280, 390}
	k := 0
	for n := range l {
		for k+1 < len(edges) && edges[k+1] <= n {
			k++
		}
		l[n] = uint8(k)
	}
	return l
}
