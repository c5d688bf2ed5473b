// Package line is what a phone line is and decides: its SIPN settings, where it is registered, when it fails over to
// the backup and back to the primary, and what becomes of a call when a server dies.
//
// It is pure. A Machine takes one Event at one instant and answers with Actions: no clock, socket, goroutine or
// randomness inside. Package sip carries the actions out on the wire and reports back what happened.
package line

// Slot names one of the two servers of a line.
type Slot string

// The servers of a line, in the order in which they are tried (FO-13).
const (
	None    Slot = "none"
	Primary Slot = "primary" // SIP server 1
	Backup  Slot = "backup"  // SIP server 2
)

// MaxLines is how many lines a phone has: SIP1 to SIP20.
const MaxLines = 20
