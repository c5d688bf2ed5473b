package webui

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal"
	"hilphone/sip/ladder"
	"hilphone/sip/netlog"
	"hilphone/sip/pcapng"
)

// messageView is a SIP message in an answer.
type messageView struct{ journal.Message }

// Schema describes a SIP message.
func (messageView) Schema(r huma.Registry) *huma.Schema {
	return component(r, "Message", func() *huma.Schema {
		s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{
			"seq":         {Type: huma.TypeInteger, Format: "int64", Description: "of messages alone; grows from message to message, over every start of the phone. Where some could not be kept numbers are missing"},
			"time":        {Type: huma.TypeString, Format: "date-time"},
			"mono_us":     {Type: huma.TypeInteger, Format: "int64", Description: "microseconds since start, one clock for SIP, pins and REST"},
			"after_event": {Type: huma.TypeInteger, Format: "int64", Description: "seq of the newest event before the message"},
			"line":        {Type: huma.TypeInteger, Nullable: true},
			"direction":   {Type: huma.TypeString, Enum: []any{"sent", "received"}},
			"slot":        {Type: huma.TypeString, Description: "primary, backup, or empty for a stranger"},
			"transport":   {Type: huma.TypeString},
			"local":       {Type: huma.TypeString},
			"remote":      {Type: huma.TypeString},
			"call_id":     {Type: huma.TypeString},
			"start":       {Type: huma.TypeString, Description: "request or status line, empty for what is no SIP message"},
			"raw":         {Type: huma.TypeString, Description: "the whole message, secrets masked"},
		}}
		for name := range s.Properties {
			s.Required = append(s.Required, name)
		}
		s.Properties["raw_base64"] = &huma.Schema{Type: huma.TypeString, ContentEncoding: "base64", Description: "raw, where it is not UTF-8"}
		s.Properties["proxy"] = &huma.Schema{Type: huma.TypeBoolean, Description: "true where the other end is the outbound proxy of that server, else absent"}
		s.Properties["fault"] = &huma.Schema{Type: huma.TypeString, Description: "why the message, or which of its header fields, could not be read; absent where all could"}
		return s
	})
}

// traceFilter says which messages are wanted.
type traceFilter struct {
	Since      int64        `query:"since" minimum:"0" doc:"only messages with a greater seq; messages and events are numbered apart, so for the number of an event take since_event"`
	SinceEvent int64        `query:"since_event" minimum:"0" doc:"only messages after the event with this seq"`
	SinceTime  time.Time    `query:"since_time" doc:"only messages from this time on"`
	UntilEvent int64        `query:"until_event" minimum:"0" doc:"only messages before the event with this seq; 0: no bound"`
	UntilTime  time.Time    `query:"until_time" doc:"only messages before this time"`
	Line       int          `query:"line" minimum:"0" maximum:"20" doc:"only messages of this line; 0: of all and of none"`
	CallID     string       `query:"call_id" maxLength:"256" doc:"only messages with this Call-ID"`
	Method     []methodName `query:"method" nullable:"false" doc:"only requests of these methods and the responses to them; other: what is no SIP message, and those not named REGISTER, INVITE, ACK, CANCEL, PRACK, UPDATE, BYE and OPTIONS; INVITE has ACK, CANCEL, PRACK and UPDATE with it" example:"REGISTER,INVITE"`
	Before     int64        `query:"before" minimum:"0" doc:"only messages with a smaller seq, the newest of them first: page by page backwards; 0: no bound, the oldest first"`
	Newest     bool         `query:"newest" doc:"the newest first; files and drawings have them in their order"`
	Limit      int          `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"at most so many: the oldest of them, with newest or before the newest"`
}

