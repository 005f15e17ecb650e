package app

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edgescope/ingest/normalize"
	"edgescope/internal/loopback"
	"edgescope/internal/run"
)

const usage = `Usage: collector [flags]
       collector verify [flags]
       collector restore SNAPSHOT --data-dir DIR
       collector rules export [vmalert|prometheus] [--policy FILE] [--rules GLOB]

Receives OpenTelemetry, data points and tail events, keeps them in --data-dir and answers on the query port:
the dashboard's API, MetricsQL, LogsQL, Jaeger's API and the SQL of Analytics Engine. SIGTERM drains: nothing that was
acknowledged is lost.
verify compares the write-ahead log with the store of a collector that does not run; restore makes a data directory of a
snapshot (POST /admin/snapshot on the query port); rules export prints the rules that alerts come from, those of SLOs and
those that are built in included, for vmalert or Prometheus.`

// options are what the flags say.
type options struct {
	dataDir          string
	retentionEvents  time.Duration
	retentionSamples time.Duration
	maxDisk          int64
	minFreeDisk      int64
	maxSnapshots     int
	memoryLimit      int64

	durability      string
	walDir          string
	walMaxSize      int64
	walRefuseDamage bool

	grpcAddr, httpAddr, queryAddr string
	maxBody                       int64
	maxInFlight                   int64
	metricsMaxSeries              int
	metricsResourceLabels         []string
	maxConnections                int
	maxQuestions                  int
	maxQuestionMemory             int64
	maxQuestionDuration           time.Duration
	aesqlStrict                   bool
	corsOrigins                   []string

	sampleRates sampleRates
	maxWeight   int
	layouts     []string
	rollupOpen  time.Duration
	rollupKeys  int

	policyFile string
	ruleFiles  []string

	accessOptions

	log       run.LogOptions
	telemetry run.TelemetryOptions
}

func (o *options) register(f *run.Flags) {
	f.Group("Storage")
	f.String(&o.dataDir, "data-dir", "edgescope-data", "keep telemetry in `DIR`")
	f.Duration(&o.retentionEvents, "retention-events", 30*24*time.Hour, "keep spans and data points for this `long`")
	f.Duration(&o.retentionSamples, "retention-samples", 400*24*time.Hour, "keep rollups for this `long`")
	f.Bytes(&o.maxDisk, "max-disk", 0, "drop the oldest days of events above this `size`; 0 is no bound")
	f.Bytes(&o.minFreeDisk, "min-free-disk", 512<<20, "read-only while the disk has less than this `size` free")
	f.Int(&o.maxSnapshots, "max-snapshots", 10,
		"keep at most this `many` snapshots: a further one is refused until one is deleted")
	f.Bytes(&o.memoryLimit, "memory-limit", 1<<30, "take about this `size` of memory, and never a quarter more")
	f.Group("Write-ahead log")
	f.String(&o.durability, "durability", "commit",
		"`when` to answer: commit, on disk; interval, up to a second before")
	f.String(&o.walDir, "wal-dir", "", "keep the log in `DIR` (wal in --data-dir)")
	f.Bytes(&o.walMaxSize, "wal-max-size", 4<<30, "refuse with 429 while the log has this `size`")
	f.Bool(&o.walRefuseDamage, "wal-refuse-damage", false,
		"do not start with a damaged log, instead of setting the damage aside")
	o.registerListeners(f)
	o.registerMeaning(f)
	f.Group("Judgement (SIGHUP reads these files again)")
	f.String(&o.policyFile, "policy", "",
		"prices, limits, promises to users, where data may go and who is told are in this `file` (docs/policy.md)")
	f.Strings(&o.ruleFiles, "rules", "alert by the rules in files like this `glob` (repeatable; docs/alerts.md)")
	o.accessOptions.register(f)
	f.Group("Log")
	o.log.Register(f)
	o.telemetry.Register(f)
}

