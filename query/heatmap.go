package query

// trends adds the P95 over time and answers the heatmap of the asked percentile, a row for each of the rows.
func trends(rows []Row, t *table, percentile int) Heatmap {
	h := Heatmap{Rows: names(rows), Cells: make([][]Num, len(rows))}
	for i := range rows {
		buckets := t.groups[rows[i].Name]
		if buckets == nil {
			buckets = make([]tally, t.win.buckets())
		}
		rows[i].Trend = line("", buckets, durations(95)).Values
		h.Cells[i] = line("", buckets, durations(percentile)).Values
	}
	return h
}
