package sip

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// entity is a message's body, or a part of one, with the header fields that say what it is (RFC 3261 20.11, 20.12, 20.15).
type entity struct {
	contentType, disposition, encoding string
	transfer                           string // Content-Transfer-Encoding, of a part
	id                                 string // Content-ID, of a part
	body                               []byte
}

// refusal is the answer to a request whose body cannot be used.
type refusal struct {
	code     int
	reason   string
	field    string // a header field that the answer has, and its value
	value    string
	required bool // the sender says that the body must be understood (handling=required)
}

// acceptedType is the media type that the bodies of INVITE and ACK may have, by itself or as a part.
const acceptedType = "application/sdp"

// Bounds of a multipart body. A session description is two levels down at most where bodies are signed.
const (
	maxBodyDepth = 4
	maxBodyParts = 16
)

func unsupportedType() *refusal {
	return &refusal{code: 415, reason: "Unsupported Media Type", field: "Accept", value: acceptedType}
}

func unsupportedEncoding() *refusal {
	return &refusal{code: 415, reason: "Unsupported Media Type", field: "Accept-Encoding", value: "identity"}
}

// sessionDescription finds the SDP in a body. The Content-Type decides what is SDP, not the content. Without a body there is none, and
// neither where all of the body may be left alone (handling=optional). A body that cannot be used is refused (RFC 3261 8.2.3).
func sessionDescription(e entity) (sdp []byte, refused *refusal) {
	parts := maxBodyParts
	return e.read(maxBodyDepth, &parts)
}

// read finds the SDP in a body or a part. parts counts down over the whole message.
func (e entity) read(depth int, parts *int) (sdp []byte, refused *refusal) {
	if len(bytes.TrimSpace(e.body)) == 0 {
		return nil, nil
	}
	disposition, handling := e.dispositionType()
	kind, params := e.mediaType()
	switch {
	case !identity(e.encoding):
		refused = unsupportedEncoding()
	case strings.HasPrefix(kind, "multipart/"):
		sdp, refused = e.readParts(kind, params, depth, parts)
	case kind != acceptedType, disposition != "" && disposition != "session":
		refused = unsupportedType()
	default:
		sdp = e.body
	}
	switch {
	case refused == nil:
	case handling == "optional":
		return nil, nil
	case handling == "required":
		refused.required = true
	}
	return sdp, refused
}

// mediaType is the type in lower case, without what is not needed of its parameters. A body without Content-Type is a fault of the sender
// (RFC 3261 20.15); one that begins as every SDP body does is taken for SDP, since no other reading makes sense of it and a call would be
// lost. Everything else without Content-Type is text (RFC 2045 5.2).
func (e entity) mediaType() (kind string, params map[string]string) {
	if strings.TrimSpace(e.contentType) == "" {
		if bytes.HasPrefix(bytes.TrimLeft(e.body, " \t\r\n"), []byte("v=0")) {
			return acceptedType, nil
		}
		return "text/plain", nil
	}
	kind, rest, _ := strings.Cut(e.contentType, ";")
	kind = strings.ToLower(strings.Join(strings.Fields(kind), "")) // white space around the slash (RFC 3261 25.1)
	return kind, parameters(rest)
}

// dispositionType is the disposition type and the handling parameter, both in lower case.
func (e entity) dispositionType() (kind, handling string) {
	kind, rest, _ := strings.Cut(e.disposition, ";")
	return strings.ToLower(strings.TrimSpace(kind)), strings.ToLower(parameters(rest)["handling"])
}

