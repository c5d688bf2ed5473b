// Package netlog reads from the events what the network said besides SIP messages: ICMP errors, connections that were refused, reset or closed,
// failures of TLS and DNS, and the changes of the active server that followed. Ladders and capture files show it among the messages (UX-14).
package netlog

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/netfault"
	"hilphone/sip/pcapng"
)

// Kind is what an item is.
type Kind string

// The kinds.
const (
	ICMP    Kind = "icmp"    // an ICMP error
	Reset   Kind = "reset"   // the server reset a connection
	Closed  Kind = "closed"  // the server closed a connection
	Refused Kind = "refused" // the server refused a connection
	Failed  Kind = "failed"  // TLS, DNS or the connection failed in another way
	Change  Kind = "change"  // failover, failback, or that all servers failed
)

// Item is one thing that the network said.
type Item struct {
	Time          time.Time
	Kind          Kind
	Data          event.Data
	Slot          string // the server it is about: primary, backup, or empty
	Method        string // of the request it is about; empty: none
	Branch        string // of that request
	Sender        string // ICMP: address of the router or host; empty: not known
	Local, Remote string // ADDRESS:PORT of the phone and of the server, where known
	Type, Code    int    // ICMP
	Quoted        int    // ICMP: octets of the datagram that were returned
	Text          string // in English
}

// Types are the events that a Reader needs.
var Types = event.Names(event.AttemptStart{}, event.AttemptEnd{}, event.ICMP{}, event.LookupFailed{}, event.ConnectionLost{}, event.Failover{}, event.Failback{},
	event.AllFailed{})

// Reader reads the events of one phone in their order.
type Reader struct {
	attempts map[string]event.AttemptStart
	lost     map[string]bool // the remote address of connections whose end has been said
}

// Read returns the item that an event is; ok is false where it is none.
func (r *Reader) Read(at time.Time, data event.Data) (i Item, ok bool) {
	if r.attempts == nil {
		r.attempts, r.lost = map[string]event.AttemptStart{}, map[string]bool{}
	}
	i = Item{Time: at, Data: data}
	switch d := data.(type) {
	case event.AttemptStart:
		r.attempts[d.Branch] = d
		delete(r.lost, d.Target)
		return i, false
	case event.ICMP:
		a := r.attempts[d.Branch]
		i.Kind, i.Slot, i.Method, i.Branch = ICMP, a.Slot, a.Method, d.Branch
		i.Sender, i.Remote, i.Type, i.Code, i.Quoted = d.From, cmp.Or(d.To, a.Target), d.Type, d.Code, d.Quoted
		i.Text = fmt.Sprintf("ICMP %s (type %d code %d)", netfault.ICMPName(d.Type, d.Code), d.Type, d.Code)
	case event.ConnectionLost:
		r.lost[d.Remote] = true
		i.Slot, i.Local, i.Remote, i.Kind = d.Slot, d.Local, d.Remote, Failed
		switch netfault.Reason(d.Reason) {
		case netfault.Reset:
			i.Kind = Reset
		case netfault.Closed:
			i.Kind = Closed
		}
		i.Text = fmt.Sprintf("%s connection to the %s lost: %s", strings.ToUpper(d.Transport), d.Slot, d.Detail)
	case event.LookupFailed:
		i.Kind, i.Slot = Failed, d.Slot
		i.Text = fmt.Sprintf("the name of the %s, %s, was not resolved: %s", d.Slot, d.Name, cmp.Or(d.Detail, d.Reason))
	case event.AttemptEnd:
		return r.ended(i, d)
	case event.Failover:
		i.Kind = Change
		i.Text = fmt.Sprintf("failover from the %s to the %s: %s, by %s", d.From, d.To, cmp.Or(d.Reason, d.Cause), d.Trigger)
	case event.Failback:
		i.Kind, i.Text = Change, fmt.Sprintf("failback from the %s to the %s", d.From, d.To)
	case event.AllFailed:
		i.Kind, i.Text = Change, "every server failed: "+cmp.Or(d.Reason, d.Cause)
	default:
		return i, false
	}
	return i, true
}

// ended reads the end of an attempt. What ICMP or the end of a connection has said already is not repeated.
func (r *Reader) ended(i Item, d event.AttemptEnd) (Item, bool) {
	a := r.attempts[d.Branch]
	delete(r.attempts, d.Branch)
	i.Kind, i.Slot, i.Method, i.Branch, i.Remote = Failed, d.Slot, d.Method, d.Branch, a.Target
	reason := netfault.Reason(d.Reason)
	switch d.Cause {
	case "connect":
		if r.lost[a.Target] && (reason == netfault.Reset || reason == netfault.Closed) {
			return i, false
		}
		if reason == netfault.Refused {
			i.Kind = Refused
		}
	case "tls", "dns", "local":
	case "no_response":
		if reason == "" {
			return i, false // the silence is seen
		}
	default:
		return i, false
	}
	i.Text = fmt.Sprintf("%s to the %s: %s", d.Method, d.Slot, cmp.Or(d.Detail, d.Reason, d.Cause))
	return i, true
}

// FromServer reports whether the item came from the server itself, and not from a router on the way.
func (i Item) FromServer() bool {
	switch i.Kind {
	case Reset, Closed, Refused:
		return true
	case ICMP:
		a, err := netip.ParseAddrPort(i.Remote)
		return err == nil && i.Sender == a.Addr().String()
	}
	return false
}

// Capture is the capture of messages and items. The quotation of an ICMP error is taken from the message that it is about, where that is known.
func Capture(messages []pcapng.Message, items []Item) pcapng.Capture {
	c := pcapng.Capture{Messages: messages}
	for _, i := range items {
		switch i.Kind {
		case ICMP:
			about := sent(messages, i)
			m := pcapng.ICMP{Time: i.Time, Sender: i.Sender, From: about.From, To: i.Remote, Type: i.Type, Code: i.Code, Length: len(about.Raw),
				Datagram: about.Raw[:min(i.Quoted, len(about.Raw))], Comment: fmt.Sprintf("%s for %s to the %s.", i.Text, i.Method, i.Slot)}
			if m.From == "" {
				c.Notes = append(c.Notes, pcapng.Note{Time: i.Time, Text: m.Comment + " The datagram is not in this file."})
				continue
			}
			c.ICMP = append(c.ICMP, m)
		case Reset, Closed:
			c.Ends = append(c.Ends, pcapng.End{Time: i.Time, From: i.Remote, To: i.Local, Reset: i.Kind == Reset, Comment: i.Text})
		default:
			c.Notes = append(c.Notes, pcapng.Note{Time: i.Time, Text: i.Text})
		}
	}
	return c
}

// sent is the newest message before an item that has its branch.
func sent(messages []pcapng.Message, i Item) (found pcapng.Message) {
	branch := []byte("branch=" + i.Branch)
	for _, m := range messages {
		if m.To == i.Remote && !m.Time.After(i.Time.Add(time.Millisecond)) && (found.From == "" || m.Time.After(found.Time)) && bytes.Contains(m.Raw, branch) {
			found = m
		}
	}
	return found
}
