package hil

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// SE-05: an answer that is nested too deep is refused, also from a program that answers at the phone's address, and so is the text of a refusal.
func TestDeepAnswers(t *testing.T) {
	code := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(`{"detail":"no","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}")) // the client has gone
	}))
	defer s.Close()
	p := &Phone{URL: s.URL}
	var into any
	if err := p.Get(t.Context(), "x", &into); err == nil || !strings.Contains(err.Error(), "answer:1:51: nested deeper than 32") || into != nil {
		t.Errorf("%v %v", into, err)
	}
	code = http.StatusConflict
	if err := p.Get(t.Context(), "x", &into); status(err) != code || strings.Contains(err.Error(), "no") {
		t.Errorf("%v", err)
	}
}
