package webui

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

// latencyBounds are the buckets of the times of answers, in seconds.
var latencyBounds = [...]float64{0.001, 0.005, 0.025, 0.1, 0.5, 2.5}

// latencies counts answers and how long they took. Answers that wait on purpose, streams and long polls, are not among them.
type latencies struct {
	mu sync.Mutex
	of map[latencyKind]*latency
}

type latencyKind struct {
	surface string // rest, page or file
	method  string
	class   string // 2xx
}

type latency struct {
	buckets [len(latencyBounds)]int64 // not cumulated
	count   int64
	seconds float64
}

// measure times each answer.
func (s *Server) measure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		err := next(c)
		r := c.Request()
		if strings.HasSuffix(c.Path(), "/events/stream") || r.URL.Query().Has("wait_s") {
			return err
		}
		if err != nil {
			c.Error(err) // answered here, to know the status
		}
		surface := "page"
		switch {
		case strings.HasPrefix(c.Path(), base):
			surface = "rest"
		case strings.HasPrefix(c.Path(), "/static/"):
			surface = "file"
		}
		method := r.Method
		if !slices.Contains([]string{"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"}, method) {
			method = "other"
		}
		s.latencies.note(latencyKind{surface, method, strconv.Itoa(c.Response().Status/100) + "xx"}, time.Since(began).Seconds())
		return nil
	}
}

func (l *latencies) note(k latencyKind, seconds float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[latencyKind]*latency{}
	}
	v := l.of[k]
	if v == nil {
		v = &latency{}
		l.of[k] = v
	}
	v.count++
	v.seconds += seconds
	for i, bound := range latencyBounds {
		if seconds <= bound {
			v.buckets[i]++
			break
		}
	}
}

func (l *latencies) read() map[latencyKind]latency {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[latencyKind]latency, len(l.of))
	for k, v := range l.of {
		all[k] = *v
	}
	return all
}

// exposition writes the text format of Prometheus, version 0.0.4. It is written here because its library costs 3 MiB of memory in a
// phone that nobody may ever scrape.
type exposition struct{ bytes.Buffer }

