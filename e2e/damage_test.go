package e2e_test

import (
	"bytes"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// damageSample is how many cases run when EDGESCOPE_DAMAGE does not ask for the full matrix, or for cases whose names
// begin so.
const damageSample = 16

// TestADamagedDirectoryStartsAndAnswers damages the data directory of a collector that was killed, one thing at a time:
// each kind of file, in every way that comes to mind. The collector starts, answers all kinds of questions, takes
// telemetry, stops in order and starts again. What was not damaged is there, and nothing is there twice; what is lost
// is told.
func TestADamagedDirectoryStartsAndAnswers(t *testing.T) {
	whole := newWhole(t)
	cases := whole.cases(t)
	if only := os.Getenv("EDGESCOPE_DAMAGE"); only != "" && only != "full" {
		cases = slices.DeleteFunc(cases, func(c damageCase) bool { return !strings.HasPrefix(c.name, only) })
	} else if only == "" {
		seed := uint64(time.Now().UnixNano())
		t.Logf("%d of %d cases, seed %d", damageSample, len(cases), seed)
		r := rand.New(rand.NewPCG(seed, 3))
		r.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
		cases = cases[:min(damageSample, len(cases))]
	}
	next := make(chan damageCase)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for c := range next {
				t.Run(c.name, func(t *testing.T) { whole.try(t, c) })
			}
		})
	}
	for _, c := range cases {
		next <- c
	}
	close(next)
	workers.Wait()
}

// damageCase is one thing that is damaged.
type damageCase struct {
	name   string
	path   string // below the data directory
	damage func(path string) error
}

// rewrite makes a damage of a change to a file's content. The file may be a link to that of others: it gets a new one.
func rewrite(change func([]byte) []byte) func(string) error {
	return func(path string) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		return os.WriteFile(path, change(bytes.Clone(b)), 0o600)
	}
}

func flip(at func(n int) int) func([]byte) []byte {
	return func(b []byte) []byte {
		from := max(0, at(len(b)))
		for i := from; i < min(from+3, len(b)); i++ {
			b[i] ^= 0x55
		}
		return b
	}
}

func replaceByFolder(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Mkdir(path, 0o750)
}

var fileDamages = map[string]func(string) error{
	"missing":            os.Remove,
	"empty":              rewrite(func([]byte) []byte { return nil }),
	"cut in half":        rewrite(func(b []byte) []byte { return b[:len(b)/2] }),
	"cut by a byte":      rewrite(func(b []byte) []byte { return b[:max(0, len(b)-1)] }),
	"flipped at start":   rewrite(flip(func(int) int { return 0 })),
	"flipped in between": rewrite(flip(func(n int) int { return n / 2 })),
	"flipped at end":     rewrite(flip(func(n int) int { return n - 3 })),
	"one bit flipped": rewrite(func(b []byte) []byte {
		if len(b) > 0 {
			b[len(b)*2/3] ^= 4
		}
		return b
	}),
	"grown":    rewrite(func(b []byte) []byte { return append(b, "0123456789abcdef"...) }),
	"a folder": replaceByFolder,
}

var folderDamages = map[string]func(string) error{
	"missing": os.RemoveAll,
	"empty":   replaceByFolder,
	"a file": func(path string) error {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		return os.WriteFile(path, []byte("no folder"), 0o600)
	},
}

var (
	eventsName = regexp.MustCompile(`^/(spans|logs|datapoints)(/|$)`)
	partName   = regexp.MustCompile(`/[0-9A-F]{16}(/|$)`)
	dayName    = regexp.MustCompile(`/\d{8}(/|$)`)
	monthName  = regexp.MustCompile(`/\d{4}_\d{2}(/|$)`)
	shardName  = regexp.MustCompile(`\.bin\d+$`)
	bucketName = regexp.MustCompile(`/data\.\d+\.bin$`)
)

// kindOf returns what a path is one of: parts, days and months have names of their own.
func kindOf(rel string) string {
	kind := "/" + rel
	for _, n := range []struct {
		name *regexp.Regexp
		by   string
	}{
		{eventsName, "/EVENTS$2"},
		{partName, "/PART$1"},
		{dayName, "/DAY$1"},
		{monthName, "/MONTH$1"},
		{shardName, ".binN"},
		{bucketName, "/data.N.bin"},
	} {
		kind = n.name.ReplaceAllString(kind, n.by)
	}
	return strings.TrimSuffix(kind[1:], "/")
}

// cases are all ways in which one of each kind of file or folder, the largest, is damaged.
func (w *whole) cases(t *testing.T) []damageCase {
	t.Helper()
	type thing struct {
		path string
		size int64
		dir  bool
	}
	largest := map[string]thing{}
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == w.dir {
			return err
		}
		rel, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		kind := kindOf(rel)
		if old, ok := largest[kind]; !ok || info.Size() > old.size {
			largest[kind] = thing{rel, info.Size(), e.IsDir()}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var cases []damageCase
	for _, kind := range sorted(largest) {
		found, damages := largest[kind], fileDamages
		if found.dir {
			damages = folderDamages
		}
		for _, how := range sorted(damages) {
			cases = append(cases, damageCase{name: kind + " " + how, path: found.path, damage: damages[how]})
		}
	}
	w.holdsAllKinds(t, sorted(largest))
	return cases
}

// holdsAllKinds holds that the directory has what should be damaged.
func (w *whole) holdsAllKinds(t *testing.T, kinds []string) {
	t.Helper()
	for _, want := range []string{
		"FORMAT", "identity.json", "SEALS", "LOCK", "wal/checkpoint", "metrics/cache/curr_hour_metric_ids_v2",
		"metrics/flock.lock",
		"metrics/metadata/minTimestampForCompositeIndex", "metrics/data/small/MONTH/PART/timestamps.bin",
		"metrics/data/indexdb/MONTH/PART/items.bin", "EVENTS/partitions/DAY/datadb/PART/values.binN",
		"EVENTS/partitions/DAY/indexdb/PART/lens.bin", "EVENTS/partitions/DAY/datadb/PART/message_values.bin",
		"EVENTS/partitions/DAY/datadb/PART/columns_header.bin", "wal/segments",
	} {
		if !slices.Contains(kinds, want) {
			t.Errorf("the directory has no %s: it has %v", want, kinds)
		}
	}
}

// try damages a copy, and uses it.
func (w *whole) try(t *testing.T, c damageCase) {
	data := w.copy(t)
	if err := c.damage(filepath.Join(data, c.path)); err != nil {
		t.Fatal(err)
	}
	collector, log := startCollector(t, data)
	w.askAll(t, collector)
	least := w.least(c.path)
	counts := w.settle(t, collector, least)
	w.compare(t, counts, least, log.String())
	w.write(t, collector, "afterwards")
	w.askAll(t, collector)
	if err := collector.Stop(t.Context()); err != nil {
		t.Fatalf("stop: %v\n%s", err, log.String())
	}
	again, second := startCollector(t, data)
	for kind := range damageKinds {
		counts[w.today(kind)] += w.rows("afterwards")
	}
	if got := w.settle(t, again, counts); !maps.Equal(got, counts) {
		t.Errorf("after the second start there are %v, want %v", got, counts)
	}
	w.askAll(t, again)
	if err := again.Stop(t.Context()); err != nil {
		t.Fatalf("second stop: %v", err)
	}
	if strings.Contains(second.String(), "set aside") {
		t.Errorf("damage is told again at the second start:\n%s", second.String())
	}
}
