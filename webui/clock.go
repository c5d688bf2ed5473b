package webui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/audit"
	"hilphone/sip/line"
)

// ClockView is the phone's clocks and the time zone in which its pages write times.
type ClockView struct {
	Time       Time   `json:"time" doc:"the wall clock, which is the computer's"`
	MonoUS     int64  `json:"mono_us" doc:"microseconds since start, the clock of all events and messages"`
	UTCOffsetS int    `json:"utc_offset_s" doc:"of the time zone in use, now"`
	TimeZone   string `json:"time_zone" doc:"as set, a name of IANA's; empty: that of the computer" example:"Asia/Tokyo"`
	InUse      string `json:"in_use" doc:"the time zone that the pages write times in" example:"JST"`
}

type clockOutput struct {
	ETag string `header:"ETag" doc:"names the time zone that is set, for If-Match"`
	Body ClockView
}

func (s *Server) registerClock() {
	operate(s, Read, huma.Operation{OperationID: "get-time", Method: http.MethodGet, Path: "/system/time", Tags: []string{"system"},
		Summary: "The clocks and the time zone"}, s.getTime)
	operate(s, Admin, huma.Operation{OperationID: "put-time", Method: http.MethodPut, Path: "/system/time", Tags: []string{"system"},
		Summary: "Set the time zone in which the pages write times", Description: "It is in use at once. The clock itself is the computer's and is not set here."}, s.putTime)
}

func (s *Server) getTime(ctx context.Context, _ *struct{}) (*clockOutput, error) {
	v, err := s.clockView(ctx)
	return &clockOutput{s.tag("time_zone", v.TimeZone), v}, err
}

func (s *Server) clockView(ctx context.Context) (ClockView, error) {
	set, err := s.Whole.TimeZone(ctx)
	if err != nil {
		return ClockView{}, err
	}
	now, us := s.Journal.Clock()
	now = now.In(s.zone.Load())
	name, offset := now.Zone()
	if set != "" {
		name = set
	}
	return ClockView{Time: At(now), MonoUS: us, UTCOffsetS: offset, TimeZone: set, InUse: name}, nil
}

func (s *Server) putTime(ctx context.Context, in *struct {
	Body struct {
		TimeZone string `json:"time_zone" maxLength:"64" doc:"a name of IANA's; empty: that of the computer" example:"Asia/Tokyo"`
	}
}) (*clockOutput, error) {
	if err := s.setTimeZone(ctx, visitorOf(ctx), in.Body.TimeZone); err != nil {
		return nil, err
	}
	return s.getTime(ctx, nil)
}

// setTimeZone stores the time zone and has the pages write times in it.
func (s *Server) setTimeZone(ctx context.Context, who Visitor, name string) error {
	if !who.May(Admin) {
		return problem(http.StatusForbidden, "the time zone is set by the admin only")
	}
	zone, err := loadZone(name)
	if err != nil {
		return &line.FieldError{Name: "time_zone", Message: "must be the name of a time zone as IANA has it, such as Asia/Tokyo, or empty", Value: name}
	}
	old, err := s.Whole.TimeZone(ctx)
	if err != nil {
		return err
	}
	if err := s.Whole.SetTimeZone(context.WithoutCancel(ctx), name); err != nil {
		return err
	}
	s.zone.Store(zone)
	s.Log.Info("time zone set", "time_zone", name, "source", who.Source())
	if name != old {
		s.audits.record(ctx, who.author(), audit.Settings, map[string]any{"changed": []string{"time_zone"}})
	}
	return nil
}

// loadZone finds the time zone of a name, and the computer's without one.
func loadZone(name string) (*time.Location, error) {
	switch name {
	case "":
		return time.Local, nil
	case "Local": // Go's own word for the computer's
		return nil, errors.New("unknown time zone Local")
	}
	return time.LoadLocation(name)
}

// zoneKey is under which the context of a request has the time zone of its answer.
type zoneKey struct{}

// zoned has the answer to a page written in the phone's time zone.
func (s *Server) zoned(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), zoneKey{}, s.zone.Load())))
		return next(c)
	}
}
