// Package client asks the questions of package query of a collector, over HTTP.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/served"
)

// maxAnswer bounds what a Client reads of one answer, in bytes. The largest real ones, all regions of a week with
// trends, stay under 2 MB.
const maxAnswer = 64 << 20

// Client asks a collector over HTTP. It is safe for concurrent use; its answers belong to the caller. Its errors are
// *query.APIError when the collector answered, else what the connection failed with.
type Client struct {
	base *url.URL
	http *http.Client
}

// New makes a Client of the collector's query address, such as "http://127.0.0.1:4320". A nil http.Client means
// one of its own with a timeout of 30 s.
func New(baseURL string, hc *http.Client) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("collector address: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("collector address %q: write it as http://host:port", baseURL)
	}
	u.RawQuery, u.Fragment = "", ""
	if hc == nil {
		hc = &http.Client{Timeout: 30 * time.Second}
	}
	return &Client{base: u, http: hc}, nil
}

// Overview asks whether anything is wrong, where and since when.
func (c *Client) Overview(ctx context.Context, q query.Question) (*query.Overview, error) {
	return ask[query.Overview](ctx, c, q, query.PathOverview)
}

// Regions asks for the figures of all regions.
func (c *Client) Regions(ctx context.Context, q query.Question) (*query.Regions, error) {
	return ask[query.Regions](ctx, c, q, query.PathRegions)
}

// Region asks for the detail of the region of that code.
func (c *Client) Region(ctx context.Context, code string, q query.Question) (*query.Region, error) {
	return ask[query.Region](ctx, c, q, query.PathRegions, code)
}

// ColdStarts asks how often functions start cold, how long that takes and what it costs.
func (c *Client) ColdStarts(ctx context.Context, q query.Question) (*query.ColdStarts, error) {
	return ask[query.ColdStarts](ctx, c, q, query.PathColdStarts)
}

// Cache asks which routes lose cache hits.
func (c *Client) Cache(ctx context.Context, q query.Question) (*query.CacheAnswer, error) {
	return ask[query.CacheAnswer](ctx, c, q, query.PathCache)
}

// Routes asks for the figures by route.
func (c *Client) Routes(ctx context.Context, q query.Question) (*query.Routes, error) {
	return ask[query.Routes](ctx, c, q, query.PathRoutes)
}

// Versions asks for the figures by version.
func (c *Client) Versions(ctx context.Context, q query.Question) (*query.Versions, error) {
	return ask[query.Versions](ctx, c, q, query.PathVersions)
}

// Traces asks for a list of traces.
func (c *Client) Traces(ctx context.Context, q query.Question) (*query.Traces, error) {
	return ask[query.Traces](ctx, c, q, query.PathTraces)
}

// Trace asks for one trace by its id, 32 hex digits.
func (c *Client) Trace(ctx context.Context, id string, q query.Question) (*query.TraceDetail, error) {
	return ask[query.TraceDetail](ctx, c, q, query.PathTraces, id)
}

// Runs asks for the load tests.
func (c *Client) Runs(ctx context.Context, q query.Question) (*query.Runs, error) {
	return ask[query.Runs](ctx, c, q, query.PathRuns)
}

// Run asks for one load test by its id, 32 hex digits.
func (c *Client) Run(ctx context.Context, id string, q query.Question) (*query.RunDetail, error) {
	return ask[query.RunDetail](ctx, c, q, query.PathRuns, id)
}

// Datasets asks for the tables of data points.
func (c *Client) Datasets(ctx context.Context, q query.Question) (*query.Datasets, error) {
	return ask[query.Datasets](ctx, c, q, query.PathDatasets)
}

// Refusals asks what the doors did not take, why and from whom.
func (c *Client) Refusals(ctx context.Context, q query.Question) (*query.Refusals, error) {
	return ask[query.Refusals](ctx, c, q, query.PathRefusals)
}

// WASM asks for the comparisons of engines and for how they do in the field.
func (c *Client) WASM(ctx context.Context, q query.Question) (*query.WASM, error) {
	return ask[query.WASM](ctx, c, q, query.PathWASM)
}

// Deploys asks what the newest versions made worse.
func (c *Client) Deploys(ctx context.Context, q query.Question) (*query.Deploys, error) {
	return ask[query.Deploys](ctx, c, q, query.PathDeploys)
}

// Deploy asks what one version made worse; the question's service, and the version that it compares with, hold.
func (c *Client) Deploy(ctx context.Context, version string, q query.Question) (*query.DeployDetail, error) {
	return ask[query.DeployDetail](ctx, c, q, query.PathDeploys, version)
}

// ColdModels asks how often functions start cold, why, and what would help.
func (c *Client) ColdModels(ctx context.Context, q query.Question) (*query.ColdModels, error) {
	return ask[query.ColdModels](ctx, c, q, query.PathColdModel)
}