// query is the same for the journal and the database. A number that no message or event has had yet is refused: it is one of the other count, or of
// another phone.
func (in *traceFilter) query(j *journal.Journal) (journal.MessageQuery, error) {
	_, message := j.HeldMessages()
	_, event := j.Held()
	var faults []*huma.ErrorDetail
	for _, n := range []struct {
		name         string
		given, most  int64
		what, remedy string
	}{
		{"since", in.Since, message, "message", "; for the number of an event take since_event"},
		{"since_event", in.SinceEvent, event, "event", "; for the number of a message take since"},
		{"until_event", in.UntilEvent, event, "event", "; for the number of a message take before"},
	} {
		if n.given > n.most {
			faults = append(faults, fault("query."+n.name, fmt.Sprintf("%d is beyond the newest %s, %d%s", n.given, n.what, n.most, n.remedy), n.given))
		}
	}
	for _, bound := range []struct {
		name  string
		empty bool
		value any
	}{
		{"until_event", in.UntilEvent > 0 && in.UntilEvent <= in.SinceEvent, in.UntilEvent},
		{"until_time", !in.UntilTime.IsZero() && !in.UntilTime.After(in.SinceTime), in.UntilTime},
	} {
		if bound.empty {
			faults = append(faults, fault("query."+bound.name, "must be after "+strings.Replace(bound.name, "until", "since", 1), bound.value))
		}
	}
	if faults != nil {
		return journal.MessageQuery{}, problem(http.StatusUnprocessableEntity, "nothing was done", faults...)
	}
	q := journal.MessageQuery{Since: in.Since, Before: in.Before, SinceEvent: in.SinceEvent, UntilEvent: in.UntilEvent, From: in.SinceTime, Until: in.UntilTime,
		Line: in.Line, CallID: in.CallID, Newest: in.Newest || in.Before > 0, Limit: in.Limit}
	if len(in.Method) > 0 {
		q.Keep = func(m journal.Message) bool {
			return slices.Contains(in.Method, methodName(methodKind(ladder.Method(m.Start, m.Raw))))
		}
	}
	return q, nil
}

type traceOutput struct {
	Body []messageView `nullable:"false"`
}

func (s *Server) registerTrace() {
	operate(s, Read, huma.Operation{OperationID: "list-messages", Method: http.MethodGet, Path: "/trace", Tags: []string{"trace"},
		Summary:     "Every SIP message sent and received, retransmissions included, and what came instead of one",
		Description: "Those from before the phone was last started too, of seven days and 16 MiB at most."}, s.listMessages)
	operate(s, Read, huma.Operation{OperationID: "capture-messages", Method: http.MethodGet, Path: "/trace.pcapng", Tags: []string{"trace"},
		Summary: "The same as a capture file", Description: "With the ICMP errors about the messages, the resets of connections, and comments at each failover, failback and failure of DNS, TCP and TLS. IP, UDP and TCP headers are made from the addresses; what went over TLS is plain TCP here, with a comment; secrets are masked as in the trace.",
		Responses: map[string]*huma.Response{"200": {Description: "A pcapng file", Content: map[string]*huma.MediaType{
			"application/x-pcapng": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}}, s.captureMessages)
	operate(s, Read, huma.Operation{OperationID: "draw-messages", Method: http.MethodGet, Path: "/trace.svg", Tags: []string{"trace"},
		Summary: "The same as a ladder", Description: "An arrow for each message, ICMP error, and end of a connection by the server, a line for each failover and failback, silence of a second or more with its length.",
		Responses: map[string]*huma.Response{"200": {Description: "An SVG drawing", Content: map[string]*huma.MediaType{
			"image/svg+xml": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}}, s.drawMessages)
}

func (s *Server) listMessages(ctx context.Context, in *traceFilter) (*traceOutput, error) {
	q, err := in.query(s.Journal)
	if err != nil {
		return nil, err
	}
	s.Journal.Settle(ctx)
	messages, err := s.pastMessages(ctx, q)
	if err != nil {
		return nil, err
	}
	views := make([]messageView, len(messages))
	for i, m := range messages {
		views[i] = messageView{m}
	}
	return &traceOutput{views}, nil
}

// messages returns the wanted messages in their order, as files and drawings have them.
func (s *Server) messages(ctx context.Context, in *traceFilter) ([]journal.Message, error) {
	q, err := in.query(s.Journal)
	if err != nil {
		return nil, err
	}
	s.Journal.Settle(ctx)
	messages, err := s.pastMessages(ctx, q)
	if q.Newest {
		slices.Reverse(messages)
	}
	return messages, err
}

type captureOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) captureMessages(ctx context.Context, in *traceFilter) (*captureOutput, error) {
	messages, err := s.messages(ctx, in)
	if err != nil {
		return nil, err
	}
	var packets []pcapng.Message
	for _, m := range messages {
		p := pcapng.Message{Time: m.Time, From: m.Local, To: m.Remote, Transport: m.Transport, Raw: m.Raw}
		if !m.Out {
			p.From, p.To = p.To, p.From
		}
		packets = append(packets, p)
	}
	net, err := s.netItems(ctx, in.events(messages))
	if err != nil {
		return nil, err
	}
	return &captureOutput{"application/x-pcapng", `attachment; filename="hilphone.pcapng"`, netlog.Capture(packets, net).File()}, nil
}
