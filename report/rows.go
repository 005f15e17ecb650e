package report

import "edgescope/edge"

// partRows are the cells of a table of steps or regions.
func partRows(parts []edge.RunPart) [][]string {
	var rows [][]string
	for i := range parts {
		p := &parts[i]
		rows = append(rows, []string{
			p.Name, grouped(p.Requests), grouped(p.Failed),
			cellOf(p.Response.Count, p.Response.P50), cellOf(p.Response.Count, p.Response.P95), cellOf(p.Response.Count, p.Response.P99),
		})
	}
	return rows
}
