package webui

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/sysconf"
)

type exportInput struct {
	Format  sysconf.Format `query:"format" enum:"text,xml,json,legacy-text,legacy-xml" default:"text" doc:"the real phones' text file or XML file (sysConf), each in the current and the legacy form, or JSON"`
	Secrets bool           `query:"secrets" doc:"with the passwords, for the scope admin only; without, their keys are left out, and to import the file leaves them as they are"`
}

type exportOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

type importInput struct {
	DryRun  bool   `query:"dry_run" doc:"answer what would change, and change nothing"`
	Partial bool   `query:"partial" doc:"take a text file that lacks its last line <<END OF FILE>>; without, such a file is refused, for it may have been cut"`
	RawBody []byte `contentType:"text/plain"`
}

type importOutput struct{ Body ImportView }

func (s *Server) registerConfiguration() {
	content := map[string]*huma.MediaType{
		"text/plain":       {Schema: &huma.Schema{Type: huma.TypeString}},
		"application/xml":  {Schema: &huma.Schema{Type: huma.TypeString}},
		"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
	}
	operate(s, Read, huma.Operation{OperationID: "export-configuration", Method: http.MethodGet, Path: "/config/export", Tags: []string{"configuration"},
		Summary: "The configuration as a file", Description: "All SIPn keys of the real phones, those that this phone has no use for as they were imported. " +
			"For others than the admin without addresses, such as action URLs, that are more than scheme and host.",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: content}}}, s.getExport)
	operate(s, Admin, huma.Operation{OperationID: "import-configuration", Method: http.MethodPost, Path: "/config/import", Tags: []string{"configuration"},
		Summary: "Take a configuration file over", Description: "In any of the formats of the export, whatever its media type. What the file does not name stays as it is. " +
			"All of it is stored and given to the running lines, or nothing: then the errors name line, column and key, all of them.",
		SkipValidateBody: true, Metadata: map[string]any{bodyReader: readConfiguration}}, s.postImport)
	// Huma calls any raw body binary. What scripts send a file as is left to their tools; it says itself what it is.
	s.api.OpenAPI().Paths["/config/import"].Post.RequestBody.Content = map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{}}}
	operate(s, Admin, huma.Operation{OperationID: "list-copies", Method: http.MethodGet, Path: "/config/copies", Tags: []string{"configuration"},
		Summary: "The copies made before each import, restoring and reset, the newest first"}, s.listCopies)
	operate(s, Admin, huma.Operation{OperationID: "restore-copy", Method: http.MethodPost, Path: "/config/copies/{id}/restore", Tags: []string{"configuration"},
		Summary: "Put a copy back", Description: "All of it: what was set after it was made is gone.", Errors: []int{http.StatusNotFound}}, s.postRestore)
	operate(s, Admin, huma.Operation{OperationID: "factory-reset", Method: http.MethodPost, Path: "/system/factory-reset", Tags: []string{"system"},
		Summary: "Take the settings away and restart", Description: "Gone are the settings of all lines, the keys kept for other phones, the time zone, the call log and the trace. " +
			"Passwords, tokens, the history of events and the audit history stay.", DefaultStatus: http.StatusAccepted}, s.postFactoryReset)
	operate(s, Admin, huma.Operation{OperationID: "restart", Method: http.MethodPost, Path: "/system/restart", Tags: []string{"system"},
		Summary: "Restart the phone", Description: "Calls are hung up and lines un-registered first. Answers at once; /readyz answers again when it is back.",
		DefaultStatus: http.StatusAccepted}, s.postRestart)
}

func (s *Server) getExport(ctx context.Context, in *exportInput) (*exportOutput, error) {
	data, err := s.exported(ctx, visitorOf(ctx), in.Format, in.Secrets)
	if err != nil {
		return nil, err
	}
	kind, name := fileOf(in.Format)
	return &exportOutput{kind, `attachment; filename="` + name + `"`, data}, nil
}

// fileOf is the media type and the name of an exported file.
func fileOf(f sysconf.Format) (kind, name string) {
	switch f {
	case sysconf.XML, sysconf.LegacyXML:
		return "application/xml", "hilphone.xml"
	case sysconf.JSON:
		return "application/json", "hilphone.json"
	}
	return "text/plain; charset=utf-8", "hilphone.cfg"
}

// readConfiguration reads the body of an import. What it is, it says itself.
func readConfiguration(c echo.Context) error {
	data, err := readAll(c, sysconf.MaxSize, uploadTimeout)
	if err != nil {
		return err
	}
	c.Request().Body = io.NopCloser(bytes.NewReader(data))
	return nil
}

func (s *Server) postImport(ctx context.Context, in *importInput) (*importOutput, error) {
	v, err := s.importFile(ctx, visitorOf(ctx), givenFile{in.RawBody, in.Partial}, in.DryRun)
	return &importOutput{v}, err
}

func (s *Server) listCopies(ctx context.Context, _ *struct{}) (*struct {
	Body []CopyView `nullable:"false"`
}, error) {
	copies, err := s.Whole.Copies(ctx)
	return &struct {
		Body []CopyView `nullable:"false"`
	}{list(copies)}, err
}

func (s *Server) postRestore(ctx context.Context, in *struct {
	ID     int64 `path:"id" doc:"as GET /config/copies has it"`
	DryRun bool  `query:"dry_run" doc:"answer what would change, and change nothing"`
}) (*importOutput, error) {
	v, err := s.restoreCopy(ctx, visitorOf(ctx), in.ID, in.DryRun)
	return &importOutput{v}, err
}

func (s *Server) postFactoryReset(ctx context.Context, in *struct {
	Body struct {
		Confirm string `json:"confirm" enum:"factory-reset" doc:"the word factory-reset"`
		Erase   bool   `json:"erase" required:"false" doc:"keep no copy of the configuration, and take the earlier copies and the audit history away"`
	}
}) (*struct{}, error) {
	return nil, s.factoryReset(ctx, visitorOf(ctx), in.Body.Erase)
}

func (s *Server) postRestart(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.restart(ctx, visitorOf(ctx))
}
