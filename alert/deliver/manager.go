package deliver

import (
	"context"
	"encoding/json"
	"time"
)

const (
	// batch is how many alerts one request to an Alertmanager carries.
	batch = 256
	// patienceOf is how many evaluations an Alertmanager may miss before it takes an alert as resolved.
	patienceOf = 4
)

// manager tells an Alertmanager: of each alert at once, and again at each evaluation of its rule, since what is not
// repeated ends there by itself.
type manager struct {
	w      *worker
	alerts []Alert
	told   map[uint64]told
}

// told is the state of an alert that an Alertmanager knows, and since when.
type told struct{ starts, ends, at time.Time }

func newManager(w *worker) *manager { return &manager{w: w, told: map[uint64]told{}} }

func (m *manager) take(_ time.Time, alerts []Alert) {
	m.alerts = alerts
	kept := make(map[uint64]told, len(alerts))
	for i := range alerts {
		id := alerts[i].Fingerprint()
		if t, ok := m.told[id]; ok {
			kept[id] = t
		}
	}
	m.told = kept
}

// due returns when an alert is to be told.
func (m *manager) due(a *Alert) time.Time {
	t, ok := m.told[a.Fingerprint()]
	if !ok || !t.starts.Equal(a.StartsAt) || !t.ends.Equal(a.EndsAt) {
		return time.Unix(0, 0)
	}
	return t.at.Add(max(a.Every, time.Second))
}

func (m *manager) next() (first time.Time) {
	for i := range m.alerts {
		if at := m.due(&m.alerts[i]); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

func (m *manager) waiting() (n int) {
	for i := range m.alerts {
		if m.due(&m.alerts[i]).Unix() == 0 {
			n++
		}
	}
	return n
}

func (m *manager) flush(ctx context.Context, now time.Time) (answered bool, err error) {
	var due []Alert
	for i := range m.alerts {
		if !m.due(&m.alerts[i]).After(now) {
			due = append(due, m.alerts[i])
		}
	}
	for len(due) > 0 {
		part := due[:min(batch, len(due))]
		due = due[len(part):]
		failed := m.w.sent(post(ctx, m.w.d.client, m.w.at, managerBody(part, now), now))
		if failed != nil {
			err = failed
		}
		if failed != nil && !final(failed) {
			return answered, err
		}
		for i := range part {
			m.told[part[i].Fingerprint()] = told{part[i].StartsAt, part[i].EndsAt, now}
		}
		answered = answered || failed == nil
	}
	return answered, err
}

// managerBody is what POST /api/v2/alerts takes.
func managerBody(alerts []Alert, now time.Time) []byte {
	type posted struct {
		Labels       map[string]string `json:"labels"`
		Annotations  map[string]string `json:"annotations"`
		StartsAt     time.Time         `json:"startsAt"`
		EndsAt       time.Time         `json:"endsAt"`
		GeneratorURL string            `json:"generatorURL,omitempty"`
	}
	list := make([]posted, len(alerts))
	for i := range alerts {
		a := &alerts[i]
		list[i] = posted{a.Labels, some(a.Annotations), a.StartsAt.UTC(), a.EndsAt.UTC(), a.GeneratorURL}
		if a.firing() {
			list[i].EndsAt = now.Add(patienceOf * a.Every).UTC()
		}
	}
	return encoded(list)
}

// some is a set that JSON writes as {} when it is empty.
func some(set map[string]string) map[string]string {
	if set == nil {
		return map[string]string{}
	}
	return set
}

// encoded writes JSON as an Alertmanager does, with a newline.
func encoded(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic("BUG: an alert has no JSON: " + err.Error())
	}
	return append(body, '\n')
}
