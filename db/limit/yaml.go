package limit

import "fmt"

// Bounds of a YAML text beside its depth. The largest board file needs a tenth of each. They hold wherever the characters stand, so they bound
// what the parser needs also where the scanner takes something for text that the parser does not: its memory grows with the square of the
// depth, and its time with the square of the lines and of their length.
const (
	maxBrackets   = 1024 // that open
	maxMarkers    = 1024 // - and ? with a space after them
	maxLines      = 2048
	maxLineLength = 4096 // bytes
)

// YAML refuses a text of more than most bytes, or one that is nested too deep. It does not see whether the text is YAML otherwise. Where it
// cannot know whether something is text or structure it counts it as structure.
func YAML(name string, text []byte, most int) error {
	if err := checkSize(name, text, most); err != nil {
		return err
	}
	s := yamlScanner{text: text}
	for i := 0; i < len(text); {
		if err := s.line(name, i); err != nil {
			return err
		}
		i = s.next
	}
	return checkCounts(name, text)
}

// checkCounts holds a text against the bounds of what may stand in it, whatever it means.
func checkCounts(name string, text []byte) error {
	brackets, markers, lines, begin := 0, 0, 1, 0
	for i, c := range text {
		switch c {
		case '[', '{':
			brackets++
		case '-', '?':
			if i+1 == len(text) || isSpace(text[i+1]) {
				markers++
			}
		case '\n', '\r':
			if c == '\n' || i+1 == len(text) || text[i+1] != '\n' {
				lines++
			}
			begin = i + 1
		}
		for _, l := range []struct {
			count, most int
			what        string
		}{{brackets, maxBrackets, "brackets"}, {markers, maxMarkers, "markers - and ?"}, {lines, maxLines, "lines"}, {i - begin, maxLineLength, "bytes in a line"}} {
			if l.count > l.most {
				return errorAt(name, text, i, fmt.Sprintf("there are more than %d %s", l.most, l.what))
			}
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// yamlScanner goes through a YAML text line by line.
type yamlScanner struct {
	text  []byte
	next  int     // where the next line begins
	block []level // of indentation, from the outside
	flow  int     // open brackets
	quote byte    // ' or ": the line begins in a quotation
}

// level is a sequence or a mapping by indentation.
type level struct {
	column   int
	sequence bool
}

func (s *yamlScanner) depth() int { return len(s.block) + s.flow }

// line scans the line that begins at an offset: its indentation, the markers of sequences and complex keys before its text, then the text.
func (s *yamlScanner) line(name string, start int) error {
	end := start
	for end < len(s.text) && s.text[end] != '\n' && s.text[end] != '\r' {
		end++
	}
	s.next = end + 1
	i := start
	for ; ; i++ {
		for i < end && isSpace(s.text[i]) {
			i++
		}
		if i == end || s.text[i] == '#' && s.quote == 0 {
			return nil
		}
		marker := (s.text[i] == '-' || s.text[i] == '?' || s.text[i] == ':') && (i+1 == end || isSpace(s.text[i+1]))
		s.outdent(level{i - start, marker && s.text[i] == '-'})
		if marker || isMapping(s.text[i:end]) {
			s.indent(level{i - start, marker && s.text[i] == '-'})
		}
		if s.depth() > Depth {
			return tooDeep(name, s.text, i)
		}
		if !marker {
			break
		}
	}
	return s.content(name, i, end)
}

// isMapping tells whether the text of a line may be a key of a mapping by indentation, with or without its value.
func isMapping(text []byte) bool {
	if text[0] == '[' || text[0] == '{' {
		return false // brackets count by themselves
	}
	for i, c := range text {
		if c == ':' && (i+1 == len(text) || isSpace(text[i+1])) {
			return true
		}
	}
	return false
}

// outdent ends the levels that do not go on where another one begins: those further to the right, and a sequence below a key at its column.
func (s *yamlScanner) outdent(l level) {
	for n := len(s.block); n > 0; n-- {
		if top := s.block[n-1]; top.column < l.column || top.column == l.column && (top == l || l.sequence) {
			return
		}
		s.block = s.block[:n-1]
	}
}

// indent begins a level, unless it goes on.
func (s *yamlScanner) indent(l level) {
	if n := len(s.block); n == 0 || s.block[n-1] != l {
		s.block = append(s.block, l)
	}
}

// content scans the text of a line for brackets, quotations and comments.
func (s *yamlScanner) content(name string, i, end int) error {
	for begins := true; i < end; i++ { // begins: a value may begin here
		c := s.text[i]
		switch {
		case s.quote == '"' && c == '\\':
			i++
		case s.quote != 0: // '' within single quotes ends a quotation, and the next begins
			if c == s.quote {
				s.quote, begins = 0, c == '\''
			}
		case isSpace(c):
		case c == '#' && i > 0 && isSpace(s.text[i-1]):
			return nil
		case (c == '\'' || c == '"') && begins:
			s.quote = c
		case (c == '!' || c == '&') && begins: // a tag or an anchor, with the value after it
			for i+1 < end && !isSpace(s.text[i+1]) {
				i++
			}
		case c == '[' || c == '{':
			if s.flow++; s.depth() > Depth {
				return tooDeep(name, s.text, i)
			}
			begins = true
		case c == ']' || c == '}':
			s.flow, begins = max(s.flow-1, 0), false
		default:
			begins = c == ',' && s.flow > 0 || c == ':' && (s.flow > 0 || i+1 == end || isSpace(s.text[i+1]))
		}
	}
	return nil
}
