package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/store"
)

// refusalMetrics are the totals behind an answer, by what they count.
var refusalMetrics = map[string]string{
	edge.MetricRefusedRequests: query.RefusedRequest, edge.MetricRefusedRecords: query.RefusedRecord,
	edge.MetricChangedValues: query.ChangedValue,
}

// mostRefusals is how many pairs of sender and reason an answer lists without a limit of its own.
const mostRefusals = 100

// Refusals returns what the doors did not take, why and from whom.
func (e *Engine) Refusals(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Refusals, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &query.Refusals{Refusals: []query.Refusal{}}
	out.About = query.About{
		From: a.Win.From, To: a.Win.To, Step: int64(a.Win.Step / time.Second), Source: "rollups",
		Overflow: query.None(),
	}
	found := map[query.Refusal]*query.Refusal{}
	err = a.read.Totals(ctx, tenant, refusalSelector(), a.Win, func(s *store.Series) error {
		a.addRefusal(found, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what was not taken: %w", err)
	}
	for _, r := range found {
		switch r.What {
		case query.RefusedRequest:
			out.Requests += r.Count
		case query.RefusedRecord:
			out.Records += r.Count
		default:
			out.Values += r.Count
		}
		out.Refusals = append(out.Refusals, *r)
	}
	listRefusals(out, cmp.Or(q.Limit, mostRefusals))
	for i := range out.Refusals {
		r := &out.Refusals[i]
		r.Example = e.o.RefusalExample(tenant, metricOfRefusal(r.What), r.Reason, r.Sender)
	}
	return out, nil
}

func refusalSelector() string {
	names := make([]string, 0, len(refusalMetrics))
	for name := range refusalMetrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return "{" + filter.OneOf(edge.LabelName, names) + "}"
}

func metricOfRefusal(what string) string {
	for name, of := range refusalMetrics {
		if of == what {
			return name
		}
	}
	return ""
}

// addRefusal adds a series up with those of the same reason and sender: each collector has one.
func (a *asking) addRefusal(found map[query.Refusal]*query.Refusal, s *store.Series) {
	key := query.Refusal{
		What:   refusalMetrics[s.Label(edge.LabelName)],
		Reason: strings.Clone(s.Label(edge.LabelReason)), Sender: strings.Clone(s.Label(edge.LabelSender)),
	}
	r := found[key]
	if r == nil {
		r = new(query.Refusal)
		*r = key
		found[key] = r
	}
	for i, n := range s.Values {
		if !(n > 0) {
			continue
		}
		r.Count += query.Num(n)
		end := a.Win.From.Add(time.Duration(i+1) * a.Win.Step)
		if end.After(a.Now) {
			end = a.Now.UTC().Truncate(time.Second)
		}
		if end.After(r.Last) {
			r.Last = end
		}
	}
}

// listRefusals sorts the refusals and leaves out those beyond a limit.
func listRefusals(r *query.Refusals, limit int) {
	order := []string{query.RefusedRequest, query.RefusedRecord, query.ChangedValue}
	slices.SortFunc(r.Refusals, func(x, y query.Refusal) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, x.What), slices.Index(order, y.What)), cmp.Compare(y.Count, x.Count),
			strings.Compare(x.Reason, y.Reason), strings.Compare(x.Sender, y.Sender),
		)
	})
	if len(r.Refusals) > limit {
		r.More = len(r.Refusals) - limit
		r.Refusals = r.Refusals[:limit]
	}
}
