package query_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

// told is an answer that says what was asked.
type told struct {
	Name     string `json:"name"`
	ID       string `json:"id"`
	Tenant   edge.Tenant
	Question query.Question
}

// telling are answers that tell what was asked, of the questions that an engine answers.
func telling() query.Answers {
	tell := func(name string) query.Answer {
		return func(_ context.Context, r query.Request) (any, error) {
			return &told{name, r.ID, r.Tenant, r.Question}, nil
		}
	}
	a := query.Answers{All: map[string]query.Answer{}, One: map[string]query.Answer{}}
	for _, path := range []string{
		query.PathOverview, query.PathRegions, query.PathTraces, query.PathRuns, query.PathWASM,
	} {
		a.All[path] = tell("all " + path)
	}
	for _, path := range []string{query.PathRegions, query.PathTraces, query.PathRuns} {
		a.One[path] = tell("one " + path)
	}
	return a
}

func ask(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
	return w
}

// TestPathsLeadToTheirQuestions holds which answer a path gets and what it is about.
func TestPathsLeadToTheirQuestions(t *testing.T) {
	h := query.NewHandler(telling(), query.Options{})
	f := func(path, want string) {
		t.Helper()
		w := ask(h, http.MethodGet, query.APIPrefix+path)
		var got told
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Errorf("%s: status %d %s", path, w.Code, w.Body)
			return
		}
		if text := strings.TrimSpace(got.Name + " " + got.ID); text != want {
			t.Errorf("%s: %q, want %q", path, text, want)
		}
	}
	f("overview", "all overview")
	f("overview?id=FRA", "all overview") // it is about everything
	f("regions", "all regions")
	f("regions?range=6h", "all regions")
	f("regions/FRA", "one regions FRA")
	f("regions/a%2Fb", "one regions a/b")
	f("regions/a/b", "one regions a/b")
	f("regions?id=FRA", "one regions FRA")
	f("regions?id=", "one regions") // the region without a name
	f("regions?id=..", "one regions ..")
	f("traces/00ff", "one traces 00ff")
	f("trace/00ff", "one traces 00ff")
	f("trace?id=00ff", "one traces 00ff")
	f("run?id=00ff", "one runs 00ff")
	f("runs/00ff", "one runs 00ff")
	f("wasm", "all wasm")
}

func TestPathsOfNoQuestionAreNotFound(t *testing.T) {
	h := query.NewHandler(telling(), query.Options{})
	for _, path := range []string{"", "nothing", "overview/", "overview/x", "regions/", "wasm/x", "whoever"} {
		r := httptest.NewRequest(http.MethodGet, query.APIPrefix, http.NoBody)
		r.URL.Path, r.URL.RawPath = query.APIPrefix+path, query.APIPrefix+path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var e query.APIError
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusNotFound {
			t.Errorf("%q: status %d %s, want 404", path, w.Code, w.Body)
		}
		if !strings.Contains(e.Message, "the questions are overview, regions, ") {
			t.Errorf("%q: %q does not say what can be asked", path, e.Message)
		}
	}
}

