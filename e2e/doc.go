// Package e2e runs the built programs together, as real processes: collector, dashboard, loadgen, and the edge function
// in three regions. Its tests check that all of them tell the same story; e2e/demo is the same for people to look at.
package e2e
