package mutation

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// Sample draws at most n mutants that compile, and all with n 0. Each line is equally likely, so that a line of many constants has no more
// weight than a condition. What is drawn depends on the seed and the changed lines themselves: a change of the sources elsewhere leaves the
// sample as it is, but for what is new. Only those are drawn that wanted returns true for.
func (p *Package) Sample(seed uint64, n int, wanted func(Mutant) bool) []Mutant {
	var drawn []Mutant
	lines := p.lines(seed, wanted)
	for len(lines) > 0 {
		// One of each line; when all lines have been drawn from, another one of each.
		for i, l := range lines {
			if n > 0 && len(drawn) == n {
				return drawn
			}
			at := slices.IndexFunc(l.mutants, p.Compiles)
			if at < 0 {
				lines[i].mutants = nil
				continue
			}
			drawn = append(drawn, l.mutants[at])
			lines[i].mutants = l.mutants[at+1:]
		}
		lines = slices.DeleteFunc(lines, func(l line) bool { return len(l.mutants) == 0 })
	}
	return drawn
}

// line is a line with its mutants, in the order in which they are drawn.
type line struct {
	rank    uint64
	mutants []Mutant
}

// lines returns the lines of a package in the order in which they are drawn from.
func (p *Package) lines(seed uint64, wanted func(Mutant) bool) []line {
	at := map[string]int{} // by file and line
	same := map[string]int{}
	var lines []line
	for _, m := range p.Mutants {
		if wanted != nil && !wanted(m) {
			continue
		}
		place := fmt.Sprint(m.File, ":", m.Line)
		i, ok := at[place]
		if !ok {
			// Of lines that are the same in one function each has its rank.
			text := fmt.Sprintf("%s\n%s\n%s", m.File, m.Func, m.Before)
			i = len(lines)
			at[place], lines = i, append(lines, line{rank: rank(seed, fmt.Sprint(text, "\n", same[text]))})
			same[text]++
		}
		lines[i].mutants = append(lines[i].mutants, m)
	}
	for _, l := range lines {
		slices.SortStableFunc(l.mutants, func(a, b Mutant) int {
			return cmp.Compare(rank(seed, a.Before+"\n"+a.After), rank(seed, b.Before+"\n"+b.After))
		})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.rank, b.rank) })
	return lines
}

// rank is a number by which texts are in an order that looks random.
func rank(seed uint64, text string) uint64 {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(text), seed))
	return binary.BigEndian.Uint64(sum[:])
}
