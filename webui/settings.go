package webui

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"hilphone/db/audit"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// lineSettings reads the settings of line n and their ETag.
func (s *Server) lineSettings(ctx context.Context, n int) (line.Settings, string, error) {
	set, err := s.storedLine(ctx, n)
	if err != nil {
		return line.Settings{}, "", err
	}
	return set, s.etag(n, set), nil
}

// storedLine reads the settings of line n.
func (s *Server) storedLine(ctx context.Context, n int) (line.Settings, error) {
	if !lineExists(n) {
		return line.Settings{}, fmt.Errorf("line %d: %w", n, ErrNotFound)
	}
	set, err := s.Settings.Line(ctx, n)
	if err != nil {
		return line.Settings{}, fmt.Errorf("settings of line %d: %w", n, err)
	}
	return set, nil
}

// changeLine changes the given settings of line n, by JSON name, and leaves the others as they are: validate, store, apply.
// Values are as REST has them: string, bool, number; a secret that is null stays. The page Line > SIP and REST both come
// here. Settings equal to the stored ones change nothing. On an error (a
// *line.FieldError per fault, or a problem) nothing was changed.
func (s *Server) changeLine(ctx context.Context, who Visitor, n int, values map[string]any, given conditions) (line.Settings, error) {
	if !who.May(Setup) {
		return line.Settings{}, problem(http.StatusForbidden, "the settings of a line are not changed by who only uses the phone")
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	old, err := s.storedLine(ctx, n)
	if err != nil {
		return line.Settings{}, err
	}
	if given != (conditions{}) {
		if err := given.check(s.etag(n, old)); err != nil {
			return line.Settings{}, err
		}
	}
	next := old
	if values, err = unmasked(old, values); err != nil {
		return line.Settings{}, err
	}
	if err := next.Merge(values); err != nil {
		return line.Settings{}, err
	}
	defer s.Lines.DropFiles()
	again, err := s.readFiles(who, old, next, values)
	if err != nil {
		return line.Settings{}, err
	}
	changed := line.Changed(old, next)
	if len(changed) == 0 {
		s.fileReadAgain(n, again, who.Source())
		return old, nil
	}
	// Once it is being stored the change is carried through, whether or not who asked for it still waits.
	entry := lineEntry(n, changed, who.author())
	if err := s.Settings.SaveLine(context.WithoutCancel(ctx), n, next, entry); err != nil {
		return line.Settings{}, fmt.Errorf("settings of line %d: %w", n, err)
	}
	s.applyLine(n, old, next, changed, who.author())
	return next, nil
}

// lineEntry is the entry of the audit history about changed settings of line n.
func lineEntry(n int, changed []string, by audit.Author) audit.Entry {
	return audit.Entry{Time: time.Now(), Action: audit.Settings, Author: by, Data: map[string]any{"line": n, "changed": changed}}
}

// applyLine gives line n the settings that were just stored, whichever way they came, and records who has changed what.
func (s *Server) applyLine(n int, old, next line.Settings, changed []string, by audit.Author) {
	s.Journal.Record(n, "", event.Settings{Line: &n, Changed: changed, By: by.Name, Source: by.Source})
	s.Lines.Apply(n, old, next)
	s.Log.Info("settings changed", "line", n, "changed", changed, "by", by.Name, "source", by.Source)
}

// replaceLine is changeLine with the default for every setting that is not given, but for secrets and what the visitor may not set.
func (s *Server) replaceLine(ctx context.Context, who Visitor, n int, values map[string]any, given conditions) (line.Settings, error) {
	whole := make(map[string]any, len(line.Table))
	factory := line.Default()
	for _, d := range line.Table {
		if !d.Secret && (!d.File || who.May(Admin)) {
			whole[d.Name] = d.Get(factory)
		}
	}
	for name, v := range values {
		whole[name] = v
	}
	return s.changeLine(ctx, who, n, whole, given)
}

// etag is a name for these settings of this line, secrets included, from which they cannot be guessed.
func (s *Server) etag(n int, set line.Settings) string {
	text, err := json.Marshal([]any{n, set.Values()})
	if err != nil {
		panic("webui: settings do not marshal: " + err.Error()) // strings, numbers and bools do
	}
	return s.etagOf(text)
}

// etagOf is a name for a text, from which it cannot be guessed.
func (s *Server) etagOf(text []byte) string {
	mac := hmac.New(sha256.New, s.etagKey)
	mac.Write(text)
	return `"` + hex.EncodeToString(mac.Sum(nil)[:12]) + `"`
}
