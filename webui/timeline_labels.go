package webui

// labelRow places labels beside one another in a row of a drawing whose width is not known here (UX-25). Those that have room on the narrowest
// screen are always shown, those that have room from the width on where class "wide" is shown get that class, others are left out.
type labelRow struct {
	narrow, wide [][2]float64 // taken, in percent of the width
}

// Widths of a drawing in pixels: on the narrowest screen, and on the narrowest that shows class "wide".
const (
	narrowDrawing = 240
	wideDrawing   = 560
	labelGap      = 4 // pixels between two labels
)

// textWidth is about how wide a text is, in pixels: rather too much than too little.
func textWidth(text string) float64 {
	width := 0.
	for _, r := range text {
		if r > 0x2e80 { // Japanese and Chinese
			width += 12.5
		} else {
			width += 7.5
		}
	}
	return width
}

// place takes the room of a label at x percent that begins left pixels beside it and is width pixels long. It returns the class to add; ok is
// false where there is no room.
func (r *labelRow) place(x, left, width float64) (class string, ok bool) {
	take := func(taken *[][2]float64, pixels float64) bool {
		from := x + (left-labelGap)/pixels*100
		to := x + (left+width+labelGap)/pixels*100
		for _, t := range *taken {
			if from < t[1] && t[0] < to {
				return false
			}
		}
		*taken = append(*taken, [2]float64{from, to})
		return true
	}
	if !take(&r.wide, wideDrawing) {
		return "", false
	}
	if take(&r.narrow, narrowDrawing) {
		return "", true
	}
	return " wide", true
}
