package report

import "edgescope/edge"

// partRows are the cells of a table of steps or regions.
func partRows(parts []edge.RunPart) [][]string {
	var rows [][]string
	for i := range parts {
		p := &parts[i]
		rows = append(rows, []string{
			p.Name, grouped(p.Requests), grouped(p.Failed), cell(p.Response.P50), cell(p.Response.P95), cell(p.Response.P99),
		})
	}
	return rows
}
