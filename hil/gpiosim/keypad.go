package gpiosim

import "sync"

// Wires are the lines that a keypad is wired to: those of a Chip.
type Wires interface {
	Pull(line int, up bool) error
	Level(line int) (high bool, err error)
}

// Keypad is a matrix of switches wired to lines: a switch joins a row with a column. Columns are pulled up; a row that is not driven low
// floats. With three switches closed at three corners of a rectangle current flows backwards through one of them, and the fourth corner
// seems closed too: a ghost. Its methods are safe from any goroutine.
type Keypad struct {
	Wires      Wires
	Rows, Cols []int // lines
	Diodes     bool  // one for each switch: no ghosts

	mu     sync.Mutex
	closed map[[2]int]bool
	low    map[int]bool // columns as they were last driven; nil: not known
}

// Set closes or opens the switch of a row and a column, counted from 0.
func (k *Keypad) Set(row, col int, closed bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed == nil {
		k.closed = map[[2]int]bool{}
	}
	if closed {
		k.closed[[2]int{row, col}] = true
	} else {
		delete(k.closed, [2]int{row, col})
	}
	return k.settle()
}

// Settle lets the columns follow the rows, as wires do by themselves. A simulated chip does not: whoever drives rows calls it before it
// reads columns.
func (k *Keypad) Settle() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.settle()
}

// Forget drives every column anew: the kernel has set their pulls.
func (k *Keypad) Forget() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.low = nil
	return k.settle()
}

func (k *Keypad) settle() error {
	low, err := k.levels()
	if err != nil {
		return err
	}
	for c, line := range k.Cols {
		if was, known := k.low[c]; known && was == low[c] {
			continue
		}
		if err := k.Wires.Pull(line, !low[c]); err != nil {
			return err
		}
	}
	k.low = low
	return nil
}

// levels works out which columns are low.
func (k *Keypad) levels() (map[int]bool, error) {
	rowLow, colLow := map[int]bool{}, map[int]bool{}
	for r, line := range k.Rows {
		high, err := k.Wires.Level(line)
		if err != nil {
			return nil, err
		}
		rowLow[r] = !high
	}
	for c := range k.Cols {
		colLow[c] = false
	}
	for changed := true; changed; {
		changed = false
		for at := range k.closed {
			r, c := at[0], at[1]
			if rowLow[r] && !colLow[c] {
				colLow[c], changed = true, true
			}
			if colLow[c] && !rowLow[r] && !k.Diodes {
				rowLow[r], changed = true, true
			}
		}
	}
	return colLow, nil
}
