package jaeger

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/query/jaeger/spans"
	"edgescope/query/memo"
	"edgescope/store"
)

const (
	// maxNames bounds a list of services or operations.
	maxNames = 1000
	// lookBack is how far back spans are looked through for names; totals tell the services of totalsBack.
	lookBack   = 24 * time.Hour
	totalsBack = "7d"
	// future is how far ahead of the clock spans may be.
	future = 48 * time.Hour
	// Pages ask for both lists each time that they are loaded. A list is remembered for rememberTimes as long as it took
	// to find, so that nobody asks for more than a hundredth of the time, and from leastRemembered to mostRemembered.
	rememberTimes   = 100
	leastRemembered = time.Second
	mostRemembered  = time.Minute
)

// noService is what Jaeger calls spans without a service.
const noService = spans.NoService

// names finds which services there are and what they do.
type names struct {
	reader     store.Reader
	services   memo.Memo[[]string]
	operations memo.Memo[[]operation]
}

// nameRoutes are the paths of services and operations.
func nameRoutes(reader store.Reader) []route {
	n := &names{reader: reader}
	return []route{
		{path: "services", ask: n.services1},
		{path: "services/", ask: n.operationNames1},
		{path: "operations", ask: n.operations1},
		{path: "v3/services", ask: n.services3},
		{path: "v3/operations", ask: n.operations3},
	}
}

func (n *names) services1(ctx context.Context, q *question) (any, error) {
	list, err := n.servicesOf(ctx, q)
	return &envelope{Data: list, Total: len(list)}, err
}

func (n *names) services3(ctx context.Context, q *question) (any, error) {
	list, err := n.servicesOf(ctx, q)
	return map[string][]string{"services": list}, err
}

// servicesOf returns the names of all services that have sent spans: in the last day, or invocations in the last seven.
func (n *names) servicesOf(ctx context.Context, q *question) ([]string, error) {
	return remember(&n.services, q, "", func() ([]string, error) {
		found := map[string]bool{}
		err := n.rows(ctx, q, "* | uniq by (service.name) limit "+strconv.Itoa(maxNames), func(r store.Row) {
			found[cmp.Or(strings.Clone(r.Get(edge.KeyServiceName)), noService)] = true
		})
		if err != nil {
			return nil, err
		}
		if err := n.counted(ctx, q, found); err != nil {
			return nil, err
		}
		list := slices.AppendSeq(make([]string, 0, len(found)), maps.Keys(found))
		slices.Sort(list)
		return list[:min(len(list), maxNames)], nil
	})
}

// counted finds the services that totals name.
func (n *names) counted(ctx context.Context, q *question, found map[string]bool) error {
	hours := edge.Widths[len(edge.Widths)-1]
	series, err := n.reader.Series(ctx, store.SeriesQuestion{
		Tenant: q.tenant, To: q.now,
		MetricsQL: fmt.Sprintf("group(last_over_time(%s{%s=%q}[%s])) by (%s) limit %d",
			edge.Metric(edge.FamilyService, edge.MetricEvents, hours), edge.LabelSignal, edge.SignalSpan, totalsBack,
			edge.LabelService, maxNames),
	})
	for i := range series {
		if name := series[i].Label(edge.LabelService); name != "" {
			found[name] = true
		}
	}
	return err
}

// operation is a name of spans and their kind.
type operation struct {
	Name     string `json:"name"`
	SpanKind string `json:"spanKind"`
}

// operationNames1 returns the names alone.
func (n *names) operationNames1(ctx context.Context, q *question) (any, error) {
	service, ok := strings.CutSuffix(q.rest, "/operations") // a name may have slashes
	if !ok || service == "" {
		return nil, &statusError{http.StatusNotFound, "no such path: want services/{service}/operations"}
	}
	list, err := n.operationsOf(ctx, q, service, "")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	names = slices.Compact(names)
	return &envelope{Data: names, Total: len(names)}, nil
}

func (n *names) operations1(ctx context.Context, q *question) (any, error) {
	service := q.parameter("service")
	if service == "" {
		return nil, errNoService
	}
	list, err := n.operationsOf(ctx, q, service, q.parameter("spanKind"))
	return &envelope{Data: list, Total: len(list)}, err
}

func (n *names) operations3(ctx context.Context, q *question) (any, error) {
	service := q.parameter("service")
	if service == "" {
		return nil, errNoService
	}
	list, err := n.operationsOf(ctx, q, service, q.parameter(q.named("spanKind", "span_kind")))
	return map[string][]operation{"operations": list}, err
}

var errNoService = &statusError{http.StatusBadRequest, "parameter 'service' is required"}

// operationsOf returns the operations of a service in the last day, sorted by name and kind, perhaps of one kind.
func (n *names) operationsOf(ctx context.Context, q *question, service, kind string) ([]operation, error) {
	return remember(&n.operations, q, strconv.Quote(service)+kind, func() ([]operation, error) {
		text := ofService(service)
		if kind != "" {
			text += " " + filter.Exactly(store.FieldKind, kind)
		}
		list := []operation{}
		pipe := fmt.Sprintf(" | uniq by (%s, %s) limit %d", store.FieldName, store.FieldKind, maxNames)
		err := n.rows(ctx, q, text+pipe, func(r store.Row) {
			list = append(list, operation{strings.Clone(r.Get(store.FieldName)), strings.Clone(r.Get(store.FieldKind))})
		})
		slices.SortFunc(list, func(a, b operation) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SpanKind, b.SpanKind))
		})
		return list, err
	})
}

// remember returns what is remembered for the tenant, or asks.
func remember[V any](m *memo.Memo[V], q *question, key string, ask func() (V, error)) (V, error) {
	key = strconv.FormatUint(uint64(q.tenant), 10) + " " + key
	return m.GetFor(key, q.now, func() (V, time.Duration, error) {
		asked := time.Now()
		v, err := ask()
		return v, min(max(time.Since(asked)*rememberTimes, leastRemembered), mostRemembered), err
	})
}

// rows asks the spans of the last day. The limits of the texts keep what the engine holds within the part of memory
// that each question has without gate.Need.
func (n *names) rows(ctx context.Context, q *question, text string, take func(store.Row)) error {
	return n.reader.Rows(ctx, store.RowsQuestion{
		Tenant: q.tenant, Kind: edge.KindSpan, LogsQL: text, From: q.now.Add(-lookBack), To: q.now.Add(future),
	}, func(r store.Row) error {
		take(r)
		return nil
	})
}
