package hil

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hilphone/hil/scenario"
)

// scopes of a token, each of which includes those before it.
var scopes = []string{"read", "control", "admin"}

// ScopeError is a token that may not do what scenarios need (UX-07).
type ScopeError struct {
	Phone, Name string // of the phone that was asked, and of the token
	Has, Needs  string
	Why         string
}

func (e *ScopeError) Error() string {
	if e.Has == "" {
		return fmt.Sprintf("%s takes no request without a token: the scope %s is needed, because %s. On the phone: hilphone token new NAME --scope %s; then --token or HILPHONE_TOKEN", e.Phone, e.Needs, e.Why, e.Needs)
	}
	return fmt.Sprintf("the token %q has the scope %s, and %s is needed, because %s. On the phone: hilphone token new NAME --scope %s; then --token or HILPHONE_TOKEN", e.Name, e.Has, e.Needs, e.Why, e.Needs)
}

// CheckScope asks phone and lab whether the tokens of the place may do what the scenarios do, and touches nothing. The error is a *ScopeError, or
// of a phone that does not answer. What cannot be asked, as an older phone, is not refused.
func (b *Bench) CheckScope(ctx context.Context, all []*scenario.Scenario) error {
	if b.bare() || len(all) == 0 {
		return nil
	}
	phone := b.phone()
	need, why, err := b.scopeOf(ctx, phone, all)
	if err != nil {
		return err
	}
	if err := askScope(ctx, phone, need, why); err != nil {
		return err
	}
	if b.Place.Servers.URL == "" {
		return nil
	}
	return askScope(ctx, b.labPhone(nil), "control", "the servers of the place are told how to behave there")
}

// scopeOf is the scope that scenarios need of the phone, and the first reason for it.
func (b *Bench) scopeOf(ctx context.Context, phone *Phone, all []*scenario.Scenario) (need, why string, err error) {
	for _, s := range all {
		for _, step := range s.Steps {
			if _, ok := step.Do.(scenario.Setting); ok {
				return "admin", fmt.Sprintf("%s:%d, `%s`, changes a setting of the line", s.File, step.Line, step.Text), nil
			}
		}
	}
	if len(b.Place.Settings) > 0 {
		return "admin", "the place has settings of the line (settings, --set)", nil
	}
	kind, err := b.kind(ctx, phone)
	switch {
	case status(err) == http.StatusUnauthorized || status(err) == http.StatusForbidden: // what is asked next says so in words
	case err != nil:
		return "", "", err
	case kind == BenchServers:
		return "admin", "the line is set to the servers of the bench and set back (--servers bench)", nil
	}
	return "control", "a run locks the phone and uses its keys and calls", nil
}

// askScope asks what the token may.
func askScope(ctx context.Context, phone *Phone, need, why string) error {
	var own struct{ Name, Scope string }
	err := phone.Get(ctx, "system/token", &own)
	switch code := status(err); {
	case code == http.StatusUnauthorized:
		return &ScopeError{Phone: phone.URL, Needs: need, Why: why}
	case code != 0:
		return nil // it is older, or of another make
	case err != nil:
		return err
	}
	if has := slices.Index(scopes, strings.TrimSpace(own.Scope)); has >= 0 && has < slices.Index(scopes, need) {
		return &ScopeError{phone.URL, own.Name, own.Scope, need, why}
	}
	return nil
}
