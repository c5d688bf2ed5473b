package webui

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

const (
	maxPlans = 2           // made at once: each takes up to 3 ms of a core
	planWait = time.Second // for one's turn
)

// planView is the plan of a line in an answer.
type planView struct{ line.Plan }

type planOutput struct{ Body *planView }

type planInput struct {
	Line int `path:"n" doc:"line, 1 to 20" example:"1"`
	Body lineBody
}

func (s *Server) registerPlan() {
	const meaning = "Worked out by the machine that runs the line, over the line's transports, against servers that do not answer: they take what is sent, and over TCP and TLS " +
		"the connection. Where it makes a difference, no_connection has the times with servers that are off, so that no connection comes about and none is up. Not covered: a request of more than 1300 octets, which goes by TCP first although the transport is UDP (RFC 3261 18.1.1)."
	operate(s, Read, huma.Operation{OperationID: "get-line-plan", Method: http.MethodGet, Path: "/lines/{n}/plan", Tags: []string{"lines"},
		Summary: "What the settings of a line mean in time", Description: meaning + " 409: a line without a number or a server has no plan.",
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests}}, s.getPlan)
	operate(s, Read, huma.Operation{OperationID: "try-line-plan", Method: http.MethodPost, Path: "/lines/{n}/plan", Tags: []string{"lines"},
		Summary:     "What other settings would mean in time",
		Description: meaning + " The body is any settings of the line; the others are those that are stored. Nothing is stored or applied.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests}, DefaultStatus: http.StatusOK, SkipValidateBody: true}, s.postPlan)
}

func (s *Server) getPlan(ctx context.Context, in *lineInput) (*planOutput, error) {
	return s.answerPlan(ctx, in.Line, map[string]any{})
}

func (s *Server) postPlan(ctx context.Context, in *planInput) (*planOutput, error) {
	return s.answerPlan(ctx, in.Line, in.Body)
}

func (s *Server) answerPlan(ctx context.Context, n int, values map[string]any) (*planOutput, error) {
	if values == nil {
		return nil, problem(http.StatusUnprocessableEntity, "nothing was planned", fault("body", "must be an object", nil))
	}
	stored, _, err := s.lineSettings(ctx, n)
	if err != nil {
		return nil, err
	}
	set := stored
	if err := set.Merge(values); err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, set, s.addresses(n, stored, set))
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fmt.Errorf("line %d has no plan: it needs a number (phone_number) and a server (register_addr or backup_addr): %w", n, ErrConflict)
	}
	return &planOutput{&planView{*p}}, nil
}

// addresses are how many addresses the names of the servers have, as line n has found out for the settings that it goes by.
func (s *Server) addresses(n int, stored, set line.Settings) map[line.Slot]int {
	known := s.Lines.Status(n).Servers
	found := map[line.Slot]int{line.Primary: known.Primary.Addresses, line.Backup: known.Backup.Addresses}
	for slot := range found {
		if stored.Server(slot).Hop() != set.Server(slot).Hop() || stored.DNSSRV != set.DNSSRV {
			delete(found, slot)
		}
	}
	return found
}

// plan makes the plan of valid settings, nil if a line cannot register with them. Only a few plans are made at once.
func (s *Server) plan(ctx context.Context, set line.Settings, addresses map[line.Slot]int) (*line.Plan, error) {
	turn := time.NewTimer(planWait)
	defer turn.Stop()
	select {
	case s.plans <- struct{}{}:
		defer func() { <-s.plans }()
		return line.NewPlan(set, addresses), nil
	case <-turn.C:
		return nil, refuseWith(problem(http.StatusTooManyRequests, fmt.Sprintf("%d plans are being made, which is the most", maxPlans)), "Retry-After", "1")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// planDocs are the descriptions of the plan's parts in the OpenAPI document.
var planDocs = map[string]map[string]string{
	"PlanView": {
		"REGISTER": "a registration", "INVITE": "a call, while registered with the primary", "BYE": "the end of a call through the primary",
		"CANCEL": "the end of a call that rings", "OPTIONS": "the keep-alive; null while it is off",
		"probe":      "the way back to the primary; null where the line never goes back by itself",
		"idle":       "how long a line on which nothing happens does not notice that the primary is silent; null where there is one server only",
		"refresh_s":  "by server: how long after a registration it is renewed, in seconds",
		"transports": "by server: what carries the requests",
		"addresses":  "by server: how many addresses its name has, or that of its outbound proxy; 1 for a name that the line has not looked up. They are tried one after the other",
		"proxies":    "by server, of those behind an outbound proxy: the server, the proxy by which alone it is reached, and the transport; absent where there is none",
		"retry_s":    "how long the line waits when every server failed, in seconds",
	},
	"MethodPlan": {
		"sends_ms":      "what is sent to the silent primary, or to the only server, in milliseconds from the first; over TCP and TLS nothing is sent again",
		"failover_ms":   "when the backup is asked first; null where there is none",
		"backup_ms":     "what is sent to a silent backup; null where there is none",
		"told_ms":       "when the failure is shown: no server answered",
		"no_connection": noConnection,
	},
	"Times": {
		"sends_ms":    "when the first connection is tried, and the next",
		"failover_ms": "when the backup is asked first; null where there is none",
		"backup_ms":   "when a connection with the backup is tried; null where there is none",
		"told_ms":     "when the failure is shown: no server could be reached",
	},
	"ProbePlan": {
		"first_ms":      "the first probe of a primary that stays silent, from the registration with the backup, in milliseconds",
		"sends_ms":      "what is sent of one probe, from its first",
		"next_ms":       "the second probe, from the registration with the backup",
		"no_connection": noConnection,
	},
	"Probes": {
		"first_ms": "the first probe", "sends_ms": "when a connection is tried, from the first time", "next_ms": "the second probe",
	},
	"IdlePlan": {
		"backup_ms":       "at most until the backup is asked, in milliseconds",
		"with_options_ms": "the same with options_keepalive on",
		"options_every_s": "what that costs: a request and an answer so often (udp_update_ttl)",
	},
	"PlanProxy": {
		"server": "the server that requests name", "proxy": "where they are sent", "transport": "by which they are sent",
	},
}

const noConnection = "the same with servers of TCP and TLS that are off: no connection is up, and none comes about; absent where the times are the same"

// TransformSchema describes the parts of a plan and says which may be null.
func (planView) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	describeProperties(s, planDocs["PlanView"])
	for _, name := range []string{"MethodPlan", "Times", "ProbePlan", "Probes", "IdlePlan", "PlanProxy"} {
		part := r.Map()[name]
		describeProperties(part, planDocs[name])
		if sends := part.Properties["sends_ms"]; sends != nil {
			sends.Nullable = false
		}
	}
	return orNull(s, "OPTIONS", "probe", "idle")
}

func describeProperties(s *huma.Schema, docs map[string]string) {
	for name, text := range docs {
		s.Properties[name].Description = text
	}
}
