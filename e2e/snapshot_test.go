package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// TestASnapshotRestoredElsewhereGivesTheSameAnswers takes a snapshot of a collector under load. A collector on the
// directory that restore makes of it has everything that was acknowledged before the request, exactly once, in rows,
// metrics and totals; of what came meanwhile it has whole batches. Questions about the time before the load get the
// same answers from both.
func TestASnapshotRestoredElsewhereGivesTheSameAnswers(t *testing.T) {
	dir := t.TempDir()
	k := newKiller(t, filepath.Join(dir, "data"))
	c := k.start()
	stop := k.load(c, 0)
	wait(t.Context(), time.Second)
	stop()
	k.check(c, "before the snapshot")
	before := k.answers(c)

	stop = k.load(c, 1)
	wait(t.Context(), time.Second)
	then := k.sofar(t, filepath.Join(dir, "restored"))
	path := snapshot(t, c)
	wait(t.Context(), 300*time.Millisecond)
	stop()
	restore(t, path, then.data)
	if diff := refused(t, path, then.data); !strings.Contains(diff, "give an empty directory") {
		t.Errorf("restore into a directory with data: got %q", diff)
	}

	then.learn(k)
	copied := then.start()
	then.checkAtLeast(copied, "the restored collector")
	if after := then.answers(copied); !maps.Equal(before, after) {
		t.Errorf("the time before has the answers\n%v\nof the restored collector, want\n%v", after, before)
	}
	remove(t, c, filepath.Base(path))
	k.resend(c)
	k.check(c, "the collector whose snapshot it was")
}

// snapshot asks for one and returns its directory.
func snapshot(t *testing.T, c *e2e.Program) string {
	t.Helper()
	began := time.Now()
	status, answer := runtest.Post(t, c.URL("query")+"/admin/snapshot", "", "", nil)
	var made struct{ Path string }
	if err := json.Unmarshal([]byte(answer), &made); status != http.StatusOK || err != nil {
		t.Fatalf("POST /admin/snapshot: %d %s %v", status, answer, err)
	}
	t.Logf("the snapshot took %s: %s", time.Since(began).Round(time.Millisecond), answer)
	return made.Path
}

func restore(t *testing.T, path, data string) {
	t.Helper()
	if told := refused(t, path, data); told != "" {
		t.Fatalf("collector restore %s: %s", path, told)
	}
}

// refused returns why a snapshot was not restored, "" if it was.
func refused(t *testing.T, path, data string) string {
	t.Helper()
	var log bytes.Buffer
	code, err := e2e.Run(t.Context(), e2e.Command{
		Path: filepath.Join(bin, "collector"), Args: []string{"restore", path, "--data-dir", data}, Log: &log,
	})
	if err != nil {
		t.Fatal(err)
	}
	if code == 0 {
		return ""
	}
	return log.String()
}

// remove deletes a snapshot, once.
func remove(t *testing.T, c *e2e.Program, name string) {
	t.Helper()
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.URL("query")+"/admin/snapshot/"+name,
			http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("DELETE of snapshot %s: got %d, want %d", name, res.StatusCode, want)
		}
	}
}

// sofar returns a killer for another directory that knows what was acknowledged up to now.
func (k *killer) sofar(t *testing.T, data string) *killer {
	then := newKiller(t, data)
	then.began = k.began
	for _, l := range []struct{ to, from *ledger }{
		{then.spans, k.spans},
		{then.points, k.points},
		{then.numbers, k.numbers},
	} {
		l.from.mu.Lock()
		maps.Copy(l.to.acked, l.from.acked)
		l.from.mu.Unlock()
	}
	return then
}

// learn makes what was sent since then open: it may be there, whole, or not.
func (k *killer) learn(later *killer) {
	for _, l := range []struct{ to, from *ledger }{
		{k.spans, later.spans},
		{k.points, later.points},
		{k.numbers, later.numbers},
	} {
		maps.Copy(l.to.open, l.from.open)
		maps.Copy(l.to.open, l.from.acked)
		for batch := range l.to.acked {
			delete(l.to.open, batch)
		}
	}
}

// checkAtLeast is check where some of the batches without an answer may be stored.
func (k *killer) checkAtLeast(c *e2e.Program, when string) {
	k.t.Helper()
	total := 0
	for _, n := range k.settled(c, when+": spans", k.spans, 0, "batch") {
		total += n
	}
	k.settled(c, when+": data points", k.points, 2, "blob1")
	k.checkTotals(c, when, total)
	want := map[string]float64{}
	for batch := range k.numbers.acked {
		sender, _, _ := strings.Cut(batch, " ")
		want[sender]++
	}
	var got map[string]float64
	runtest.Eventually(k.t, func() string {
		return fmt.Sprintf("%s: metrics are %v, want at least %v", when, got,
			want)
	}, func() bool {
		got = k.bySender(c, "increase(kill_delta_total[2h])")
		for sender, n := range want {
			if got[sender] < n {
				return false
			}
		}
		return true
	})
	if counted := k.bySender(c, "count_over_time(kill_gauge[2h])"); !maps.Equal(counted, got) {
		k.t.Errorf("%s: the gauge has %v samples, the counter's total is %v", when, counted, got)
	}
}

// answers are those to questions about the first round.
func (k *killer) answers(c *e2e.Program) map[string]float64 {
	k.t.Helper()
	all := map[string]float64{}
	for kind, field := range map[int]string{0: "batch", 2: "blob1"} {
		for batch, n := range k.stored(c, kind, field) {
			if strings.HasPrefix(batch, "r0-") {
				all[batch] = float64(n)
			}
		}
	}
	for _, text := range []string{
		"count_over_time(kill_gauge[2h])", "increase(kill_delta_total[2h])",
		"sum_over_time(kill_gauge[2h])",
	} {
		for sender, n := range k.bySender(c, text) {
			if strings.HasPrefix(sender, "r0-") {
				all[text+" "+sender] = n
			}
		}
	}
	return all
}
