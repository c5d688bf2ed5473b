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
	const meaning = "Worked out by the machine that runs the line, against servers that do not answer."
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
	set, _, err := s.lineSettings(ctx, n)
	if err != nil {
		return nil, err
	}
	if err := set.Merge(values); err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, set)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fmt.Errorf("line %d has no plan: it needs a number (phone_number) and a server (register_addr or backup_addr): %w", n, ErrConflict)
	}
	return &planOutput{&planView{*p}}, nil
}

// plan makes the plan of valid settings, nil if a line cannot register with them. Only a few plans are made at once.
func (s *Server) plan(ctx context.Context, set line.Settings) (*line.Plan, error) {
	turn := time.NewTimer(planWait)
	defer turn.Stop()
	select {
	case s.plans <- struct{}{}:
		defer func() { <-s.plans }()
		return line.NewPlan(set), nil
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
		"probe":     "the way back to the primary; null where the line never goes back by itself",
		"refresh_s": "by server: how long after a registration it is renewed, in seconds",
		"proxies":   "by server, of those behind an outbound proxy: the server, the proxy by which alone it is reached, and the transport; absent where there is none",
		"retry_s":   "how long the line waits when every server failed, in seconds",
	},
	"MethodPlan": {
		"sends_ms":    "datagrams to the silent primary, or to the only server, in milliseconds from the first",
		"failover_ms": "when the backup is asked first; null where there is none",
		"backup_ms":   "datagrams to a silent backup; null where there is none",
		"told_ms":     "when the user is told that no server answered",
	},
	"ProbePlan": {
		"first_ms": "the first probe of a primary that stays silent, from the registration with the backup, in milliseconds",
		"sends_ms": "datagrams of one probe, from its first",
		"next_ms":  "the second probe, from the registration with the backup",
	},
	"PlanProxy": {
		"server": "the server that requests name", "proxy": "where they are sent", "transport": "by which they are sent",
	},
}

// TransformSchema describes the parts of a plan and says which may be null.
func (planView) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	describeProperties(s, planDocs["PlanView"])
	for _, name := range []string{"MethodPlan", "ProbePlan", "PlanProxy"} {
		describeProperties(r.Map()[name], planDocs[name])
	}
	r.Map()["MethodPlan"].Properties["sends_ms"].Nullable = false
	r.Map()["ProbePlan"].Properties["sends_ms"].Nullable = false
	return orNull(s, "OPTIONS", "probe")
}

func describeProperties(s *huma.Schema, docs map[string]string) {
	for name, text := range docs {
		s.Properties[name].Description = text
	}
}