// TestAQuestionComesWithItsTenantAndClock holds what of a request reaches who answers.
func TestAQuestionComesWithItsTenantAndClock(t *testing.T) {
	h := query.NewHandler(telling(), query.Options{
		Tenant: func(r *http.Request) (edge.Tenant, error) {
			if r.URL.Query().Get("service") == "stranger" {
				return 0, errors.New("no token")
			}
			return 42, nil
		},
		Now: func() time.Time { return noon },
	})
	var got told
	w := ask(h, http.MethodGet, query.APIPrefix+"overview?range=15m&region=FRA&p=99&sort=name&cmp=none")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	q := got.Question
	if got.Tenant != 42 || !q.To.Equal(noon) || !q.From.Equal(noon.Add(-15*time.Minute)) || q.Region[0] != "FRA" ||
		q.Percentile != 99 || q.Sort != "name" || q.Compare != query.CompareNone {
		t.Errorf("tenant %d asks %+v", got.Tenant, q)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	var who query.Who
	w = ask(h, http.MethodGet, query.APIPrefix+"who")
	if err := json.Unmarshal(w.Body.Bytes(), &who); err != nil || who.Tenant != 42 {
		t.Errorf("who: %s", w.Body)
	}
	if w := ask(h, http.MethodGet, query.APIPrefix+"who?service=stranger"); w.Code != http.StatusUnauthorized {
		t.Errorf("who, of a stranger: status %d, want 401", w.Code)
	}
}

// TestErrorsOfAnswersHaveTheirStatus holds the one map from errors to statuses, and that what only the operator can
// mend is logged and not told.
func TestErrorsOfAnswersHaveTheirStatus(t *testing.T) {
	f := func(err error, status int, message string, logged bool) {
		t.Helper()
		var log bytes.Buffer
		a := query.Answers{All: map[string]query.Answer{
			query.PathOverview: func(context.Context, query.Request) (any, error) { return nil, err },
		}}
		h := query.NewHandler(a, query.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		w := ask(h, http.MethodGet, query.APIPrefix+"overview")
		var e query.APIError
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != status ||
			!strings.Contains(e.Message, message) {
			t.Errorf("%v: status %d %q, want %d and %q", err, w.Code, e.Message, status, message)
		}
		if got := strings.Contains(log.String(), err.Error()); got != logged {
			t.Errorf("%v: logged %t, want %t: %s", err, got, logged, log.String())
		}
	}
	f(&query.ParamError{Key: "q", Value: "x", Column: 3, Reason: "no"}, 400, `q="x", column 3: no`, false)
	f(fmt.Errorf("trace: %w", query.ErrNotFound), 404, "trace: not found", false)
	f(&query.APIError{Status: 418, Message: "tea"}, 418, "tea", false)
	f(fmt.Errorf("%w: 9 series", query.ErrTooMuch), 422, "ask for a shorter range or fewer groups", true)
	f(context.DeadlineExceeded, 504, "ask for a shorter range", true)
	f(errors.New("disk 7 burns"), 503, "the collector's log says why", true)
}

// TestAnAnswerTakesAsLongAsItMay holds that a question is ended by the handler's own clock.
// shortError ends a question from outside.
type shortError struct{}

func (shortError) Error() string        { return "memory is short" }
func (shortError) HTTPStatus() int      { return http.StatusServiceUnavailable }
func (shortError) Header(h http.Header) { h.Set("Retry-After", "7") }

func TestAQuestionThatWasEndedSaysWhy(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	answers := query.Answers{All: map[string]query.Answer{
		query.PathOverview: func(ctx context.Context, _ query.Request) (any, error) {
			end(shortError{})
			return nil, fmt.Errorf("find deploys: %w", ctx.Err())
		},
	}}
	h := query.NewHandler(answers, query.Options{Logger: slog.New(slog.DiscardHandler)})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, query.APIPrefix+query.PathOverview, http.NoBody))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "7" ||
		!strings.Contains(w.Body.String(), `"memory is short"`) {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestAnAnswerTakesAsLongAsItMay(t *testing.T) {
	a := query.Answers{All: map[string]query.Answer{
		query.PathOverview: func(ctx context.Context, _ query.Request) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}
	h := query.NewHandler(a, query.Options{Timeout: time.Millisecond})
	if w := ask(h, http.MethodGet, query.APIPrefix+"overview"); w.Code != http.StatusGatewayTimeout {
		t.Errorf("status %d, want 504", w.Code)
	}
}

func TestAnAnswerWithoutJSONIsAnError(t *testing.T) {
	a := query.Answers{All: map[string]query.Answer{
		query.PathOverview: func(context.Context, query.Request) (any, error) { return make(chan int), nil },
	}}
	w := ask(query.NewHandler(a, query.Options{}), http.MethodGet, query.APIPrefix+"overview")
	if w.Code != http.StatusServiceUnavailable || !strings.HasPrefix(w.Body.String(), `{"error":`) {
		t.Errorf("status %d %s", w.Code, w.Body)
	}
}

func TestOtherMethodsAreToldWhatToUse(t *testing.T) {
	h := query.NewHandler(telling(), query.Options{})
	w := ask(h, http.MethodPost, query.APIPrefix+"overview")
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	if w := ask(h, http.MethodHead, query.APIPrefix+"overview"); w.Code != http.StatusOK {
		t.Errorf("HEAD: status %d", w.Code)
	}
	if w := ask(h, http.MethodGet, query.APIPrefix+"overview?range=%zz"); w.Code != http.StatusBadRequest {
		t.Errorf("a query string that is none: status %d", w.Code)
	}
}

// TestWhoIsGoneIsNoFault: a question whose asker goes away is none that the collector failed to answer.
func TestWhoIsGoneIsNoFault(t *testing.T) {
	var log bytes.Buffer
	ctx, leave := context.WithCancel(t.Context())
	h := query.NewHandler(query.Answers{All: map[string]query.Answer{
		"gone": func(ctx context.Context, _ query.Request) (any, error) {
			leave()
			<-ctx.Done()
			return nil, fmt.Errorf("ask the store: %w", ctx.Err())
		},
	}}, query.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, query.APIPrefix+"gone", http.NoBody))
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
}
