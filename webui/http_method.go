package webui

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// mergePatch is the media type of RFC 7396.
const mergePatch = "application/merge-patch+json"

// actingGets are the paths where the vendor's phones do something by GET. HEAD is safe (RFC 9110 9.2.1), so there is none.
var actingGets = []string{activeURIPath}

type headKey struct{}

// isHead reports whether a request that is handled as GET is HEAD.
func isHead(c echo.Context) bool { return c.Request().Context().Value(headKey{}) != nil }

// entry is where requests come in, before Echo looks for their route.
func (s *Server) entry() http.Handler { return headAsGet(decodePath(s.echo)) }

// headAsGet has HEAD handled as GET, everywhere (RS-02): the header is the same, with the length of the body that is not sent (RFC 9110 9.3.2).
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead || slices.Contains(actingGets, r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		get := r.WithContext(context.WithValue(r.Context(), headKey{}, true)) // a copy: net/http sends no body because of the method in its own
		get.Method = http.MethodGet
		head := &headWriter{ResponseWriter: w}
		next.ServeHTTP(head, get)
		head.end()
	})
}

// headWriter takes an answer to GET and sends its header.
type headWriter struct {
	http.ResponseWriter
	status int
	length int
}

// WriteHeader notes the status: the length of the body is not known yet.
func (w *headWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *headWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.length += len(p)
	return len(p), nil
}

// FlushError does nothing: the header is sent at the end.
func (w *headWriter) FlushError() error { return nil }

// Unwrap is for http.ResponseController.
func (w *headWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *headWriter) end() {
	w.WriteHeader(http.StatusOK)
	h := w.Header()
	endless := strings.HasPrefix(h.Get(echo.HeaderContentType), "text/event-stream")
	if h.Get(echo.HeaderContentLength) == "" && !endless && w.status != http.StatusNoContent && w.status != http.StatusNotModified {
		h.Set(echo.HeaderContentLength, strconv.Itoa(w.length))
	}
	w.ResponseWriter.WriteHeader(w.status)
}

// allowHead names HEAD in Allow wherever GET is, and in Accept-Patch what PATCH takes (RFC 5789 3.1).
func (s *Server) allowHead(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Before(func() {
			h, method := c.Response().Header(), c.Request().Method
			if allowed := strings.Split(h.Get(echo.HeaderAllow), ", "); slices.Contains(allowed, http.MethodGet) && !slices.Contains(actingGets, c.Path()) {
				h.Set(echo.HeaderAllow, strings.Replace(h.Get(echo.HeaderAllow), http.MethodGet, "GET, HEAD", 1))
			}
			if kinds := s.patchKinds[c.Path()]; kinds != "" && (method == http.MethodOptions || method == http.MethodPatch) {
				h.Set("Accept-Patch", kinds)
			}
		})
		return next(c)
	}
}

// collectPatchKinds notes what each path takes as PATCH, from the document.
func (s *Server) collectPatchKinds() {
	s.patchKinds = map[string]string{}
	for path, item := range s.api.OpenAPI().Paths {
		if item.Patch != nil && item.Patch.RequestBody != nil {
			route := base + strings.NewReplacer("{", ":", "}", "").Replace(path)
			s.patchKinds[route] = strings.Join(slices.Sorted(maps.Keys(item.Patch.RequestBody.Content)), ", ")
		}
	}
}

// decodePath has each segment of a path decoded once before it is matched (RS-05, RFC 3986 2.4): %31 is 1, %2F is no end of a segment, and
// %2531 is %31.
func decodePath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if escaped := r.URL.EscapedPath(); strings.Contains(escaped, "%") {
			r = withPath(r, strings.Split(escaped, "/"))
		}
		next.ServeHTTP(w, r)
	})
}

// withPath returns the request with a path of these segments, which are as they were sent. What no segment can be stays: net/http has refused it.
func withPath(r *http.Request, segments []string) *http.Request {
	decoded := make([]string, len(segments))
	for i, s := range segments {
		d, err := url.PathUnescape(s)
		if err != nil {
			return r
		}
		decoded[i], segments[i] = d, url.PathEscape(d)
	}
	u := *r.URL
	u.Path, u.RawPath = strings.Join(decoded, "/"), strings.Join(segments, "/") // Echo matches RawPath where there is one
	if u.Path == u.RawPath {
		u.RawPath = ""
	}
	r = r.WithContext(r.Context())
	r.URL = &u
	return r
}

// decodeParameters decodes the parameters of a path that was matched in its escaped form.
func decodeParameters(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().URL.RawPath == "" {
			return next(c)
		}
		values := slices.Clone(c.ParamValues())
		for i, v := range values {
			d, err := url.PathUnescape(v)
			if err != nil {
				return problem(http.StatusBadRequest, "the path cannot be read: "+err.Error())
			}
			values[i] = d
		}
		c.SetParamValues(values...)
		return next(c)
	}
}
