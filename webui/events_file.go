package webui

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"hilphone/db/journal"
)

// eventsFileInput says which events are wanted in a file.
type eventsFileInput struct {
	Type  []eventType `query:"type" nullable:"false" doc:"only events of these types" example:"failover,failback"`
	Line  int         `query:"line" minimum:"0" maximum:"20" doc:"only events of this line; 0: of all and of none"`
	Call  string      `query:"call" maxLength:"32" doc:"only events of this call"`
	Since int64       `query:"since" minimum:"0" doc:"only events with a greater seq"`
}

func (s *Server) registerEventFiles() {
	file := func(id, path, kind, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"events"}, Summary: summary,
			Description: "All that are kept, oldest first, with what happened before the phone was last started.",
			Responses: map[string]*huma.Response{"200": {Description: "A file", Content: map[string]*huma.MediaType{
				kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}}
	}
	operate(s, Read, file("export-events-jsonl", "/events.jsonl", "application/jsonl", "Events as a file of one JSON object a line"),
		func(_ context.Context, in *eventsFileInput) (*huma.StreamResponse, error) {
			return s.eventsFile(in, "application/jsonl", "jsonl", nil, writeJSONLine), nil
		})
	operate(s, Read, file("export-events-csv", "/events.csv", "text/csv", "Events as a table (RFC 4180)"),
		func(_ context.Context, in *eventsFileInput) (*huma.StreamResponse, error) {
			return s.eventsFile(in, "text/csv; charset=utf-8", "csv", []byte("seq,time,mono_us,type,line,call,data\r\n"), writeCSVLine), nil
		})
}

// eventsFile writes events part by part, so that a long history takes no more memory than a short one.
func (s *Server) eventsFile(in *eventsFileInput, kind, suffix string, head []byte, write func(*bytes.Buffer, journal.Event)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		c := humaecho.Unwrap(ctx)
		c.Response().Header().Set("Content-Type", kind)
		c.Response().Header().Set("Content-Disposition", `attachment; filename="hilphone-events.`+suffix+`"`)
		w := &streamWriter{w: c.Response(), control: http.NewResponseController(c.Response())}
		w.next.Write(head)
		p := journal.Past{Query: journal.Query{Since: in.Since, Types: typeNames(in.Type), Line: in.Line, Limit: pastAtOnce}, Call: in.Call}
		s.Journal.Settle(ctx.Context())
		for {
			events, err := s.past(ctx.Context(), p)
			if err != nil {
				s.ignore(c, err)
				return
			}
			for _, e := range events {
				write(&w.next, e)
				p.Since = e.Seq
			}
			if err := w.flush(); err != nil || len(events) < pastAtOnce {
				s.ignore(c, err)
				return
			}
		}
	}}
}

func writeJSONLine(b *bytes.Buffer, e journal.Event) {
	if data, err := json.Marshal(e); err == nil { // an Event always marshals
		b.Write(append(data, '\n'))
	}
}

func writeCSVLine(b *bytes.Buffer, e journal.Event) {
	line := ""
	if e.Line != 0 {
		line = strconv.Itoa(e.Line)
	}
	w := csv.NewWriter(b)
	w.UseCRLF = true
	_ = w.Write([]string{strconv.FormatInt(e.Seq, 10), e.Time.UTC().Format(timeFormat), strconv.FormatInt(e.MonoUS, 10), e.Type, line, e.Call, string(e.DataJSON())}) // into memory
	w.Flush()
}
