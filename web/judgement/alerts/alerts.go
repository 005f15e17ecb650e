// Package alerts has the page about alerts: what fires, and whether somebody learns of it.
package alerts

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// model is what the page shows: what fires first, then whether somebody learns of it.
type model struct {
	Page *part.Page
	// State is the strip: what fires, in a sentence; its Class is bad, warn, ok or quiet.
	State part.State
	Text  string
	// Problems say why the newest rules or the newest policy are not in use.
	Problems []string

	Firing, Pending, Past, Silences, Receivers, Rules part.Table
	// Silence and Test are commands to copy.
	Silence, Test string
}

// mostPast is how many alerts that ended the page shows; all of them are in the CSV.
const mostPast = 50

// New makes the page of an answer.
func New(p *part.Page, a *query.Alerts) part.Content {
	m := &model{
		Page: p, Firing: firingTable(p, a.Firing), Pending: pendingTable(p, a.Pending), Past: pastTable(p, a.Past),
		Silences: silenceTable(p, a.Silences), Receivers: receiverTable(p, a.Receivers), Rules: ruleTable(p, a.Rules),
		Silence: silenceCommand(a.Firing), Test: `curl -X POST "$COLLECTOR/admin/alerts/test?rule=EdgeSilent" ` + signIn,
	}
	m.State, m.Text = verdict(a)
	if a.Problem != "" {
		m.Problems = strings.Split(a.Problem, "\n")
	}
	return part.Content{
		Body: m.body(), Tables: []part.Table{m.Firing, m.Pending, m.Past, m.Silences, m.Receivers, m.Rules},
	}
}

// signIn is how a command says who asks.
const signIn = `-H "Authorization: Bearer $ADMIN_TOKEN"`

// verdict says in a sentence what fires, and what else needs a look.
func verdict(a *query.Alerts) (part.State, string) {
	var more []string
	add := func(n int, what string) {
		if n > 0 {
			more = append(more, fmt.Sprintf("%d %s", n, what))
		}
	}
	pages, muted := 0, 0
	for i := range a.Firing {
		if a.Firing[i].Muted != "" {
			muted++
		} else if a.Firing[i].Severity == "page" {
			pages++
		}
	}
	down, failing := 0, 0
	for i := range a.Receivers {
		down += min(len(a.Receivers[i].Problem), 1)
	}
	for i := range a.Rules {
		failing += min(len(a.Rules[i].Problem), 1)
	}
	add(len(a.Pending), "pending")
	add(muted, "muted")
	add(down, "of "+plural(len(a.Receivers), "receiver")+" down")
	add(failing, "of "+plural(len(a.Rules), "rule")+" failing")
	if len(a.Receivers) == 0 {
		more = append(more, "nobody is told: the policy names no receivers")
	}
	text := strings.Join(more, ", ")
	switch told := len(a.Firing) - muted; {
	case pages > 0:
		return part.State{Class: "bad", Text: fmt.Sprintf("▲ %s, %s", plural(told, "alert")+" firing", plural(pages, "page"))}, text
	case told > 0:
		return part.State{Class: "warn", Text: "▲ " + plural(told, "alert") + " firing"}, text
	case down > 0 || failing > 0 || a.Problem != "":
		return part.State{Class: "warn", Text: "Nothing fires that is told, but telling needs a look"}, text
	}
	if !slices.ContainsFunc(a.Rules, func(r query.AlertRule) bool { return !r.Evaluated.IsZero() }) {
		return part.State{Class: "quiet", Text: "No rule has been evaluated yet"}, text
	}
	return part.State{Class: "ok", Text: "✓ Nothing fires"}, text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// alertColumn is a column of a table of alerts.
type alertColumn = part.ColumnOf[query.Alert]

func cellColumn[T any](key, title string, cell func(*T) part.Cell) part.ColumnOf[T] {
	return part.ColumnOf[T]{Column: part.Column{Key: key, Title: title}, Cell: cell}
}

func exported[T any](c part.ColumnOf[T]) part.ColumnOf[T] {
	c.Exported = true
	return c
}

func nameColumn() alertColumn {
	return cellColumn("name", "alert", func(a *query.Alert) part.Cell {
		return part.Cell{Text: a.Name, Raw: a.Name, Sub: a.Severity, Href: a.Link, Head: true}
	})
}

func whatColumn() alertColumn {
	return cellColumn("summary", "what", func(a *query.Alert) part.Cell {
		return part.Cell{Text: a.Summary, Raw: a.Summary, Sub: labelText(a.Labels)}
	})
}

func valueColumn() alertColumn {
	c := cellColumn("value", "value", func(a *query.Alert) part.Cell {
		text := chart.Absent
		if a.Value.OK() {
			text = strings.Replace(strconv.FormatFloat(float64(a.Value), 'g', 4, 64), "-", "−", 1)
		}
		return part.Cell{Text: text, Raw: part.Raw(a.Value)}
	})
	c.Numeric = true
	return c
}

// labelText writes the labels that tell alerts of one name apart.
func labelText(set map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if name != "alertname" && name != "severity" && name != "edge_tenant" {
			parts = append(parts, name+"="+set[name])
		}
	}
	return strings.Join(parts, " ")
}

