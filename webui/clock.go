package webui

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

// ClockView is the phone's clocks and the time zone in which it writes times.
type ClockView struct {
	Time         Time   `json:"time" doc:"the wall clock, which is the computer's"`
	MonoUS       int64  `json:"mono_us" doc:"microseconds since start, the clock of all events and messages"`
	UTCOffsetS   int    `json:"utc_offset_s" doc:"of the time zone in use, now"`
	TimeZone     string `json:"time_zone" doc:"as set, a name of IANA's; empty: that of the computer" example:"Asia/Tokyo"`
	InUse        string `json:"in_use" doc:"the time zone that pages, log and REST write times in" example:"JST"`
	RestartNeeds bool   `json:"restart_needed" doc:"the time zone that is set is another one than that in use; a restart takes it"`
}

func (s *Server) registerClock() {
	operate(s, Read, huma.Operation{OperationID: "get-time", Method: http.MethodGet, Path: "/system/time", Tags: []string{"system"},
		Summary: "The clocks and the time zone"}, s.getTime)
	operate(s, Admin, huma.Operation{OperationID: "put-time", Method: http.MethodPut, Path: "/system/time", Tags: []string{"system"},
		Summary: "Set the time zone in which times are written", Description: "It is in use from the next restart. The clock itself is the computer's and is not set here."}, s.putTime)
}

func (s *Server) getTime(ctx context.Context, _ *struct{}) (*struct{ Body ClockView }, error) {
	v, err := s.clockView(ctx)
	return &struct{ Body ClockView }{v}, err
}

func (s *Server) clockView(ctx context.Context) (ClockView, error) {
	set, err := s.Whole.TimeZone(ctx)
	if err != nil {
		return ClockView{}, err
	}
	now, us := s.Journal.Clock()
	now = now.Local()
	name, offset := now.Zone()
	if now.Location().String() != "Local" {
		name = now.Location().String()
	}
	return ClockView{Time: At(now), MonoUS: us, UTCOffsetS: offset, TimeZone: set, InUse: name, RestartNeeds: set != s.Zone}, nil
}

func (s *Server) putTime(ctx context.Context, in *struct {
	Body struct {
		TimeZone string `json:"time_zone" maxLength:"64" doc:"a name of IANA's; empty: that of the computer" example:"Asia/Tokyo"`
	}
}) (*struct{ Body ClockView }, error) {
	if err := s.setTimeZone(ctx, visitorOf(ctx), in.Body.TimeZone); err != nil {
		return nil, err
	}
	return s.getTime(ctx, nil)
}

// setTimeZone stores the time zone for the next start.
func (s *Server) setTimeZone(ctx context.Context, who Visitor, name string) error {
	if !who.May(Admin) {
		return problem(http.StatusForbidden, "the time zone is set by the admin only")
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return &line.FieldError{Name: "time_zone", Message: "must be the name of a time zone as IANA has it, such as Asia/Tokyo, or empty", Value: name}
	}
	if err := s.Whole.SetTimeZone(context.WithoutCancel(ctx), name); err != nil {
		return err
	}
	s.Log.Info("time zone set", "time_zone", name, "source", who.Source())
	return nil
}
