package engine_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/query"
)

// TestScripts runs testdata/*.txt: each is loaded into a store of its own and asked through the HTTP API.
//
//	load N FROM..TO key=value ...   N invocations, spread evenly; times are before now, as -30m
//	ask PATH [QUERY]                the question of the next expectations; "ask 400 PATH" expects that status
//	expect PATH = VALUE             a value of the answer: JSON, or text without quotes
//	expect PATH ~ NUMBER            within 2 %
//	expect PATH in LOW..HIGH        a number in that range: durations that are all equal are somewhere in their bucket
//
// Keys of load: service region platform route version status outcome cold init cpu cache ms (a list "10,20" is used in
// turn) weight and signal (span, tail, log, datapoint). $now-30m in a query is that time.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{world: newWorld(t)}
	server, _ := s.serve()
	s.base = server.URL + query.APIPrefix
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := s.run(words); err != nil {
			t.Errorf("%s:%d: %s: %v", file, i+1, strings.TrimSpace(line), err)
		}
	}
}

type script struct {
	*world

	base   string
	answer any
}

func (s *script) run(words []string) error {
	switch words[0] {
	case "load":
		return s.Load(strings.Join(words[1:], " "))
	case "ask":
		return s.askHTTP(words[1:])
	case "expect":
		return s.expect(words[1:])
	}
	return fmt.Errorf("unknown command %s", words[0])
}

func (s *script) askHTTP(words []string) error {
	status := 200
	if n, err := strconv.Atoi(words[0]); err == nil {
		status, words = n, words[1:]
	}
	address := s.base + words[0]
	if len(words) > 1 {
		address += "?" + s.times(strings.Join(words[1:], "%20"))
	}
	resp, err := s.get(address)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != status {
		return fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	s.answer = decode(s.T, body)
	return nil
}

var moment = regexp.MustCompile(`\$now(-?\d+[smh])`)

// times replaces $now-30m by that time.
func (s *script) times(text string) string {
	return moment.ReplaceAllStringFunc(text, func(m string) string {
		d, err := time.ParseDuration(strings.TrimPrefix(m, "$now"))
		if err != nil {
			s.T.Fatal(err)
		}
		return s.Now.Add(d).Format(time.RFC3339)
	})
}

func (s *script) expect(words []string) error {
	if len(words) < 2 {
		return errors.New("write: expect PATH = VALUE")
	}
	got, err := at(s.answer, strings.Split(words[0], "."))
	if err != nil {
		return err
	}
	want := s.times(strings.Join(words[2:], " "))
	switch words[1] {
	case "=":
		if text := show(got); text != want {
			return fmt.Errorf("got %s", text)
		}
	case "~":
		number, ok := got.(float64)
		target, err := strconv.ParseFloat(want, 64)
		if err != nil || !ok || math.Abs(number-target) > 0.02*math.Abs(target) {
			return fmt.Errorf("got %v", got)
		}
	case "in":
		var low, high float64
		number, ok := got.(float64)
		if _, err := fmt.Sscanf(strings.Replace(want, "..", " ", 1), "%g %g", &low, &high); err != nil || !ok ||
			number < low || number > high {
			return fmt.Errorf("got %v", got)
		}
	default:
		return fmt.Errorf("unknown comparison %s", words[1])
	}
	return nil
}

func show(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(math.Round(x*1e6)/1e6, 'f', -1, 64)
	default:
		return fmt.Sprint(x)
	}
}
