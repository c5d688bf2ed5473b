package board

// SVG returns a wiring drawing.
func (b *Board) SVG() []byte { return []byte("<svg/>") }
