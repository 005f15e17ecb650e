package scenarios

import (
	"encoding/hex"
	"net/textproto"
	"net/url"
	"strings"
)

// valueTemplate is a JSON value with templates in its texts and keys.
type valueTemplate struct {
	static []byte // the whole value as compact JSON, if nothing in it is looked up
	value  any    // the value that static is the text of
	text   *Template
	items  []valueTemplate
	fields []memberTemplate // set, perhaps empty, for an object
	object bool
}

type memberTemplate struct {
	key   *Template
	value valueTemplate
}

// appendJSON renders the value; it is false, and dst unchanged, if the value is
// a variable that is not defined.
func (t *valueTemplate) appendJSON(dst []byte, s *Scope) ([]byte, bool) {
	switch {
	case t.static != nil:
		return append(dst, t.static...), true
	case t.text != nil:
		v, ok := t.text.Value(s)
		if !ok {
			return dst, false
		}
		return appendJSON(dst, v), true
	case t.object:
		return t.appendObject(dst, s), true
	}
	dst = append(dst, '[')
	for i := range t.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = t.items[i].appendJSON(dst, s); !ok {
			dst = append(dst, "null"...) // as JSON.stringify([undefined])
		}
	}
	return append(dst, ']'), true
}

func (t *valueTemplate) appendObject(dst []byte, s *Scope) []byte {
	dst = append(dst, '{')
	first := true
	for i := range t.fields {
		f := &t.fields[i]
		before := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		if key, ok := f.key.Static(); ok {
			dst = appendQuoted(dst, key)
		} else {
			dst = appendQuoted(dst, f.key.Text(s))
		}
		var ok bool
		if dst, ok = f.value.appendJSON(append(dst, ':'), s); !ok {
			dst = dst[:before]
			continue
		}
		first = false
	}
	return append(dst, '}')
}

// eval renders the value as a script value.
func (t *valueTemplate) eval(s *Scope) (any, bool) {
	switch {
	case t.static != nil:
		return t.value, true
	case t.text != nil:
		return t.text.Value(s)
	case t.object:
		o := &Object{}
		for i := range t.fields {
			if v, ok := t.fields[i].value.eval(s); ok {
				o.put(t.fields[i].key.Text(s), v)
			}
		}
		return o, true
	}
	list := make([]any, len(t.items))
	for i := range t.items {
		list[i], _ = t.items[i].eval(s) // undefined is null in a list
	}
	return list, true
}

// fieldTemplate is a header, cookie, query parameter or form field.
type fieldTemplate struct {
	name  *Template
	value valueTemplate
}

// render returns name and text; it is false if the value is not defined.
func (f *fieldTemplate) render(s *Scope) (name, text string, ok bool) {
	if f.value.text != nil {
		if len(f.value.text.parts) != 1 {
			return f.name.Text(s), f.value.text.Text(s), true
		}
	} else if f.value.static != nil {
		if plain, isText := f.value.value.(string); isText {
			return f.name.Text(s), plain, true
		}
	}
	v, ok := f.value.eval(s)
	if !ok {
		return "", "", false
	}
	return f.name.Text(s), textOf(v), true
}

type authTemplate struct{ user, pass *Template }

// bodyTemplate is what a request sends; at most one kind is set.
type bodyTemplate struct {
	json  *valueTemplate
	text  *Template
	form  []fieldTemplate
	parts []partTemplate
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

// partTemplate is a field of formData, or a file.
type partTemplate struct {
	fieldTemplate
	contentType string
	fileName    string
	file        []byte // read when the script is loaded; nil if the part is no file
}

// append renders the body and returns the content-type that goes with it, ""
// for a text, which is sent without one.
func (b *bodyTemplate) append(dst []byte, s *Scope) (body []byte, contentType string) {
	switch b.kind {
	case jsonBody:
		dst, _ = b.json.appendJSON(dst, s)
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

func appendForm(dst []byte, fields []fieldTemplate, s *Scope) []byte {
	first := true
	for i := range fields {
		name, text, ok := fields[i].render(s)
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
func (b *bodyTemplate) appendParts(dst []byte, s *Scope) ([]byte, string) {
	boundary := "edgescope" + hex.EncodeToString([]byte(newUUID(s.rand)))[:32]
	for i := range b.parts {
		p := &b.parts[i]
		name, text, ok := p.name.Text(s), "", true
		if p.file == nil {
			name, text, ok = p.render(s)
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
