package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// IM-05: no line of the log has the password of a URI, in a message, in a value or in an error.
func TestLogHasNoPassword(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := logFlags{LogLevel: "debug", LogFormat: format}.logger(&out)
		const url = "http://u:c4n4ry@192.0.2.1/x"
		log.With("server", url).Info("asked "+url, "url", url, "err", fmt.Errorf("get: %w", errors.New(url)), "all", []string{url}, "line", 1)
		if text := out.String(); strings.Contains(text, "c4n4ry") || strings.Count(text, "http://u:***@192.0.2.1/x") != 5 || !strings.Contains(text, "line") {
			t.Errorf("%s: %s", format, text)
		}
	}
}
