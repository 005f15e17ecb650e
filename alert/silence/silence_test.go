package silence_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/alert/silence"
	"edgescope/internal/labels"
)

// clock stands still until it is set.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func open(t *testing.T, path string, c *clock) *silence.Silences {
	t.Helper()
	s, err := silence.Open(path, c.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func matchers(t *testing.T, texts ...string) labels.Matchers {
	t.Helper()
	all := make(labels.Matchers, len(texts))
	for i, text := range texts {
		if err := all[i].UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

var begin = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

func TestASilenceMutesWhatItChoosesWhileItLasts(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "silences.json"), &clock{begin}
	s := open(t, path, c)
	one, err := s.Add(silence.Silence{
		Matchers: matchers(t, `service_name=~"shop|cart"`, `severity!="page"`), Start: begin.Add(time.Hour),
		End: begin.Add(3 * time.Hour), Author: "Ada", Comment: " move of the shop ",
	})
	if err != nil || one.ID == "" || one.Comment != "move of the shop" {
		t.Fatalf("added %+v, %v", one, err)
	}
	ticket := map[string]string{"service_name": "shop", "severity": "ticket"}
	f := func(after time.Duration, set map[string]string, want string) {
		t.Helper()
		c.now = begin.Add(after)
		for _, s := range []*silence.Silences{s, open(t, path, c)} { // as it is, and after a restart
			if got := s.Mutes(set); got != want {
				t.Errorf("after %s %v is muted by %q, want %q", after, set, got, want)
			}
		}
	}
	f(time.Hour-time.Second, ticket, "")
	f(time.Hour, ticket, one.ID)
	f(2*time.Hour, map[string]string{"service_name": "shop", "severity": "page"}, "")
	f(2*time.Hour, map[string]string{"service_name": "news"}, "")
	f(3*time.Hour, ticket, "")
	f(time.Hour, ticket, one.ID)
	c.now = begin.Add(90 * time.Minute)
	if got, err := s.Expire(one.ID); err != nil || !got.End.Equal(c.now) {
		t.Errorf("expired %+v, %v", got, err)
	}
	f(91*time.Minute, ticket, "")
	if _, err := s.Expire("nothing"); !errors.Is(err, silence.ErrUnknown) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestAPendingSilenceCanBeTakenBack(t *testing.T) {
	c := &clock{begin}
	s := open(t, filepath.Join(t.TempDir(), "silences.json"), c)
	one, err := s.Add(silence.Silence{
		Matchers: matchers(t, "a=b"), Start: begin.Add(time.Hour), End: begin.Add(2 * time.Hour), Author: "a", Comment: "b",
	})
	if err != nil || one.State(begin) != silence.Pending {
		t.Fatalf("%+v, %v", one, err)
	}
	if one, err = s.Expire(one.ID); err != nil || one.State(begin) != silence.Expired || one.End.Before(one.Start) {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestSilencesAreKeptForFiveDays(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "silences.json"), &clock{begin}
	s := open(t, path, c)
	one, err := s.Add(silence.Silence{Matchers: matchers(t, "a=b"), End: begin.Add(time.Hour), Author: "a", Comment: "b"})
	if err != nil || !one.Start.Equal(begin) {
		t.Fatalf("%+v, %v", one, err)
	}
	c.now = begin.Add(5*24*time.Hour + time.Hour)
	if d := cmp.Diff([]silence.Silence{one}, s.List(), cmpopts.IgnoreUnexported(labels.Matcher{})); d != "" {
		t.Errorf("after five days (-want +got):\n%s", d)
	}
	c.now = c.now.Add(time.Second)
	if got := s.List(); len(got) != 0 {
		t.Errorf("after that there are %v", got)
	}
}

func TestWhatASilenceNeeds(t *testing.T) {
	c := &clock{begin}
	s := open(t, filepath.Join(t.TempDir(), "silences.json"), c)
	f := func(change func(*silence.Silence), want string) {
		t.Helper()
		one := silence.Silence{Matchers: matchers(t, "a=b"), End: begin.Add(time.Hour), Author: "a", Comment: "b"}
		change(&one)
		if got, err := s.Add(one); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("added %+v, %v, want %q", got, err, want)
		}
	}
	f(func(s *silence.Silence) { s.Matchers = nil }, "needs matchers")
	f(func(s *silence.Silence) { s.Matchers = make(labels.Matchers, 21) }, "want at most 20")
	f(func(s *silence.Silence) { s.Matchers = matchers(t, `a=~".*"`) }, "choose also what has none")
	f(func(s *silence.Silence) { s.End = time.Time{} }, "needs an end")
	f(func(s *silence.Silence) { s.End = begin }, "is not after the start")
	f(func(s *silence.Silence) { s.End = begin.Add(400 * 24 * time.Hour) }, "a year at most")
	f(func(s *silence.Silence) { s.Author = " " }, "needs an author")
	f(func(s *silence.Silence) { s.Comment = "" }, "needs an author and a comment")
	f(func(s *silence.Silence) { s.Comment = strings.Repeat("x", 1001) }, "1000 bytes")
}

func TestSilencesAreBounded(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "silences.json"), &clock{begin}
	one := `{"id": "x", "matchers": ["a=\"b\""], "start": "2026-11-20T16:00:00Z", "end": "2026-11-20T17:00:00Z"}`
	if err := os.WriteFile(path, []byte("["+one+strings.Repeat(","+one, 999)+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, c)
	_, err := s.Add(silence.Silence{Matchers: matchers(t, "a=b"), End: begin.Add(time.Hour), Author: "a", Comment: "b"})
	if err == nil || !strings.Contains(err.Error(), "there are 1000 silences") {
		t.Errorf("one more: %v", err)
	}
}

func TestAFullDiskKeepsWhatThereWas(t *testing.T) {
	dir, c := filepath.Join(t.TempDir(), "alerts"), &clock{begin}
	s := open(t, filepath.Join(dir, "silences.json"), c) // there is no such directory
	_, err := s.Add(silence.Silence{Matchers: matchers(t, "a=b"), End: begin.Add(time.Hour), Author: "a", Comment: "b"})
	if failed := (*silence.WriteError)(nil); !errors.As(err, &failed) || len(s.List()) != 0 {
		t.Errorf("error %v, silences %v", err, s.List())
	}
}

func TestDamagedSilencesMuteNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "silences.json")
	if err := os.WriteFile(path, []byte(`[{"id": "a", "matchers": ["a~b"]}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := open(t, path, &clock{begin}).List(); len(got) != 0 {
		t.Errorf("read as %v", got)
	}
}
