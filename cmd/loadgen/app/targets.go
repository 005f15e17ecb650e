package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// targets are the requests of a vegeta target file.
type targets []vegeta.Target

// readTargets reads a file of vegeta's HTTP format or, if it begins with a brace, of its JSON format.
func readTargets(text []byte) (targets, error) {
	// The readers of vegeta want the last line to end.
	text = append(bytes.TrimSpace(text), '\n')
	read := vegeta.NewHTTPTargeter(bytes.NewReader(text), nil, nil)
	if text[0] == '{' {
		read = vegeta.NewJSONTargeter(bufio.NewReader(bytes.NewReader(text)), nil, nil)
	}
	var list targets
	for {
		var t vegeta.Target
		switch err := read(&t); {
		case errors.Is(err, vegeta.ErrNoTargets) && len(list) > 0:
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("target %d: %w", len(list)+1, err)
		}
		if err := checkTarget(&t); err != nil {
			return nil, fmt.Errorf("target %d: %w", len(list)+1, err)
		}
		list = append(list, t)
	}
}

func checkTarget(t *vegeta.Target) error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || !validPort(u.Port()) {
		return fmt.Errorf("%q: want a URL such as http://127.0.0.1:8080/", t.URL)
	}
	if !slices.Contains(methods, t.Method) {
		return fmt.Errorf("method %s: want one of %s", t.Method, strings.Join(methods, ", "))
	}
	return nil
}

func validPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil
}

// methods are those that a script can send.
var methods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead,
	http.MethodOptions,
}

// targetTable is the payload that holds the targets: the columns of a row are the shape of the request, its URL, its
// body and the values of its headers.
const targetTable = "targets"

// ownRow is up to how many targets each is a step of its own, with a row in reports. Of more, those of one shape are one
// step: a user asks of each step whether it is its turn.
const ownRow = 32

// plain tells whether one request is all, and needs nothing but its method and URL as they are.
func (list targets) plain() bool {
	t := &list[0]
	return len(list) == 1 && len(t.Header) == 0 && t.Body == nil && !strings.Contains(t.URL, "{{")
}

// targetShape is what targets must have in common to be one step of a script.
type targetShape struct {
	method, headers string
	body            bool
	row             string // the name of the step, if it is that of one target
}

func (list targets) shape(i int) (s targetShape, headers []string) {
	t := &list[i]
	headers = slices.Sorted(maps.Keys(t.Header))
	names, _ := json.Marshal(headers) // texts
	s = targetShape{method: t.Method, headers: string(names), body: t.Body != nil}
	if len(list) <= ownRow {
		s.row = list.row(i)
	}
	return s, headers
}

// row is the name of a target among others: its label, numbered if another one before it has the same.
func (list targets) row(i int) string {
	name := label(&list[i], list[0].URL)
	for j := range i {
		if label(&list[j], list[0].URL) == name {
			name = fmt.Sprintf("%s (target %d)", name, i+1)
			break
		}
	}
	return strings.ReplaceAll(name, "{{", "{ {") // a name is no template
}

// script writes the targets as steps and rows: a step for each shape, sent by the users whose row has it. It returns
// the steps, with the columns of a row found under a prefix, the names of the columns and the rows.
func (list targets) script(prefix string) (steps, fields []any, rows [][]any) {
	shapes, widest := map[targetShape]int{}, 0
	for i := range list {
		t := &list[i]
		shape, headers := list.shape(i)
		index, known := shapes[shape]
		if !known {
			index = len(shapes)
			shapes[shape] = index
			steps = append(steps, shape.step(prefix, index, headers))
		}
		row := []any{json.Number(strconv.Itoa(index)), t.URL, string(t.Body)}
		for _, name := range headers {
			row = append(row, fieldOf(name, t.Header[name]))
		}
		widest = max(widest, len(headers))
		rows = append(rows, row)
	}
	fields = []any{"shape", "url", "body"}
	for i := range widest {
		fields = append(fields, fmt.Sprintf("header%d", i))
	}
	return steps, fields, rows
}

func (s targetShape) step(prefix string, index int, names []string) any {
	request := map[string]any{
		"url": "{{ " + prefix + "url }}", "ifTrue": fmt.Sprintf("%sshape == %d", prefix, index),
		"followRedirect": true,
	}
	if s.row != "" {
		request["name"] = s.row
	}
	if s.body {
		request["body"] = "{{ " + prefix + "body }}"
	}
	headers := map[string]any{}
	for i, name := range names {
		headers[name] = fmt.Sprintf("{{ %sheader%d }}", prefix, i)
	}
	request["headers"] = headers
	return map[string]any{strings.ToLower(s.method): request}
}

// fieldOf is a header as a field of a row: null, which is no header and none of that name by default, without values.
func fieldOf(name string, values []string) any {
	if len(values) == 0 {
		return nil
	}
	return joined(name, values)
}

// joined is a header that is given several times as one line (RFC 9110, section 5.3; cookies: RFC 6265, section 5.4).
func joined(name string, values []string) string {
	if strings.EqualFold(name, "Cookie") {
		return strings.Join(values, "; ")
	}
	return strings.Join(values, ", ")
}
