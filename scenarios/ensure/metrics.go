package ensure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"edgescope/internal/near"
	"edgescope/scenarios/plan"
)

// metrics are the figures that a run of a script can have, by the names that reports use. docs/loadgen.md explains them.
type metrics struct {
	counters []string // and rates: each is a figure
	families []string // prefixes of counters whose ends are the target's or the network's
	series   []string // distributions: a figure is one of figures behind the name
	needs    map[string]string
	labels   []string // of endpoints, the longest first
	path     string   // of the metrics of endpoints
	apart    bool     // endpoints are known at run time only
}

// figures are those of a distribution.
var figures = []string{"min", "max", "mean", "median", "p50", "p75", "p90", "p95", "p99", "p999", "count"}

// cacheStatuses are the words of edgescope.cache.
var cacheStatuses = []string{
	"hit", "miss", "stale", "revalidated", "expired", "bypass", "dynamic", "none",
}

func (c *Reader) metricsOf() *metrics {
	m := &metrics{
		counters: []string{
			"vusers.created", "vusers.completed", "vusers.failed", "vusers.skipped", "vusers.late",
			"http.requests", "http.responses", "http.downloaded_bytes", "http.request_rate",
			"plugins.expect.ok", "plugins.expect.failed",
			"edgescope.cold_starts", "edgescope.cache.hit_ratio", "edgescope.http.cut",
			"edgescope.vusers.cut",
		},
		families: []string{"http.codes.", "errors."},
		series: []string{
			"vusers.session_length", "http.response_time", "http.response_time.2xx", "http.response_time.3xx",
			"http.response_time.4xx", "http.response_time.5xx", "edgescope.lag", "edgescope.conn_wait",
			"edgescope.phase.body", "edgescope.phase.dns", "edgescope.phase.tcp", "edgescope.phase.tls",
		},
		needs: map[string]string{},
		path:  cmp.Or(c.Plan.Endpoints.Namespace, "plugins.metrics-by-endpoint") + ".",
		apart: c.Plan.Endpoints.Apart,
	}
	for _, name := range []string{"response_time", "service_time", "ttfb"} {
		for _, kind := range []string{"", ".cold", ".warm"} {
			m.series = append(m.series, "edgescope."+name+kind)
		}
	}
	for _, status := range cacheStatuses {
		m.counters = append(m.counters, "edgescope.cache."+status)
	}
	c.optional(m)
	c.ofFlows(m)
	return m
}

// optional adds what a run has only if the script asks for it.
func (c *Reader) optional(m *metrics) {
	add := func(on bool, need string, series ...string) {
		for _, name := range series {
			m.series = append(m.series, name)
			if !on {
				m.needs[name] = need
			}
		}
	}
	add(c.Plan.HTTP.ExtendedMetrics, "config.http.extendedMetrics: true", "http.dns", "http.tcp", "http.tls", "http.total")
	add(c.Plan.Idle > 0, "config.coldStarts or a phase of visits", "edgescope.first_hit.response_time",
		"edgescope.first_hit.ttfb", "edgescope.later_hit.response_time", "edgescope.later_hit.ttfb")
	for _, name := range []string{"apdex.satisfied", "apdex.tolerated", "apdex.frustrated"} {
		m.counters = append(m.counters, name)
		if c.Plan.Apdex == 0 {
			m.needs[name] = "the plugin apdex"
		}
	}
	c.ofSockets(m, add)
}

// ofSockets adds what a run has only if a scenario has engine: ws.
func (c *Reader) ofSockets(m *metrics, add func(on bool, need string, series ...string)) {
	const need = "a scenario with engine: ws"
	sockets := slices.ContainsFunc(c.Plan.Flows, func(f plan.Flow) bool { return f.Connect() != nil })
	add(sockets, need, "edgescope.websocket.connect_time", "edgescope.websocket.answer_time")
	for _, name := range []string{
		"websocket.messages_sent", "websocket.messages_received", "websocket.send_rate", "websocket.receive_rate",
		"edgescope.websocket.requests", "edgescope.websocket.responses", "edgescope.websocket.messages_ignored",
	} {
		m.counters = append(m.counters, name)
		if !sockets {
			m.needs[name] = need
		}
	}
	if sockets {
		m.families = append(m.families, "edgescope.websocket.codes.", "edgescope.websocket-by-endpoint.")
	}
}

