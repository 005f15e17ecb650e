package request

import (
	"encoding/hex"
	"net/textproto"
	"net/url"
	"strings"

	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

type auth struct{ user, pass *templates.Template }

// body is what a request sends; at most one kind is set.
type body struct {
	json  *templates.Value
	text  *templates.Template
	form  []templates.Field
	parts []part
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

// part is a field of formData, or a file.
type part struct {
	templates.Field
	contentType string
	fileName    string
	file        []byte // read when the script is loaded; nil if the part is no file
}

// append renders the body and returns the content-type that goes with it, "" for a text, which is sent without one.
func (b *body) append(dst []byte, s *value.Scope) (body []byte, contentType string) {
	switch b.kind {
	case jsonBody:
		dst, _ = b.json.AppendJSON(dst, s)
		return dst, "application/json"
	case textBody:
		return b.text.AppendText(dst, s), ""
	case formBody:
		return appendForm(dst, b.form, s), "application/x-www-form-urlencoded"
	case multipartBody:
		return b.appendParts(dst, s)
	}
	return dst, ""
}

func appendForm(dst []byte, fields []templates.Field, s *value.Scope) []byte {
	first := true
	for i := range fields {
		name, text, ok := fields[i].Render(s)
		if !ok {
			continue
		}
		if !first {
			dst = append(dst, '&')
		}
		first = false
		dst = append(dst, url.QueryEscape(name)...)
		dst = append(dst, '=')
		dst = append(dst, url.QueryEscape(text)...)
	}
	return dst
}

var quoteName = strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A") // RFC 7578, section 2, as browsers do

// appendParts renders multipart/form-data (RFC 7578).
func (b *body) appendParts(dst []byte, s *value.Scope) ([]byte, string) {
	boundary := "edgescope" + hex.EncodeToString([]byte(value.NewUUID(s.Rand())))[:32]
	for i := range b.parts {
		p := &b.parts[i]
		name, text, ok := p.Name.Text(s), "", true
		if p.file == nil {
			name, text, ok = p.Render(s)
		}
		if !ok {
			continue
		}
		dst = append(append(append(dst, "--"...), boundary...), "\r\nContent-Disposition: form-data; name=\""...)
		dst = append(append(dst, quoteName.Replace(name)...), '"')
		if p.fileName != "" {
			dst = append(append(append(dst, "; filename=\""...), quoteName.Replace(p.fileName)...), '"')
		}
		if p.contentType != "" {
			dst = append(append(dst, "\r\nContent-Type: "...), textproto.TrimString(p.contentType)...)
		}
		dst = append(dst, "\r\n\r\n"...)
		if p.file != nil {
			dst = append(dst, p.file...)
		} else {
			dst = append(dst, text...)
		}
		dst = append(dst, "\r\n"...)
	}
	dst = append(append(append(dst, "--"...), boundary...), "--\r\n"...)
	return dst, "multipart/form-data; boundary=" + boundary
}
