package kamailio

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"
)

// controlTimeout bounds a command whose context has no earlier end.
const controlTimeout = 3 * time.Second

// control carries out one JSON-RPC command on the running server and decodes its result. Commands go over a local socket,
// so they reach a server that is deaf or cut off on the network, but not one that is frozen or gone.
func (s *Server) control(ctx context.Context, result any, method string, params ...any) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %s: %w", s.Name, method, err)
		}
	}()
	if params == nil {
		params = []any{} // null makes some commands answer nothing
	}
	request, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": method, "params": params, "id": 1})
	if err != nil {
		return err
	}
	s.controlMutex.Lock()
	defer s.controlMutex.Unlock()
	own := s.path("ask")
	defer os.Remove(own) // a dial that fails leaves it too; one that never came about has none to remove
	conn, err := net.DialUnix("unixgram", &net.UnixAddr{Name: own, Net: "unixgram"}, &net.UnixAddr{Name: s.path("ctl"), Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	until := time.Now().Add(controlTimeout)
	if end, ok := ctx.Deadline(); ok && end.Before(until) {
		until = end
	}
	if err := conn.SetDeadline(until); err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	answer := make([]byte, 64<<10)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	var reply struct {
		Result json.RawMessage `json:"result"`
		Error  *controlError   `json:"error"`
	}
	if err := json.Unmarshal(answer[:n], &reply); err != nil {
		return fmt.Errorf("%w in %q", err, answer[:n])
	}
	if reply.Error != nil {
		return reply.Error
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(reply.Result, result)
}

// controlError is the server's own refusal of a command.
type controlError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *controlError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }
