package alert

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"edgescope/alert/deliver"
	"edgescope/alert/rules"
	"edgescope/alert/silence"
	"edgescope/internal/labels"
	"edgescope/internal/near"
	"edgescope/internal/run"
)

// AdminPrefix is where Admin is served.
const AdminPrefix = "/admin/alerts/"

// maxBody bounds the body of a request, in bytes.
const maxBody = 64 << 10

// Admin serves what changes who is told, below AdminPrefix: silences, which are made, listed and ended, and tests. Who may
// ask is the caller's to decide; it concerns all tenants.
func (a *Alerts) Admin() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /admin/alerts/silences":         a.listSilences,
		"POST /admin/alerts/silences":        a.addSilence,
		"DELETE /admin/alerts/silences/{id}": a.expireSilence,
		"POST /admin/alerts/test":            a.test,
	} {
		mux.Handle(pattern, run.Handle(a.o.Logger, h))
	}
	return http.NewCrossOriginProtection().Handler(mux) // no page of others mutes anything where nobody signs in
}

// asked is a silence as somebody asks for it: with an end, or a length.
type asked struct {
	Matchers labels.Matchers `json:"matchers"`
	Start    time.Time       `json:"start"`
	End      time.Time       `json:"end"`
	For      string          `json:"for"`
	Author   string          `json:"author"`
	Comment  string          `json:"comment"`
}

func (a *Alerts) addSilence(w http.ResponseWriter, r *http.Request) error {
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	body.DisallowUnknownFields()
	var q asked
	if err := body.Decode(&q); err != nil {
		return bad(fmt.Errorf(`the body is no silence: %w; want {"matchers": ["service_name=\"checkout\""], "for": "2h", `+
			`"author": "...", "comment": "..."}`, err))
	}
	if (q.For == "") == q.End.IsZero() {
		return bad(errors.New(`a silence needs either "end", a time, or "for", a length of time such as "2h"`))
	}
	if q.For != "" {
		length, err := rules.ParseDuration(q.For)
		if err != nil {
			return bad(err)
		}
		if q.End = a.o.Now(); q.Start.After(q.End) {
			q.End = q.Start
		}
		q.End = q.End.Add(length)
	}
	made, err := a.silences.Add(silence.Silence{
		Matchers: q.Matchers, Start: q.Start, End: q.End, Author: q.Author, Comment: q.Comment,
	})
	if failed := (*silence.WriteError)(nil); errors.As(err, &failed) {
		return err
	}
	if err != nil {
		return bad(err)
	}
	a.tellAll()
	return answerJSON(w, http.StatusCreated, made)
}

func bad(err error) error { return &run.HTTPError{Code: http.StatusBadRequest, Msg: err.Error()} }

func answerJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}

func (a *Alerts) listSilences(w http.ResponseWriter, _ *http.Request) error {
	all := a.silences.List()
	if all == nil {
		all = []silence.Silence{}
	}
	return answerJSON(w, http.StatusOK, map[string][]silence.Silence{"silences": all})
}

func (a *Alerts) expireSilence(w http.ResponseWriter, r *http.Request) error {
	ended, err := a.silences.Expire(r.PathValue("id"))
	if errors.Is(err, silence.ErrUnknown) {
		return &run.HTTPError{Code: http.StatusNotFound, Msg: err.Error()}
	}
	if err != nil {
		return err
	}
	a.tellAll()
	return answerJSON(w, http.StatusOK, ended)
}

// test tells all receivers of a rule, or of no rule in particular, that it fires and that it ended.
func (a *Alerts) test(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	for key := range q {
		if key != "rule" && key != "tenant" {
			return bad(fmt.Errorf("unknown key %q: want rule or tenant", key))
		}
	}
	tenant, err := a.named(q.Get("tenant"))
	if err != nil {
		return err
	}
	one, err := a.exampleOf(q.Get("rule"), tenant)
	if err != nil {
		return err
	}
	results := a.deliver.Test(r.Context(), tenant.Name, one)
	slices.SortFunc(results, func(x, y deliver.Result) int {
		return strings.Compare(x.Receiver+x.Address, y.Receiver+y.Address)
	})
	type result struct {
		Receiver string `json:"receiver"`
		Address  string `json:"address"`
		OK       bool   `json:"ok"`
		Problem  string `json:"problem,omitempty"`
	}
	out := make([]result, len(results))
	status := http.StatusOK
	for i, res := range results {
		out[i] = result{res.Receiver, res.Address, res.Problem == "", res.Problem}
		if res.Problem != "" {
			status = http.StatusBadGateway
		}
	}
	return answerJSON(w, status, map[string]any{"labels": one.Labels, "receivers": out})
}

// named finds a tenant by its name; "" is the only one.
func (a *Alerts) named(name string) (Tenant, error) {
	all := a.o.Tenants()
	if name == "" && len(all) == 1 {
		return all[0], nil
	}
	names := make([]string, len(all))
	for i, t := range all {
		if names[i] = t.Name; t.Name == name {
			return t, nil
		}
	}
	return Tenant{}, bad(fmt.Errorf("no tenant is called %q%s: want one of %s", name, near.Hint(name, names...),
		strings.Join(names, ", ")))
}

// exampleOf makes an alert of a rule, without a series: what its labels say of one is empty.
func (a *Alerts) exampleOf(rule string, t Tenant) (deliver.Alert, error) {
	set, texts := map[string]string{"alertname": "EdgeTest"}, map[string]string{"summary": "a test of who is told"}
	if rule != "" {
		g, r, err := a.rule(rule, t)
		if err != nil {
			return deliver.Alert{}, err
		}
		found, err := a.foundBy(&turn{tenant: t, group: *g}, r, []Sample{{Labels: map[string]string{}}})
		if err != nil {
			return deliver.Alert{}, bad(fmt.Errorf("rule %s: %w", rule, err))
		}
		set, texts = found[0].labels, found[0].annotations
	}
	named(set, t)
	set[labelTest] = "true"
	return deliver.Alert{
		Labels: set, Annotations: texts, StartsAt: a.o.Now().Add(-time.Second),
		GeneratorURL: strings.TrimSuffix(a.o.Notify().Dashboard, "/") + "/alerts",
	}, nil
}

// rule finds a rule of a tenant by its name: those of groups, and the built-in ones.
func (a *Alerts) rule(name string, t Tenant) (*rules.Group, *rules.Rule, error) {
	var names []string
	groups := a.o.Groups()
	for i := range groups {
		g := &groups[i]
		if g.Tenant != "" && g.Tenant != t.Name {
			continue
		}
		for j := range g.Rules {
			if names = append(names, g.Rules[j].Alert); g.Rules[j].Alert == name {
				return g, &g.Rules[j], nil
			}
		}
	}
	for _, b := range builtins {
		names = append(names, b.name)
	}
	names = append(names, failingRule)
	if slices.Contains(names, name) {
		return &rules.Group{Name: builtin}, &rules.Rule{
			Alert: name, Labels: map[string]string{"severity": ticket},
			Annotations: map[string]string{"summary": "a test of who is told of " + name},
		}, nil
	}
	slices.Sort(names)
	return nil, nil, &run.HTTPError{Code: http.StatusNotFound, Msg: fmt.Sprintf("there is no rule %q%s: want one of %s", name,
		near.Hint(name, names...), strings.Join(slices.Compact(names), ", "))}
}
