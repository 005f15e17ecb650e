package embedded

import (
	"errors"
	"fmt"
	"strings"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/contextutil"

	"edgescope/store"
	"edgescope/store/embedded/cost"
	"edgescope/store/embedded/waiting"
)

// tenantsOf returns the tenants of the engine that a question goes to: one for each of its kinds.
func tenantsOf(q *store.RowsQuestion) ([]logstorage.TenantID, error) {
	kinds := q.Kinds()
	tenants := make([]logstorage.TenantID, len(kinds))
	for i, kind := range kinds {
		if int(kind) >= waiting.Kinds {
			return nil, fmt.Errorf("%w: kind %d of event is unknown", store.ErrBadQuery, kind)
		}
		tenants[i] = waiting.TenantID(q.Tenant, kind)
	}
	return tenants, nil
}

// kindsOf names the kinds of a question, for errors.
func kindsOf(q *store.RowsQuestion) string {
	var names []string
	for _, kind := range q.Kinds() {
		names = append(names, kind.String()+"s")
	}
	return strings.Join(names, ", ")
}

// panicked tells what the engine panicked at.
func panicked(text string) error {
	if strings.Contains(text, "cannot unmarshal _stream_id") {
		return errors.New("stream_context needs the fields _stream_id and _time, which a pipe in front of it takes away")
	}
	return errors.New("the engine can't answer this text: " + text)
}

// ask runs a question at the storages of its tenants. What the engine can't print and read again, and what it finds
// wrong with itself, it panics at: here in the goroutine of the question.
func (s *Store) ask(qctx *logstorage.QueryContext, write logstorage.WriteDataBlockFunc) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(fmt.Sprint(p))
		}
	}()
	if len(qctx.TenantIDs) == 1 {
		return s.kinds[qctx.TenantIDs[0].ProjectID].RunQuery(qctx, write)
	}
	return s.askSeveral(qctx, write)
}

// askSeveral runs a question at several storages as the engine does at the servers of a cluster: each runs the pipes
// that can work on its rows alone, and what they leave is put together behind. Subqueries go to all storages too, and
// stream_context to that of its row.
func (s *Store) askSeveral(qctx *logstorage.QueryContext, write logstorage.WriteDataBlockFunc) error {
	if cost.RowByRow(qctx.Query) {
		return s.askEach(qctx.Context.Done(), qctx, write)
	}
	if cost.MustNotSplit(qctx.Query) {
		q, err := unsplit(qctx.Query)
		if err != nil {
			return err
		}
		qctx = qctx.WithQuery(q)
	}
	runner, err := logstorage.NewNetQueryRunner(qctx, s.ask, write)
	if err != nil {
		return err
	}
	search := func(stop <-chan struct{}, q *logstorage.Query, write logstorage.WriteDataBlockFunc) error {
		if rest, none := strings.CutSuffix(q.String(), noFields); none {
			if q, err = logstorage.ParseQueryAtTimestamp(rest+" | fields "+store.FieldTime, q.GetTimestamp()); err != nil {
				return err
			}
		}
		if !cost.EndsInStats(q) { // of stats it asks for states, whose blocks must have no other fields
			write = withTime(write)
		}
		return s.askEach(stop, qctx.WithQuery(q), write)
	}
	return runner.Run(qctx.Context, qctx.Query.GetConcurrency(), search)
}

// unsplit returns the question with a pipe in front that lets all rows through, and that runs behind the storages: all
// pipes after it run there too.
func unsplit(q *logstorage.Query) (*logstorage.Query, error) {
	whole := q.String()
	filter := q.Clone(q.GetTimestamp())
	filter.DropAllPipes()
	pipes := strings.TrimPrefix(whole, filter.String())
	return logstorage.ParseQueryAtTimestamp(filter.String()+" | union rows()"+pipes, q.GetTimestamp())
}

// noFields is how the engine asks for rows of which the pipes behind need no field, as in * | limit 3 | stats count(). It
// would lose them: a block without fields has no rows.
const noFields = " | delete *"

// askEach asks one storage after the other, so that a question to several has no more workers than a question to one,
// nor the memory of their blocks. A pipe tells the storages apart by the numbers of workers: of stats it keeps what one
// number has sent, and adds up those of several.
func (s *Store) askEach(
	stop <-chan struct{}, qctx *logstorage.QueryContext, write logstorage.WriteDataBlockFunc,
) error {
	ctx, cancel := contextutil.NewStopChanContext(stop) // ends with the question, or when its pipes have enough
	defer cancel()
	several := uint(len(qctx.TenantIDs))
	for i, tenant := range qctx.TenantIDs {
		if ctx.Err() != nil {
			return nil
		}
		one := qctx.WithContext(ctx)
		one.TenantIDs = []logstorage.TenantID{tenant}
		err := s.kinds[tenant.ProjectID].RunQuery(one, func(worker uint, block *logstorage.DataBlock) {
			write(worker*several+uint(i), block)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// withTime gives blocks without _time that field, empty: a pipe that cuts rows off reads the times of blocks that do not
// come from a storage, and keeps those of the rows that it cut off when there are none.
func withTime(write logstorage.WriteDataBlockFunc) logstorage.WriteDataBlockFunc {
	return func(worker uint, block *logstorage.DataBlock) {
		if n := block.RowsCount(); n > 0 && block.GetColumnByName(store.FieldTime) == nil {
			times := logstorage.BlockColumn{Name: store.FieldTime, Values: make([]string, n)}
			block.SetColumns(append(block.GetColumns(false), times))
		}
		write(worker, block)
	}
}
