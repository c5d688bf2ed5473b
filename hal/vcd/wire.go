package vcd

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// maxWires is how many words have a wire each. More are numbered from 1, with a wire for each binary digit.
const maxWires = 16

// wire is one bit in the dump.
type wire struct {
	id, name string
	words    []string // it is 1 at these; nil: it is the bit of the variable itself
}

// wires gives the variables their wires, whose names are different within a scope.
func wires(vars []Variable) [][]wire {
	all, taken, count := make([][]wire, len(vars)), map[string]bool{}, 0
	for i, v := range vars {
		all[i] = split(v)
		for j := range all[i] {
			w := &all[i][j]
			wanted := w.name
			for n := 2; taken[Name(v.Scope)+"."+w.name]; n++ {
				w.name = wanted + "_" + strconv.Itoa(n)
			}
			taken[Name(v.Scope)+"."+w.name] = true
			w.id = identifier(count)
			count++
		}
	}
	return all
}

// split is a variable as wires.
func split(v Variable) (all []wire) {
	switch n := len(v.Words); {
	case n == 0:
		return []wire{{name: Name(v.Name)}}
	case n <= maxWires:
		for _, word := range v.Words {
			all = append(all, wire{name: Name(v.Name + "_" + word), words: []string{word}})
		}
	default:
		for digit := range bits.Len(uint(n)) {
			w := wire{name: Name(fmt.Sprintf("%s_bit%d", v.Name, digit))}
			for i, word := range v.Words {
				if (i+1)>>digit&1 == 1 {
					w.words = append(w.words, word)
				}
			}
			all = append(all, w)
		}
	}
	return all
}

// legend tells which number each word of a variable has, if they are numbered.
func legend(v Variable, all []wire) string {
	if len(v.Words) <= maxWires {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s:", all[0].name, all[len(all)-1].name)
	for i, word := range v.Words {
		fmt.Fprintf(&b, " %d %q", i+1, word)
	}
	return b.String()
}

// level is the wire's at a value of its variable: 0, 1 or x.
func (w wire) level(v Value) byte {
	switch {
	case v.form == unknown:
		return 'x'
	case v.form == bit && v.bit, v.form == word && slices.Contains(w.words, v.word):
		return '1'
	}
	return '0'
}
