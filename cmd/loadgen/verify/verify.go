// Package verify is the verb verify-deploy of loadgen: it asks a collector whether a new version made it worse, and
// waits until that is known.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"edgescope/internal/run"
	"edgescope/query"
	"edgescope/query/client"
	"edgescope/report"
	"edgescope/report/formats"
	"edgescope/report/text"
)

const usage = `Usage: loadgen verify-deploy --collector URL --version V [flags]

Asks a collector whether a new version of a service is worse than the one
before, as production sees it, and waits until the verdict is final or --wait is
over; then what is known counts. docs/judgement.md says how versions are
compared.

Exit codes: 0 not worse; 1 worse; 2 bad usage; 3 the collector does not answer;
4 no verdict: too few requests, too early, or nothing to compare with;
130 interrupted`

// options are what the flags say.
type options struct {
	collector, token          string
	service, version, against string
	wait                      time.Duration
}

func (o *options) register(f *run.Flags) {
	f.Group("What to verify")
	f.String(&o.service, "service", "", "`name` of the service; needed where several have had the version")
	f.String(&o.version, "version", "", "`version` that was deployed: its service.version")
	f.String(&o.against, "against", "", "`version` to compare with; the one that served before by default")
	f.Group("How")
	f.String(&o.collector, "collector", "http://127.0.0.1:4320", "`URL` of the collector's query port")
	f.String(&o.token, "token", "", "bearer `token` of the query port")
	f.Duration(&o.wait, "wait", 30*time.Minute, "wait so long for a verdict that is final; 0 asks once")
}

func (o *options) validate() error {
	switch {
	case o.version == "":
		return run.Usage("want --version, as its spans tell it in service.version (see --help)")
	case o.wait < 0:
		return run.Usage("--wait must not be negative")
	case o.against == o.version:
		return run.Usage("--against %s is the version itself: want another", o.against)
	}
	return nil
}

// Deploy runs the verb.
func Deploy(ctx context.Context, p run.Process) error {
	f := run.NewFlags("loadgen verify-deploy", usage)
	var o options
	o.register(f)
	operands, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return run.Usage("verify-deploy takes no operands, got %q (see --help)", operands[0])
	}
	if err := o.validate(); err != nil {
		return err
	}
	return verify(ctx, p, &o, http.DefaultTransport)
}

// bearer adds the token to what is asked.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}

const (
	// every is how often the collector is asked, patience for how long it may be away.
	every, patience = 15 * time.Second, 2 * time.Minute
	askTimeout      = 30 * time.Second
)

// gate asks until there is a verdict.
type gate struct {
	*options

	client   *client.Client
	question query.Question
	until    time.Time
	progress *progress
}

func verify(ctx context.Context, p run.Process, o *options, transport http.RoundTripper) error {
	client, err := client.New(o.collector, &http.Client{Timeout: askTimeout, Transport: bearer{o.token, transport}})
	if err != nil {
		return run.Usage("--collector: %w", err)
	}
	g := &gate{
		options: o, client: client, question: query.Question{Range: "24h", Live: true}, until: time.Now().Add(o.wait),
		progress: newProgress(p.Stderr),
	}
	if o.service != "" {
		g.question.Service = []string{o.service}
	}
	if o.against != "" {
		g.question.Compare = query.CompareVersion + o.against
	}
	v, err := g.waitFor(ctx)
	g.progress.end()
	if err != nil {
		return err
	}
	return tell(p.Stdout, o, v)
}

// waitFor returns the verdict when it is final, or what is known when the time is over: nil of a version that was not
// seen.
func (g *gate) waitFor(ctx context.Context) (*query.DeployVerdict, error) {
	answered := time.Now()
	for {
		v, err := g.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, &run.CodeError{Code: report.ExitInterrupted, Err: errors.New("interrupted before there was a verdict")}
		case err != nil && (fatal(err) || time.Since(answered) >= patience || !time.Now().Before(g.until)):
			return nil, failed(g.collector, err)
		case err == nil:
			answered = time.Now()
			if v != nil && v.Final || !time.Now().Before(g.until) {
				return v, nil
			}
		}
		g.progress.say(g.status(v, err))
		select {
		case <-ctx.Done():
		case <-time.After(min(every, time.Until(g.until))):
		}
	}
}

// ask returns the verdict, nil of a version that was not seen yet.
func (g *gate) ask(ctx context.Context) (*query.DeployVerdict, error) {
	answer, err := g.client.Deploy(ctx, g.version, g.question)
	if errors.Is(err, query.ErrNotFound) {
		return nil, nil //nolint:nilnil // there is none yet
	}
	if err != nil {
		return nil, err
	}
	return &answer.Deploy, nil
}

