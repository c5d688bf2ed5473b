package webui

import (
	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// eventType is the type of an event in a query.
type eventType string

// Schema has the types there are.
func (eventType) Schema(huma.Registry) *huma.Schema { return enumeration(event.Types()) }

func typeNames(types []eventType) []string {
	var all []string
	for _, t := range types {
		all = append(all, string(t))
	}
	return all
}

// methodName is a group of methods in a query.
type methodName string

// Schema has the groups there are.
func (methodName) Schema(huma.Registry) *huma.Schema {
	var all []string
	for _, k := range methodKinds {
		all = append(all, k.Name)
	}
	return enumeration(all)
}

// callCause is why a call has ended, in a query.
type callCause string

var callCauses = []string{string(line.CauseResponse), string(line.CauseNoResponse), string(line.CauseICMP), string(line.CauseConnect), string(line.CauseTLS),
	string(line.CauseDNS), string(line.CauseLocal), string(line.CauseAborted)}

// Schema has the causes there are.
func (callCause) Schema(huma.Registry) *huma.Schema { return enumeration(callCauses) }

func enumeration(values []string) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, v)
	}
	s.PrecomputeMessages()
	return s
}
