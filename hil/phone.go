package hil

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hilphone/db/limit"
)

// Phone is a phone by its REST interface. Its methods are safe for concurrent use.
type Phone struct {
	URL    string // without a slash at the end
	Token  string
	Client *http.Client // default: one of its own

	// Heard is told of every request but those that only wait for news, when it has been answered; err is that of the request.
	Heard func(r Request)
}

// Request is one request that was sent to a phone, and its answer.
type Request struct {
	Began, Ended time.Time
	Method, Path string
	Body         []byte
	Status       int // 0: there was no answer
	Answer       []byte
	Err          error
}

// mostAnswer bounds an answer; a trace of a thousand messages is far below.
const mostAnswer = 64 << 20

// answerTime is how long a phone may take to answer, beside what it was asked to wait for.
const answerTime = 5 * time.Second

// RefusedError is a request that the phone answered and did not carry out (RFC 9457).
type RefusedError struct {
	Method, Path string
	Status       int
	Title        string
	Detail       string
	Faults       []Fault
}

// Fault is one field that was wrong.
type Fault struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

func (e *RefusedError) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, e.Title)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	for _, f := range e.Faults {
		text += fmt.Sprintf("; %s: %s", strings.TrimPrefix(f.Location, "body."), f.Message)
	}
	return text
}

// GoneError is a phone, or another program that is driven by REST, that does not answer.
type GoneError struct {
	URL string
	Err error
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s does not answer: %v", e.URL, e.Err)
}

func (e *GoneError) Unwrap() error { return e.Err }

// Get asks; into is where the answer goes, nil if it does not matter.
func (p *Phone) Get(ctx context.Context, path string, into any) error {
	return p.ask(ctx, http.MethodGet, path, nil, into, answerTime, false)
}

// Do sends a body as JSON; nil is none.
func (p *Phone) Do(ctx context.Context, method, path string, body, into any) error {
	return p.ask(ctx, method, path, body, into, answerTime, false)
}

// slowly is Do for what takes its time, as a series of keys.
func (p *Phone) slowly(ctx context.Context, method, path string, body any, takes time.Duration) error {
	return p.ask(ctx, method, path, body, nil, takes+answerTime, false)
}

// news asks for what is new, and for so long for the first of it; such requests are not told of.
func (p *Phone) news(ctx context.Context, path string, into any, wait time.Duration) error {
	return p.ask(ctx, http.MethodGet, path, nil, into, wait+answerTime, true)
}

func (p *Phone) ask(ctx context.Context, method, path string, body, into any, allowed time.Duration, quiet bool) error {
	r := Request{Began: time.Now(), Method: method, Path: "/api/v1/" + path}
	if body != nil {
		var err error
		if r.Body, err = json.Marshal(body); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	r.Err = p.send(ctx, &r, allowed)
	r.Ended = time.Now()
	if !quiet && p.Heard != nil {
		p.Heard(r)
	}
	if r.Err != nil || into == nil || len(r.Answer) == 0 {
		return r.Err
	}
	if err := limit.DecodeJSON("answer", r.Answer, mostAnswer, into); err != nil {
		return fmt.Errorf("%s %s: the answer cannot be read: %w", method, r.Path, err)
	}
	return nil
}

func (p *Phone) send(ctx context.Context, r *Request, allowed time.Duration) error {
	timed, cancel := context.WithTimeout(ctx, allowed)
	defer cancel()
	request, err := http.NewRequestWithContext(timed, r.Method, p.URL+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	request.Header.Set("Accept", "application/json")
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := p.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err == nil {
		r.Status = response.StatusCode
		r.Answer, err = io.ReadAll(io.LimitReader(response.Body, mostAnswer))
		err = errors.Join(err, response.Body.Close())
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err // the address is told once
		}
		return &GoneError{p.URL, err}
	}
	if r.Status >= 200 && r.Status < 300 {
		return nil
	}
	refused := &RefusedError{Method: r.Method, Path: r.Path, Status: r.Status, Title: http.StatusText(r.Status)}
	var problem struct {
		Title, Detail string
		Errors        []Fault
	}
	if limit.DecodeJSON("answer", r.Answer, mostAnswer, &problem) == nil {
		refused.Detail, refused.Faults = problem.Detail, problem.Errors
	}
	return refused
}

// status is the status of a request that was refused, 0 for any other error.
func status(err error) int {
	if r := (*RefusedError)(nil); errors.As(err, &r) {
		return r.Status
	}
	return 0
}
