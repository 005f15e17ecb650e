package cost

import (
	"reflect"
	"slices"
)

// cuts finds fields that pipes read on both sides of a limit or offset.
type cuts struct {
	read   []string // fields that were read so far
	before []string // those that were read when rows were cut off
}

// pipe follows a pipe, and returns a field that it reads and that was read before rows were cut off, "" when there is
// none.
func (c *cuts) pipe(p reflect.Value) string {
	switch name := p.Type().Name(); {
	case name == "pipeLimit" || name == "pipeOffset":
		c.before = slices.Clone(c.read)
		return ""
	case gathers[name]: // it makes rows of its own
		*c = cuts{}
		return ""
	}
	var fields []string
	sources(p, &fields)
	for _, field := range fields {
		if slices.Contains(c.before, field) {
			return field
		}
	}
	c.read = append(c.read, fields...)
	return ""
}

// sources appends the fields that a pipe reads.
func sources(v reflect.Value, fields *[]string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			sources(v.Elem(), fields)
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.Pointer || k == reflect.Interface || k == reflect.Struct {
			for i := range v.Len() {
				sources(v.Index(i), fields)
			}
		}
	case reflect.Struct:
		if v.Type().PkgPath() == enginePath && v.Type().Name() != "Query" {
			sourcesOf(v, fields)
		}
	}
}

// sourcesOf appends the fields that a part of a pipe reads.
func sourcesOf(part reflect.Value, fields *[]string) {
	for field, value := range part.Fields() {
		switch field.Name {
		case "fromField", "field", "srcField", "fieldName", "otherFieldName":
			*fields = append(*fields, value.String())
		case "fields", "byFields", "srcFieldFilters":
			if value.Type() != reflect.TypeFor[[]string]() {
				sources(value, fields)
				continue
			}
			for i := range value.Len() {
				*fields = append(*fields, value.Index(i).String())
			}
		default:
			sources(value, fields)
		}
	}
}
