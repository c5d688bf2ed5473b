package board

// headerPin is one pin of the 40-pin header.
type headerPin struct {
	name string
	gpio int // -1: not a GPIO
}

// header40 is the 40-pin header of every Raspberry Pi since the B+, from pin 1.
var header40 = [40]headerPin{
	{"3V3", -1}, {"5V", -1},
	{"GPIO2", 2}, {"5V", -1},
	{"GPIO3", 3}, {"GND", -1},
	{"GPIO4", 4}, {"GPIO14", 14},
	{"GND", -1}, {"GPIO15", 15},
	{"GPIO17", 17}, {"GPIO18", 18},
	{"GPIO27", 27}, {"GND", -1},
	{"GPIO22", 22}, {"GPIO23", 23},
	{"3V3", -1}, {"GPIO24", 24},
	{"GPIO10", 10}, {"GND", -1},
	{"GPIO9", 9}, {"GPIO25", 25},
	{"GPIO11", 11}, {"GPIO8", 8},
	{"GND", -1}, {"GPIO7", 7},
	{"GPIO0", 0}, {"GPIO1", 1},
	{"GPIO5", 5}, {"GND", -1},
	{"GPIO6", 6}, {"GPIO12", 12},
	{"GPIO13", 13}, {"GND", -1},
	{"GPIO19", 19}, {"GPIO16", 16},
	{"GPIO26", 26}, {"GPIO20", 20},
	{"GND", -1}, {"GPIO21", 21},
}

// HeaderPin returns where a pin is on the 40-pin header, 1 to 40; 0 if the board's chip is not that of the header or has it elsewhere.
func (b *Board) HeaderPin(p Pin) int {
	if !ofHeader(b.Chip) || p.Expander || p.Name != "" {
		return 0
	}
	for i, h := range header40 {
		if h.gpio == p.Offset {
			return i + 1
		}
	}
	return 0
}

// dip28 is the MCP23017 from pin 1; GPA and GPB pins carry the name of the expander's pin.
var dip28 = [28]string{
	"B0", "B1", "B2", "B3", "B4", "B5", "B6", "B7", "VDD", "VSS", "", "SCL", "SDA", "",
	"a0", "a1", "a2", "RESET", "INTB", "INTA", "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7",
}
