package webui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

const maxLevel = 16 // bytes: a digit and the end of a line

type ioNameInput struct {
	Name string `path:"name" doc:"as GET /io names it" example:"hook"`
}

type levelInput struct {
	Name    string `path:"name" doc:"as GET /io names it" example:"hook"`
	RawBody []byte `contentType:"text/plain"`
}

type levelOutput struct {
	ETag        string `header:"ETag" doc:"names this level, for If-Match"`
	ContentType string `header:"Content-Type"`
	Body        []byte
}

type ioOutput struct {
	Body []IOView `nullable:"false"`
}

func (s *Server) registerIO() {
	operate(s, Read, huma.Operation{OperationID: "list-io", Method: http.MethodGet, Path: "/io", Tags: []string{"board"},
		Summary: "Every input and output of the board and its level"}, s.listIO)
	operate(s, Read, huma.Operation{OperationID: "get-io", Method: http.MethodGet, Path: "/io/{name}", Tags: []string{"board"},
		Summary:     "The level of an input or output",
		Description: "The body is 0 or 1 and nothing else. Of a lamp that blinks it is the level at this instant.",
		Responses:   map[string]*huma.Response{"200": {Description: "OK", Content: levelContent()}}, Errors: []int{http.StatusNotFound}}, s.getIO)
	operate(s, Control, huma.Operation{OperationID: "put-io", Method: http.MethodPut, Path: "/io/{name}", Tags: []string{"board"},
		Summary:       "Set the level of an input that no real pin has",
		Description:   "The body is 0 or 1, whatever its media type. Answers when the phone has seen it. 409: an output, or an input that hangs on a real pin, cannot be set; PUT /phone/hook and POST /phone/keys move the hands of the page beside the real ones.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusNotFound, http.StatusConflict}, SkipValidateBody: true,
		Metadata: map[string]any{bodyReader: readLevel}}, s.putIO)
	s.api.OpenAPI().Paths["/io/{name}"].Put.RequestBody.Content = levelContent() // huma calls any raw body binary
}

func levelContent() map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"0", "1"}}}}
}

func (s *Server) listIO(context.Context, *struct{}) (*ioOutput, error) {
	return &ioOutput{list(s.IO.IO())}, nil
}

func (s *Server) getIO(_ context.Context, in *ioNameInput) (*levelOutput, error) {
	level, err := s.IO.Level(in.Name)
	if err != nil {
		return nil, err
	}
	return &levelOutput{s.tagOf("io "+in.Name, level), "text/plain; charset=utf-8", fmt.Append(nil, level)}, nil
}

func (s *Server) putIO(ctx context.Context, in *levelInput) (*struct{}, error) {
	body := bytes.TrimSpace(in.RawBody)
	if len(body) != 1 || body[0] != '0' && body[0] != '1' {
		return nil, problem(http.StatusUnprocessableEntity, "nothing was changed", fault("body", "must be 0 or 1", nil))
	}
	return nil, s.IO.SetLevel(visitorOf(ctx).Source(), in.Name, int(body[0]-'0'))
}

// readLevel reads the body of a request for a level. Any media type will do: what scripts send with one digit is left to their tools.
func readLevel(c echo.Context) error {
	data, err := readAll(c, maxLevel, bodyTimeout)
	if err != nil {
		return err
	}
	c.Request().Body = io.NopCloser(bytes.NewReader(data))
	return nil
}
