package cost

import (
	"reflect"
	"slices"

	"edgescope/store"
)

// cuts finds fields that pipes read on both sides of a limit or offset: of a field that no row of a block has, the
// engine keeps the values of the rows that were cut off.
type cuts struct {
	read   []string // fields that were read so far
	before []string // those that were read when rows were cut off
	// timeless tells that blocks may be without _time, which the engine reads when it cuts rows off.
	timeless bool
}

// makes are the pipes that make blocks of their own, beside those that gather: with those fields only that are needed
// behind.
var makes = map[string]bool{
	"pipeBlockStats": true, "pipeBlocksCount": true, "pipeDropEmptyFields": true, "pipeFieldNames": true,
	"pipeGenerateSequence": true, "pipeJoin": true, "pipeQueryStats": true, "pipeSplit": true, "pipeTotalStats": true,
	"pipeUnion": true, "pipeUnpackJSON": true, "pipeUnpackLogfmt": true, "pipeUnpackSyslog": true,
	"pipeUnpackWords": true, "pipeUnroll": true,
}

// pipe follows a pipe, and returns a field that it reads and that was read before rows were cut off, "" when there is
// none.
func (c *cuts) pipe(p reflect.Value) string {
	switch name := p.Type().Name(); {
	case name == "pipeLimit" || name == "pipeOffset":
		c.before = slices.Clone(c.read)
		if c.timeless {
			c.before = append(c.before, store.FieldTime)
		}
		return ""
	case gathers[name]: // it makes rows of its own
		*c = cuts{timeless: !by(p, store.FieldTime)}
		return ""
	case makes[name]:
		c.timeless = true
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

// by tells whether a pipe groups or sorts by a field, which its blocks then have.
func by(p reflect.Value, field string) bool {
	fields := p.FieldByName("byFields")
	for i := 0; fields.IsValid() && i < fields.Len(); i++ {
		f := fields.Index(i)
		if f.Kind() == reflect.Pointer { // of a pipe that says more of the field than its name
			f = f.Elem().FieldByName("name")
		}
		if f.String() == field {
			return true
		}
	}
	return false
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
