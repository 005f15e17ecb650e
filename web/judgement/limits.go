package judgement

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/part"
)

// Limits is the model of the page about limits and quotas.
type Limits struct {
	Page *part.Page
	// Problems are the lines about a policy that was not taken.
	Problems []string
	State    part.State
	Text     string
	Tiles    []part.Tile
	Budgets  part.Table
	Missing  []missingBudget
	Forecast part.Figure
	// Method says how the forecast is made and how wrong it was.
	Method string
	Days   part.Table
	Quotas part.Table
	Plans  part.Table
	// Unknown names platforms whose limits nobody looked up.
	Unknown string
}

// missingBudget is what is not sent, by whom, and how it is sent.
type missingBudget struct{ Name, Services, How string }

// held is a budget with whose it is.
type held struct {
	*money.Budget

	of   *money.ServiceLimits
	plan *money.PlanLimits
}

// NewLimits makes the model of two answers.
func NewLimits(p *part.Page, a *money.Limits, f *money.Forecast) part.Content {
	all := heldBudgets(a)
	m := &Limits{
		Page: p, Budgets: budgetTable(p, all), Missing: missingBudgets(all), Forecast: forecastFigure(f),
		Method: methodText(f), Days: expectationTable(f), Quotas: quotaTable(f), Plans: planTable(a),
		Unknown: unknownPlatforms(a.Unknown), Tiles: nearestTiles(p, a, shownNearest, false),
	}
	m.State, m.Text = limitVerdict(p, a)
	if a.Problem != "" {
		m.Problems = strings.Split(a.Problem, "\n")
	}
	return part.Content{
		Body:   m.body(),
		Tables: []part.Table{m.Budgets, m.Quotas, m.Days, m.Plans, m.Forecast.Numbers},
	}
}

// unknownPlatforms names them; of some services the platform itself is not known.
func unknownPlatforms(platforms []string) string {
	names := slices.Clone(platforms)
	for i, name := range names {
		if name == query.Unknown {
			names[i] = "services that send no cloud.platform"
		}
	}
	return strings.Join(names, ", ")
}

const (
	// shownNearest is of how many services the nearest limit is a tile, shownBudgets how many budgets the page lists.
	shownNearest = 5
	shownBudgets = 60
)

// budgetWords are what budgets are called.
var budgetWords = map[string]string{
	money.BudgetCPU: "CPU time", money.BudgetWall: "Duration", money.BudgetFirstByte: "First byte",
	money.BudgetStartup: "Startup", money.BudgetSubrequests: "Subrequests", money.BudgetMemory: "Memory",
	money.BudgetBody: "Body", money.BudgetRequests: "Requests a day",
}

