package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"edgescope/query/client"
	"edgescope/web"
)

// site is edgescope's dashboard over the collector of a test.
type site struct{ *web.Site }

func newSite(t *testing.T, w *world) site {
	t.Helper()
	client, err := client.New(w.URL("query"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{Client: client, Collector: w.URL("query"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return site{s}
}

// opens follows a link to a page, which must be there.
func (s site) opens(t *testing.T, link string) {
	t.Helper()
	path, ours := strings.CutPrefix(link, ownPages)
	if !ours {
		t.Errorf("%s does not lead to edgescope's pages", link)
		return
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), "Nothing was found") {
		t.Errorf("%s: %d", link, answer.Code)
	}
}

// linksLeadSomewhere follows every link of every dashboard, with the values of what a panel shows.
func linksLeadSomewhere(t *testing.T, w *world) {
	t.Helper()
	s := newSite(t, w)
	for _, d := range dashboards() {
		r := look(t, w, d)
		for _, l := range d.Links {
			if l.Type == "link" {
				r.follows(s, l.URL, nil)
			}
		}
		for _, p := range d.Panels {
			for _, row := range r.shown(p) {
				for _, l := range p.FieldConfig.Defaults.Links {
					r.follows(s, l.URL, row)
				}
				for _, o := range p.FieldConfig.Overrides {
					row["__value.raw"] = row["__data.fields."+o.Matcher.Options]
					for _, property := range o.Properties {
						if list, ok := property.Value.([]dataLink); ok {
							for _, l := range list {
								r.follows(s, l.URL, row)
							}
						}
					}
				}
			}
		}
	}
}

// shown are a few rows of what a panel shows, as variables of links.
func (r *reader) shown(p *panel) (rows []map[string]string) {
	if p.Datasource.Type == logsType {
		for _, found := range r.askLogs(p.Title, p.Targets[0].Expr) {
			row := map[string]string{}
			for field, name := range p.Transformations[2].Options.(organize).RenameByName {
				row["__data.fields."+name] = found[field]
				row[`__data.fields["`+name+`"]`] = found[field]
			}
			rows = append(rows, row)
		}
		return rows[:min(3, len(rows))]
	}
	step := r.interval(p)
	for _, series := range r.askMetrics(p, &p.Targets[0], step) {
		row := map[string]string{}
		for label, value := range series.Metric {
			row["__field.labels."+label] = value
		}
		if p.Type == "table" {
			row["__data.fields."+p.Transformations[1].Options.(organize).RenameByName[keyOf(p)]] = series.Metric[keyOf(p)]
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *reader) follows(s site, link string, row map[string]string) {
	r.t.Helper()
	to := r.put(link, row, func(c choiceOf) string { return strings.Join(c.values, ",") })
	u, err := url.Parse(to)
	switch {
	case err != nil:
		r.t.Errorf("%s: %v", to, err)
	case strings.HasPrefix(to, "/explore?"):
		r.explores(u)
	case strings.HasPrefix(to, "/d/edgescope-runs?"):
		v := u.Query()
		if v.Get("var-run") != runID || v.Get("var-name") != runName || v.Get("from") >= v.Get("to") ||
			len(v.Get("from")) != 13 {
			r.t.Errorf("%s does not choose the run and its minutes", to)
		}
	default:
		s.opens(r.t, to)
	}
}

// explores opens the trace that a link to Explore asks for.
func (r *reader) explores(u *url.URL) {
	r.t.Helper()
	var panes map[string]struct {
		Datasource string
		Queries    []struct {
			Query      string
			Datasource struct{ Type, UID string }
		}
		Range struct{ From, To string }
	}
	if err := json.Unmarshal([]byte(u.Query().Get("panes")), &panes); err != nil || u.Query().Get("schemaVersion") != "1" {
		r.t.Errorf("%s: %v", u, err)
		return
	}
	pane := panes["t"]
	if pane.Datasource != tracesUID || pane.Queries[0].Datasource.UID != tracesUID || pane.Range.From == "" {
		r.t.Errorf("%s asks %+v", u, pane)
	}
	r.opensTrace(pane.Queries[0].Query)
}
