package query

import (
	"errors"
	"net/http"
	"strings"

	"edgescope/edge"
)

// APIPrefix is where the API between Client and Handler begins; the names of its questions follow.
const APIPrefix = "/api/edge/v1/"

// The questions of the API, as the path after APIPrefix. Region, trace and run take a further path element.
const (
	PathOverview   = "overview"
	PathRegions    = "regions"
	PathColdStarts = "cold-starts"
	PathCache      = "cache"
	PathRoutes     = "routes"
	PathVersions   = "versions"
	PathTraces     = "traces"
	PathRuns       = "runs"
	PathDatasets   = "datasets"
	PathRefusals   = "refusals"
	PathWASM       = "wasm"
	PathDeploys    = "deploys"
	PathColdModel  = "cold-model"
	PathLatency    = "latency"
	PathBill       = "bill"
	PathCost       = "cost"
	PathLimits     = "limits"
	PathForecast   = "forecast"
	PathExplain    = "explain"
	PathNorms      = "norms"
	PathFindings   = "findings"
	PathAdvice     = "cache-advice"
	PathPorting    = "wasm-advice"
	PathRouting    = "routing"

	PathWho = "who"
)

// Who is whose answers somebody gets.
type Who struct {
	Tenant edge.Tenant `json:"tenant"`
}

// ErrNotFound is what a question for one thing (a trace, a run) ends with when there is none; test with errors.Is.
var ErrNotFound = errors.New("not found")

// ErrTooMuch is what a question ends with that takes more than the store gives to one; test with errors.Is.
var ErrTooMuch = errors.New("the question is too expensive: ask for a shorter range or fewer groups")

// APIError is an error answer of the API. errors.Is(err, ErrNotFound) holds for status 404.
type APIError struct {
	// Status is the HTTP status: 400 a bad key, 401 no token, 403 one that may not ask, 404 no such thing, 405 a method
	// other than GET and HEAD, 422 too expensive a question, 503 the store does not answer, 504 it takes too long.
	Status int `json:"-"`
	// Message is a sentence for people.
	Message string `json:"error"`
	// Key is the key of the question that is wrong, Column where in its value, in characters from 1; empty and 0 when
	// unknown.
	Key    string `json:"key,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Error returns the server's message.
func (e *APIError) Error() string { return e.Message }

// Is tells that status 404 means ErrNotFound.
func (e *APIError) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// ParseID reads an id of a trace or a run: 32 hex digits.
func ParseID(id string) (string, error) {
	lower := strings.ToLower(id)
	if len(lower) != 32 || strings.Trim(lower, "0123456789abcdef") != "" {
		return "", &ParamError{Key: KeyID, Value: id, Reason: "write 32 hex digits"}
	}
	return lower, nil
}
