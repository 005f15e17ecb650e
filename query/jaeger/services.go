package jaeger

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/store"
)

const (
	// noService is what Jaeger calls spans without a service.
	noService = "missing-service-name"
	// maxNames bounds a list of services or operations.
	maxNames = 1000
	// lookBack is how far back spans are looked through for names; totals tell the services of totalsBack.
	lookBack   = 24 * time.Hour
	totalsBack = "7d"
	// future is how far ahead of the clock spans may be.
	future = 48 * time.Hour
)

// names answers which services there are and what they do.
type names struct{ reader store.Reader }

// nameRoutes are the paths of services and operations.
func nameRoutes(reader store.Reader) []route {
	n := &names{reader}
	return []route{
		{path: "services", ask: n.services},
		{path: "services/", ask: n.operationNames},
		{path: "operations", ask: n.operations},
	}
}

// services returns the names of all services that have sent spans: in the last day, or invocations in the last seven.
func (n *names) services(ctx context.Context, q *question) (any, error) {
	found := map[string]bool{}
	err := n.rows(ctx, q, "* | uniq by (service.name) limit "+strconv.Itoa(maxNames), func(r store.Row) {
		found[cmp.Or(strings.Clone(r.Get(edge.KeyServiceName)), noService)] = true
	})
	if err != nil {
		return nil, err
	}
	hours := edge.Widths[len(edge.Widths)-1]
	series, err := n.reader.Series(ctx, store.SeriesQuestion{
		Tenant: q.tenant, To: q.now,
		MetricsQL: fmt.Sprintf("group(last_over_time(%s{%s=%q}[%s])) by (%s) limit %d",
			edge.Metric(edge.FamilyService, edge.MetricEvents, hours), edge.LabelSignal, edge.SignalSpan, totalsBack,
			edge.LabelService, maxNames),
	})
	if err != nil {
		return nil, err
	}
	for i := range series {
		if name := series[i].Label(edge.LabelService); name != "" {
			found[name] = true
		}
	}
	list := make([]string, 0, len(found))
	for name := range found {
		list = append(list, name)
	}
	slices.Sort(list)
	list = list[:min(len(list), maxNames)]
	return &envelope{Data: list, Total: len(list)}, nil
}

// operation is a name of spans and their kind.
type operation struct {
	Name     string `json:"name"`
	SpanKind string `json:"spanKind"`
}

// operationNames returns the names of the spans of a service in the last day.
func (n *names) operationNames(ctx context.Context, q *question) (any, error) {
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

// operations returns the same with their kinds, perhaps of one kind.
func (n *names) operations(ctx context.Context, q *question) (any, error) {
	service := q.parameter("service")
	if service == "" {
		return nil, &statusError{http.StatusBadRequest, "parameter 'service' is required"}
	}
	list, err := n.operationsOf(ctx, q, service, q.parameter("spanKind"))
	if err != nil {
		return nil, err
	}
	return &envelope{Data: list, Total: len(list)}, nil
}

// operationsOf returns the operations of a service, sorted by name and kind.
func (n *names) operationsOf(ctx context.Context, q *question, service, kind string) ([]operation, error) {
	if service == noService {
		service = ""
	}
	spans := filter.Exactly(edge.KeyServiceName, service)
	if kind != "" {
		spans += " " + filter.Exactly(store.FieldKind, kind)
	}
	list := []operation{}
	pipe := fmt.Sprintf(" | uniq by (%s, %s) limit %d", store.FieldName, store.FieldKind, maxNames)
	err := n.rows(ctx, q, spans+pipe, func(r store.Row) {
		list = append(list, operation{strings.Clone(r.Get(store.FieldName)), strings.Clone(r.Get(store.FieldKind))})
	})
	slices.SortFunc(list, func(a, b operation) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SpanKind, b.SpanKind))
	})
	return list, err
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