// parameters reads what follows the first semicolon. Where the library finds a fault, each parameter is read for itself: a boundary without
// quotes that needs them is frequent.
func parameters(text string) map[string]string {
	if _, params, err := mime.ParseMediaType("x/y;" + text); err == nil {
		return params
	}
	params := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		if name = strings.ToLower(strings.TrimSpace(name)); params[name] == "" {
			params[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return params
}

// identity reports whether a body is sent as it is.
func identity(encoding string) bool {
	for coding := range strings.SplitSeq(encoding, ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return false
		}
	}
	return true
}

// readParts finds the SDP in a multipart body (RFC 2046 5.1; RFC 5621). A kind that is not known is taken as multipart/mixed, as RFC 2046
// 5.1.3 asks for.
func (e entity) readParts(kind string, params map[string]string, depth int, parts *int) ([]byte, *refusal) {
	all, refused := e.split(params["boundary"], depth, parts)
	if refused != nil {
		return nil, refused
	}
	switch kind {
	case "multipart/related": // the root says what it is (RFC 2387)
		return root(all, params["start"]).read(depth-1, parts)
	case "multipart/alternative":
		return alternative(all, depth-1, parts)
	}
	return mixed(all, depth-1, parts)
}

// mixed takes the first SDP. A part that is not understood refuses the message if its sender says handling=required, or if there is no SDP.
// RFC 3261 20.11 has "required" as what SHOULD be assumed where nothing is said; here such a part is passed over beside SDP: texts, places
// and pictures come without the parameter, and the call needs none of them.
func mixed(all []entity, depth int, parts *int) (sdp []byte, refused *refusal) {
	for _, part := range all {
		found, no := part.read(depth, parts)
		switch {
		case no != nil && (no.required || no.code == 413):
			return nil, no
		case refused == nil:
			refused = no
		}
		if sdp == nil {
			sdp = found
		}
	}
	if sdp != nil {
		return sdp, nil
	}
	return nil, refused
}

// alternative takes the last SDP: the parts stand in the order of preference, the best is the last (RFC 2046 5.1.4).
func alternative(all []entity, depth int, parts *int) (sdp []byte, refused *refusal) {
	for _, part := range all {
		found, no := part.read(depth, parts)
		switch {
		case no != nil && no.code == 413:
			return nil, no
		case found != nil:
			sdp = found
		case refused == nil:
			refused = no
		}
	}
	if sdp != nil {
		return sdp, nil
	}
	return nil, refused
}

// root is the part of that Content-ID, else the first one (RFC 2387 3.2).
func root(all []entity, start string) entity {
	id := func(s string) string { return strings.Trim(strings.TrimSpace(s), "<>") }
	for _, part := range all {
		if start != "" && id(part.id) == id(start) {
			return part
		}
	}
	return all[0]
}

// split takes a multipart body apart; there is one part at least.
func (e entity) split(boundary string, depth int, parts *int) ([]entity, *refusal) {
	none := &refusal{code: 400, reason: "Multipart body without parts"}
	if boundary == "" {
		return nil, none
	}
	var all []entity
	r := multipart.NewReader(bytes.NewReader(e.body), boundary)
	for {
		p, err := r.NextPart()
		if err != nil {
			break // the end, or no end: what came before it counts
		}
		if *parts--; *parts < 0 || depth <= 0 {
			return nil, &refusal{code: 413, reason: "Request Entity Too Large", required: true}
		}
		// A part that the end of the message cuts off has what is there.
		body, err := io.ReadAll(p)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		part := entity{
			contentType: p.Header.Get("Content-Type"), disposition: p.Header.Get("Content-Disposition"), encoding: p.Header.Get("Content-Encoding"),
			transfer: p.Header.Get("Content-Transfer-Encoding"), id: p.Header.Get("Content-ID"), body: body,
		}
		all = append(all, part.decoded())
	}
	if len(all) == 0 {
		return nil, none
	}
	return all, nil
}

// decoded takes a Content-Transfer-Encoding off (RFC 2045 6); the reader has done so with quoted-printable. What cannot be decoded counts
// as a Content-Encoding that is not understood.
func (e entity) decoded() entity {
	switch transfer := strings.ToLower(strings.TrimSpace(e.transfer)); transfer {
	case "", "7bit", "8bit", "binary":
	case "base64":
		body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(e.body)))
		if err != nil {
			e.encoding = transfer
			return e
		}
		e.body = body
	default:
		e.encoding = transfer
	}
	return e
}
