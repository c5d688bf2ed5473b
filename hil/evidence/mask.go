package evidence

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strings"

	"hilphone/db/secret"
)

// stars stand where a secret was.
const stars = "***"

var (
	// A field of credentials with its folded lines: name, scheme, the rest.
	credentials = regexp.MustCompile(`(?im)^((?:Proxy-)?Authorization[ \t]*:[ \t]*)([^ \t\r\n]*)([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)`)
	// A parameter of a digest: its name, and its value with or without quotes.
	parameter = regexp.MustCompile(`(?is)([a-z-]+)(\s*=\s*)("(?:[^"\\]|\\.)*"|[^,\s"]+)`)
	// What is nothing but parameters.
	parameters = regexp.MustCompile(`(?is)^(?:[\s,]*[a-z-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^,\s"]+))*[\s,]*$`)
)

// Mask stars out the answers to digest challenges, credentials that are no digest altogether, and the passwords of URIs (IM-05).
func Mask(message []byte) []byte {
	message = secret.MaskBytes(message)
	if !bytes.Contains(bytes.ToLower(message), []byte("authorization")) {
		return message
	}
	return credentials.ReplaceAllFunc(message, func(field []byte) []byte {
		part := credentials.FindSubmatch(field)
		name, scheme, rest := part[1], part[2], part[3]
		if !bytes.EqualFold(scheme, []byte("Digest")) || !parameters.Match(rest) {
			return append(bytes.Clone(name), stars...)
		}
		return bytes.Join([][]byte{name, scheme, parameter.ReplaceAllFunc(rest, func(p []byte) []byte {
			of := parameter.FindSubmatch(p)
			switch strings.ToLower(string(of[1])) {
			case "response", "cnonce":
				return bytes.Join([][]byte{of[1], of[2], []byte(`"` + stars + `"`)}, nil)
			}
			return p
		})}, nil)
	})
}

// withoutSecrets returns JSON in which every member with a secret's name is null. What is no JSON becomes null.
func withoutSecrets(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return json.RawMessage("null")
	}
	if !blank(v) {
		return data
	}
	clean, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return clean
}

// blank takes the secrets out of v and tells whether there were any.
func blank(v any) (found bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if _, text := value.(string); text && isSecretName(name) {
				v[name], found = nil, true
				continue
			}
			found = blank(value) || found
		}
	case []any:
		for _, value := range v {
			found = blank(value) || found
		}
	}
	return found
}

// hider replaces the secrets, also as JSON and HTML write them.
func hider(secrets []string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		quoted, _ := json.Marshal(s)
		for _, form := range []string{s, string(quoted[1 : len(quoted)-1]), html.EscapeString(s)} {
			pairs = append(pairs, form, stars)
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	return strings.NewReplacer(pairs...)
}

func hide(hidden *strings.Replacer, text []byte) []byte {
	if hidden == nil {
		return text
	}
	return []byte(hidden.Replace(string(text)))
}
