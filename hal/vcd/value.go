package vcd

// Value is what a variable is. The zero value is Unknown.
type Value struct {
	form form
	bit  bool
	word string
}

type form int

const (
	unknown form = iota
	bit
	word
)

// Unknown is a value that is not known: x.
var Unknown Value

// Bit is the value of a variable without words.
func Bit(on bool) Value { return Value{form: bit, bit: on} }

// Word is the value of a variable with words. At another word than those all of its wires are 0.
func Word(s string) Value { return Value{form: word, word: s} }

// fits reports whether a variable can be this.
func (v Value) fits(of Variable) bool {
	return v.form == unknown || (v.form == word) == (len(of.Words) > 0)
}
