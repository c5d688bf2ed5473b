package main

import (
	"cmp"
	"slices"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
	"hilphone/webui"
)

// labServers are the servers of the embedded lab.
type labServers struct{ *server.Lab }

// Server shows how a server behaves.
func (l labServers) Server(slot line.Slot) (webui.LabView, error) {
	b, err := l.Behaviour(string(slot))
	return webui.LabView{
		Behaviour: string(cmp.Or(b.Mode, server.Serve)), Status: b.Status, RetryAfterS: int(b.RetryAfter / time.Second), DelayMS: int(b.Delay / time.Millisecond), Drop: b.Drop,
		DropFirst: b.DropFirst, Seed: int64(b.Seed), MinExpiresS: int(b.MinExpires / time.Second), MaxExpiresS: int(b.MaxExpires / time.Second),
		CloseAfter: b.CloseAfter, Then: string(b.Then), Methods: b.Methods, NoHandshake: b.NoHandshake, BadHandshake: b.BadHandshake,
	}, err
}

// SetServer makes a server behave.
func (l labServers) SetServer(slot line.Slot, v webui.LabView) error {
	err := l.SetBehaviour(string(slot), server.Behaviour{
		Mode: server.Mode(v.Behaviour), Status: v.Status, RetryAfter: time.Duration(v.RetryAfterS) * time.Second, Delay: time.Duration(v.DelayMS) * time.Millisecond, Drop: v.Drop,
		DropFirst: v.DropFirst, Seed: uint64(v.Seed), MinExpires: time.Duration(v.MinExpiresS) * time.Second, MaxExpires: time.Duration(v.MaxExpiresS) * time.Second,
		CloseAfter: v.CloseAfter, Then: server.Mode(v.Then), Methods: v.Methods, NoHandshake: v.NoHandshake, BadHandshake: v.BadHandshake,
	})
	return ofTheLab(err)
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