func (o *options) registerListeners(f *run.Flags) {
	f.Group("Listeners (port 0 takes a free one; the log tells which)")
	f.String(&o.grpcAddr, "otlp-grpc-addr", "127.0.0.1:4317", "OTLP over gRPC at this `address`")
	f.String(&o.httpAddr, "otlp-http-addr", "127.0.0.1:4318", "OTLP over HTTP and data points at this `address`")
	f.String(&o.queryAddr, "query-addr", "127.0.0.1:4320", "questions at this `address`")
	f.Bytes(&o.maxBody, "max-body", 64<<20, "take bodies up to this `size`, before and after decompression")
	f.Bytes(&o.maxInFlight, "max-in-flight", 0,
		"refuse with 429 while requests need this `size`; 0 is a quarter of --memory-limit")
	f.Int(&o.maxConnections, "max-connections", 0,
		"at most this `many` connections to each port; 0 is one for each 256 KiB of --memory-limit")
	f.Int(&o.maxQuestions, "max-questions", 0,
		"answer this `many` questions at once; 0 is one for each 4 MiB of --max-question-memory, 4 to 16")
	f.Bytes(&o.maxQuestionMemory, "max-question-memory", 0,
		"refuse questions that need more than this `size` together; 0 is an eighth of --memory-limit")
	f.Duration(&o.maxQuestionDuration, "max-question-duration", 30*time.Second, "end a question after this `long`")
	f.Bool(&o.aesqlStrict, "aesql-strict", false,
		"refuse SQL that Cloudflare's Analytics Engine refuses (docs/sql.md)")
	f.Strings(&o.corsOrigins, "cors-origin", "let pages of this `origin` send telemetry (repeatable, * for any)")
}

func (o *options) registerMeaning(f *run.Flags) {
	f.Group("Meaning")
	f.Var(&o.sampleRates, "sample-rate", "a service sends this share of its requests, as `service=rate` (repeatable)")
	f.Int(&o.maxWeight, "max-weight", normalize.DefaultMaxWeight,
		"an event stands for at most this `many`, whatever it says")
	f.Strings(&o.layouts, "dataset-layout",
		"what columns mean, as `dataset`=edge, =wider, =raw or =column:field,... (repeatable; docs/api.md)")
	f.Duration(&o.rollupOpen, "rollup-open", 15*time.Minute,
		"write and forget totals after this `long`, and before when they take too much memory")
	f.Int(&o.rollupKeys, "rollup-max-keys", 20_000,
		"at most this `many` series per tenant; further ones are added up per service")
	f.Int(&o.metricsMaxSeries, "metrics-max-series", 50_000,
		"take at most this `many` series of clients' metrics per tenant; points of further ones are rejected")
	f.Strings(&o.metricsResourceLabels, "metrics-resource-labels",
		"make the resource attribute of this `key` a label of clients' metrics (repeatable, k8s.* for all that "+
			"begin so)")
}

func (o *options) validate() error {
	errs := []error{o.accessOptions.validate(), o.validateMemory()}
	for _, l := range []struct{ flag, addr string }{
		{"otlp-grpc-addr", o.grpcAddr}, {"otlp-http-addr", o.httpAddr}, {"query-addr", o.queryAddr},
	} {
		if !o.insecure && !o.on() && !loopback.Addr(l.addr) {
			errs = append(errs, run.Usage("--%s %s can be reached from other machines and nobody has to sign in: "+
				"give tokens with --tokens, listen on 127.0.0.1, or say --insecure if a proxy or firewall guards it",
				l.flag, l.addr))
		}
	}
	for _, n := range []struct {
		flag  string
		value int64
	}{
		{"max-body", o.maxBody},
		{"max-snapshots", int64(o.maxSnapshots)},
		{"max-weight", int64(o.maxWeight)},
		{"max-question-duration", int64(o.maxQuestionDuration)},
		{"metrics-max-series", int64(o.metricsMaxSeries)},
		{"rollup-max-keys", int64(o.rollupKeys)},
		{"rollup-open", int64(o.rollupOpen)},
	} {
		if n.value <= 0 {
			errs = append(errs, run.Usage("--%s must be greater than 0", n.flag))
		}
	}
	for _, key := range o.metricsResourceLabels {
		if i := strings.IndexAny(key, " ,*"); key == "" || i >= 0 && (key[i] != '*' || i < len(key)-1) {
			errs = append(errs, run.Usage("--metrics-resource-labels %q: want one attribute, such as host.name, or a "+
				"beginning, such as k8s.*; repeat the flag for more", key))
		}
	}
	return errors.Join(errs...)
}

// sampleRates is the value of --sample-rate: head-sampling rates by service.
type sampleRates map[string]float64

// Set reads service=rate.
func (r *sampleRates) Set(text string) error {
	service, number, ok := strings.Cut(text, "=")
	rate, err := strconv.ParseFloat(number, 64)
	if !ok || service == "" || err != nil || rate <= 0 || rate > 1 {
		return fmt.Errorf("%q: want service=rate with 0 < rate <= 1, such as checkout=0.1", text)
	}
	if *r == nil {
		*r = sampleRates{}
	}
	(*r)[service] = rate
	return nil
}

// String is empty: the help shows no default.
func (r *sampleRates) String() string { return "" }
