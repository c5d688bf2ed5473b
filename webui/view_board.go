package webui

// BoardExample is a board file that comes with the program, to be changed and used.
type BoardExample struct{ Name, Text string }

// BoardPageView is the page System > Board: what the phone's front is made of, and how each part of it is.
type BoardPageView struct {
	Board   string      `json:"board" doc:"as it is set, for the next start: auto, virtual, or the text of a board file"`
	Fixed   bool        `json:"fixed" doc:"it is given by --board and cannot be set here"`
	Restart bool        `json:"restart_needed" doc:"the phone still runs with another one: what is set is used when it starts again"`
	Kind    string      `json:"kind" doc:"what the front is made of now" example:"virtual+rpi"`
	File    string      `json:"file" doc:"that the board in use was read from, empty for auto and virtual"`
	Chip    string      `json:"chip" doc:"with the real pins, empty without" example:"gpiochip0 (pinctrl-rp1)"`
	Faults  []FaultView `json:"faults" nullable:"false"`
	Pins    []PinView   `json:"pins" nullable:"false" doc:"every real pin"`
	Parts   []PartView  `json:"parts" nullable:"false" doc:"what a self-test goes through: lamps, ringer, handset, keys"`
	Walk    bool        `json:"walk" doc:"somebody walks through the real keys, which do not reach the phone meanwhile"`
	Missing []string    `json:"missing" nullable:"false" doc:"keys and handset that have not been moved by hand since the walk began, or since the start"`
}

// FaultView is something wrong with the board.
type FaultView struct {
	Device  string `json:"device" doc:"the part and its pin" example:"button hold on GPIO16"`
	Message string `json:"message"`
}

// PinView is a real pin.
type PinView struct {
	Part      string `json:"part" example:"row 1"`
	Pin       string `json:"pin" doc:"as the board file means it" example:"GPIO5"`
	Header    int    `json:"header" doc:"pin of the 40-pin header, 0 if it is none"`
	Line      int    `json:"line" doc:"offset at the chip, -1 if it is not a line of it"`
	Name      string `json:"name" doc:"that the kernel has for the line"`
	Direction string `json:"direction" enum:"input,output" doc:"rows of a keypad are inputs that are driven now and then"`
	Active    string `json:"active" enum:"low,high" doc:"level while a contact is closed, a lamp lit"`
	Level     int    `json:"level" minimum:"-1" maximum:"1" doc:"of the wire, -1 if nobody knows"`
	Holder    string `json:"holder" doc:"who uses the line, empty if nobody does" example:"this phone"`
}

// PartView is a part that a self-test goes through.
type PartView struct {
	Name   string `json:"name" doc:"as in GET /io" example:"key_1"`
	Output bool   `json:"output" doc:"a lamp or the ringer, to be shown"`
	At     string `json:"at" doc:"the pins that it hangs on" example:"row 1 on GPIO5 and column 1 on GPIO24"`
	Level  int    `json:"level" minimum:"0" maximum:"1" doc:"1: lifted, pressed, lit, ringing"`
	Seen   Time   `json:"seen" doc:"when it was last pressed or lifted by hand since the walk or the phone began, null if it was not"`
}
