package wasmbench

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteTable writes the result as a table for terminals.
func (r *Result) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.Headline())
	fmt.Fprintf(&b, "\n%-7s %-10s %22s %22s %9s %9s %9s %9s %9s %7s\n", "size", "engine", "wall: js / engine",
		"cpu: js / engine",
		"wall ms", "cpu ms", "kernel ms", "1/s core", "first ms", "RSS MB")
	for i := range r.Results {
		row := &r.Results[i]
		fmt.Fprintf(&b, "%-7s %-10s %22s %22s %9s %9s %9s %9s %9s %7s\n", row.Size, row.Engine,
			ratioText(row.Ratio, row.CI),
			ratioText(row.CPURatio, row.CPUCI), figure(row.WallMS), figure(row.CPUMS), figure(row.KernelMS),
			figure(row.PerCore), figure(row.FirstOpMS),
			megabytes(row.RSS))
	}
	b.WriteString("\n" + r.ControlText() + "\n")
	for _, line := range r.Remarks() {
		b.WriteString(line + "\n")
	}
	writeCodecs(&b, r.Codecs)
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes the result as a table for pull requests.
func (r *Result) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", r.Headline())
	b.WriteString("| size | engine | js / engine, wall | js / engine, CPU | wall ms | CPU ms | kernel ms | " +
		"requests/s per core | first op ms | RSS MB |\n")
	b.WriteString("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for i := range r.Results {
		row := &r.Results[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", row.Size, row.Engine,
			ratioText(row.Ratio, row.CI),
			ratioText(row.CPURatio, row.CPUCI), figure(row.WallMS), figure(row.CPUMS), figure(row.KernelMS),
			figure(row.PerCore), figure(row.FirstOpMS),
			megabytes(row.RSS))
	}
	b.WriteString("\n" + r.ControlText() + "\n\n")
	for _, line := range r.Remarks() {
		b.WriteString("- " + line + "\n")
	}
	if len(r.Codecs) > 0 {
		b.WriteString("\n| size | JPEG | codec | wall ms | CPU ms | bytes |\n|---|---|---|---:|---:|---:|\n")
		for _, c := range r.Codecs {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d |\n", c.Size, c.Stage, c.Codec, figure(c.MS),
				figure(c.CPUMS), c.Bytes)
		}
		b.WriteString("\n" + codecRemark + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Headline says what was compared, where: no ratio means anything without it.
func (r *Result) Headline() string {
	where := r.Runtime.Name + " " + r.Runtime.Version
	if r.Runtime.Engine != "" {
		where += " (" + r.Runtime.Engine + ")"
	}
	cpu := cmp.Or(r.Machine.CPU, r.Machine.OS+"/"+r.Machine.Arch)
	return fmt.Sprintf("Image kernels on %s, %s, load average %.1f to %.1f", where, cpu, r.Machine.LoadBefore,
		r.Machine.LoadAfter)
}

// ControlText says what js against js gave, and what follows from it.
func (r *Result) ControlText() string {
	text := "A/A: js against js in a second process: wall " + ratioText(r.AA.Ratio, r.AA.CI)
	if r.AA.CPURatio > 0 {
		text += ", CPU " + ratioText(r.AA.CPURatio, r.AA.CPUCI)
	}
	if !r.AA.Valid {
		text += ". A/A not valid: the wall interval misses 1, so something but the engines differed. Measure again " +
			"on a quieter machine"
		if r.AA.CPUValid {
			text += ", or quote the CPU ratios"
		}
	}
	if r.AA.CPURatio > 0 && !r.AA.CPUValid {
		text += ". The CPU interval misses 1: the CPU ratios may be off by as much"
	}
	return text + "."
}

// Remarks are the sentences below a table.
func (r *Result) Remarks() []string {
	lines := []string{fmt.Sprintf("js is good JavaScript: typed arrays, unrolled, one process per engine; all "+
		"outputs have the golden hashes. "+
		"Brackets are 95 %% intervals of %d rounds in %d generations of processes, seed %d.", r.Rounds, r.Generations,
		r.Seed)}
	if r.Generations == 1 {
		lines = append(lines, "One generation: intervals don't cover that another process may be about 1 % faster or "+
			"slower (--generations).")
	}
	for _, n := range r.Native {
		lines = append(lines, fmt.Sprintf("%s, HTTP apart: %s takes %s times as long as native %s.", n.Size, n.Engine,
			ratioText(n.Ratio, n.CI), n.Native))
	}
	if len(r.ColdIsolates) > 0 {
		var parts []string
		for _, c := range r.ColdIsolates {
			parts = append(parts, fmt.Sprintf("%s %s ms", c.Kind, figure(c.MS)))
		}
		lines = append(lines, "A new isolate in a running process, to its first answer: "+strings.Join(parts, ", ")+".")
	}
	seen := map[string]bool{}
	for i := range r.Results {
		row := &r.Results[i]
		subject := row.Engine
		if row.Size == "large" && row.Engine != Go && row.Engine != GoWASM && row.Engine != C && row.Engine != CPlain {
			subject = row.Size
		}
		if line := subject + ": " + row.Note + "."; row.Note != "" && !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	return lines
}

// ratioText is "7.15 [7.08, 7.22]", or a dash without a ratio.
func ratioText(ratio float64, ci [2]float64) string {
	if ratio == 0 {
		return "–"
	}
	digits := 2
	if ratio < 2 {
		digits = 3
	}
	return fmt.Sprintf("%.*f [%.*f, %.*f]", digits, ratio, digits, ci[0], digits, ci[1])
}

// figure is a number with three digits, or a dash.
func figure(v float64) string {
	switch {
	case v == 0:
		return "–"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(bytes)/1e6, 'f', 0, 64)
}