// ofFlows adds what is named after scenarios, requests and expectations.
func (c *Reader) ofFlows(m *metrics) {
	for i := range c.Plan.Flows {
		m.counters = append(m.counters, "vusers.created_by_name."+c.Plan.Flows[i].Name)
	}
	for _, r := range c.Requests {
		for _, label := range []string{r.Endpoint, r.Name} {
			if label != "" {
				m.labels = append(m.labels, label)
				m.counters = append(m.counters, "edgescope.cache.hit_ratio."+label)
				m.series = append(m.series, m.path+"response_time."+label, m.path+"server-timing."+label)
			}
		}
		for _, kind := range r.Expects {
			m.counters = append(m.counters, "plugins.expect.ok."+kind, "plugins.expect.failed."+kind)
		}
	}
	for _, list := range []*[]string{&m.labels, &m.counters, &m.series} {
		slices.SortFunc(*list, longestFirst)
		*list = slices.Compact(*list)
	}
}

func longestFirst(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) }

// spelled are names, and beginnings of names, that may hold any characters, longest first.
func (m *metrics) spelled() []string {
	names := slices.Concat(m.counters, m.series, []string{
		"errors." + string(plan.ErrCapture), strings.TrimSuffix(m.path, "."), "plugins.metrics-by-endpoint",
	})
	for _, label := range m.labels {
		names = append(names, m.path+label, "edgescope.cache-by-endpoint."+label)
	}
	plain := func(name string) bool { return !strings.ContainsFunc(name, isSpecial) }
	names = slices.DeleteFunc(names, plain)
	slices.SortFunc(names, longestFirst)
	return slices.Compact(names)
}

// isSpecial tells a character that ends a name in an expression.
func isSpecial(r rune) bool {
	return r != '_' && r != '$' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// lacks tells why no run of the script can have a figure of this name, "" if one can.
func (m *metrics) lacks(name string) string {
	if need := m.needs[name]; need != "" {
		return "it needs " + need
	}
	if slices.Contains(m.counters, name) || m.ofFamily(name) || m.ofEndpoint(name) {
		return ""
	}
	if strings.HasPrefix(name, "http.codes.") {
		return "each counts one status, as in http.codes.503"
	}
	for _, series := range m.series { // the longest first
		figure, ok := strings.CutPrefix(name, series+".")
		switch {
		case name == series:
			return fmt.Sprintf("it is a distribution: name a figure of it, as in %s.p95", series)
		case !ok:
		case m.needs[series] != "":
			return "it needs " + m.needs[series]
		case slices.Contains(figures, figure):
			return ""
		case !strings.Contains(figure, "."):
			return fmt.Sprintf("%s has no figure %s, but %s", series, figure, strings.Join(figures, ", "))
		}
	}
	return "no run of this script has it" + m.nearest(name)
}

// ofFamily tells whether a name is one of a family of counters; a status code is three digits.
func (m *metrics) ofFamily(name string) bool {
	for _, family := range m.families {
		rest, ok := strings.CutPrefix(name, family)
		if ok && family == "http.codes." {
			return len(rest) == 3 && rest >= "100" && rest <= "999" && strings.Trim(rest, "0123456789") == ""
		}
		if ok && rest != "" {
			return true
		}
	}
	return false
}

// ofEndpoint tells whether a name is a counter of an endpoint: its codes, errors and cache statuses.
func (m *metrics) ofEndpoint(name string) bool {
	rest, counter := strings.CutPrefix(name, m.path)
	cache, cached := strings.CutPrefix(name, "edgescope.cache-by-endpoint.")
	if m.apart && (counter || cached || strings.HasPrefix(name, "edgescope.cache.hit_ratio.")) {
		return true
	}
	return slices.ContainsFunc(m.labels, func(label string) bool {
		return counter && (strings.HasPrefix(rest, label+".codes.") || strings.HasPrefix(rest, label+".errors.")) ||
			cached && strings.HasPrefix(cache, label+".")
	})
}

// nearest is the name that was meant, if one is near.
func (m *metrics) nearest(name string) string {
	all := slices.Clone(m.counters)
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		for _, family := range m.families {
			all = append(all, family+name[dot+1:])
		}
	}
	for _, series := range m.series {
		for _, figure := range figures {
			all = append(all, series+"."+figure)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	if word := near.Word(name, len(name)/3, all...); word != "" {
		return near.Meant(word)
	}
	return ""
}

// possible warns of a check on what no run can have: it fails every run, or counts 0 in every one. What a function of
// the processor may emit is not known; of that a name is told only if it is nearly a known one.
func (c *Reader) possible(check *plan.Check) {
	for _, name := range check.Names {
		why := c.metrics.lacks(name)
		if why == "" || c.Emits != nil && (c.Emits(name) || !strings.Contains(why, "did you mean")) {
			continue
		}
		c.Warn(check.Pos, "%s: there is no metric %s: %s", check.Text, name, why)
	}
}
