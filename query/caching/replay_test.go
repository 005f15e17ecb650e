package caching

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
)

// simulate lets paths be asked for at random, rates times a second, of a cache that keeps them for ttl, and a fetch take
// so long; it returns the replay of a day or however long, and the hits.
func simulate(seed uint64, rates []float64, ttl, length, fetch time.Duration) (*keys, judge.Share) {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same ones each time
	k := &keys{paths: map[string]*path{}, configured: map[float64]int{}}
	var hits judge.Share
	for i, rate := range rates {
		p := &path{}
		k.paths[strconv.Itoa(i)] = p
		until := time.Duration(-1)
		for at := time.Duration(0); ; {
			at += time.Duration(r.ExpFloat64() / rate * float64(time.Second))
			if at > length {
				break
			}
			p.n++
			k.n++
			hits.N++
			if at <= until {
				hits.K++
				continue
			}
			until = at + ttl
			p.misses = append(p.misses, [2]int64{int64(at), int64(at + fetch)})
		}
	}
	return k, hits
}

// TestTheModelIsWhatArrivalsDo holds the model to simulated arrivals: hits within 1 % of those of the rates that were
// counted, and how long answers are kept within 1 %.
func TestTheModelIsWhatArrivalsDo(t *testing.T) {
	f := func(rates []float64, ttl time.Duration) {
		t.Helper()
		length := 10 * 24 * time.Hour
		k, hits := simulate(7, rates, ttl, length, 0)
		counted := k.rates(length)
		if got := judge.HitRatioOf(counted, ttl.Seconds()); math.Abs(got/hits.Ratio()-1) > .01 {
			t.Errorf("%v kept for %v: %.4f hits by the model, %.4f of %.0f simulated", rates, ttl, got, hits.Ratio(), hits.N)
		}
		if got := judge.TTLOf(counted, hits.Ratio()); math.Abs(got/ttl.Seconds()-1) > .01 {
			t.Errorf("%v: kept for %.1f s by the model, simulated with %v", rates, got, ttl)
		}
	}
	f([]float64{.1}, 30*time.Second)
	f([]float64{1, .1, .02, .02}, time.Minute)
	f([]float64{.5, .3, .2, .1, .1, .05}, 10*time.Second)
}

// TestMissesThatComeTogetherAreReplayed holds the reference's figures: five a second, of which each takes 150 ms, are
// together in 42.9 %, in 55.6 % when answers are held for 100 ms more.
func TestMissesThatComeTogetherAreReplayed(t *testing.T) {
	k, _ := simulate(3, []float64{5}, -1, 24*time.Hour, 150*time.Millisecond)
	for after, want := range map[time.Duration]float64{0: .429, held: .556} {
		got := k.together(after)
		if math.Abs(got.Ratio()-want) > .01*want {
			t.Errorf("held for %v: %.4f of %.0f come together, want %.3f", after, got.Ratio(), got.N, want)
		}
	}
}

