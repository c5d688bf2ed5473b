package sip_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// answerer is a server on a listener that answers at once, as registrar does over UDP: 200 to REGISTER, OPTIONS and BYE, 486 to INVITE. It
// remembers which request came on which connection.
type answerer struct {
	t    testing.TB
	name string
	at   netip.AddrPort

	mu       sync.Mutex
	refusing bool // 503 to REGISTER
	ending   bool // ends the connection after each answer
	hushed   bool // answers nothing
	got      [][]datagram
	open     []net.Conn
}

func answering(t testing.TB, l net.Listener, name string) *answerer {
	s := &answerer{t: t, name: name, at: addrOf(l)}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			n := len(s.got)
			s.got, s.open = append(s.got, nil), append(s.open, c)
			s.mu.Unlock()
			tasks.Go(func() {
				defer c.Close()
				s.serve(c, n)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range s.open {
			c.Close()
		}
		s.mu.Unlock()
		tasks.Wait()
	})
	return s
}

func (s *answerer) serve(c net.Conn, n int) {
	in := bufio.NewReader(c)
	for {
		d, err := readDatagram(in)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.got[n] = append(s.got[n], d)
		refusing, ending, hushed := s.refusing, s.ending, s.hushed
		s.mu.Unlock()
		answer := ""
		switch m := d.method(); {
		case hushed:
		case m == "REGISTER" && refusing:
			answer = reply(d, "503 Service Unavailable")
		case m == "REGISTER":
			answer = grant(d, 3600)
		case m == "INVITE":
			answer = reply(d, "486 Busy Here")
		case m == "BYE" || m == "OPTIONS":
			answer = reply(d, "200 OK")
		}
		if _, err := io.WriteString(c, answer); err != nil || ending && answer != "" {
			return
		}
	}
}

// readDatagram takes one message off a stream.
func readDatagram(in *bufio.Reader) (datagram, error) {
	var b strings.Builder
	length := 0
	for {
		l, err := in.ReadString('\n')
		if err != nil {
			return datagram{}, err
		}
		if l == "\r\n" && b.Len() == 0 {
			continue
		}
		b.WriteString(l)
		if v, ok := strings.CutPrefix(l, "Content-Length:"); ok {
			length = atoi(strings.TrimSpace(v))
		}
		if l == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(in, body); err != nil {
		return datagram{}, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return datagram{raw: b.String() + string(body)}, nil
}

func (s *answerer) refuse(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = on
}

func (s *answerer) endAfterAnswer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
}

func (s *answerer) hush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hushed = true
}

// conns are the requests of each connection.
func (s *answerer) conns() [][]datagram {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]datagram(nil), s.got...)
}

// strangers are requests that are for another server, and connections that two lines have used.
func (s *answerer) strangers() (faults []string) {
	for n, all := range s.conns() {
		line := ""
		for _, d := range all {
			if host := d.uri()[strings.LastIndexAny(d.uri(), ":@")+1:]; !strings.HasSuffix(d.uri(), s.at.String()) {
				faults = append(faults, fmt.Sprintf("%s (%s)", d.start(), host))
			}
			_, contact, ok := strings.Cut(d.header("Contact"), "@")
			if contact, _, _ = strings.Cut(contact, ";"); ok && line != "" && line != contact {
				faults = append(faults, fmt.Sprintf("%s and %s on connection %d", line, contact, n))
			} else if ok {
				line = contact
			}
		}
	}
	return faults
}

func addrOf(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }
