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
	last struct {
		offset int
		position
	}
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

// at is the position of an offset. It counts on from the offset before, so that a file of one line takes linear time.
func (x *index) at(offset int) position {
	offset = min(max(offset, 0), len(x.text))
	row := sort.SearchInts(x.ends, offset)
	begin, column := 0, 1
	if row > 0 {
		begin = x.ends[row-1] + 1
	}
	if x.last.line == row+1 && x.last.offset <= offset {
		begin, column = x.last.offset, x.last.column
	}
	x.last.offset, x.last.position = offset, position{row + 1, column + utf8.RuneCount(x.text[begin:offset])}
	return x.last.position
}

// end is the position behind the last character that is not white space.
func (x *index) end() position { return x.at(len(bytes.TrimRight(x.text, " \t\r\n"))) }

// row is the text of a line from 1, at most its first kilobyte.
func (x *index) row(n int) string {
	begin, end := 0, len(x.text)
	if n > 1 && n-2 < len(x.ends) {
		begin = x.ends[n-2] + 1
	}
	if n-1 < len(x.ends) {
		end = x.ends[n-1]
	}
	return string(x.text[begin:min(end, begin+1024)])
}