// fatal tells of an error that asking again does not mend.
func fatal(err error) bool {
	var api *query.APIError
	return errors.As(err, &api) && api.Status >= 400 && api.Status < 500 && api.Status != http.StatusTooManyRequests
}

// failed gives an error its exit code: a question that the collector refuses is bad usage.
func failed(collector string, err error) error {
	var api *query.APIError
	if errors.As(err, &api) && api.Status == http.StatusBadRequest {
		return run.Usage("%w", err)
	}
	return &run.CodeError{Code: report.ExitError, Err: fmt.Errorf("ask %s: %w", collector, err)}
}

// status says what is waited for.
func (g *gate) status(v *query.DeployVerdict, err error) string {
	left := time.Until(g.until).Round(time.Second)
	switch {
	case err != nil:
		return "the collector does not answer: " + err.Error()
	case v == nil:
		return fmt.Sprintf("%s has not been seen yet; waiting %s more", g.version, left)
	}
	next := ""
	if !v.Next.IsZero() {
		next = "; next look at " + v.Next.UTC().Format("15:04:05") + " UTC"
	}
	return fmt.Sprintf("%s %s: %s%s; waiting %s more", v.Service, v.Version, v.Text, next, left)
}

// tell prints the verdict, and returns the error with its exit code.
func tell(w io.Writer, o *options, v *query.DeployVerdict) error {
	if v == nil {
		say(w, "NO VERDICT  %s has not been seen: no invocation of it has arrived", o.version)
		return &run.CodeError{Code: report.ExitInvalid}
	}
	word, code := "NO VERDICT", report.ExitInvalid
	switch v.Verdict {
	case query.VerdictWorse:
		word, code = "WORSE", report.ExitThreshold
	case query.VerdictBetter, query.VerdictSame:
		word, code = "FINE", 0
	}
	say(w, "%s  %s %s: %s", word, v.Service, v.Version, v.Text)
	if !v.From.IsZero() {
		how := "side by side with " + v.Against
		if v.Method == query.MethodNorm {
			how = "against what is usual at this hour"
		}
		say(w, "compared %s, %s to %s UTC", how, v.From.UTC().Format("2006-01-02 15:04:05"), v.To.UTC().Format("15:04:05"))
	}
	for i := range v.Signals {
		c := &v.Signals[i]
		n := ""
		if c.Difference.Value.OK() {
			n = fmt.Sprintf(" (n=%s and %s)", text.Grouped(int64(c.Before.N)), text.Grouped(int64(c.Share.N)))
		}
		say(w, "  %-7s %s%s", c.Verdict, c.Text, n)
	}
	for i := range v.Routes {
		tellRoute(w, &v.Routes[i])
	}
	for _, note := range v.Notes {
		say(w, "note: %s", note)
	}
	switch {
	case v.Provisional:
		say(w, "provisional: late events may still change it")
	case !v.Final:
		say(w, "a later look may change it, the next at %s UTC", v.Next.UTC().Format("15:04:05"))
	}
	if code != 0 {
		return &run.CodeError{Code: code}
	}
	return nil
}

// tellRoute prints what changed on a route.
func tellRoute(w io.Writer, r *query.RouteChange) {
	for i := range r.Signals {
		if c := &r.Signals[i]; c.Verdict == query.VerdictWorse || c.Verdict == query.VerdictBetter {
			say(w, "  %-7s on %s: %s", c.Verdict, cmp.Or(r.Route, "requests without a route"), c.Text)
		}
	}
}

func say(w io.Writer, format string, args ...any) {
	io.WriteString(w, text.Printable(fmt.Sprintf(format, args...))+"\n")
}

// progress tells what is waited for: on a terminal in one line that is written again, else once whenever it changes by
// more than the time.
type progress struct {
	to       io.Writer
	terminal bool
	columns  int
	told     time.Time
}

// retold is after how long it is told again in a log.
const retold = 5 * time.Minute

func newProgress(w io.Writer) *progress {
	is, columns := formats.Terminal(w)
	return &progress{to: w, terminal: is, columns: cmp.Or(columns, 80)}
}

func (p *progress) say(line string) {
	line = text.Printable(line)
	if p.terminal {
		io.WriteString(p.to, "\r\x1b[K"+text.Shorten(line, max(20, p.columns-1)))
		return
	}
	if now := time.Now(); now.Sub(p.told) >= retold {
		p.told = now
		io.WriteString(p.to, line+"\n")
	}
}

// end clears the line.
func (p *progress) end() {
	if p.terminal {
		io.WriteString(p.to, "\r\x1b[K")
	}
}
