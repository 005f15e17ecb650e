// Command grafana writes the dashboards that this folder has for Grafana, as JSON that it provisions or imports:
//
//	go run ./deploy/grafana
//
// The files in dashboards/ are what users take; they are made here so that each expression, unit and link has one
// place. Totals of windows are asked with sum_over_time (docs/adr/002), so that no question has to be rewritten
// (docs/adr/017): see query.go. The tests ask all of it of a collector as Grafana does.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	set := flag.NewFlagSet("grafana", flag.ExitOnError)
	dir := set.String("dir", filepath.Join("deploy", "grafana", "dashboards"), "the `folder` to write to")
	_ = set.Parse(os.Args[1:]) // it exits on an error
	if err := write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "write the dashboards:", err)
		os.Exit(1)
	}
}

// write makes a file of each dashboard.
func write(dir string) error {
	for _, d := range dashboards() {
		text, err := encode(d)
		if err != nil {
			return fmt.Errorf("%s: %w", d.UID, err)
		}
		if err := os.WriteFile(filepath.Join(dir, d.file()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// dashboards are all, in the order of their links.
func dashboards() []*dashboard {
	return []*dashboard{overview(), regions(), coldStarts(), cache(), loadRuns()}
}

// encode writes a dashboard as Grafana exports one: two spaces, and no escapes of what HTML would need.
func encode(d *dashboard) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return text.Bytes(), err
}
