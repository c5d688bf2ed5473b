package mutation

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// Sample draws at most n mutants that compile, and all with n 0: the same for the same seed and sources, each line equally likely, so that a
// line of many constants has no more weight than a condition. Only those are drawn that wanted returns true for.
func (p *Package) Sample(seed uint64, n int, wanted func(Mutant) bool) []Mutant {
	h := fnv.New64a()
	h.Write([]byte(p.Path))
	random := rand.New(rand.NewPCG(seed, h.Sum64()))
	type place struct {
		file string
		line int
	}
	var places []place
	at := map[place][]Mutant{}
	for _, m := range p.Mutants {
		if wanted != nil && !wanted(m) {
			continue
		}
		where := place{m.File, m.Line}
		if at[where] == nil {
			places = append(places, where)
		}
		at[where] = append(at[where], m)
	}
	random.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	for _, where := range places {
		on := at[where]
		random.Shuffle(len(on), func(i, j int) { on[i], on[j] = on[j], on[i] })
	}
	var drawn []Mutant
	for len(places) > 0 && (n == 0 || len(drawn) < n) {
		// One of each line; when all lines have been drawn from, another one of each.
		for _, where := range places {
			for on := at[where]; len(on) > 0; on = on[1:] {
				if at[where] = on[1:]; p.Compiles(on[0]) {
					drawn = append(drawn, on[0])
					break
				}
			}
			if n > 0 && len(drawn) == n {
				break
			}
		}
		places = slices.DeleteFunc(places, func(where place) bool { return len(at[where]) == 0 })
	}
	return drawn
}
