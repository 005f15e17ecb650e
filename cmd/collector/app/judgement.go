package app

import (
	"edgescope/query"
	"edgescope/query/tables"
)

// judgements are the answers that judge, each of a room of its own over the same reader.
func (c *Collector) judgements(*tables.Reader) query.Answers {
	all := query.Answers{}
	return all
}
