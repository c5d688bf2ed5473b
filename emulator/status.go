package main

import (
	"net"
	"strconv"
	"time"

	"hilphone/sip"
	"hilphone/sip/line"
	"hilphone/webui"
)

// statusView shows a snapshot with times of day instead of the line's own clock.
func statusView(s sip.Snapshot, wall time.Time, mono int64) webui.StatusView {
	at := func(d time.Duration) webui.Time { return webui.At(s.At(d).Round(0)) }
	server := func(slot line.Slot) webui.ServerView {
		v, set := s.Servers[slot], s.Settings.Server(slot)
		view := webui.ServerView{
			Addresses:  v.Addresses,
			LastResult: v.LastResult, LastCause: v.LastCause, RegisteredUntil: at(v.RegisteredUntil), QuarantinedUntil: at(v.QuarantinedUntil),
		}
		if r := v.InCall; r.Method != "" {
			view.LastInCall = &webui.ResultView{Method: r.Method, Result: r.Text, Cause: r.Cause}
		}
		switch transport := " " + string(set.Transport); {
		case set.Addr == "":
		case set.Proxy.Addr != "":
			view.Address, view.Proxy = set.String(), set.Proxy.String()+transport
		default:
			view.Address = net.JoinHostPort(set.Addr, strconv.Itoa(set.Port)) + transport
		}
		return view
	}
	v := webui.StatusView{
		State: s.State(), Active: s.Active, Phase: s.Phase,
		Servers: webui.ServersView{Primary: server(line.Primary), Backup: server(line.Backup)},
		Failback: webui.FailbackView{
			Enabled: s.Settings.EnableFailback && s.Settings.FailbackInterval > 0, State: s.Failback,
		},
		Malformed: s.Malformed, Refused: s.Refused,
	}
	if s.NoListener != nil {
		v.TCPPort = s.NoListener.Error()
	}
	v.Explain(s.Servers[line.Primary].Register, s.Servers[line.Backup].Register, s.FailedBy)
	if s.NextTry > 0 && s.Phase == line.AllFailed {
		in := max(s.At(s.NextTry).Sub(wall).Seconds(), 0)
		v.RetryInS = &in
	}
	if s.Failback == line.FailbackWaiting {
		in := max(s.At(s.NextProbe).Sub(wall).Seconds(), 0)
		v.Failback.NextProbeInS = &in
	}
	change := func(f *line.Failover) *webui.LastChangeView {
		if f == nil {
			return nil
		}
		return &webui.LastChangeView{
			Time: at(f.At), MonoUS: mono - wall.Sub(s.At(f.At)).Microseconds(), From: f.From, To: f.To, Method: f.Method,
			Trigger: f.Trigger, Cause: f.Cause, Reason: f.Reason, ElapsedMS: float64(f.Elapsed.Microseconds()) / 1000,
		}
	}
	v.LastFailover, v.LastFailback = change(s.LastFailover), change(s.LastFailback)
	return v
}
