package webui

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

const (
	defaultTimeline = 3 * time.Hour
	longestTimeline = 7 * 24 * time.Hour
)

type timelineInput struct {
	Line  int       `path:"n" doc:"line, 1 to 20" example:"1"`
	Since time.Time `query:"since" doc:"where it begins; three hours before its end where it is not given, seven days at most"`
	Until time.Time `query:"until" doc:"where it ends; now where it is not given"`
}

func (s *Server) registerTimeline() {
	operate(s, Read, huma.Operation{OperationID: "get-line-timeline", Method: http.MethodGet, Path: "/lines/{n}/timeline", Tags: []string{"lines"},
		Summary: "What became of a line in a time", Description: "Made of the events, those from before the phone was last started too.",
		Errors: []int{http.StatusNotFound}}, s.getTimeline)
}

func (s *Server) getTimeline(ctx context.Context, in *timelineInput) (*struct{ Body TimelineView }, error) {
	if !lineExists(in.Line) {
		return nil, fmt.Errorf("line %d: %w", in.Line, ErrNotFound)
	}
	s.Journal.Settle(ctx)
	until, _ := s.Journal.Clock()
	if !in.Until.IsZero() {
		until = in.Until
	}
	since := until.Add(-defaultTimeline)
	if !in.Since.IsZero() {
		since = in.Since
	}
	if span := until.Sub(since); span <= 0 || span > longestTimeline {
		return nil, &line.FieldError{Name: "since", Message: "must be before until, by seven days at most", Value: since.Format(time.RFC3339)}
	}
	v, err := s.timeline(ctx, in.Line, since, until)
	return &struct{ Body TimelineView }{v}, err
}
