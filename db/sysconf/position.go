package sysconf

import (
	"bytes"
	"fmt"
	"sort"
	"unicode/utf8"
)

// position is a place in a file, from 1. The column counts characters.
type position struct{ line, column int }

func (p position) fault(format string, args ...any) error {
	return &Fault{At: p.line, Column: p.column, Message: fmt.Sprintf(format, args...)}
}

// index finds the positions of offsets in a text.
type index struct {
	text []byte
	ends []int // offsets of the ends of lines
}

func newIndex(text []byte) *index {
	x := &index{text: text}
	for i, c := range text {
		if c == '\n' {
			x.ends = append(x.ends, i)
		}
	}
	return x
}

func (x *index) at(offset int) position {
	offset = min(max(offset, 0), len(x.text))
	row := sort.SearchInts(x.ends, offset)
	begin := 0
	if row > 0 {
		begin = x.ends[row-1] + 1
	}
	return position{row + 1, 1 + utf8.RuneCount(x.text[begin:offset])}
}

// last is the position behind the last character that is not white space.
func (x *index) last() position { return x.at(len(bytes.TrimRight(x.text, " \t\r\n"))) }

// row is the text of a line from 1.
func (x *index) row(n int) string {
	begin, end := 0, len(x.text)
	if n > 1 && n-2 < len(x.ends) {
		begin = x.ends[n-2] + 1
	}
	if n-1 < len(x.ends) {
		end = x.ends[n-1]
	}
	return string(x.text[begin:end])
}
