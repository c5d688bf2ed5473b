package webui

import (
	"context"
	"net/http"
	"regexp"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/audit"
	"hilphone/sip/line"
)

// newTokenView is a token with its secret, which is shown this once.
type newTokenView struct {
	Name  string `json:"name"`
	Scope Scope  `json:"scope" enum:"read,control,admin"`
	Token string `json:"token" doc:"for Authorization: Bearer; it is not shown again"`
}

func (s *Server) registerTokens() {
	operate(s, Read, huma.Operation{OperationID: "get-own-token", Method: http.MethodGet, Path: "/system/token", Tags: []string{"system"},
		Summary: "Who asks, and with what scope", Description: "A script asks it first, so that it does not end in the middle with 403."}, s.getOwnToken)
	operate(s, Admin, huma.Operation{OperationID: "list-tokens", Method: http.MethodGet, Path: "/system/tokens", Tags: []string{"system"},
		Summary: "The API tokens, without their secrets"}, s.listTokens)
	operate(s, Admin, huma.Operation{OperationID: "new-token", Method: http.MethodPost, Path: "/system/tokens", Tags: []string{"system"},
		Summary: "Make an API token", DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict}}, s.newToken)
	operate(s, Admin, huma.Operation{OperationID: "revoke-token", Method: http.MethodDelete, Path: "/system/tokens/{name}", Tags: []string{"system"},
		Summary: "Take a token back", Errors: []int{http.StatusNotFound}}, s.revokeToken)
}

// ownTokenView is who asks.
type ownTokenView struct {
	Name  string `json:"name" doc:"of the token, or the account"`
	Scope Scope  `json:"scope" enum:"read,control,admin" doc:"what a token may that may do as much"`
}

func (s *Server) getOwnToken(ctx context.Context, _ *struct{}) (*struct{ Body ownTokenView }, error) {
	who := visitorOf(ctx)
	may := Read
	for _, scope := range scopes {
		if who.May(scope) {
			may = scope
		}
	}
	return &struct{ Body ownTokenView }{ownTokenView{who.author().Name, may}}, nil
}

func (s *Server) listTokens(ctx context.Context, _ *struct{}) (*struct {
	Body []TokenView `nullable:"false"`
}, error) {
	tokens, err := s.Tokens.Tokens(ctx)
	return &struct {
		Body []TokenView `nullable:"false"`
	}{list(tokens)}, err
}

func (s *Server) newToken(ctx context.Context, in *struct {
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$" patternDescription:"letters, digits, dot, dash and underscore" example:"lab-script"`
		Scope Scope  `json:"scope" enum:"read,control,admin" default:"control" required:"false" doc:"what it may do; each includes those before it"`
	}
}) (*struct{ Body newTokenView }, error) {
	made, err := s.makeToken(ctx, visitorOf(ctx), in.Body.Name, in.Body.Scope)
	return &struct{ Body newTokenView }{made}, err
}

// tokenName is the pattern of a token's name; newToken says the same.
var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// makeToken makes a token; the page and REST both come here.
func (s *Server) makeToken(ctx context.Context, who Visitor, name string, scope Scope) (newTokenView, error) {
	if !tokenName.MatchString(name) {
		return newTokenView{}, &line.FieldError{Name: "name", Message: "must be of letters, digits, dot, dash and underscore, 64 at most"}
	}
	if !slices.Contains(scopes, scope) {
		return newTokenView{}, &line.FieldError{Name: "scope", Message: "must be read, control or admin"}
	}
	secret, err := s.Tokens.NewToken(ctx, name, scope)
	if err != nil {
		return newTokenView{}, err
	}
	s.Log.Info("token made", "name", name, "scope", scope, "by", who.author().Name, "source", who.Source())
	s.audits.record(ctx, who.author(), audit.TokenMade, map[string]any{"token": name, "scope": scope})
	return newTokenView{name, scope, secret}, nil
}

// endToken takes a token back, and ends what is open by it.
func (s *Server) endToken(ctx context.Context, who Visitor, name string) error {
	if err := s.Tokens.RevokeToken(ctx, name); err != nil {
		return err
	}
	s.doubt.tell()
	s.Log.Info("token revoked", "name", name, "by", who.author().Name, "source", who.Source())
	s.audits.record(ctx, who.author(), audit.TokenRevoked, map[string]any{"token": name})
	return nil
}

func (s *Server) revokeToken(ctx context.Context, in *struct {
	Name string `path:"name" maxLength:"64"`
}) (*struct{}, error) {
	return nil, s.endToken(ctx, visitorOf(ctx), in.Name)
}
