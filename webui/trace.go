package webui

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal"
	"hilphone/sip/ladder"
	"hilphone/sip/pcapng"
)

// messageView is a SIP message in an answer.
type messageView struct{ journal.Message }

// Schema describes a SIP message.
func (messageView) Schema(r huma.Registry) *huma.Schema {
	return component(r, "Message", func() *huma.Schema {
		s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{
			"seq":       {Type: huma.TypeInteger, Format: "int64", Description: "of messages alone"},
			"time":      {Type: huma.TypeString, Format: "date-time"},
			"mono_us":   {Type: huma.TypeInteger, Format: "int64", Description: "microseconds since start, one clock for SIP, pins and REST"},
			"line":      {Type: huma.TypeInteger, Nullable: true},
			"direction": {Type: huma.TypeString, Enum: []any{"sent", "received"}},
			"slot":      {Type: huma.TypeString, Description: "primary, backup, or empty for a stranger"},
			"transport": {Type: huma.TypeString},
			"local":     {Type: huma.TypeString},
			"remote":    {Type: huma.TypeString},
			"call_id":   {Type: huma.TypeString},
			"start":     {Type: huma.TypeString, Description: "request or status line, empty for what is no SIP message"},
			"raw":       {Type: huma.TypeString, Description: "the whole message, secrets masked"},
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
	Since  int64        `query:"since" minimum:"0" doc:"only messages with a greater seq"`
	Line   int          `query:"line" minimum:"0" maximum:"20" doc:"only messages of this line; 0: of all and of none"`
	CallID string       `query:"call_id" maxLength:"256" doc:"only messages with this Call-ID"`
	Method []methodName `query:"method" nullable:"false" doc:"only requests of these methods and the responses to them; other: what is no SIP message, and those not named REGISTER, INVITE, ACK, CANCEL, PRACK, UPDATE, BYE and OPTIONS; INVITE has ACK, CANCEL, PRACK and UPDATE with it" example:"REGISTER,INVITE"`
	Limit  int          `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"at most so many, the oldest of them"`
}

type traceOutput struct {
	Body []messageView `nullable:"false"`
}

func (s *Server) registerTrace() {
	operate(s, Read, huma.Operation{OperationID: "list-messages", Method: http.MethodGet, Path: "/trace", Tags: []string{"trace"},
		Summary: "Every SIP message sent and received, retransmissions included, and what came instead of one"}, s.listMessages)
	operate(s, Read, huma.Operation{OperationID: "capture-messages", Method: http.MethodGet, Path: "/trace.pcapng", Tags: []string{"trace"},
		Summary: "The same as a capture file", Description: "IP, UDP and TCP headers are made from the addresses; what went over TLS is plain TCP here, with a comment; secrets are masked as in the trace.",
		Responses: map[string]*huma.Response{"200": {Description: "A pcapng file", Content: map[string]*huma.MediaType{
			"application/x-pcapng": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}}, s.captureMessages)
	operate(s, Read, huma.Operation{OperationID: "draw-messages", Method: http.MethodGet, Path: "/trace.svg", Tags: []string{"trace"},
		Summary: "The same as a ladder", Description: "An arrow for each message, a line for each failover and failback, silence of a second or more with its length.",
		Responses: map[string]*huma.Response{"200": {Description: "An SVG drawing", Content: map[string]*huma.MediaType{
			"image/svg+xml": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}}, s.drawMessages)
}

func (s *Server) listMessages(_ context.Context, in *traceFilter) (*traceOutput, error) {
	messages := s.messages(*in)
	views := make([]messageView, len(messages))
	for i, m := range messages {
		views[i] = messageView{m}
	}
	return &traceOutput{views}, nil
}

// messages returns the wanted messages, oldest first.
func (s *Server) messages(in traceFilter) []journal.Message {
	if len(in.Method) == 0 {
		return s.Journal.Messages(in.Since, in.Line, in.CallID, in.Limit)
	}
	wanted := slices.DeleteFunc(s.Journal.Messages(in.Since, in.Line, in.CallID, 0), func(m journal.Message) bool {
		return !slices.Contains(in.Method, methodName(methodKind(ladder.Method(m.Start, m.Raw))))
	})
	return wanted[:min(len(wanted), in.Limit)]
}

type captureOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) captureMessages(_ context.Context, in *traceFilter) (*captureOutput, error) {
	var packets []pcapng.Message
	for _, m := range s.messages(*in) {
		p := pcapng.Message{Time: m.Time, From: m.Local, To: m.Remote, Transport: m.Transport, Raw: m.Raw}
		if !m.Out {
			p.From, p.To = p.To, p.From
		}
		packets = append(packets, p)
	}
	return &captureOutput{"application/x-pcapng", `attachment; filename="hilphone.pcapng"`, pcapng.File(packets)}, nil
}
