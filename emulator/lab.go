package main

import (
	"cmp"
	"slices"
	"time"

	"hilphone/hil/behaviour"
	"hilphone/hil/server"
	"hilphone/sip/line"
	"hilphone/webui"
)

// labServers are the servers of the embedded lab.
type labServers struct{ *server.Lab }

// Server returns how a server behaves.
func (l labServers) Server(slot line.Slot) (behaviour.Server, error) {
	return l.Behaviour(string(slot))
}

// SetServer makes a server behave.
func (l labServers) SetServer(slot line.Slot, b behaviour.Server) error {
	return l.SetBehaviour(string(slot), b)
}

// Beside returns what the servers of the lab and its other phones said to each other.
func (l labServers) Beside(from, until time.Time) (seen []webui.SeenMessage) {
	peers := []string{l.Phone.Addr().String()}
	if l.Third != nil {
		peers = append(peers, l.Third.Addr().String())
	}
	for slot, messages := range map[line.Slot][]server.Message{line.Primary: l.Primary.Messages(), line.Backup: l.Backup.Messages()} {
		for _, m := range messages {
			if m.At.Before(from) || !m.At.Before(until) || m.Dropped {
				continue
			}
			v := webui.SeenMessage{Time: m.At, From: string(slot), To: "peer", Peer: m.To.String(), CallID: m.CallID, Method: m.Method, Start: m.Start}
			if !m.Sent {
				v.From, v.To, v.Peer = v.To, v.From, m.From.String()
			}
			if slices.Contains(peers, v.Peer) {
				seen = append(seen, v)
			}
		}
	}
	slices.SortStableFunc(seen, func(a, b webui.SeenMessage) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	return seen
}
