package webui

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/webui/limit"
)

// What a client may take of the server (SE-03, SE-12). Until a request is known to come with a login or a token, and outside of
// operations, its body has at most strangerBody bytes and bodyTimeout, and its answer must have been read within strangerTimeout.
const (
	maxConnections     = 512
	networkConnections = 128 // of one IPv4 address or IPv6 /64

	strangerBody    = 64 << 10
	bodyTimeout     = 10 * time.Second
	uploadTimeout   = 60 * time.Second // of a configuration file, after authentication
	strangerTimeout = 20 * time.Second

	maxRequests     = 384 // of clients that are logged in or have a token, at the same time
	visitorRequests = 64
)

// requestLimits is what is held while a request is answered, and the limits of its body.
type requestLimits struct {
	control *http.ResponseController
	body    *requestBody // nil without one
	release []func()
}

const limitsKey = "limits"

// limitRequest sets the limits of a request from a stranger.
func (s *Server) limitRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		l := &requestLimits{control: http.NewResponseController(c.Response())}
		l.control.SetWriteDeadline(time.Now().Add(strangerTimeout)) // fails only where there is no connection, as in tests
		if r := c.Request(); r.Body != nil && r.Body != http.NoBody {
			l.body = &requestBody{inner: r.Body, control: l.control}
			l.body.limit(strangerBody, bodyTimeout)
			r.Body = l.body
			c.Response().Before(func() {
				// Without this net/http would wait for the rest of the body before it answers (RFC 9112 9.3).
				if !l.body.read {
					c.Response().Header().Set(echo.HeaderConnection, "close")
				}
			})
		}
		c.Set(limitsKey, l)
		defer l.end()
		return next(c)
	}
}

func (l *requestLimits) end() {
	for _, release := range l.release {
		release()
	}
}

func limitsOf(c echo.Context) *requestLimits {
	if l, ok := c.Get(limitsKey).(*requestLimits); ok {
		return l
	}
	return &requestLimits{control: http.NewResponseController(c.Response())}
}

// hold takes a place for the request of a visitor. Its connection is not closed for another, and there is more time to read the answer.
func (s *Server) hold(c echo.Context, who Visitor) error {
	giveBack, err := s.requests.Take(who.identity())
	if err != nil {
		return refuseWith(problem(http.StatusTooManyRequests, fmt.Sprintf("too many requests at a time: %d of one client, %d of all", visitorRequests, maxRequests)), "Retry-After", "1")
	}
	l := limitsOf(c)
	l.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	l.release = append(l.release, giveBack, limit.Busy(c.Request().Context()))
	return nil
}

// busy marks the connection of a request that has been read in full and is being worked on.
func busy(c echo.Context) {
	l := limitsOf(c)
	l.release = append(l.release, limit.Busy(c.Request().Context()))
}

// limitBody sets the limits of a request's body from now on.
func limitBody(c echo.Context, most int64, timeout time.Duration) {
	l := limitsOf(c)
	if l.body == nil {
		return
	}
	l.body.limit(most, timeout)
}

// requestBody is the body of a request: of limited size, and read before a deadline.
type requestBody struct {
	inner   io.ReadCloser
	control *http.ResponseController
	most    int64 // bytes
	had     int64
	read    bool // to its end
}

func (b *requestBody) limit(most int64, timeout time.Duration) {
	b.most = most
	if !b.read {
		b.control.SetReadDeadline(time.Now().Add(timeout)) // fails only where there is no connection, as in tests
	}
}

func (b *requestBody) Read(p []byte) (int, error) {
	if b.read {
		return 0, io.EOF
	}
	if left := b.most - b.had + 1; int64(len(p)) > left { // one more, to tell a body that ends from one that is too long
		p = p[:max(left, 0)]
	}
	n, err := b.inner.Read(p)
	b.had += int64(n)
	if errors.Is(err, io.EOF) {
		b.read = true
		b.control.SetReadDeadline(time.Time{}) // or it would end the request while its handler works
	}
	if b.had > b.most {
		return n, &http.MaxBytesError{Limit: b.most}
	}
	return n, err
}

func (b *requestBody) Close() error { return b.inner.Close() }

// bodyProblem is the answer to a body that could not be read; otherwise says what it is if it came in time and is not too long.
func bodyProblem(err error, otherwise string) error {
	var long *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "the body did not come in time")
	case errors.As(err, &long):
		return tooLarge(long.Limit)
	}
	return problem(http.StatusBadRequest, otherwise)
}

// sharesProblem is the answer to a client that finds no place, such as for an event stream.
func sharesProblem(err error, what string, all, each int, retry string) error {
	text := fmt.Sprintf("there are %d %s, which is the most", all, what)
	if errors.Is(err, limit.ErrShare) {
		text = fmt.Sprintf("this client has %d %s, which is the most for one", each, what)
	}
	return refuseWith(problem(http.StatusTooManyRequests, text), "Retry-After", retry)
}
