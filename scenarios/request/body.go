package request

import (
	"encoding/hex"

	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

type auth struct{ user, pass templates.Value }

// body is what a request sends; at most one kind is set.
type body struct {
	json  *templates.Value
	text  *templates.Value
	form  []templates.Field
	parts []templates.Field
	open  encode.Open // of the files in parts
	kind  bodyKind
}

type bodyKind int

const (
	noBody bodyKind = iota
	jsonBody
	textBody
	formBody
	multipartBody
)

// append renders the body and returns the content-type that goes with it, "" for a text, which is sent without one. It
// is not ok if there is no body after all.
func (b *body) append(dst []byte, s *value.Scope) (body []byte, contentType string, ok bool, err error) {
	switch b.kind {
	case jsonBody:
		dst, ok = b.json.AppendJSON(dst, s)
		return dst, "application/json", ok, nil
	case textBody:
		if text, plain := b.text.Text(s); plain {
			return append(dst, text...), "", text != "", nil
		}
		dst, ok, err = encode.AppendBody(dst, b.text.Any(s))
		return dst, "", ok, err
	case formBody:
		for i := range b.form {
			dst = encode.AppendForm(dst, b.form[i].Name.Text(s), b.form[i].Value.Any(s))
		}
		return dst, "application/x-www-form-urlencoded", true, nil
	case multipartBody:
		return b.appendParts(dst, s)
	case noBody:
	}
	return dst, "", false, nil
}

func (b *body) appendParts(dst []byte, s *value.Scope) (body []byte, contentType string, ok bool, err error) {
	boundary := "edgescope" + hex.EncodeToString([]byte(value.NewUUID(s.Rand())))[:32]
	parts := encode.Parts{Memory: dst, Boundary: boundary, Open: b.open}
	for i := range b.parts {
		if err := parts.Append(b.parts[i].Name.Text(s), b.parts[i].Value.Any(s)); err != nil {
			return parts.Memory, "", false, err
		}
	}
	parts.End()
	return parts.Memory, "multipart/form-data; boundary=" + boundary, true, nil
}
