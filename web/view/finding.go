package view

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

// FindingStrip is one thing to look at; Class is bad, warn or quiet.
type FindingStrip struct{ Class, Subject, Since, Text, Shares, LinkText, Href, Explain string }

// finding is the worst of an answer's findings, or a quiet line.
func finding(p *part.Page, a *query.Overview) *FindingStrip {
	if a.Finding != nil {
		return strip(p, a.Finding)
	}
	if a.Judging {
		return &FindingStrip{
			Class: "quiet", Subject: "Not judged yet",
			Text: "Not all who look for faults have answered; what they find stands here as soon as they have.",
		}
	}
	if !normed(&p.Question) {
		return &FindingStrip{
			Class: "quiet", Subject: "No norms of this choice",
			Text: "Norms are of regions and services: they say nothing of what other filters choose.",
		}
	}
	judged := func(x query.Place) bool {
		state, _ := part.Standing(x.Standing)
		return state != "" && state != query.StandingLearning
	}
	if !slices.ContainsFunc(a.Places, judged) {
		return &FindingStrip{
			Class: "quiet", Subject: "No norms yet",
			Text: "They are of regions and services, and take three days of the past; silence is told without.",
		}
	}
	return &FindingStrip{
		Class: "quiet", Subject: "Nothing stands out", Text: "No region or service is out of its own norm.",
	}
}

// normed tells whether a question chooses by service and region alone, which norms know.
func normed(q *query.Question) bool {
	conditions, err := q.Conditions()
	for _, c := range conditions {
		if c.Key != edge.KeyServiceName && c.Key != edge.KeyRegion {
			return false
		}
	}
	return err == nil
}

// strip is a finding on a page.
func strip(p *part.Page, f *query.Finding) *FindingStrip {
	s := &FindingStrip{
		Class: "bad", Subject: f.Subject, Text: f.Text, Shares: f.Shares, Since: since(p, f.Since), Explain: "",
	}
	if f.Severity == "warn" {
		s.Class = "warn"
	}
	switch f.Kind {
	case query.KindSLO:
		s.LinkText, s.Href = "SLOs", p.To("/slo")
	case query.KindLimit:
		s.LinkText, s.Href = "Limits", p.To("/limits")
	case query.KindCost:
		s.LinkText, s.Href = "Cost", p.To("/cost")
	case query.KindRegression:
		s.LinkText, s.Href = "Versions", p.To("/versions")
		if f.Version != "" {
			s.LinkText, s.Href = f.Version, part.ToVersion(p.URL, "/versions", f.Service, f.Version)
		}
	case query.KindSilence:
		s.LinkText, s.Href = "Regions", p.To("/regions")
		if f.Region != "" {
			s.LinkText, s.Href = f.Region, part.RegionLink(p.URL, f.Region)
		}
	default:
		slowTraces(p, f, s)
	}
	if !slices.Contains([]query.Kind{query.KindSilence, query.KindLimit, query.KindCost}, f.Kind) {
		s.Explain = part.ToExplain(p.URL, f)
	}
	return s
}

func slowTraces(p *part.Page, f *query.Finding, s *FindingStrip) {
	s.LinkText, s.Href = "Slow traces", p.To("/traces")
	switch {
	case f.Region != "":
		s.LinkText, s.Href = "Slow traces in "+f.Region, part.ToWith(p.URL, "/traces", query.KeyRegion, f.Region)
	case f.Route != "":
		s.LinkText, s.Href = "Slow traces of "+f.Route, part.ToWith(p.URL, "/traces", query.KeyRoute, f.Route)
	case f.Service != "":
		s.LinkText, s.Href = "Slow traces of "+f.Service, part.ToWith(p.URL, "/traces", query.KeyService, f.Service)
	}
}

// since writes when something began, with its day when that is not the one that the page ends on.
func since(p *part.Page, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	form, end := "15:04", cmp.Or(p.About.LastEvent, p.About.To).UTC()
	if at.UTC().Format(time.DateOnly) != end.Format(time.DateOnly) {
		form = "Jan 2 15:04"
	}
	return "since " + at.UTC().Format(form) + " UTC"
}

// mostMore is how many further findings a page lists.
const mostMore = 12

// more are the findings below the worst.
func more(p *part.Page, a *query.Overview) (list []FindingStrip, text string) {
	if len(a.Findings) < 2 {
		return nil, ""
	}
	rest := a.Findings[1:]
	text = strconv.Itoa(len(rest)) + " more to look at"
	if len(rest) > mostMore {
		text += ", the first " + strconv.Itoa(mostMore) + " here"
	}
	for i := range rest[:min(len(rest), mostMore)] {
		list = append(list, *strip(p, &rest[i]))
	}
	return list, text
}
