package report

import (
	"edgescope/edge"
	"edgescope/report/text"
)

// partRows are the cells of a table of steps or regions.
func partRows(parts []edge.RunPart) [][]string {
	var rows [][]string
	for i := range parts {
		p := &parts[i]
		rows = append(rows, []string{
			p.Name, text.Grouped(p.Requests), text.Grouped(p.Failed),
			text.MillisecondsOf(p.Response.Count, p.Response.P50), text.MillisecondsOf(p.Response.Count, p.Response.P95), text.MillisecondsOf(p.Response.Count, p.Response.P99),
		})
	}
	return rows
}
