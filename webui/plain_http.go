package webui

import (
	"net"
	"net/http"
	"net/netip"
)

// insecure is the notice on pages that came over plain HTTP from another computer: passwords can be read on the way (SE-14).
type insecure struct {
	HTTPS string // the same page by HTTPS; empty: the phone has none there
}

// insecureNotice returns nil where the connection is HTTPS or does not leave this computer.
func (s *Server) insecureNotice(r *http.Request) *insecure {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if r.TLS != nil || !ok || local.IP.IsLoopback() {
		return nil
	}
	at := local.AddrPort().Addr().Unmap().WithZone("")
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && from.Addr().Unmap().WithZone("") == at {
		return nil
	}
	return &insecure{s.httpsAddress(r, at)}
}

// httpsAddress is the address of a page by HTTPS, if the phone can be reached by HTTPS at its address.
func (s *Server) httpsAddress(r *http.Request, at netip.Addr) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeningTLS {
		if a := l.Addr().Unmap().WithZone(""); a != at && !a.IsUnspecified() {
			continue
		}
		host := r.Host
		if h, _, err := net.SplitHostPort(r.Host); err == nil {
			host = h
		}
		_, port, _ := net.SplitHostPort(l.String()) // of an AddrPort it has one
		path := "/"
		if r.Method == http.MethodGet {
			path = localPath(r.URL.RequestURI())
		}
		return "https://" + net.JoinHostPort(trimBrackets(host), port) + path
	}
	return ""
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
