package tables

import (
	"edgescope/edge"
	"edgescope/query/filter"
)

// family is a family of rollups: its prefix, and the attributes that it can be filtered and grouped by with their label
// names.
type family struct {
	prefix string
	labels map[string]string
}

// families are all that there are, the one with the fewest series first.
var families = []family{
	{edge.FamilyService, map[string]string{edge.KeyServiceName: edge.LabelService}},
	{edge.FamilyCountry, map[string]string{edge.KeyServiceName: edge.LabelService, edge.KeyCountry: edge.LabelCountry}},
	{edge.FamilyRoute, map[string]string{
		edge.KeyServiceName: edge.LabelService, edge.KeyRoute: edge.LabelRoute,
		edge.KeyServiceVersion: edge.LabelVersion,
	}},
	{edge.FamilyColo, map[string]string{
		edge.KeyServiceName: edge.LabelService, edge.KeyRegion: edge.LabelRegion,
		edge.KeyCloudPlatform: edge.LabelPlatform, edge.KeyColo: edge.LabelColo,
	}},
}

// InRollups tells whether a family of rollups has all that the cut asks for.
func (c *Cut) InRollups() bool {
	_, ok := c.family()
	return ok
}

// family returns the rollups that have all that a cut asks for, false when none do.
func (c *Cut) family() (family, bool) {
	for _, f := range families {
		if f.has(c) {
			return f, true
		}
	}
	return family{}, false
}

// labelsOf returns the label names of attributes that the family has.
func (f *family) labelsOf(keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = f.labels[key]
	}
	return out
}

// has tells whether the family can group by the cut's attributes, apply each of its conditions, and keeps durations
// apart as the cut wants them (edge.MetricDuration says which does).
func (f *family) has(c *Cut) bool {
	if c.Parts&(WithCache|WithResponses) != 0 && f.prefix != edge.FamilyService || c.Parts&withCold != 0 &&
		f.prefix == edge.FamilyCountry {
		return false
	}
	for _, key := range c.By {
		if _, ok := f.labels[key]; !ok {
			return false
		}
	}
	for _, condition := range c.Conditions {
		if _, ok := f.labels[condition.Key]; !ok {
			return false
		}
	}
	return true
}

// matchers writes the conditions as MetricsQL label matchers, without braces.
func matchers(labels map[string]string, conditions []filter.Condition) []string {
	out := make([]string, 0, len(conditions))
	for _, c := range conditions {
		out = append(out, c.Matcher(labels[c.Key]))
	}
	return out
}
