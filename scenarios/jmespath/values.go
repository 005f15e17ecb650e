package jmespath

import (
	"encoding/json"
	"maps"
	"slices"

	"edgescope/scenarios/value"
)

// plain is a script value as the interpreter has values.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		return value.Number(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	case *value.Object:
		members := make(map[string]any, len(v.Members()))
		for _, m := range v.Members() {
			members[m.Key] = plain(m.Value)
		}
		return members
	}
	return v
}

// scripted is the reverse of plain.
func scripted(v any) any {
	switch v := v.(type) {
	case float64:
		return value.FormatNumber(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = scripted(e)
		}
		return list
	case map[string]any:
		members := make([]value.Member, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			members = append(members, value.Member{Key: key, Value: scripted(v[key])})
		}
		return value.NewObject(members)
	}
	return v
}
