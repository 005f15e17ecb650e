package edgescope

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var (
	usesLine   = regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(\S+)`)
	pinned     = regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40}$`)
	makeLine   = regexp.MustCompile(`(?m)run: make (\S+)`)
	matrixLine = regexp.MustCompile(`(?m)^\s*target: \[(.*)\]`)
	targetName = regexp.MustCompile(`[\w-]+`)
	targetLine = regexp.MustCompile(`(?m)^([\w-]+):.*##`)
)

// TestWorkflowsCallWhatDevelopersCall holds that the workflows run targets of the Makefile and nothing of their own,
// and that the actions in them can't be replaced behind our back.
func TestWorkflowsCallWhatDevelopersCall(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, m := range targetLine.FindAllStringSubmatch(string(makefile), -1) {
		known = append(known, m[1])
	}
	files, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no workflows: %v", err)
	}
	var called []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range usesLine.FindAllStringSubmatch(string(text), -1) {
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s uses %s: name the commit of the action", file, m[1])
			}
		}
		for _, m := range makeLine.FindAllStringSubmatch(string(text), -1) {
			if m[1] != "${{" { // of the matrix
				called = append(called, m[1])
			}
		}
		for _, m := range matrixLine.FindAllStringSubmatch(string(text), -1) {
			called = append(called, targetName.FindAllString(m[1], -1)...)
		}
	}
	for _, target := range called {
		if !slices.Contains(known, target) {
			t.Errorf("a workflow calls make %s, which the Makefile does not have", target)
		}
	}
	for _, target := range []string{"check", "test", "e2e-clients", "fuzz"} {
		if !slices.Contains(called, target) {
			t.Errorf("no workflow calls make %s", target)
		}
	}
}
