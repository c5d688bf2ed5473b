package board

// check finds what no field can tell by itself, and completes what depends on other fields.
func (b *Board) check() []error { return nil }
