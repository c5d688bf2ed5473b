package webui

import "fmt"

func (h *house) VCD(since int64) ([]byte, error) {
	return fmt.Appendf(nil, "$timescale 1 us $end\n$enddefinitions $end\n#%d\n", since), nil
}