// heldBudgets are all budgets of an answer, those that say most first.
func heldBudgets(a *money.Limits) []held {
	var all []held
	for i := range a.Services {
		s := &a.Services[i]
		for j := range s.Plans {
			for k := range s.Plans[j].Budgets {
				all = append(all, held{&s.Plans[j].Budgets[k], s, &s.Plans[j]})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y held) int {
		return cmp.Or(cmp.Compare(rankOf(y.State), rankOf(x.State)), cmp.Compare(partOf(y.Budget), partOf(x.Budget)))
	})
	return all
}

var budgetStates = []string{
	money.BudgetMissing, money.BudgetFew, money.BudgetOK, money.BudgetWatch, money.BudgetTight, money.BudgetOver,
}

func rankOf(state string) int { return slices.Index(budgetStates, state) }

func partOf(b *money.Budget) float64 {
	if !b.Part.Value.OK() {
		return 0
	}
	return float64(b.Part.Value)
}

// nearest returns the budget that a service's own state is of: the one that says most of the plan that allows most.
func nearest(s *money.ServiceLimits) (held, bool) {
	var found held
	for i := range s.Plans {
		for j := range s.Plans[i].Budgets {
			b := &s.Plans[i].Budgets[j]
			if b.Name != s.Nearest || b.State != s.State {
				continue
			}
			if found.Budget == nil || partOf(b) < partOf(found.Budget) {
				found = held{b, s, &s.Plans[i]}
			}
		}
	}
	return found, found.Budget != nil
}

// amount writes a value in a budget's unit.
func amount(b *money.Budget, v query.Num) string {
	const kibi, mebi, gibi = 1 << 10, 1 << 20, 1 << 30
	switch {
	case !v.OK():
		return chart.Absent
	case b.Unit == "ms":
		return chart.Milliseconds.Text(float64(v))
	case b.Unit != "bytes":
		return chart.Number.Text(float64(v))
	case v >= gibi:
		return strconv.FormatFloat(math.Round(float64(v)/gibi*10)/10, 'f', -1, 64) + "\u00a0GB"
	case v >= mebi:
		return strconv.FormatFloat(math.Round(float64(v)/mebi*10)/10, 'f', -1, 64) + "\u00a0MB"
	default:
		return strconv.FormatFloat(math.Ceil(float64(v)/kibi), 'f', -1, 64) + "\u00a0KB"
	}
}

// measureWord says what is held against a limit.
func measureWord(measure string) string {
	if measure == money.MeasureDay {
		return "fullest day, model:"
	}
	return measure
}

// budgetState is the state of a budget in a word and its class.
func budgetState(b *money.Budget) part.State {
	switch b.State {
	case money.BudgetOver:
		if b.Exceeded > 0 {
			return part.State{Class: "bad", Text: "✕ " + part.Count(b.Exceeded) + " exceeded it"}
		}
		return part.State{Class: "bad", Text: "✕ over"}
	case money.BudgetTight:
		return part.State{Class: "warn", Text: "! tight"}
	case money.BudgetWatch:
		return part.State{Class: "warn", Text: "! watch"}
	case money.BudgetOK:
		return part.State{Class: "ok", Text: "✓ ok"}
	case money.BudgetFew:
		return part.State{Class: "quiet", Text: "· too few (n=" + part.Count(b.Used.N) + ")"}
	}
	return part.State{Class: "quiet", Text: "· not sent"}
}

// whose names the service of a budget, or the account.
func (h *held) whose() string { return cmp.Or(h.of.Service, "all of "+h.of.Platform) }

func planName(platform, plan string) string { return strings.TrimSpace(platform + " " + plan) }

// limitVerdict sums up.
func limitVerdict(p *part.Page, a *money.Limits) (part.State, string) {
	counts := map[string]int{}
	for i := range a.Services {
		counts[a.Services[i].State]++
	}
	over, tight := counts[money.BudgetOver], counts[money.BudgetTight]
	judged := over + tight + counts[money.BudgetWatch] + counts[money.BudgetOK]
	var worst string
	if len(a.Services) > 0 {
		if h, ok := nearest(&a.Services[0]); ok {
			worst = fmt.Sprintf("Nearest: %s of %s on %s.", budgetWords[h.Name], h.whose(),
				planName(h.of.Platform, h.plan.Plan))
		}
	}
	switch {
	case over > 0:
		return part.State{Class: "bad", Text: strconv.Itoa(over) + " over a limit"}, worst
	case tight > 0:
		return part.State{Class: "warn", Text: strconv.Itoa(tight) + " close to a limit"}, worst
	case judged > 0:
		return part.State{Class: "quiet", Text: "No limit is near"}, worst
	}
	return part.State{Class: "quiet", Text: "Nothing to hold against a limit"},
		"No service of a platform whose limits are known has enough invocations in the " + p.RangeText() + "."
}

// LimitTiles are the nearest limits for other pages: none where nothing is judged.
func LimitTiles(p *part.Page, a *money.Limits) []part.Tile {
	if a == nil {
		return nil
	}
	return nearestTiles(p, a, 1, true)
}

// nearestTiles are the nearest limits of the services that have one that is judged.
func nearestTiles(p *part.Page, a *money.Limits, most int, linked bool) []part.Tile {
	var tiles []part.Tile
	for i := range a.Services {
		h, ok := nearest(&a.Services[i])
		if !ok || len(tiles) == most || h.State == money.BudgetMissing || linked && h.State == money.BudgetFew {
			continue
		}
		t := part.Tile{ID: "limit-" + strconv.Itoa(len(tiles)), Title: budgetWords[h.Name] + ", " + h.whose()}
		if linked {
			t.Title, t.Href = "Nearest limit: "+t.Title, p.To("/limits")
		}
		t.Number, t.Unit = chart.Ratio.Split(partOf(h.Budget))
		t.Note = fmt.Sprintf("%s %s of %s, %s", measureWord(h.Measure), amount(h.Budget, h.Used.Value), amount(h.Budget, h.Limit),
			planName(h.of.Platform, h.plan.Plan))
		if h.Exceeded > 0 { // one such end says more than any percentile
			t.Number, t.Unit = part.Count(h.Exceeded), "exceeded it"
		}
		switch h.State {
		case money.BudgetOver:
			t.State = "bad"
		case money.BudgetTight, money.BudgetWatch:
			t.State = "warn"
		case money.BudgetFew:
			t.Few = "n=" + part.Count(h.Used.N)
		}
		tiles = append(tiles, t)
	}
	return tiles
}

// missingBudgets are the limits that nothing is held against, each once.
func missingBudgets(all []held) []missingBudget {
	services := map[string][]string{}
	how := map[string]string{}
	for _, h := range all {
		if h.State == money.BudgetMissing && !slices.Contains(services[h.Name], h.whose()) {
			services[h.Name] = append(services[h.Name], h.whose())
			how[h.Name] = h.Missing
		}
	}
	var out []missingBudget
	for _, name := range []string{
		money.BudgetCPU, money.BudgetWall, money.BudgetFirstByte, money.BudgetStartup, money.BudgetSubrequests,
		money.BudgetMemory, money.BudgetBody,
	} {
		of := services[name]
		if len(of) == 0 {
			continue
		}
		slices.Sort(of)
		text := strings.Join(of[:min(len(of), shownServices)], ", ")
		if more := len(of) - shownServices; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		out = append(out, missingBudget{budgetWords[name], text, how[name]})
	}
	return out
}
