package alert

import (
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

// link is a page of the dashboard with the filters of a question.
func link(path string, q query.Question) string {
	if keys := q.Values().Encode(); keys != "" {
		return path + "?" + keys
	}
	return path
}

// linkOf is the page that shows what has such labels: the promises of one that is about a promise, else the overview, by
// the filters that the labels are.
func linkOf(set map[string]string) string {
	path := "/"
	if set[labelPromise] != "" {
		path = "/slo"
	}
	var q query.Question
	for label, filter := range map[string]*[]string{
		edge.LabelService: &q.Service, edge.LabelVersion: &q.Version, edge.LabelRegion: &q.Region, edge.LabelRoute: &q.Route,
	} {
		if value := set[label]; value != "" {
			*filter = []string{value}
		}
	}
	return link(path, q)
}

// around is how much before and after an alert its link shows.
const around = time.Hour

// linkAt adds to a link the time of an alert: from before its condition held until after it ended, or an hour after it
// began. It stays the same while the alert fires.
func linkAt(page string, active, resolved time.Time) string {
	to := active
	if resolved.After(to) {
		to = resolved
	}
	keys := query.Question{From: active.Add(-around).Truncate(time.Minute), To: to.Add(around).Truncate(time.Minute)}.Values()
	if strings.Contains(page, "?") {
		return page + "&" + keys.Encode()
	}
	return page + "?" + keys.Encode()
}
