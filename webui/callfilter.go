package webui

import (
	"context"
	"strings"

	"hilphone/sip/line"
)

// CallFilter says which calls are wanted. The zero value wants all.
type CallFilter struct {
	Line      int       `query:"line" minimum:"0" maximum:"20" doc:"only calls of this line; 0: of all"`
	Direction string    `query:"direction" enum:"outgoing,incoming" doc:"only calls in this direction"`
	Server    string    `query:"server" enum:"primary,backup,none" doc:"only calls through this server"`
	By        string    `query:"by" enum:"user,peer,server,phone" doc:"only calls that were ended by this party"`
	Cause     callCause `query:"cause" doc:"only calls that ended with this cause" example:"no_response"`
	Remote    string    `query:"remote" maxLength:"128" doc:"only calls with this in their number or name"`
}

func (f CallFilter) match(c CallView) bool {
	return (f.Line == 0 || c.Line == f.Line) && (f.Direction == "" || string(c.Direction) == f.Direction) && (f.Server == "" || string(c.Server) == f.Server) &&
		(f.By == "" || c.End != nil && c.End.By == f.By) && (f.Cause == "" || c.End != nil && callCause(c.End.Cause) == f.Cause) && (strings.Contains(c.Remote, f.Remote) || strings.Contains(c.RemoteName, f.Remote))
}

// logAtOnce is how many calls of the log are read at a time.
const logAtOnce = 200

// callLog returns the wanted calls that are over, newest first, limit of them at most; before is a key, 0 for none.
func (s *Server) callLog(ctx context.Context, f CallFilter, limit int, before int64) (found []CallView, err error) {
	for len(found) < limit {
		calls, err := s.CallLog.Log(ctx, logAtOnce, before)
		if err != nil {
			return nil, err
		}
		for _, c := range calls {
			if f.match(c) && len(found) < limit {
				found = append(found, c)
			}
			before = c.Key
		}
		if len(calls) < logAtOnce {
			break
		}
	}
	return found, nil
}

// currentCalls returns the wanted calls that are not over, oldest first.
func (s *Server) currentCalls(f CallFilter) (found []CallView) {
	for _, c := range s.Calls.Current() {
		if f.match(c) {
			found = append(found, c)
		}
	}
	return found
}

// talking reports whether there are two in a call who can hear each other.
func (c CallView) talking() bool { return c.State == line.Talking || c.State == line.Held }
