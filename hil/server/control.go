package server

import (
	"encoding/json"
	"errors"
	"net/http"
)

// mostBody bounds what is sent to a Handler.
const mostBody = 64 << 10

// Handler drives the lab by REST, under the paths of a phone with an embedded lab: GET and PUT /api/v1/lab/servers/NAME with a Behaviour,
// and the phone 1002, see handlePhone. A field that is wrong is answered 422 as application/problem+json, and changes nothing.
func (l *Lab) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/lab/servers/{name}", func(w http.ResponseWriter, r *http.Request) {
		b, err := l.Behaviour(r.PathValue("name"))
		answer(w, b, err)
	})
	mux.HandleFunc("PUT /api/v1/lab/servers/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if _, err := l.Server(name); err != nil {
			answer(w, nil, err)
			return
		}
		var b Behaviour
		err := read(w, r, &b)
		if err == nil {
			err = l.SetBehaviour(name, b)
		}
		answer(w, b, err)
	})
	l.handlePhone(mux)
	return mux
}

// answer writes a value, or what was wrong.
func answer(w http.ResponseWriter, v any, err error) {
	code, kind := http.StatusOK, "application/json"
	if err != nil {
		field := (*FieldError)(nil)
		code, kind = http.StatusBadRequest, "application/problem+json"
		problem := map[string]any{"detail": err.Error()}
		if errors.Is(err, ErrNoCall) {
			code = http.StatusConflict
		}
		if errors.As(err, &field) {
			code = http.StatusUnprocessableEntity
			problem["errors"] = []any{map[string]string{"location": "body." + field.Field, "message": field.Message}}
			if field.Field == "server" {
				code = http.StatusNotFound
				delete(problem, "errors")
			}
		}
		problem["title"], problem["status"] = http.StatusText(code), code
		v = problem
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // who has gone does not read it
}
