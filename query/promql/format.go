package promql

import (
	"net/http"

	"github.com/VictoriaMetrics/metricsql"
)

// text returns the text of a question, which a parser may have.
func (h *handler) text(q *question) (string, metricsql.Expr, error) {
	if err := h.admit(q); err != nil {
		return "", nil, err
	}
	text := q.Form.Get("query")
	if text == "" {
		return "", nil, errNoQuery
	}
	e, err := parse("query", text)
	return text, e, err
}

// formatQuery serves /api/v1/format_query: the text as it is best read, with the names that are stored.
func (h *handler) formatQuery(w http.ResponseWriter, q *question) error {
	text, e, err := h.text(q)
	if err != nil {
		return err
	}
	if renameAll(e, nil) { // MetricsQL writes others with backslashes, which no other parser reads
		text = string(e.AppendString(nil))
	}
	pretty, err := metricsql.Prettify(text)
	if err != nil {
		return badParameter("%q: %w", "query", err)
	}
	return writeData(w, pretty)
}
