package coldmodel_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/coldmodel"
	"edgescope/query/querytest"
)

// TestExamplesOfTheDocumentHold asks the example of docs/api.md.
func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := querytest.New(t)
	for i, region := range []string{"eu-west-1", "us-east-1"} {
		p := pool{
			Rand: rand.New(rand.NewPCG(uint64(i), 8)), every: 400, service: .1, known: 1, lives: fixed(600),
			facts: edge.Facts{Service: "shop", Region: region, Platform: platform.AWSLambda, Version: "v1"},
		}
		p.fill(w, 80*time.Hour)
	}
	room := coldmodel.New(w.Read, coldmodel.Options{Policy: func(edge.Tenant) *policy.Policy {
		return &policy.Policy{Memory: []policy.Memory{{Service: "shop", GB: 1}}}
	}})
	w.Examples(t, "../../docs/api.md", room.Answers(), query.PathColdModel)
}
