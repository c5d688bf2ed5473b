package contact

import "fmt"

// MaxLines is how many rows, and how many columns, a keypad has at most.
const MaxLines = 8

// Scan is one reading of a keypad: for each row the columns that are connected with it, column c as bit c.
type Scan [MaxLines]uint8

// Ghost reports whether two rows share two or more columns. Then three keys that are down make the fourth corner of their rectangle
// look like a key that is down as well, and nobody can tell which of the four it is. Diodes in the keys prevent it.
func (s Scan) Ghost() bool {
	for i := range s {
		for j := i + 1; j < len(s); j++ {
			if both := s[i] & s[j]; both&(both-1) != 0 {
				return true
			}
		}
	}
	return false
}

func (s Scan) empty() bool { return s == Scan{} }

// Wires are the lines of a keypad. Columns have pull-ups; a row is either driven low or left to itself: two rows driven against one
// another would be a short circuit through two keys.
type Wires interface {
	// Drive drives the rows of the mask low and leaves all others to themselves.
	Drive(rows uint8) error
	// Columns returns the columns that are low.
	Columns() (uint8, error)
}

// Scanner reads a keypad.
type Scanner struct {
	Wires  Wires
	Rows   int    // 1 to 8
	Settle func() // waits until the columns have followed a row: 10 us on wires as short as a keypad's
}

// Scan drives one row after the other and reads the columns of each. It leaves all rows to themselves.
func (s Scanner) Scan() (Scan, error) {
	var scan Scan
	for r := range s.Rows {
		if err := s.Wires.Drive(1 << r); err != nil {
			return Scan{}, fmt.Errorf("driving row %d: %w", r+1, err)
		}
		s.Settle()
		columns, err := s.Wires.Columns()
		if err != nil {
			return Scan{}, fmt.Errorf("reading the columns of row %d: %w", r+1, err)
		}
		scan[r] = columns
	}
	if err := s.Wires.Drive(0); err != nil {
		return Scan{}, fmt.Errorf("letting go of the rows: %w", err)
	}
	return scan, nil
}

// Rest drives all rows, so that any key makes an edge on a column, and reports whether a key is down already: then there will be no
// edge, and the keypad has to be scanned. Otherwise it may sleep until an edge comes; edges of the scans before are still in the
// queue of the lines and wake it for nothing, once.
func (s Scanner) Rest() (touched bool, err error) {
	if err := s.Wires.Drive(1<<s.Rows - 1); err != nil {
		return false, fmt.Errorf("driving all rows: %w", err)
	}
	s.Settle()
	columns, err := s.Wires.Columns()
	if err != nil {
		return false, fmt.Errorf("reading the columns: %w", err)
	}
	return columns != 0, nil
}