// head begins a metric.
func (e *exposition) head(name, kind, help string) {
	fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

var labelEscapes = strings.NewReplacer("\\", `\\`, "\n", `\n`, `"`, `\"`)

// value writes one sample; labels are names and values in turn.
func (e *exposition) value(name string, v float64, labels ...string) {
	e.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		e.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + labels[i] + `="` + labelEscapes.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		e.WriteByte('}')
	}
	e.WriteString(" " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
}

// serveMetrics answers GET /metrics to who may read: a scraper brings its token as a bearer token or as a password. All of it is read
// when it is asked for; between two scrapes nothing runs.
func (s *Server) serveMetrics(c echo.Context) error {
	if _, err := s.authorise(c, Read); err != nil {
		return err
	}
	lines, err := s.lines(c.Request().Context())
	if err != nil {
		return err
	}
	var e exposition
	e.lines(lines)
	e.unserved(lines)
	s.historyMetrics(&e)
	e.answers(s.latencies.read())
	s.processMetrics(&e)
	return c.Blob(http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", e.Bytes())
}

// lines writes where each line that is set up stands.
func (e *exposition) lines(lines []LineView) {
	used := slices.DeleteFunc(slices.Clone(lines), func(v LineView) bool { return !v.Enabled && v.PhoneNumber == "" })
	e.head("hilphone_line_failure", "gauge", "1 for a line that is not registered, with the reason in a word.")
	for _, v := range used {
		if v.Status.ReasonWord != "" {
			e.value("hilphone_line_failure", 1, "line", strconv.Itoa(v.Line), "reason", v.Status.ReasonWord)
		}
	}
	e.head("hilphone_line_state", "gauge", "1 for the vendor's word for the state of the line.")
	for _, v := range used {
		for _, state := range []line.State{line.StateRegistered, line.StateUnapplied, line.StateTrying, line.StateTimeout} {
			e.value("hilphone_line_state", one(v.Status.State == state), "line", strconv.Itoa(v.Line), "state", string(state))
		}
	}
	e.head("hilphone_line_active", "gauge", "1 for the server that serves the line.")
	for _, v := range used {
		for _, slot := range []line.Slot{line.Primary, line.Backup} {
			e.value("hilphone_line_active", one(v.Status.Active == slot), "line", strconv.Itoa(v.Line), "server", string(slot))
		}
	}
}

// unserved writes what the lines could not read and whom they refused. An event stands for many of them where there are many.
func (e *exposition) unserved(lines []LineView) {
	e.perLine("hilphone_malformed_total", "What came to the line and was no SIP message that could be matched or answered.", lines, func(s StatusView) uint64 { return s.Malformed })
	e.perLine("hilphone_refused_total", "Requests refused because accept_from does not allow their source.", lines, func(s StatusView) uint64 { return s.Refused })
}

func (e *exposition) perLine(name, help string, lines []LineView, count func(StatusView) uint64) {
	e.head(name, "counter", help)
	for _, v := range lines {
		if n := count(v.Status); n > 0 || v.Enabled {
			e.value(name, float64(n), "line", strconv.Itoa(v.Line))
		}
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// historyMetrics writes what has happened since the phone was started.
func (s *Server) historyMetrics(e *exposition) {
	totals := s.Journal.Totals()
	kinds := slices.Collect(maps.Keys(totals.Events))
	slices.SortFunc(kinds, func(a, b journal.EventKind) int { return cmp.Or(strings.Compare(a.Type, b.Type), a.Line-b.Line) })
	e.head("hilphone_events_total", "counter", "Events by type and line, 0: of none; failover and failback among them.")
	for _, k := range kinds {
		e.value("hilphone_events_total", float64(totals.Events[k]), "type", k.Type, "line", strconv.Itoa(k.Line))
	}
	e.head("hilphone_events_dropped_total", "counter", "Events that were overwritten before a reader had them.")
	e.value("hilphone_events_dropped_total", float64(totals.Lost))
	e.head("hilphone_trace_unsaved_total", "counter", "SIP messages that the trace lacks after the next start: overwritten before they were saved, or too many for the memory card.")
	e.value("hilphone_trace_unsaved_total", float64(totals.Unsaved))
	messages := slices.Collect(maps.Keys(totals.Messages))
	slices.SortFunc(messages, func(a, b journal.MessageKind) int {
		return cmp.Or(strings.Compare(direction(a.Out), direction(b.Out)), strings.Compare(a.Method, b.Method), a.Code-b.Code)
	})
	e.head("hilphone_sip_requests_total", "counter", "SIP requests, repeats included.")
	for _, k := range messages {
		if k.Code == 0 {
			e.value("hilphone_sip_requests_total", float64(totals.Messages[k]), "direction", direction(k.Out), "method", k.Method)
		}
	}
	e.head("hilphone_sip_responses_total", "counter", "SIP responses, repeats included.")
	for _, k := range messages {
		if k.Code != 0 {
			e.value("hilphone_sip_responses_total", float64(totals.Messages[k]), "direction", direction(k.Out), "method", k.Method, "code", strconv.Itoa(k.Code))
		}
	}
	e.head("hilphone_calls", "gauge", "Calls that have not ended.")
	e.value("hilphone_calls", float64(len(s.Calls.Current())))
	ended := s.System.CallsEnded()
	ends := slices.Collect(maps.Keys(ended))
	slices.SortFunc(ends, func(a, b CallEnd) int {
		return cmp.Or(strings.Compare(string(a.Direction), string(b.Direction)), strings.Compare(string(a.Server), string(b.Server)), int(one(a.Answered)-one(b.Answered)))
	})
	e.head("hilphone_calls_ended_total", "counter", "Calls that are over, by the server that served them.")
	for _, k := range ends {
		e.value("hilphone_calls_ended_total", float64(ended[k]), "direction", string(k.Direction), "server", string(k.Server), "answered", strconv.FormatBool(k.Answered))
	}
}

func direction(out bool) string {
	if out {
		return "sent"
	}
	return "received"
}

// answers writes how long the web server took.
func (e *exposition) answers(all map[latencyKind]latency) {
	kinds := slices.Collect(maps.Keys(all))
	slices.SortFunc(kinds, func(a, b latencyKind) int {
		return cmp.Or(strings.Compare(a.surface, b.surface), strings.Compare(a.method, b.method), strings.Compare(a.class, b.class))
	})
	const name = "hilphone_http_answer_seconds"
	e.head(name, "histogram", "Time to an answer; streams and long polls are left out.")
	for _, k := range kinds {
		labels, v, sum := []string{"surface", k.surface, "method", k.method, "code", k.class}, all[k], int64(0)
		for i, bound := range latencyBounds {
			sum += v.buckets[i]
			e.value(name+"_bucket", float64(sum), append(slices.Clone(labels), "le", strconv.FormatFloat(bound, 'g', -1, 64))...)
		}
		e.value(name+"_bucket", float64(v.count), append(slices.Clone(labels), "le", "+Inf")...)
		e.value(name+"_sum", v.seconds, labels...)
		e.value(name+"_count", float64(v.count), labels...)
	}
}

// processMetrics writes what the program takes.
func (s *Server) processMetrics(e *exposition) {
	v := s.information()
	e.head("hilphone_info", "gauge", "1, with what the phone is.")
	e.value("hilphone_info", 1, "version", v.SoftwareVersion, "board", v.Board.Kind)
	e.head("hilphone_board_faults", "gauge", "Faults of the board that last.")
	e.value("hilphone_board_faults", float64(len(v.Board.Faults)))
	e.head("hilphone_event_streams", "gauge", "Event streams that are open.")
	e.value("hilphone_event_streams", float64(s.streams.Held()))
	e.head("process_start_time_seconds", "gauge", "When the phone was started, in seconds since 1970.")
	e.value("process_start_time_seconds", float64(v.Started.UnixMilli())/1000)
	e.head("process_resident_memory_bytes", "gauge", "Memory in RAM.")
	e.value("process_resident_memory_bytes", float64(v.ResidentBytes))
	samples := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(samples)
	for i, m := range []struct{ name, kind, help string }{
		{"go_goroutines", "gauge", "Goroutines."},
		{"go_heap_objects_bytes", "gauge", "Memory of objects."},
		{"go_gc_cycles_total", "counter", "Runs of the collector."},
	} {
		e.head(m.name, m.kind, m.help)
		e.value(m.name, float64(samples[i].Value.Uint64()))
	}
}
