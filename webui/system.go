package webui

import (
	"context"
	"fmt"
	"net/http"
	"runtime/metrics"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/audit"
	"hilphone/db/password"
	"hilphone/sip/line"
)

type passwordBody struct {
	Account  string `json:"account" minLength:"1" maxLength:"64" example:"admin"`
	Current  string `json:"current_password" required:"false" maxLength:"256" writeOnly:"true" doc:"needed for one's own account"`
	Password string `json:"password" minLength:"8" maxLength:"256" writeOnly:"true" example:"a new password" doc:"the new one; none of the 10 000 most common passwords"`
}

// The length of a password, in characters; passwordBody says the same.
const (
	minPassword = password.MinLength
	maxPassword = 256
)

type accountsOutput struct {
	ETag string        `header:"ETag" doc:"names this state of the accounts, for If-Match"`
	Body []AccountView `nullable:"false"`
}

func (s *Server) registerSystem() {
	operate(s, Read, huma.Operation{OperationID: "get-information", Method: http.MethodGet, Path: "/system/information", Tags: []string{"system"},
		Summary: "What this phone is and how long it runs"}, s.getInformation)
	operate(s, Control, huma.Operation{OperationID: "list-accounts", Method: http.MethodGet, Path: "/system/accounts", Tags: []string{"system"},
		Summary: "The accounts of the pages", Description: "Who is not admin sees his own alone."}, s.listAccounts)
	operate(s, Control, huma.Operation{OperationID: "set-password", Method: http.MethodPut, Path: "/system/accounts", Tags: []string{"system"},
		Summary: "Change a password", Description: "One's own with the current one; the admin that of others. The account's other logins end.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusNotFound, http.StatusTooManyRequests}}, s.putPassword)
}

func (s *Server) getInformation(ctx context.Context, _ *struct{}) (*struct{ Body InformationView }, error) {
	s.Journal.Settle(ctx)
	return &struct{ Body InformationView }{s.information()}, nil
}

// information is the page System > Information.
func (s *Server) information() InformationView {
	v := s.System.Information()
	now, us := s.Journal.Clock()
	up := time.Duration(us) * time.Microsecond
	v.Time, v.MonoUS, v.Started, v.UptimeS = At(now), us, At(now.Add(-up)), up.Seconds()
	_, v.LastEvent = s.Journal.Held()
	v.SIP, v.Network = list(v.SIP), list(v.Network)
	v.Board = s.Phone.View().Board
	v.Board.Faults = list(v.Board.Faults)
	s.mu.Lock()
	v.Listen = list(slices.Clone(s.listening))
	s.mu.Unlock()
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	v.MemoryBytes = int64(sample[0].Value.Uint64())
	return v
}

func (s *Server) listAccounts(ctx context.Context, _ *struct{}) (*accountsOutput, error) {
	accounts, err := s.accountsFor(ctx, visitorOf(ctx))
	return &accountsOutput{s.tagOf("accounts", accounts), list(accounts)}, err
}

// accountsFor returns the accounts that the visitor may see: the admin all of them, others their own.
func (s *Server) accountsFor(ctx context.Context, who Visitor) ([]AccountView, error) {
	accounts, err := s.Accounts.Accounts(ctx)
	return slices.DeleteFunc(slices.Clone(accounts), func(a AccountView) bool { return !who.May(Admin) && a.Account != who.Account }), err
}

func (s *Server) putPassword(ctx context.Context, in *struct{ Body passwordBody }) (*struct{}, error) {
	return nil, s.changePassword(ctx, visitorOf(ctx), in.Body)
}

// changePassword changes the password of an account and ends its other sessions.
func (s *Server) changePassword(ctx context.Context, who Visitor, b passwordBody) error {
	own := who.Account != "" && who.Account == b.Account
	switch {
	case own:
		if err := s.checkOwnPassword(ctx, who, b.Current); err != nil {
			return err
		}
	case !who.May(Admin):
		return problem(http.StatusForbidden, "the password of another account is changed by the admin only")
	}
	ctx = context.WithoutCancel(ctx) // once it is being stored the change is carried through, whether or not who asked for it still waits
	if err := s.storePassword(ctx, b.Account, b.Password); err != nil {
		return err
	}
	since, err := s.passwordSince(ctx, b.Account)
	if err != nil {
		return err
	}
	if own {
		s.sessions.renew(who.key, since)
	}
	s.sessions.endAccount(b.Account, who.key)
	s.doubt.tell()
	s.Log.Info("password changed", "account", b.Account, "by", who.author().Name, "source", who.Source())
	s.audits.record(ctx, who.author(), audit.Password, map[string]any{"account": b.Account})
	return nil
}

// storePassword sets a password that is long enough, not too long and not one of the most common (SE-14).
func (s *Server) storePassword(ctx context.Context, account, secret string) error {
	if n := utf8.RuneCountInString(secret); n < minPassword || n > maxPassword {
		return &line.FieldError{Name: "password", Message: fmt.Sprintf("must have from %d to %d characters", minPassword, maxPassword)}
	}
	common, err := password.Common(account, secret)
	if err != nil {
		return err
	}
	if common {
		return &line.FieldError{Name: "password", Message: "must not be one of the most common passwords"}
	}
	return s.Accounts.SetPassword(ctx, account, secret)
}

// passwordRefused says in the page's language why storePassword has refused a password.
func (l language) passwordRefused(secret string) string {
	if n := utf8.RuneCountInString(secret); n < minPassword || n > maxPassword {
		return l.say("accounts.length", minPassword, maxPassword)
	}
	return l.say("accounts.common")
}

// checkOwnPassword counts as a login: a session that was left open must not be a place to guess.
func (s *Server) checkOwnPassword(ctx context.Context, who Visitor, current string) error {
	result, err := s.checkPassword(ctx, loginAttempt{account: who.Account, password: current, ip: who.ip, session: who.key})
	if err == nil {
		err = result.refused()
	}
	if err == nil && result.Reason == LoginWrong {
		err = problem(http.StatusForbidden, "nothing was changed", fault("body.current_password", "is wrong", nil))
	}
	return err // nil if it is right or none was set: then the session was begun by the one-time link
}
