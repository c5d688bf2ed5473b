package webui

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/audit"
	"hilphone/db/device"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// Device keeps the settings of the phone as a whole.
type Device interface {
	// Device returns those in force. It does not wait.
	Device() device.Settings
	// SaveDevice stores them, and puts them in force; when it returns nil they survive a power failure.
	SaveDevice(ctx context.Context, s device.Settings) error
	// TakeDevice puts settings in force that were stored already, with the configuration as a whole.
	TakeDevice(s device.Settings)
	// TestActionURL calls an address once, with example values, and returns what came of it. ErrConflict: too much is being tried.
	TestActionURL(ctx context.Context, action, url string) (ActionTestView, error)
}

// ActionTestView is what came of a call of an address.
type ActionTestView struct {
	Event     string  `json:"event"`
	URL       string  `json:"url" doc:"without its password"`
	Status    int     `json:"status" doc:"of the answer, 0 without one"`
	ElapsedMS float64 `json:"elapsed_ms"`
	Error     string  `json:"error" doc:"why there was no answer, empty if there was"`
}

// actionURLs are the addresses by the name of what happens.
type actionURLs map[string]string

// Schema describes the action URLs, each by its definition.
func (actionURLs) Schema(r huma.Registry) *huma.Schema {
	return component(r, "ActionURLs", func() *huma.Schema {
		longest := 1024
		s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{},
			Description: "addresses that are called with GET; $" + strings.Join(device.Variables, ", $") + " stand for what is so then"}
		for _, a := range device.Actions {
			text := "called at: " + a.Label.EN
			if a.Key != "" {
				text += "; the vendor's " + a.Key
			}
			s.Properties[a.Name] = &huma.Schema{Type: huma.TypeString, Title: a.Label.EN, Description: text, MaxLength: &longest, Default: ""}
		}
		return s
	})
}

// RemoteControlView is the page System > Remote control.
type RemoteControlView struct {
	Enabled  bool     `json:"enabled" required:"false" doc:"answer at the paths of the vendor's phones"`
	Allow    []string `json:"allow" required:"false" nullable:"false" maxItems:"32" doc:"addresses and networks that may ask; none: nobody" example:"[\"192.0.2.0/24\"]"`
	Faithful bool     `json:"faithful" required:"false" doc:"answer result = [success] to whatever is asked, as the vendor's phones do"`
}

type actionURLsOutput struct {
	ETag string `header:"ETag" doc:"names this state of the settings, for If-Match"`
	Body actionURLs
}

type remoteControlOutput struct {
	ETag string `header:"ETag" doc:"names this state of the settings, for If-Match"`
	Body RemoteControlView
}

func (s *Server) registerDevice() {
	operate(s, Admin, huma.Operation{OperationID: "get-action-urls", Method: http.MethodGet, Path: "/system/action-urls", Tags: []string{"system"},
		Summary: "The addresses that the phone calls when something happens", Description: "Passwords read as ***; an address that is sent back as it was read keeps its password."},
		func(context.Context, *struct{}) (*actionURLsOutput, error) { return s.actionURLsNow(), nil })
	operate(s, Admin, huma.Operation{OperationID: "put-action-urls", Method: http.MethodPut, Path: "/system/action-urls", Tags: []string{"system"},
		Summary: "Replace them", Description: "What is absent is not called.", Metadata: map[string]any{ownConditions: true}}, s.putActionURLs)
	operate(s, Admin, huma.Operation{OperationID: "test-action-url", Method: http.MethodPost, Path: "/system/action-urls/test", Tags: []string{"system"},
		Summary: "Call one of the stored addresses now, with example values", DefaultStatus: http.StatusOK, Errors: []int{http.StatusConflict, http.StatusServiceUnavailable}}, s.postActionTest)
	operate(s, Admin, huma.Operation{OperationID: "get-remote-control", Method: http.MethodGet, Path: "/system/remote-control", Tags: []string{"system"},
		Summary: "How scripts for the vendor's phones reach this one"},
		func(context.Context, *struct{}) (*remoteControlOutput, error) { return s.remoteControlNow(), nil })
	operate(s, Admin, huma.Operation{OperationID: "put-remote-control", Method: http.MethodPut, Path: "/system/remote-control", Tags: []string{"system"},
		Summary: "Replace it", Description: "What is absent is off.", Metadata: map[string]any{ownConditions: true}}, s.putRemoteControl)
}

func (s *Server) actionURLsNow() *actionURLsOutput {
	urls := s.Device.Device().ActionURLs
	all := actionURLs{}
	for _, a := range device.Actions {
		all[a.Name] = device.Mask(urls[a.Name])
	}
	return &actionURLsOutput{s.deviceTag(urls), all}
}

func (s *Server) remoteControlNow() *remoteControlOutput {
	r := s.Device.Device().RemoteControl
	return &remoteControlOutput{s.deviceTag(r), RemoteControlView{r.Enabled, list(r.Allow), r.Faithful}}
}

