package vcd

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Value is what a variable is. The zero value is Unknown.
type Value struct {
	form form
	bits uint64
	text string
}

type form int

const (
	unknown form = iota
	number
	words
)

// Unknown is a value that nobody knows: x, or the empty text.
var Unknown Value

// Bit is the value of a wire.
func Bit(on bool) Value {
	if on {
		return Value{form: number, bits: 1}
	}
	return Value{form: number}
}

// Number is the value of a vector, or 0 or 1 of a wire.
func Number(n uint64) Value { return Value{form: number, bits: n} }

// Words is the value of a text.
func Words(s string) Value { return Value{form: words, text: s} }

// fits reports whether a variable can be this.
func (v Value) fits(of Variable) bool {
	switch v.form {
	case number:
		return of.Kind == Wire && v.bits <= 1 || of.Kind == Vector && bits.Len64(v.bits) <= of.Width
	case words:
		return of.Kind == Text
	}
	return true
}

// digits writes a value in binary.
func (v Value) digits(width int) string {
	if v.form == unknown {
		return "x"
	}
	s := strconv.FormatUint(v.bits, 2)
	return strings.Repeat("0", width-len(s)) + s
}

// escape writes a text as GTKWave reads it: a value ends at white space, and a byte that is not plain is a backslash and three octal
// digits.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c > ' ' && c < 0x7f && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}
