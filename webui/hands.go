package webui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/hal/press"
	"hilphone/sip/line"
)

type phoneOutput struct{ Body PhoneView }

type pressedOutput struct{ Body PressedView }

type hookInput struct {
	Body struct {
		State string `json:"state" enum:"on,off" doc:"off: lifted"`
	}
}

type keysInput struct {
	Body struct {
		Keys    string `json:"keys" minLength:"1" maxLength:"512" doc:"0 to 9, * and #; other keys by their name in braces: {release}" example:"1002#"`
		PressMS int    `json:"press_ms" required:"false" minimum:"10" maximum:"10000" default:"80" doc:"how long each key is held"`
		GapMS   int    `json:"gap_ms" required:"false" minimum:"10" maximum:"10000" default:"80" doc:"from the release of one to the next"`
	}
}

func (s *Server) registerPhone() {
	operate(s, Read, huma.Operation{OperationID: "get-phone", Method: http.MethodGet, Path: "/phone", Tags: []string{"phone"},
		Summary: "Hook, display, lamps, ringer and calls"}, s.getPhone)
	operate(s, Control, huma.Operation{OperationID: "put-hook", Method: http.MethodPut, Path: "/phone/hook", Tags: []string{"phone"},
		Summary: "Lift or replace the handset", Description: "Answers when the phone has seen it. Nothing moves when the handset is there already. 409, as nothing would come of it: a real handset is lifted and cannot be put back from here; or the handset is on its hook and the loudspeaker keeps the line: press {release}.", Errors: []int{http.StatusConflict, http.StatusServiceUnavailable}}, s.putHook)
	operate(s, Control, huma.Operation{OperationID: "press-keys", Method: http.MethodPost, Path: "/phone/keys", Tags: []string{"phone"},
		Summary: "Press keys one after the other", Description: "Answers when the last one is up again; all together may take one minute. A key that the phone can do nothing with at that moment is pressed all the same; no_effect names it, and why.",
		DefaultStatus: http.StatusOK, Errors: []int{http.StatusConflict, http.StatusServiceUnavailable}}, s.postKeys)
}

func (s *Server) getPhone(context.Context, *struct{}) (*phoneOutput, error) {
	return &phoneOutput{s.phoneView()}, nil
}

func (s *Server) phoneView() PhoneView {
	v := s.Phone.View()
	v.Display, v.Calls, v.Board.Faults = list(v.Display), list(v.Calls), list(v.Board.Faults)
	if v.Lamps == nil {
		v.Lamps = map[string]string{}
	}
	return v
}

func (s *Server) putHook(ctx context.Context, in *hookInput) (*phoneOutput, error) {
	if err := s.putHandset(ctx, visitorOf(ctx), in.Body.State); err != nil {
		return nil, err
	}
	return &phoneOutput{s.phoneView()}, nil
}

// putHandset lifts the handset or puts it back; the page and REST both come here.
func (s *Server) putHandset(ctx context.Context, who Visitor, state string) error {
	if state != "on" && state != "off" {
		return &line.FieldError{Name: "state", Message: "must be one of on, off", Value: state}
	}
	ctx, cancel := s.untilShutdown(ctx)
	defer cancel()
	return s.Phone.Hook(ctx, who.Source(), state == "off")
}

func (s *Server) postKeys(ctx context.Context, in *keysInput) (*pressedOutput, error) {
	keys, err := splitKeys(in.Body.Keys)
	if err != nil {
		return nil, problem(http.StatusUnprocessableEntity, "no key was pressed", fault("body.keys", err.Error(), in.Body.Keys))
	}
	without, err := s.press(ctx, visitorOf(ctx), keys, time.Duration(in.Body.PressMS)*time.Millisecond, time.Duration(in.Body.GapMS)*time.Millisecond)
	if err != nil {
		return nil, err
	}
	return &pressedOutput{PressedView{s.phoneView(), list(without)}}, nil
}

// press presses keys one after the other; the page and REST both come here.
func (s *Server) press(ctx context.Context, who Visitor, keys []string, down, gap time.Duration) ([]NoEffectView, error) {
	var limit *press.Error
	if errors.As(press.Check(len(keys), down, gap), &limit) {
		field := map[string]string{"press": "press_ms", "gap": "gap_ms"}[limit.Name]
		return nil, problem(http.StatusUnprocessableEntity, "no key was pressed", fault("body."+cmp.Or(field, limit.Name), limit.Message, nil))
	}
	ctx, cancel := s.untilShutdown(ctx)
	defer cancel()
	return s.Phone.Keys(ctx, who.Source(), keys, down, gap)
}

// splitKeys reads "1002#{release}": each key is a character or a name in braces.
func splitKeys(text string) ([]string, error) {
	var keys []string
	for text != "" {
		if len(keys) == press.MaxKeys {
			return nil, fmt.Errorf("must be %d keys at most", press.MaxKeys)
		}
		size := 1
		switch c := text[0]; {
		case c >= '0' && c <= '9', c == '*', c == '#':
			keys = append(keys, text[:1])
		case c == '{':
			end := strings.IndexByte(text, '}')
			if end < 2 {
				return nil, fmt.Errorf("must have the names of keys in braces, as {release}")
			}
			keys, size = append(keys, text[1:end]), end+1
		default:
			return nil, fmt.Errorf("must be 0 to 9, * and #, or names in braces")
		}
		text = text[size:]
	}
	return keys, nil
}
