// Package webui is what a browser and a script see of the phone: the pages, the REST resources of the same shape, the live
// events and the OpenAPI document, which is made from the code.
//
// Every page has a REST twin with the same fields, defaults, validation and effect; both go through the same functions of
// Server. What the phone does is behind the small interfaces of Config.
package webui

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
	"hilphone/webui/limit"
)

// Server is the phone's web server.
type Server struct {
	Config

	echo      *echo.Echo
	api       huma.API
	openapi   func() ([]byte, error) // the document, made when it is first asked for
	sessions  *sessions
	logins    *loginLimit
	audits    *auditLog
	recent    *recent
	frames    *frames
	doubt     *doubt
	lock      lock
	latencies latencies
	first     firstRun
	requests  *limit.Shares // of visitors, being answered
	streams   *limit.Shares // open event streams, which are requests too
	polls     *limit.Shares // long polls, likewise
	pending   pendingFiles

	connections *limit.Connections

	plans    chan struct{} // one place per plan that is being made
	changing sync.Mutex    // held from reading the settings of a line until they are applied

	crossOrigin *http.CrossOriginProtection

	zone    atomic.Pointer[time.Location] // in which the pages write times
	etagKey []byte

	patchKinds map[string]string // media types of PATCH, by route
	live       context.Context   // ends when the server shuts down: long polls and streams answer at once
	endLive    context.CancelFunc

	mu           sync.Mutex
	listening    []string
	listeningTLS []netip.AddrPort
}

const (
	maxStreams     = 64
	maxPolls       = 64
	visitorStreams = 16
	visitorPolls   = 16

	headerTimeout   = 5 * time.Second
	idleTimeout     = 60 * time.Second
	writeTimeout    = 90 * time.Second // more than the longest poll and the longest series of keys; streams have their own
	shutdownTimeout = 1500 * time.Millisecond
)

// New makes the web server. It serves nothing before Run.
func New(c Config) (*Server, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Server{
		Config:   c,
		sessions: newSessions(),
		logins:   newLoginLimit(),
		audits:   newAuditLog(c.Audit, c.Log),
		recent:   &recent{lines: map[int]*recentLine{}},
		doubt:    newDoubt(),
		frames:   &frames{},
		requests: limit.NewShares(maxRequests, visitorRequests),
		streams:  limit.NewShares(maxStreams, visitorStreams),
		polls:    limit.NewShares(maxPolls, visitorPolls),
		plans:    make(chan struct{}, maxPlans),
		etagKey:  random(32),

		connections: limit.NewConnections(maxConnections, networkConnections),
		crossOrigin: http.NewCrossOriginProtection(),
	}
	zone, err := loadZone(c.Zone)
	if err != nil {
		c.Log.Error("the time zone that is set is not known here; the computer's is used", "time_zone", c.Zone, "err", err)
		zone = time.Local
	}
	s.zone.Store(zone)
	s.live, s.endLive = context.WithCancel(context.Background())
	s.route()
	return s, nil
}

// route builds the router: guards for every request, then the operations of the REST interface, the pages and the rest.
func (s *Server) route() {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect() // a forged X-Forwarded-For must not defeat the login limit
	e.HTTPErrorHandler = s.answerError
	e.Use(s.zoned, s.measure, s.recover, s.limitRequest, s.headers, s.allowHead, s.hostCheck, s.crossSite, decodeParameters, s.notModified)
	s.echo = e

	s.registerOperations()
	e.GET("/openapi.json", s.serveOpenAPI)
	e.GET("/docs", s.docsPage)
	e.GET("/docs/scenarios", s.scenariosPage)
	e.GET("/metrics", s.serveMetrics)
	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	s.registerPages(e)
	s.registerVendor(e)
	e.GET("/login", s.loginPage)
	e.POST("/login", s.login)
	e.POST("/logout", s.logout)
	e.POST("/first", s.firstForm)
}

// Continue takes over who is logged in, and who has tried too often, from the server of the phone before a restart. It is called
// before Run.
func (s *Server) Continue(before *Server) {
	s.sessions, s.logins, s.etagKey = before.sessions, before.logins, before.etagKey
}

// Handler is the server without a network, for tests.
func (s *Server) Handler() http.Handler { return s.entry() }

// TLSListener is a listener for HTTPS. Its own connections are without TLS: the server puts that on top, within its limits.
type TLSListener interface {
	net.Listener
	TLSConfig() *tls.Config
}

// Run serves on the listeners, some of which may be TLSListeners, until ctx ends, then ends long polls and event streams at once and
// lets other requests finish: it returns within 2 s. It closes the listeners. The error names the listener that failed.
func (s *Server) Run(ctx context.Context, listeners []net.Listener) error {
	server := &http.Server{
		Handler:           s.entry(),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		WriteTimeout:      writeTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          serverLog(s.Log),
		ConnContext:       limit.ConnContext,
		// No ReadTimeout: a read deadline that passes while a long poll waits would end its request. Bodies have their own.
	}
	s.setListening(listeners)
	failed := make(chan error, len(listeners))
	var serving sync.WaitGroup
	for _, l := range listeners {
		serving.Go(func() {
			limited := s.connections.Listener(l)
			if secure, ok := l.(TLSListener); ok {
				limited = tls.NewListener(limited, secure.TLSConfig())
			}
			if err := server.Serve(limited); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("web server on %s: %w", l.Addr(), err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.endLive()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if server.Shutdown(ending) != nil {
		server.Close() // whoever is still at it has had the time
	}
	serving.Wait()
	s.audits.wait()
	return err
}

func (s *Server) setListening(listeners []net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listening, s.listeningTLS = nil, nil
	for _, l := range listeners {
		s.listening = append(s.listening, l.Addr().String())
		if a, ok := l.Addr().(*net.TCPAddr); ok && isTLS(l) {
			s.listeningTLS = append(s.listeningTLS, a.AddrPort())
		}
	}
}

func isTLS(l net.Listener) bool {
	_, ok := l.(TLSListener)
	return ok
}

// untilShutdown returns a context that also ends when the server shuts down.
func (s *Server) untilShutdown(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	stop := context.AfterFunc(s.live, cancel)
	return ctx, func() { stop(); cancel() }
}

func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok") }

func (s *Server) readyz(c echo.Context) error {
	if err := s.System.Ready(); err != nil {
		return c.String(http.StatusServiceUnavailable, err.Error())
	}
	return c.String(http.StatusOK, "ok")
}

// lineExists reports whether n is a line of the phone.
func lineExists(n int) bool { return n >= 1 && n <= line.MaxLines }