// TestAdviceOfAPath holds the reference's example: asked for .01 times a second, 60 % hits, are kept for 150 s; 567 s make
// 85 %; kept for 300 s, prefetching saves 216 misses a day, 36.3 s, for 288 fetches.
func TestAdviceOfAPath(t *testing.T) {
	length := 100 * 24 * time.Hour // as many as make 0.01 a second exact
	k := &keys{n: 86_400, paths: map[string]*path{"/a": {n: 86_400}}, configured: map[float64]int{3600: 80_000}}
	f := func(hits float64, said float64) query.CacheKeyAdvice {
		c := &counted{requests: 86_400, hits: hits * 86_400, misses: (1 - hits) * 86_400, bytes: 1000, sizes: 1}
		c.hitTime, c.missTime = 12*c.hits, 180*c.misses
		k.configured = map[float64]int{said: 1}
		r := &replayed{stretch: query.Stretch{From: time.Time{}, To: time.Time{}.Add(length)}, places: map[place]*keys{{}: k}}
		return c.advice(r, .85, 24*time.Hour)
	}
	near := func(name string, got query.Num, want, part float64) {
		t.Helper()
		if !got.OK() || math.Abs(float64(got)/want-1) > part {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	a := f(.60, 3600)
	near("kept", a.Kept.Value, 150, 1e-6)
	near("for the target", a.ForTarget.Value, 566.7, 1e-3)
	near("lost", a.Lost, .4*86_400*168, 1e-9)
	if len(a.Text) < 2 || a.Text[0] != "Answers say that they may be kept for 60 min, and are kept for about 150 s: "+
		"they are evicted, purged, or split by Vary." || a.Text[1] != "Keep answers for 567 s instead of about 150 s: "+
		"85 % hits instead of 60 %, 21600 misses fewer in the range." {
		t.Errorf("got %q", a.Text)
	}
	if a = f(.75, 300); a.Prefetch == nil {
		t.Fatalf("no prefetch: %+v", a)
	}
	near("doubled", a.Doubled.Value, .857, 1e-3)
	near("misses saved", a.Prefetch.Misses.Value, 216, 1e-6)
	near("fetches", a.Prefetch.Fetches, 288, 1e-6)
	near("saved", a.Prefetch.Saved, 36_288, 1e-6)
	near("waste", a.Prefetch.Waste, 1./3, 1e-6)
	near("ms per byte", a.Prefetch.PerByte, 36_288./(288*1000), 1e-6)
	if a = f(.60, 150); a.Prefetch != nil || len(a.Text) != 1 {
		t.Errorf("1.5 requests in its time are worth a prefetch: %+v", a)
	}
	if a = f(.95, 0); a.ForTarget.Value.OK() {
		t.Errorf("more than the target is hit, and %v is needed", a.ForTarget)
	}
}

func TestPathsWithSecretsCountAsTheirRoute(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		if got := keyOf(path); got != want {
			t.Errorf("%s is kept under %q, want %q", path, got, want)
		}
	}
	f("/img/cat.jpg?token=abc", "/img/cat.jpg")
	f("/reset/4bf92f3577b34da6a3ce929d0e0e4736", "")
	f("/u/7f0c2a1e-5b0e-4a51-9a0f-1f2e3d4c5b6a/photo", "")
	f("/assets/app.4bf92f3577b34da6a3ce929d0e0e4736.js", "/assets/app.4bf92f3577b34da6a3ce929d0e0e4736.js")
	f("/blog/how-we-made-the-edge-fast", "/blog/how-we-made-the-edge-fast")
	f("", "")
}

func TestWhatAnswersSayOfTheirAge(t *testing.T) {
	f := func(header string, want float64) {
		t.Helper()
		if got, _ := maxAge(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	f("public, max-age=300", 300)
	f("max-age=60, s-maxage=600", 600)
	f(`["Max-Age=60"]`, 60)
	f("no-store", 0)
	f("max-age=", 0)
	f("max-age=0", 0)
}

// FuzzHeaders holds that whatever a header or path says, it is read or left.
func FuzzHeaders(f *testing.F) {
	f.Add("max-age=99999999999999999999999999", "/a?b")
	f.Add("s-maxage=1e3", "//")
	f.Fuzz(func(t *testing.T, header, path string) {
		if seconds, ok := maxAge(header); ok && !(seconds > 0) {
			t.Errorf("%q: %v", header, seconds)
		}
		if key := keyOf(path); key != "" && len(key) > len(path) {
			t.Errorf("%q is kept under %q", path, key)
		}
	})
}

func TestNothingIsLostWhereMissesAreAsFast(t *testing.T) {
	c := &counted{hits: 10, misses: 10, hitTime: 200, missTime: 100}
	if c.lost() != 0 {
		t.Errorf("%v ms are lost", c.lost())
	}
	if c = (&counted{misses: 10, missTime: 500, origin: 300, origins: 10}); c.lost() != 300 {
		t.Errorf("%v ms are lost without hits, of which the origin took 300", c.lost())
	}
	if missed(edge.CacheStale) || !missed(edge.CacheExpired) {
		t.Error("stale answers come from the cache, expired ones do not")
	}
}
