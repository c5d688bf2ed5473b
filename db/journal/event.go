package journal

import (
	"encoding/json"
	"time"

	"hilphone/db/journal/event"
	"hilphone/db/secret"
)

// Event is something that happened in the phone. Its types and their data are those of package event.
type Event struct {
	Seq    int64     // grows by one from event to event, in the order in which they were recorded
	Time   time.Time // when it was decided: wall clock, with a monotonic reading unless it was saved and read again
	MonoUS int64     // the same instant, in microseconds since the phone was started
	Began  int64     // number of the first event since the phone was started: the same for all of one start; 0: not known
	Type   string
	Line   int    // 1 to 20; 0: none
	Call   string // call of the phone; empty: none
	Data   any    // an event.Data, or JSON that was saved; nil: {}
}

// Dropped is the type of the Event that stands for those a reader was too slow for.
var Dropped = event.Dropped{}.EventType()

// Typed returns the data as the struct of its type, decoded where it is JSON that was saved.
func (e Event) Typed() (event.Data, error) {
	if typed, ok := e.Data.(event.Data); ok {
		return typed, nil
	}
	return event.Decode(e.Type, e.DataJSON())
}

// As returns the data of an event of type T, decoded where it is JSON that was saved; ok is false for an event of another type.
func As[T event.Data](e Event) (data T, ok bool) {
	if e.Type != data.EventType() {
		return data, false
	}
	if typed, ok := e.Data.(T); ok {
		return typed, true
	}
	return data, json.Unmarshal(e.DataJSON(), &data) == nil
}

// timeFormat is RFC 3339 with microseconds.
const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// DataJSON returns the data as JSON. Data that cannot be marshalled becomes an object that says so: one such event must
// neither end a stream nor hold up the history. Passwords in URIs are masked (IM-05).
func (e Event) DataJSON() json.RawMessage {
	if e.Data == nil {
		return json.RawMessage("{}")
	}
	b, err := json.Marshal(e.Data)
	if err != nil {
		b, _ = json.Marshal(map[string]string{"unreadable": err.Error()}) // a map of strings always marshals
	}
	return secret.MaskBytes(b)
}

// MarshalJSON writes {"seq","time","mono_us","type","line","call","data"}; line and call are null where there is none.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Seq    int64           `json:"seq"`
		Time   string          `json:"time"`
		MonoUS int64           `json:"mono_us"`
		Type   string          `json:"type"`
		Line   *int            `json:"line"`
		Call   *string         `json:"call"`
		Data   json.RawMessage `json:"data"`
	}{e.Seq, e.Time.UTC().Format(timeFormat), e.MonoUS, e.Type, orNull(e.Line), orNull(e.Call), e.DataJSON()})
}

// orNull returns nil, which marshals to null, for the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
