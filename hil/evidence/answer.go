package evidence

import "time"

// The answers to what a scenario asks of the servers. No is an answer as good as Yes: only Unanswered says that something went wrong.
const (
	Yes        = "yes"
	No         = "no"
	Unanswered = "not answered"
)

// Answer is what a scenario that asks something has found out.
type Answer struct {
	Question string
	Scenario string // its name among those that ship, or its file
	Answer   string // Yes, No or Unanswered
	Cause    string // why not
	Figures  []Figure
}

// Figure is how long a labelled step took.
type Figure struct {
	Label string
	Took  time.Duration
}
