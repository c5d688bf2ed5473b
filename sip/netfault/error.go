package netfault

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"unicode/utf8"
)

// maxDetail bounds a detail, in octets: a certificate may hold thousands of names.
const maxDetail = 240

// Of classifies an error of dialling, of a TLS handshake, of a connection or of a look-up. It is the zero Fault for nil.
func Of(err error) Fault {
	if err == nil {
		return Fault{}
	}
	f := classify(err)
	f.Detail = short(f.Detail)
	return f
}

func classify(err error) Fault {
	var known Fault
	if errors.As(err, &known) {
		return known
	}
	for _, read := range []func(error) (Fault, bool){certificate, handshake, lookUp, connection} {
		if f, ok := read(err); ok {
			return f
		}
	}
	return Fault{Other, err.Error()}
}

// lookUp reads what the resolver returned. Its text names the DNS server, which says where to look.
func lookUp(err error) (Fault, bool) {
	var e *net.DNSError
	if !errors.As(err, &e) {
		return Fault{}, false
	}
	at := ""
	if e.Server != "" {
		at = ", asked " + e.Server
	}
	switch {
	case e.IsNotFound:
		return Fault{NameUnknown, "DNS has no address for " + e.Name + at}, true
	case e.IsTimeout:
		return Fault{DNSTimeout, "no answer from DNS about " + e.Name + at}, true
	case e.Err == "server misbehaving":
		return Fault{DNSFailure, "the DNS server answered with a failure (SERVFAIL or REFUSED) about " + e.Name + at}, true
	}
	return Fault{DNSFailure, "looking up " + e.Name + ": " + e.Err + at}, true
}

// connection reads the errors of TCP and IP.
func connection(err error) (Fault, bool) {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if reason, ok := errnos[errno]; ok {
			return Fault{reason, errno.Error()}, true
		}
	}
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
		return Fault{Closed, "the other side closed the connection"}, true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return Fault{Timeout, "no answer in time"}, true
	}
	return Fault{}, false
}

var errnos = map[syscall.Errno]Reason{
	syscall.ECONNREFUSED:  Refused,
	syscall.ECONNRESET:    Reset,
	syscall.ECONNABORTED:  Reset,
	syscall.EPIPE:         Closed,
	syscall.ETIMEDOUT:     Timeout,
	syscall.ENETUNREACH:   NoRoute,
	syscall.EHOSTUNREACH:  NoRoute,
	syscall.ENETDOWN:      NoRoute,
	syscall.EHOSTDOWN:     NoRoute,
	syscall.EPERM:         NotPermitted,
	syscall.EACCES:        NotPermitted,
	syscall.EADDRINUSE:    NoResources,
	syscall.EMFILE:        NoResources,
	syscall.ENFILE:        NoResources,
	syscall.ENOMEM:        NoResources,
	syscall.ENOBUFS:       NoResources,
	syscall.EADDRNOTAVAIL: NoInterface,
}

// File returns the fault of the file of trusted certificates.
func File(err error) Fault {
	detail := err.Error()
	var path *fs.PathError
	if errors.As(err, &path) {
		detail = path.Err.Error()
	}
	return Fault{CAFile, short("tls_ca_file: " + detail)}
}

func short(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	n := maxDetail
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
