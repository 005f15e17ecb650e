package encode

import (
	_ "embed"
	"path"
	"slices"
	"strings"

	"edgescope/scenarios/value"
)

// File is a file that a part of a form sends. It is read-only once made.
type File struct {
	Name    string // without its folder
	Type    string // what its ending means, "" if that is not known
	Content []byte
}

// NewFile is a file read from a path.
func NewFile(path string, content []byte) *File {
	return &File{Name: baseName(path), Type: TypeOf(path), Content: content}
}

// Open reads a file that a part names as fromFile. The error is a [value.UserError].
type Open func(name string) (*File, error)

// Parts are the parts of a multipart form as they are written (RFC 7578).
type Parts struct {
	Memory   []byte
	Boundary string
	Open     Open
}

// partKeys are the keys of an object that is a part and not the value of one.
var partKeys = []string{"value", "fromFile", "contentType", "fileName", "filename"}

// Append writes a field of `formData` as form-data does: a text or number without a type, a buffer and a file with one;
// an object with fromFile, value, contentType or fileName says what the part is. What form-data refuses is sent here: a
// list is a part for each element, a boolean is text, any other object is JSON.
func (p *Parts) Append(name string, v any) error {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			if err := p.Append(name, e); err != nil {
				return err
			}
		}
		return nil
	}
	o, ok := v.(*value.Object)
	if !ok || !isPart(o) {
		p.write(&part{name: name, value: v})
		return nil
	}
	one := &part{name: name, contentType: member(o, "contentType"), fileName: member(o, "fileName")}
	if one.fileName == "" {
		one.fileName = member(o, "filename")
	}
	if from := member(o, "fromFile"); from != "" {
		file, err := p.Open(from)
		if err != nil {
			return err
		}
		one.file = file
	} else if one.value, ok = o.Get("value"); !ok {
		one.value = value.Undefined{}
	}
	p.write(one)
	return nil
}

// End writes the last boundary.
func (p *Parts) End() { p.add("--", p.Boundary, "--\r\n") }

func isPart(o *value.Object) bool {
	for _, key := range partKeys {
		if _, ok := o.Get(key); ok {
			return true
		}
	}
	return false
}

func member(o *value.Object, key string) string {
	v, _ := o.Get(key)
	return Credential(v)
}

// part is one part: a value or a file.
type part struct {
	name, fileName, contentType string
	value                       any
	file                        *File
}

func (p *Parts) add(texts ...string) {
	for _, t := range texts {
		p.Memory = append(p.Memory, t...)
	}
}

func (p *Parts) write(one *part) {
	fileName, contentType := one.fileName, one.contentType
	if one.file != nil && fileName == "" {
		fileName = one.file.Name
	}
	if contentType == "" {
		contentType = one.defaultType()
	}
	p.add("--", p.Boundary, "\r\nContent-Disposition: form-data; name=\"", escapeParameter.Replace(one.name), `"`)
	if fileName != "" {
		p.add(`; filename="`, escapeParameter.Replace(baseName(fileName)), `"`)
	}
	if contentType != "" {
		p.add("\r\nContent-Type: ", oneLine.Replace(contentType))
	}
	p.add("\r\n\r\n")
	switch v := one.value.(type) {
	case value.Bytes:
		p.add(string(v))
	case *value.Object:
		p.Memory = value.AppendJSON(p.Memory, v)
	default:
		if one.file != nil {
			p.Memory = append(p.Memory, one.file.Content...)
		} else {
			p.add(Text(v))
		}
	}
	p.add("\r\n")
}

// defaultType is the type of a part that names none: by the ending of its file, else by that of the name it is given.
func (p *part) defaultType() string {
	if p.file != nil && p.file.Type != "" {
		return p.file.Type
	}
	if t := TypeOf(p.fileName); t != "" {
		return t
	}
	switch p.value.(type) {
	case value.Bytes:
		return "application/octet-stream"
	case *value.Object:
		return "application/json"
	}
	if p.file != nil {
		return "application/octet-stream"
	}
	return ""
}

var (
	escapeParameter = strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22") // HTML Standard, section 4.10.22.7
	oneLine         = strings.NewReplacer("\r", "", "\n", "")
)

// baseName is the last name of a path.
func baseName(name string) string {
	if name == "" {
		return ""
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// types has a line for each media type: the type and the endings of its files, as npm's mime-types 2.1 knows them.
//
//go:embed types.txt
var types string

// TypeOf is the media type that the ending of a file name stands for, "" if it is not known.
func TypeOf(name string) string {
	ending := strings.ToLower(path.Ext(baseName(name)))
	if len(ending) < 2 {
		return ""
	}
	for line := range strings.Lines(types) {
		fields := strings.Fields(line)
		if slices.Contains(fields[1:], ending[1:]) {
			return fields[0]
		}
	}
	return ""
}