func momentCell(t, now time.Time) part.Cell {
	if t.IsZero() {
		return part.Text("")
	}
	c := part.Cell{Text: t.UTC().Format("Jan 2 15:04"), Raw: t.UTC().Format(time.RFC3339)}
	if d := now.Sub(t); d >= 0 {
		c.Sub = spanText(d) + " ago"
	} else {
		c.Sub = "in " + spanText(-d)
	}
	return c
}

// spanText writes a length of time in its two greatest units.
func spanText(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "\u00a0s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "\u00a0min"
	case d < 24*time.Hour:
		return fmt.Sprintf("%d\u00a0h %d\u00a0min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d\u00a0d %d\u00a0h", int(d.Hours())/24, int(d.Hours())%24)
}

func firingTable(p *part.Page, all []query.Alert) part.Table {
	t := part.Build("", "Firing", []alertColumn{
		cellColumn("state", "state", func(a *query.Alert) part.Cell {
			c := part.Cell{Text: "▲ firing", Raw: "firing", Class: "badge warn"}
			switch {
			case a.Muted != "":
				c.Text, c.Class, c.Sub = "muted", "badge quiet", a.Muted
			case a.Severity == "page":
				c.Class = "badge bad"
			}
			return c
		}),
		nameColumn(), valueColumn(),
		cellColumn("since", "since (UTC)", func(a *query.Alert) part.Cell { return momentCell(a.Since, p.Now) }),
		whatColumn(),
		cellColumn("fired", "told from (UTC)", func(a *query.Alert) part.Cell { return momentCell(a.Fired, p.Now) }),
		exported(cellColumn("description", "description", func(a *query.Alert) part.Cell { return part.Text(a.Description) })),
		exported(cellColumn("fingerprint", "fingerprint", func(a *query.Alert) part.Cell { return part.Text(a.Fingerprint) })),
	}, all)
	t.Empty = "Nothing fires."
	return t
}

func pendingTable(p *part.Page, all []query.Alert) part.Table {
	return part.Build("pending", "Pending", []alertColumn{
		nameColumn(), valueColumn(),
		cellColumn("since", "since (UTC)", func(a *query.Alert) part.Cell { return momentCell(a.Since, p.Now) }),
		whatColumn(),
	}, all)
}

func pastTable(p *part.Page, all []query.Alert) part.Table {
	t := part.Build("past", "History", []alertColumn{
		nameColumn(), valueColumn(),
		cellColumn("fired", "fired (UTC)", func(a *query.Alert) part.Cell { return momentCell(a.Fired, p.Now) }),
		cellColumn("resolved", "resolved (UTC)", func(a *query.Alert) part.Cell { return momentCell(a.Resolved, p.Now) }),
		cellColumn("lasted", "lasted", func(a *query.Alert) part.Cell {
			d := a.Resolved.Sub(a.Fired)
			return part.Cell{Text: spanText(d), Raw: strconv.Itoa(int(d.Seconds()))}
		}),
		whatColumn(),
	}, all)
	t.Empty = "Nothing ended in this range."
	if t.Shown = mostPast; len(all) > mostPast {
		t.Note = fmt.Sprintf("The newest %d of %d: the CSV has all.", mostPast, len(all))
	}
	return t
}

func silenceTable(p *part.Page, all []query.Silence) part.Table {
	t := part.Build("silences", "Silences", []part.ColumnOf[query.Silence]{
		cellColumn("matchers", "mutes", func(s *query.Silence) part.Cell {
			text := strings.Join(s.Matchers, ", ")
			return part.Cell{Text: text, Raw: text, Head: true, Sub: plural(s.Mutes, "alert") + " now"}
		}),
		cellColumn("state", "state", func(s *query.Silence) part.Cell {
			class := map[string]string{"active": "badge warn"}[s.State]
			return part.Cell{Text: s.State, Raw: s.State, Class: class}
		}),
		cellColumn("start", "from (UTC)", func(s *query.Silence) part.Cell { return momentCell(s.Start, p.Now) }),
		cellColumn("end", "until (UTC)", func(s *query.Silence) part.Cell { return momentCell(s.End, p.Now) }),
		cellColumn("author", "by", func(s *query.Silence) part.Cell { return part.Text(s.Author) }),
		cellColumn("comment", "because", func(s *query.Silence) part.Cell { return part.Text(s.Comment) }),
		cellColumn("id", "id", func(s *query.Silence) part.Cell { return part.Text(s.ID) }),
	}, all)
	t.Empty = "Nothing is muted."
	return t
}

