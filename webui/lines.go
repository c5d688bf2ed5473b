package webui

import (
	"context"
	"fmt"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/secret"
	"hilphone/sip/line"
)

type lineInput struct {
	Line int `path:"n" doc:"line, 1 to 20" example:"1"`
}

type settingsOutput struct {
	ETag string `header:"ETag" doc:"names this state of the settings, for If-Match"`
	Body *settingsView
}

type changeInput struct {
	Line int `path:"n" doc:"line, 1 to 20" example:"1"`
	Body lineBody
}

type patchInput struct {
	Line        int    `path:"n" doc:"line, 1 to 20" example:"1"`
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        lineBody
}

func (s *Server) registerLines() {
	operate(s, Read, huma.Operation{OperationID: "list-lines", Method: http.MethodGet, Path: "/lines", Summary: "All lines and where they stand", Tags: []string{"lines"}}, s.listLines)
	operate(s, Read, huma.Operation{OperationID: "get-line-settings", Method: http.MethodGet, Path: "/lines/{n}/sip", Tags: []string{"lines"},
		Summary: "The settings of a line", Errors: []int{http.StatusNotFound}}, s.getSettings)
	operate(s, Setup, huma.Operation{OperationID: "put-line-settings", Method: http.MethodPut, Path: "/lines/{n}/sip", Tags: []string{"lines"},
		Summary: "Replace the settings of a line", Description: "What is absent gets its default, but a secret stays. Equal settings change nothing.",
		Errors: []int{http.StatusNotFound}, SkipValidateBody: true, Metadata: map[string]any{ownConditions: true}}, s.putSettings)
	operate(s, Setup, huma.Operation{OperationID: "patch-line-settings", Method: http.MethodPatch, Path: "/lines/{n}/sip", Tags: []string{"lines"},
		Summary: "Change some settings of a line", Description: "As a merge patch (RFC 7396) null gives a setting its default: a secret that is null is taken away, unless NAME_set beside it is true. " +
			"As application/json null is for secrets only and leaves them as they are.", Errors: []int{http.StatusNotFound}, SkipValidateBody: true, Metadata: map[string]any{ownConditions: true}}, s.patchSettings)
	content := s.api.OpenAPI().Paths["/lines/{n}/sip"].Patch.RequestBody.Content
	content[mergePatch] = content[jsonKind]
	operate(s, Read, huma.Operation{OperationID: "get-line-status", Method: http.MethodGet, Path: "/lines/{n}/status", Tags: []string{"lines"},
		Summary: "Where a line stands: active server, registration, failback", Errors: []int{http.StatusNotFound}}, s.getStatus)
	operate(s, Control, huma.Operation{OperationID: "register-line", Method: http.MethodPost, Path: "/lines/{n}/register", Tags: []string{"lines"},
		Summary: "Register by hand", Description: "Answers at once; the events tell what came of it.", DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusNotFound, http.StatusConflict}}, s.postRegister)
	operate(s, Control, huma.Operation{OperationID: "unregister-line", Method: http.MethodPost, Path: "/lines/{n}/unregister", Tags: []string{"lines"},
		Summary: "End the registration by hand", Description: "Answers at once; the events tell what came of it.", DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusNotFound, http.StatusConflict}}, s.postUnregister)
}

type linesOutput struct {
	Body []LineView `nullable:"false"`
}

func (s *Server) listLines(ctx context.Context, _ *struct{}) (*linesOutput, error) {
	lines, err := s.lines(ctx)
	return &linesOutput{lines}, err
}

// lines returns all lines of the phone.
func (s *Server) lines(ctx context.Context) ([]LineView, error) {
	all, err := s.Settings.Lines(ctx)
	if err != nil {
		return nil, fmt.Errorf("settings of the lines: %w", err)
	}
	views := make([]LineView, 0, line.MaxLines)
	for n := 1; n <= line.MaxLines; n++ {
		set := all[n]
		views = append(views, LineView{n, set.Enabled, set.PhoneNumber, secret.Mask(set.DisplayName), s.Lines.Status(n)})
	}
	return views, nil
}

func (s *Server) getSettings(ctx context.Context, in *lineInput) (*settingsOutput, error) {
	set, tag, err := s.lineSettings(ctx, in.Line)
	if err != nil {
		return nil, err
	}
	return &settingsOutput{tag, &settingsView{set}}, nil
}

func (s *Server) putSettings(ctx context.Context, in *changeInput) (*settingsOutput, error) {
	return s.change(ctx, in, s.replaceLine)
}

func (s *Server) patchSettings(ctx context.Context, in *patchInput) (*settingsOutput, error) {
	if kind, _, _ := mime.ParseMediaType(in.ContentType); kind == mergePatch {
		in.Body.nullsToDefaults()
	}
	return s.change(ctx, &changeInput{in.Line, in.Body}, s.changeLine)
}

func (s *Server) change(ctx context.Context, in *changeInput,
	carryOut func(context.Context, Visitor, int, map[string]any, conditions) (line.Settings, error)) (*settingsOutput, error) {
	if in.Body == nil {
		return nil, problem(http.StatusUnprocessableEntity, "nothing was changed", fault("body", "must be an object", nil))
	}
	set, err := carryOut(ctx, visitorOf(ctx), in.Line, in.Body, conditionsOf(ctx))
	if err != nil {
		return nil, err
	}
	return &settingsOutput{s.etag(in.Line, set), &settingsView{set}}, nil
}

type statusOutput struct{ Body StatusView }

func (s *Server) getStatus(_ context.Context, in *lineInput) (*statusOutput, error) {
	if !lineExists(in.Line) {
		return nil, fmt.Errorf("line %d: %w", in.Line, ErrNotFound)
	}
	return &statusOutput{s.Lines.Status(in.Line)}, nil
}

func (s *Server) postRegister(ctx context.Context, in *lineInput) (*struct{}, error) {
	return nil, s.byHand(ctx, in.Line, s.Lines.Register)
}

func (s *Server) postUnregister(ctx context.Context, in *lineInput) (*struct{}, error) {
	return nil, s.byHand(ctx, in.Line, s.Lines.Unregister)
}

// byHand registers or unregisters line n if it can be.
func (s *Server) byHand(ctx context.Context, n int, carryOut func(int)) error {
	set, _, err := s.lineSettings(ctx, n)
	if err != nil {
		return err
	}
	if !set.Usable() {
		return fmt.Errorf("line %d is not activated or has no number or server: %w", n, ErrConflict)
	}
	carryOut(n)
	return nil
}
