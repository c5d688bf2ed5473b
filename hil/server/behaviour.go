package server

import "hilphone/hil/behaviour"

// What a server and a phone do on request is defined in package behaviour.
type (
	Behaviour  = behaviour.Server
	Mode       = behaviour.Mode
	Answering  = behaviour.Answering
	AnswerMode = behaviour.AnswerMode
	FieldError = behaviour.FieldError
)

// The modes of a server.
const (
	Serve  = behaviour.Serve
	Silent = behaviour.Silent
	Refuse = behaviour.Refuse
	Hang   = behaviour.Hang
	Close  = behaviour.Close
	Status = behaviour.Status
)

// The modes of a phone.
const (
	Answer  = behaviour.Answer
	Busy    = behaviour.Busy
	Decline = behaviour.Decline
	Ring    = behaviour.Ring
	Ignore  = behaviour.Ignore
	Reject  = behaviour.Reject
)

var wrong = behaviour.Wrong
