package routing_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/querytest"
	"edgescope/query/routing"
	"edgescope/query/served"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// load is how a region served a country on each of the last days.
type load struct {
	country, region string
	n               int // a day
	took, trip      time.Duration
	errors          int // of 1,000
	days            int // how many of them, from the last; 0: all three
}

// write spreads events over the three days before 12:10, each of which takes up to 1 % longer than said.
func write(w *querytest.World, all ...load) {
	w.T.Helper()
	end := time.Date(2026, 3, 18, 12, 10, 0, 0, time.UTC)
	var events []edge.Event
	for _, s := range all {
		if s.days == 0 {
			s.days = 3
		}
		for day := range s.days {
			for i := range s.n {
				ago := time.Duration(day)*query.Day + time.Duration(i)*query.Day/time.Duration(s.n) + time.Second
				f := edge.Facts{
					Service: "shop", Region: s.region, Country: s.country, ClientRTT: int64(s.trip), HasRTT: s.trip > 0,
				}
				if i%1000 < s.errors {
					f.Outcome = edge.OutcomeException
				}
				took := s.took + s.took*time.Duration(i%10)/1000
				events = append(events, w.Invocation(end.Add(-ago), took, f))
			}
		}
	}
	w.Write(querytest.Tenant, events...)
}

var inEU = &policy.Policy{Residency: []policy.Zone{
	{Name: "EU", Countries: []string{"DE", "FR", "IE"}, Regions: []string{"eu-west-1", "eu-central-1"}},
}}

func room(w *querytest.World, p *policy.Policy) *routing.Room {
	return routing.New(w.Read, routing.Options{Policy: func(edge.Tenant) *policy.Policy { return p }})
}

func ask(w *querytest.World, p *policy.Policy) *served.Answer {
	w.T.Helper()
	a, err := room(w, p).Advise(w.T.Context(), querytest.Tenant, w.Ask("range=24h"))
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

func country(t *testing.T, a *served.Answer, name string) served.Country {
	t.Helper()
	for i := range a.Countries {
		if a.Countries[i].Country == name {
			return a.Countries[i]
		}
	}
	t.Fatalf("%s is not among %+v", name, a.Countries)
	return served.Country{}
}

func region(t *testing.T, c *served.Country, name string) served.Region {
	t.Helper()
	for _, s := range c.Regions {
		if s.Region == name {
			return s
		}
	}
	t.Fatalf("%s is not among %+v", name, c.Regions)
	return served.Region{}
}

const ms = time.Millisecond

// reference writes the examples of the reference: the US at 38 ms with 2 % errors in us-east-1, 95 ms with .1 % in
// eu-west-1; DE at 45 ms with .2 % in eu-west-1, and faster in us-east-1.
func reference(w *querytest.World) {
	write(w, load{country: "US", region: "eu-west-1", n: 1000, took: 25 * ms, trip: 70 * ms, errors: 1},
		load{country: "US", region: "us-east-1", n: 200, took: 18 * ms, trip: 20 * ms, errors: 4},
		load{country: "DE", region: "eu-west-1", n: 1000, took: 25 * ms, trip: 20 * ms, errors: 2},
		load{country: "DE", region: "us-east-1", n: 500, took: 5 * ms, trip: 5 * ms})
}

func TestTheExamplesOfTheReference(t *testing.T) {
	w := querytest.New(t)
	reference(w)
	a := ask(w, inEU)
	us, de := country(t, a, "US"), country(t, a, "DE")
	if us.Now != "eu-west-1" || us.To != "us-east-1" || !strings.HasPrefix(us.Text, "Serve from us-east-1 instead of eu-west-1: ") {
		t.Errorf("US: %+v", us)
	}
	east, west := region(t, &us, "us-east-1"), region(t, &us, "eu-west-1")
	if !(math.Abs(float64(east.Score-58)) < 3) || !(math.Abs(float64(west.Score-96)) < 5) {
		t.Errorf("scores %v and %v, want about 58 and 96", east.Score, west.Score)
	}
	t.Logf("scores %.1f and %.1f, 58 and 96 in the reference", east.Score, west.Score)
	if east.P95.Origin != query.OriginMeasured || east.P95.N != 600 || !(math.Abs(float64(east.Share)-1.0/6) < .001) {
		t.Errorf("us-east-1: %+v", east)
	}
	if de.To != "" || de.Now != "eu-west-1" || de.Zone != "EU" || de.Text != "eu-west-1 serves it best." {
		t.Errorf("DE: %+v", de)
	}
	if s := region(t, &de, "us-east-1"); s.State != served.Barred || s.Score.OK() {
		t.Errorf("a region outside of the zone has %+v", s)
	}
	if a.Countries[0].Country != "US" {
		t.Errorf("the country with an advice is not first: %+v", a.Countries)
	}
	if len(a.Audit) != 1 {
		t.Fatalf("audit %+v", a.Audit)
	}
	if z := a.Audit[0]; z.Requests != 4500 || z.Outside != 1500 || z.Unknown != 0 || !(math.Abs(float64(z.Share.Value)-1.0/3) < 1e-9) ||
		len(z.Breaches) != 1 || z.Breaches[0].Region != "us-east-1" || z.Breaches[0].Country != "DE" {
		t.Errorf("audit %+v", z)
	}
	// without the zone the faster region is advised
	if de = country(t, ask(w, &policy.Policy{}), "DE"); de.To != "us-east-1" {
		t.Errorf("without residency: %+v", de)
	}
}

func TestWhatIsNotSureIsNotAdvised(t *testing.T) {
	now := load{country: "US", region: "us-west-2", n: 500, took: 60 * ms, trip: 20 * ms}
	f := func(name string, other load, state string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			w := querytest.New(t)
			other.country = "US"
			write(w, now, other)
			us := country(t, ask(w, &policy.Policy{}), "US")
			if us.To != "" || us.Now != "us-west-2" {
				t.Errorf("is advised: %+v", us)
			}
			if s := region(t, &us, other.region); s.State != state {
				t.Errorf("is %s, want %s", s.State, state)
			}
		})
	}
	f("a dominated one", load{region: "us-east-1", n: 200, took: 70 * ms, trip: 20 * ms, errors: 2}, served.Fit)
	f("what gains little", load{region: "us-east-1", n: 200, took: 54 * ms, trip: 20 * ms}, served.Fit)
	f("what was better on two days", load{region: "us-east-1", n: 200, took: 20 * ms, trip: 10 * ms, days: 2}, served.Fit)
	f("one of many errors", load{region: "us-east-1", n: 200, took: 20 * ms, trip: 10 * ms, errors: 20}, served.Errors)
	f("one of few events", load{region: "us-east-1", n: 33, took: 20 * ms, trip: 10 * ms}, served.Few)
	f("nobody knows where", load{region: "moon-1", n: 200, took: 20 * ms}, served.Unplaced)
}

