package webui

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// newTokenView is a token with its secret, which is shown this once.
type newTokenView struct {
	Name  string `json:"name"`
	Scope Scope  `json:"scope" enum:"read,control,admin"`
	Token string `json:"token" doc:"for Authorization: Bearer; it is not shown again"`
}

func (s *Server) registerTokens() {
	operate(s, Admin, huma.Operation{OperationID: "list-tokens", Method: http.MethodGet, Path: "/system/tokens", Tags: []string{"system"},
		Summary: "The API tokens, without their secrets"}, s.listTokens)
	operate(s, Admin, huma.Operation{OperationID: "new-token", Method: http.MethodPost, Path: "/system/tokens", Tags: []string{"system"},
		Summary: "Make an API token", DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict}}, s.newToken)
	operate(s, Admin, huma.Operation{OperationID: "revoke-token", Method: http.MethodDelete, Path: "/system/tokens/{name}", Tags: []string{"system"},
		Summary: "Take a token back", Errors: []int{http.StatusNotFound}}, s.revokeToken)
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
		Scope Scope  `json:"scope" enum:"read,control,admin" default:"read" required:"false"`
	}
}) (*struct{ Body newTokenView }, error) {
	secret, err := s.Tokens.NewToken(ctx, in.Body.Name, in.Body.Scope)
	if err != nil {
		return nil, err
	}
	return &struct{ Body newTokenView }{newTokenView{in.Body.Name, in.Body.Scope, secret}}, nil
}

func (s *Server) revokeToken(ctx context.Context, in *struct {
	Name string `path:"name" maxLength:"64"`
}) (*struct{}, error) {
	return nil, s.Tokens.RevokeToken(ctx, in.Name)
}
