package webui

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

// eventView is an event in an answer.
type eventView struct{ journal.Event }

// Schema describes an event.
func (eventView) Schema(r huma.Registry) *huma.Schema {
	return component(r, "Event", func() *huma.Schema {
		return &huma.Schema{Type: huma.TypeObject, Required: []string{"seq", "time", "mono_us", "type", "line", "call", "data"}, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{
				"seq":     {Type: huma.TypeInteger, Format: "int64", Description: "grows by one from event to event, in the order in which they were recorded"},
				"time":    {Type: huma.TypeString, Format: "date-time", Description: "when it was decided, not when it was recorded: an event may have an earlier time than one before it that another part of the phone decided"},
				"mono_us": {Type: huma.TypeInteger, Format: "int64", Description: "the same instant in microseconds since start, one clock for SIP, pins and REST"},
				"type":    eventTypeSchema(),
				"line":    {Type: huma.TypeInteger, Nullable: true},
				"call":    {Type: huma.TypeString, Nullable: true},
				"data":    eventDataSchema(r),
			}}
	})
}

func eventTypeSchema() *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, i := range event.All {
		s.Enum = append(s.Enum, i.Type())
		s.Description += i.Type() + ": " + i.Doc + ".\n"
	}
	return s
}

// eventDataSchema describes the data of each type, under the type word as title.
func eventDataSchema(r huma.Registry) *huma.Schema {
	s := &huma.Schema{Description: "what the type says; its schema has the type as title"}
	for _, i := range event.All {
		data := huma.SchemaFromType(r, reflect.TypeOf(i.Zero))
		data.Title, data.Description = i.Type(), i.Doc
		data.AdditionalProperties = true // fields are added, and an older history has others
		s.AnyOf = append(s.AnyOf, data)
	}
	return s
}

type eventsInput struct {
	Type   []eventType `query:"type" nullable:"false" doc:"only events of these types" example:"failover,failback"`
	Line   int         `query:"line" minimum:"0" maximum:"20" doc:"only events of this line; 0: of all and of none"`
	Call   string      `query:"call" maxLength:"32" doc:"only events of this call"`
	Since  int64       `query:"since" minimum:"0" doc:"only events with a greater seq; a seq beyond the newest means the newest"`
	WaitS  float64     `query:"wait_s" minimum:"0" maximum:"60" doc:"while there is none, wait so many seconds for the first"`
	Before int64       `query:"before" minimum:"0" doc:"only events with a smaller seq, the newest first: page by page backwards; 0: no bound, the oldest first"`
	Newest bool        `query:"newest" doc:"the newest first"`
	Limit  int         `query:"limit" minimum:"1" maximum:"1000" default:"1000" doc:"at most so many of them"`
}

func (in *eventsInput) past() journal.Past {
	return journal.Past{Query: journal.Query{Since: in.Since, Types: typeNames(in.Type), Line: in.Line, Limit: in.Limit}, Call: in.Call, Before: in.Before, Newest: in.Newest || in.Before > 0}
}

type eventsOutput struct {
	Body []eventView `nullable:"false"`
}

func (s *Server) registerEvents() {
	operate(s, Read, huma.Operation{OperationID: "list-events", Method: http.MethodGet, Path: "/events", Tags: []string{"events"},
		Description: "The history too, from before the phone was last started, in the order of seq, and all that was decided before the request came. wait_s has no part in before and call.",
		Summary:     "What happened; with wait_s a long poll that answers at the first match", Errors: []int{http.StatusTooManyRequests}}, s.listEvents)
	operate(s, Read, huma.Operation{OperationID: "stream-events", Method: http.MethodGet, Path: "/events/stream", Tags: []string{"events"},
		Summary:     "What happens, live, as server-sent events",
		Description: "id is the seq, event the type, data the event. Begins after Last-Event-ID or since, without either with what comes next.",
		Responses: map[string]*huma.Response{"200": {Description: "An endless stream", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}},
		Errors: []int{http.StatusTooManyRequests}}, s.streamEvents)
}

func (s *Server) listEvents(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
	s.Journal.Settle(ctx)
	p := in.past()
	events, err := s.past(ctx, p)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 && in.WaitS > 0 && in.Before == 0 && in.Call == "" {
		if events, err = s.waitForEvents(ctx, p.Query, time.Duration(in.WaitS*float64(time.Second))); err != nil {
			return nil, err
		}
		if !visitorOf(ctx).alive() { // the login or token ended while it waited
			return nil, problem(http.StatusUnauthorized, "a token (Authorization: Bearer) or a login is needed")
		}
	}
	views := make([]eventView, len(events))
	for i, e := range events {
		views[i] = eventView{e}
	}
	return &eventsOutput{views}, nil
}

// waitForEvents waits for the first event the query wants, at most for d.
func (s *Server) waitForEvents(ctx context.Context, q journal.Query, d time.Duration) ([]journal.Event, error) {
	giveBack, err := s.polls.Take(visitorOf(ctx).identity())
	if err != nil {
		return nil, sharesProblem(err, "long polls", maxPolls, visitorPolls, "1")
	}
	defer giveBack()
	ctx, cancel := s.untilShutdown(ctx)
	defer cancel()
	ctx, cancelWait := context.WithTimeout(ctx, d)
	defer cancelWait()
	return s.Journal.Wait(ctx, q)
}