func receiverTable(p *part.Page, all []query.AlertReceiver) part.Table {
	count := func(key, title string, of func(*query.AlertReceiver) int) part.ColumnOf[query.AlertReceiver] {
		c := cellColumn(key, title, func(r *query.AlertReceiver) part.Cell { return part.Text(part.Integer(int64(of(r)))) })
		c.Numeric = true
		return c
	}
	t := part.Build("receivers", "Receivers", []part.ColumnOf[query.AlertReceiver]{
		cellColumn("name", "receiver", func(r *query.AlertReceiver) part.Cell {
			return part.Cell{Text: r.Name, Raw: r.Name, Head: true, Sub: r.Kind}
		}),
		cellColumn("state", "state", receiverState),
		cellColumn("problem", "why", func(r *query.AlertReceiver) part.Cell { return part.Text(r.Problem) }),
		cellColumn("address", "address", func(r *query.AlertReceiver) part.Cell { return part.Text(r.Address) }),
		cellColumn("last", "last told (UTC)", func(r *query.AlertReceiver) part.Cell { return momentCell(r.LastSent, p.Now) }),
		cellColumn("retry", "tried again (UTC)", func(r *query.AlertReceiver) part.Cell { return momentCell(r.Retry, p.Now) }),
		count("waiting", "waiting", func(r *query.AlertReceiver) int { return r.Waiting }),
		count("sent", "sent", func(r *query.AlertReceiver) int { return r.Sent }),
		count("failed", "failed", func(r *query.AlertReceiver) int { return r.Failed }),
		count("dropped", "dropped", func(r *query.AlertReceiver) int { return r.Dropped }),
	}, all)
	t.Empty = "Nobody is told: name receivers in section notify of the policy file."
	return t
}

func receiverState(r *query.AlertReceiver) part.Cell {
	switch {
	case r.Problem != "":
		return part.Cell{Text: "▲ down", Raw: "down", Class: "badge bad", Sub: sinceText(r.Since)}
	case r.LastSent.IsZero():
		return part.Cell{Text: "nothing told yet", Raw: "idle"}
	}
	return part.Cell{Text: "✓ ok", Raw: "ok", Class: "badge ok"}
}

func sinceText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "since " + t.UTC().Format("Jan 2 15:04")
}

func ruleTable(p *part.Page, all []query.AlertRule) part.Table {
	t := part.Build("rules", "Rules", []part.ColumnOf[query.AlertRule]{
		cellColumn("alert", "rule", func(r *query.AlertRule) part.Cell {
			return part.Cell{Text: r.Alert, Raw: r.Alert, Head: true, Sub: r.Group}
		}),
		cellColumn("state", "state", ruleState),
		cellColumn("problem", "why", func(r *query.AlertRule) part.Cell { return part.Text(r.Problem) }),
		cellColumn("evaluated", "evaluated (UTC)", func(r *query.AlertRule) part.Cell { return momentCell(r.Evaluated, p.Now) }),
		part.NumberColumn("took", "took", chart.Milliseconds, func(r *query.AlertRule) query.Num { return r.Took }),
		cellColumn("every", "every", func(r *query.AlertRule) part.Cell {
			c := part.Cell{Text: spanText(time.Duration(r.Every) * time.Second), Raw: strconv.FormatInt(r.Every, 10)}
			if r.For > 0 {
				c.Sub = "for " + spanText(time.Duration(r.For)*time.Second)
			}
			return c
		}),
		cellColumn("place", "stands in", func(r *query.AlertRule) part.Cell { return part.Text(r.Place) }),
		exported(cellColumn("expr", "expr", func(r *query.AlertRule) part.Cell { return part.Text(r.Expr) })),
	}, all)
	t.Empty = "No rules are evaluated."
	return t
}

func ruleState(r *query.AlertRule) part.Cell {
	switch {
	case r.Problem != "":
		return part.Cell{Text: "▲ failing", Raw: "failing", Class: "badge bad", Sub: sinceText(r.Since)}
	case r.Evaluated.IsZero():
		return part.Cell{Text: "not evaluated yet", Raw: "new"}
	case r.Firing+r.Pending == 0:
		return part.Cell{Text: "✓ ok", Raw: "ok", Class: "badge ok"}
	}
	text := fmt.Sprintf("%d firing, %d pending", r.Firing, r.Pending)
	return part.Cell{Text: text, Raw: text}
}

// silenceCommand makes a command that mutes the first alert that fires for two hours, or an example of one.
func silenceCommand(firing []query.Alert) string {
	matchers := []string{`alertname="EdgeSilent"`, `service_name="checkout"`}
	for i := range firing {
		if firing[i].Muted == "" {
			matchers = nil
			for _, name := range slices.Sorted(maps.Keys(firing[i].Labels)) {
				matchers = append(matchers, name+"="+strconv.Quote(firing[i].Labels[name]))
			}
			break
		}
	}
	quoted := make([]string, len(matchers))
	for i, m := range matchers {
		quoted[i] = strconv.Quote(m)
	}
	body := `{"matchers": [` + strings.Join(quoted, ", ") + `], "for": "2h", "author": "YOU", "comment": "WHY"}`
	return `curl "$COLLECTOR/admin/alerts/silences" ` + signIn + ` -d '` + strings.ReplaceAll(body, "'", `'\''`) + `'`
}
