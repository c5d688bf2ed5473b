package kamailio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pingAgain is how long a ping waits for its answer before it asks again.
const pingAgain = 50 * time.Millisecond

// Ping asks the server with OPTIONS until it answers, or the context ends, and returns the status of the answer. A port that
// nobody holds is asked again as well: a server that is starting opens it in a moment.
func (n *node) Ping(ctx context.Context) (status int, err error) {
	conn, err := n.pair.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	branch := rand.Text()
	request := pingRequest(branch, conn.LocalAddr().String(), n.Addr)
	answer := make([]byte, 4096)
	for {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("%s does not answer OPTIONS: %w", n.Name, context.Cause(ctx))
		}
		if _, err := conn.WriteTo(request, net.UDPAddrFromAddrPort(n.Addr)); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			return 0, err
		}
		until := time.Now().Add(pingAgain)
		if end, ok := ctx.Deadline(); ok && end.Before(until) {
			until = end
		}
		if err := conn.SetReadDeadline(until); err != nil {
			return 0, err
		}
		for {
			size, _, err := conn.ReadFrom(answer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return 0, err
			}
			if status, ok := pingStatus(string(answer[:size]), branch); ok {
				return status, nil
			}
		}
	}
}

func pingRequest(branch, from string, to netip.AddrPort) []byte {
	return fmt.Appendf(nil, "OPTIONS sip:%s SIP/2.0\r\n"+
		"Via: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 1\r\n"+
		"From: <sip:ping@%s>;tag=%s\r\nTo: <sip:%s>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		to, from, branch, from, branch, to, branch)
}

// pingStatus reads the status of a final answer to the request of that branch.
func pingStatus(message, branch string) (int, bool) {
	code, ok := strings.CutPrefix(message, "SIP/2.0 ")
	if !ok || len(code) < 3 || !strings.Contains(message, "branch=z9hG4bK"+branch) {
		return 0, false
	}
	status, err := strconv.Atoi(code[:3])
	return status, err == nil && status >= 200
}