func (s *Server) putActionURLs(ctx context.Context, in *struct {
	Body actionURLs
}) (*actionURLsOutput, error) {
	if err := s.changeActionURLs(ctx, visitorOf(ctx), in.Body, conditionsOf(ctx)); err != nil {
		return nil, err
	}
	return s.actionURLsNow(), nil
}

func (s *Server) putRemoteControl(ctx context.Context, in *struct {
	Body RemoteControlView
}) (*remoteControlOutput, error) {
	if err := s.changeRemoteControl(ctx, visitorOf(ctx), in.Body, conditionsOf(ctx)); err != nil {
		return nil, err
	}
	return s.remoteControlNow(), nil
}

func (s *Server) postActionTest(ctx context.Context, in *struct {
	Body struct {
		Event string `json:"event" maxLength:"32" example:"failover"`
	}
}) (*struct{ Body ActionTestView }, error) {
	v, err := s.testActionURL(ctx, visitorOf(ctx), in.Body.Event)
	return &struct{ Body ActionTestView }{v}, err
}

// changeActionURLs replaces the action URLs; the page and REST both come here. Only the admin does.
func (s *Server) changeActionURLs(ctx context.Context, who Visitor, given map[string]string, cond conditions) error {
	return s.changeDevice(ctx, who, cond, func(set device.Settings) any { return set.ActionURLs }, func(set *device.Settings) error {
		next, err := set.ActionURLs.Changed(given, s.Lab != nil)
		set.ActionURLs = next
		return err
	})
}

// changeRemoteControl replaces the settings of remote control; the page and REST both come here. Only the admin does.
func (s *Server) changeRemoteControl(ctx context.Context, who Visitor, v RemoteControlView, cond conditions) error {
	return s.changeDevice(ctx, who, cond, func(set device.Settings) any { return set.RemoteControl }, func(set *device.Settings) error {
		set.RemoteControl = device.RemoteControl{Enabled: v.Enabled, Allow: v.Allow, Faithful: v.Faithful}
		return set.RemoteControl.Validate()
	})
}

// changeDevice validates, stores and applies a change of the part of the settings that the conditions are about. Equal settings change nothing.
func (s *Server) changeDevice(ctx context.Context, who Visitor, cond conditions, part func(device.Settings) any, change func(*device.Settings) error) error {
	if !who.May(Admin) {
		return problem(http.StatusForbidden, "these settings are changed by the admin only")
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	old := s.Device.Device()
	if err := cond.check(s.deviceTag(part(old))); err != nil {
		return err
	}
	next := old.Clone()
	if err := change(&next); err != nil {
		return err
	}
	changed := device.Changed(old, next)
	if len(changed) == 0 {
		return nil
	}
	if err := s.Device.SaveDevice(context.WithoutCancel(ctx), next); err != nil {
		return fmt.Errorf("settings of the phone: %w", err)
	}
	s.deviceChanged(ctx, changed, who.author())
	return nil
}

// deviceChanged records that settings of the phone as a whole have been changed, and by whom.
func (s *Server) deviceChanged(ctx context.Context, changed []string, by audit.Author) {
	s.Journal.Record(0, "", event.Settings{Changed: changed, By: by.Name, Source: by.Source})
	s.Log.Info("settings changed", "changed", changed, "by", by.Name, "source", by.Source)
	s.audits.record(ctx, by, audit.Settings, map[string]any{"changed": changed})
}

// testActionURL calls a stored address.
func (s *Server) testActionURL(ctx context.Context, who Visitor, action string) (ActionTestView, error) {
	if _, ok := device.ActionNamed(action); !ok {
		return ActionTestView{}, &line.FieldError{Name: "event", Message: "must be one of " + strings.Join(actionNames(), ", ")}
	}
	url := s.Device.Device().ActionURLs[action]
	if url == "" {
		return ActionTestView{}, fmt.Errorf("no address is stored for %s: %w", action, ErrConflict)
	}
	v, err := s.Device.TestActionURL(ctx, action, url)
	if err != nil && !errors.Is(err, ErrConflict) {
		return v, fmt.Errorf("test of the action URL %s: %w", action, err)
	}
	v.Event, v.URL = action, device.Mask(url)
	s.Log.Info("action URL tried", "event", action, "status", v.Status, "source", who.Source())
	return v, err
}

func actionNames() []string {
	names := make([]string, len(device.Actions))
	for i, a := range device.Actions {
		names[i] = a.Name
	}
	return names
}

// deviceTag is a name for a part of the settings, passwords included, from which they cannot be guessed.
func (s *Server) deviceTag(part any) string {
	if urls, ok := part.(device.ActionURLs); ok {
		urls = maps.Clone(urls)
		maps.DeleteFunc(urls, func(_, url string) bool { return url == "" })
		part = map[string]string(urls) // marshals in the order of names
	}
	text, err := json.Marshal(part)
	if err != nil {
		panic("webui: settings do not marshal: " + err.Error()) // strings and bools do
	}
	mac := hmac.New(sha256.New, s.etagKey)
	mac.Write(text)
	return `"` + hex.EncodeToString(mac.Sum(nil)[:12]) + `"`
}
