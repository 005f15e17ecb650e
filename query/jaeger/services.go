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

// services returns the names of all services that have sent spans: in the last day, or invocations in the last seven.
func (h *handler) services(ctx context.Context, q *question) (*envelope, error) {
	names := map[string]bool{}
	err := h.rows(ctx, q, "* | uniq by (service.name) limit "+strconv.Itoa(maxNames), func(r store.Row) {
		names[cmp.Or(strings.Clone(r.Get(edge.KeyServiceName)), noService)] = true
	})
	if err != nil {
		return nil, err
	}
	hours := edge.Widths[len(edge.Widths)-1]
	series, err := h.reader.Series(ctx, store.SeriesQuestion{
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
			names[name] = true
		}
	}
	list := make([]string, 0, len(names))
	for name := range names {
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
func (h *handler) operationNames(ctx context.Context, q *question, service string) (*envelope, error) {
	list, err := h.operationsOf(ctx, q, service, "")
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
func (h *handler) operations(ctx context.Context, q *question) (*envelope, error) {
	service := q.parameter("service")
	if service == "" {
		return nil, &statusError{http.StatusBadRequest, "parameter 'service' is required"}
	}
	list, err := h.operationsOf(ctx, q, service, q.parameter("spanKind"))
	if err != nil {
		return nil, err
	}
	return &envelope{Data: list, Total: len(list)}, nil
}

// operationsOf returns the operations of a service, sorted by name and kind.
func (h *handler) operationsOf(ctx context.Context, q *question, service, kind string) ([]operation, error) {
	if service == noService {
		service = ""
	}
	spans := filter.Exactly(edge.KeyServiceName, service)
	if kind != "" {
		spans += " " + filter.Exactly(store.FieldKind, kind)
	}
	list := []operation{}
	pipe := fmt.Sprintf(" | uniq by (%s, %s) limit %d", store.FieldName, store.FieldKind, maxNames)
	err := h.rows(ctx, q, spans+pipe, func(r store.Row) {
		list = append(list, operation{strings.Clone(r.Get(store.FieldName)), strings.Clone(r.Get(store.FieldKind))})
	})
	slices.SortFunc(list, func(a, b operation) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SpanKind, b.SpanKind))
	})
	return list, err
}

// rows asks the spans of the last day. The limits of the texts keep what the engine holds within the part of memory
// that each question has without gate.Need.
func (h *handler) rows(ctx context.Context, q *question, text string, take func(store.Row)) error {
	return h.reader.Rows(ctx, store.RowsQuestion{
		Tenant: q.tenant, Kind: edge.KindSpan, LogsQL: text, From: q.now.Add(-lookBack), To: q.now.Add(future),
	}, func(r store.Row) error {
		take(r)
		return nil
	})
}