// TestARegionThatServesOthersIsReckoned holds that a region without requests of a country is weighed by its time at the
// edge and its distance, which is marked.
func TestARegionThatServesOthersIsReckoned(t *testing.T) {
	w := querytest.New(t)
	write(w, load{country: "BR", region: "eu-central-1", n: 300, took: 20 * ms},
		load{country: "AR", region: "sa-east-1", n: 300, took: 20 * ms})
	a := ask(w, &policy.Policy{})
	br := country(t, a, "BR")
	s := region(t, &br, "sa-east-1")
	if br.To != "sa-east-1" || s.P95.Origin != query.OriginModel || s.RTT.Origin != query.OriginModel || s.P95.N != 900 {
		t.Errorf("got %+v", br)
	}
	if a.Factor.Value != 1.6 || a.Factor.N != 0 {
		t.Errorf("a factor of no pair is %+v", a.Factor)
	}
	if far := region(t, &br, "eu-central-1"); !(far.RTT.Low < far.RTT.Value && far.RTT.Value < far.RTT.High && far.RTT.Value > 100) {
		t.Errorf("over the ocean: %+v", far.RTT)
	}
}

func TestSilentRegionsAndUnknownOnesAreTold(t *testing.T) {
	w := querytest.New(t)
	write(w, load{country: "DE", region: "eu-west-1", n: 400, took: 50 * ms, trip: 20 * ms},
		load{country: "DE", region: "", n: 100, took: 9 * ms})
	var events []edge.Event
	for i := range 3000 { // ended two hours ago
		at := w.Now.Add(-2*time.Hour - time.Duration(i)*80*time.Second)
		events = append(events, w.Invocation(at, 9*ms, edge.Facts{Service: "shop", Region: "eu-central-1", Country: "IE"}))
	}
	w.Write(querytest.Tenant, events...)
	a := ask(w, inEU)
	de := country(t, a, "DE")
	if s := region(t, &de, "eu-central-1"); s.State != served.Silent || de.To != "" {
		t.Errorf("what sends nothing any more: %+v, advised %q", s, de.To)
	}
	if z := a.Audit[0]; z.Unknown != 300 || z.Outside != 0 {
		t.Errorf("audit %+v", z)
	}
	if slices.ContainsFunc(de.Regions, func(s served.Region) bool { return s.Region == "" }) {
		t.Errorf("no region is one: %+v", de.Regions)
	}
}

// TestPointsOfPresenceLieInTheirCountries holds that a zone need not list them.
func TestPointsOfPresenceLieInTheirCountries(t *testing.T) {
	w := querytest.New(t)
	write(w, load{country: "DE", region: "IAD", n: 300, took: 20 * ms, trip: 90 * ms},
		load{country: "DE", region: "FRA", n: 200, took: 20 * ms, trip: 9 * ms},
		load{country: "DE", region: "QQQ", n: 100, took: 20 * ms, trip: 9 * ms})
	a := ask(w, inEU)
	de := country(t, a, "DE")
	if de.Now != "IAD" || de.To != "FRA" || !strings.Contains(de.Text, "IAD is not among the regions") ||
		!strings.Contains(de.Text, "placement hint") {
		t.Errorf("got %+v", de)
	}
	if z := a.Audit[0]; z.Outside != 900 || z.Unknown != 300 {
		t.Errorf("audit %+v", z)
	}
}

func TestNothingIsAdvisedOfNothing(t *testing.T) {
	a := ask(querytest.New(t), inEU)
	if len(a.Countries) != 0 || len(a.Audit) != 1 || a.Audit[0].Share.Value.OK() || a.Audit[0].Requests != 0 {
		t.Errorf("got %+v", a)
	}
}

func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := querytest.New(t)
	reference(w)
	w.Examples(t, "../../docs/api.md", room(w, inEU).Answers(), query.PathRouting)
}