// Alerts asks what fires, who is told of it, and whether telling works.
func (c *Client) Alerts(ctx context.Context, q query.Question) (*query.Alerts, error) {
	return ask[query.Alerts](ctx, c, q, query.PathAlerts)
}

// Latency asks where slow requests spend their time.
func (c *Client) Latency(ctx context.Context, q query.Question) (*query.Latency, error) {
	return ask[query.Latency](ctx, c, q, query.PathLatency)
}

// LatencyOf asks where the requests of a load test, or of a trace, spend their time; its id is 32 hex digits.
func (c *Client) LatencyOf(ctx context.Context, id string, q query.Question) (*query.Latency, error) {
	return ask[query.Latency](ctx, c, q, query.PathLatency, id)
}

// Bill asks what the accounts of the policy cost today and this month.
func (c *Client) Bill(ctx context.Context, q query.Question) (*money.Bill, error) {
	return ask[money.Bill](ctx, c, q, query.PathBill)
}

// Cost asks what functions cost, per route and per million, and elsewhere.
func (c *Client) Cost(ctx context.Context, q query.Question) (*money.Cost, error) {
	return ask[money.Cost](ctx, c, q, query.PathCost)
}

// Limits asks which limit is near.
func (c *Client) Limits(ctx context.Context, q query.Question) (*money.Limits, error) {
	return ask[money.Limits](ctx, c, q, query.PathLimits)
}

// Forecast asks what the coming days bring, and when a quota runs out.
func (c *Client) Forecast(ctx context.Context, q query.Question) (*money.Forecast, error) {
	return ask[money.Forecast](ctx, c, q, query.PathForecast)
}

// Explain asks what the bad invocations share.
func (c *Client) Explain(ctx context.Context, q query.Question) (*query.Explanation, error) {
	return ask[query.Explanation](ctx, c, q, query.PathExplain)
}

// SLO asks how promises stand.
func (c *Client) SLO(ctx context.Context, q query.Question) (*query.SLO, error) {
	return ask[query.SLO](ctx, c, q, query.PathSLO)
}

// CacheAdvice asks what to cache, for how long, and what else would save misses.
func (c *Client) CacheAdvice(ctx context.Context, q query.Question) (*query.CacheAdvice, error) {
	return ask[query.CacheAdvice](ctx, c, q, query.PathAdvice)
}

// WASMAdvice asks what moving work to WebAssembly would save.
func (c *Client) WASMAdvice(ctx context.Context, q query.Question) (*query.WASMAdvice, error) {
	return ask[query.WASMAdvice](ctx, c, q, query.PathPorting)
}

// Routing asks who should be served where.
func (c *Client) Routing(ctx context.Context, q query.Question) (*served.Answer, error) {
	return ask[served.Answer](ctx, c, q, query.PathRouting)
}

// Who asks whose answers the questions of this client get.
func (c *Client) Who(ctx context.Context) (*query.Who, error) {
	return ask[query.Who](ctx, c, query.Question{}, query.PathWho)
}

func ask[A any](ctx context.Context, c *Client, q query.Question, path ...string) (*A, error) {
	body, err := c.get(ctx, c.url(q, path))
	if err != nil {
		return nil, err
	}
	answer := new(A)
	if err := json.Unmarshal(body, answer); err != nil {
		return nil, fmt.Errorf("read the collector's answer to %s: %w", strings.Join(path, "/"), err)
	}
	return answer, nil
}

// url returns the address of a question. Every element is escaped, so that a region "a/b" stays one element; an element
// that is empty or made of dots would be cleaned away and is sent as the key id instead.
func (c *Client) url(q query.Question, path []string) string {
	v := q.Values()
	if last := path[len(path)-1]; strings.Trim(last, ".") == "" {
		v.Set(query.KeyID, last)
		path = path[:len(path)-1]
	}
	escaped := make([]string, len(path))
	for i, p := range path {
		escaped[i] = url.PathEscape(p)
	}
	u := strings.TrimSuffix(c.base.String(), "/") + query.APIPrefix + strings.Join(escaped, "/")
	if encoded := v.Encode(); encoded != "" {
		u += "?" + encoded
	}
	return u
}

func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask the collector: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the collector: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the collector's answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, errors.New("the collector's answer is longer than 64 MiB: ask for less")
	}
	if resp.StatusCode != http.StatusOK {
		return nil, readError(resp.StatusCode, body)
	}
	return body, nil
}

// readError makes an error of an answer that is none: the API's own message, or the first line of whatever answered.
func readError(status int, body []byte) error {
	e := &query.APIError{}
	if json.Unmarshal(body, e) != nil || e.Message == "" {
		line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
		e.Message = fmt.Sprintf("the collector answered %d %s: %.200s", status, http.StatusText(status), line)
	}
	e.Status = status
	return e
}
