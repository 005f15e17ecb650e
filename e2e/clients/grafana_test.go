package clients_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// panelTypes are where Grafana's schema has the options of a panel, and of its fields.
var panelTypes = map[string]string{
	"stat": "stat/panelcfg/x/StatPanelCfg_types.gen", "table": "table/panelcfg/x/TablePanelCfg_types.gen",
	"timeseries": "timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen",
	"heatmap":    "heatmap/panelcfg/x/HeatmapPanelCfg_types.gen",
}

// TestDashboardsAreOfGrafanasSchema checks the dashboards of deploy/grafana with the TypeScript types that Grafana 11,
// 12 and 13 have published of their JSON: a field that is not theirs, or lacks, or has another type, is an error. What
// is not in them is left out: fields of data sources, which are theirs to say, and options with a default, which may be
// absent.
func TestDashboardsAreOfGrafanasSchema(t *testing.T) {
	t.Parallel()
	tsc := need(t, "typescript/bin/tsc")
	files, err := filepath.Glob("../../deploy/grafana/dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no dashboards: %v", err)
	}
	for _, version := range []string{"11", "12", "13"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			schema := need(t, "grafana-schema-"+version)
			dir := t.TempDir()
			if err := os.Symlink(filepath.Dir(schema), filepath.Join(dir, "node_modules")); err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			declareTypes(&text, filepath.Base(schema))
			for i, file := range files {
				declareDashboard(t, &text, file, fmt.Sprint("d", i))
			}
			program := filepath.Join(dir, "dashboards.ts")
			if err := os.WriteFile(program, []byte(text.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), "node", tsc, "--noEmit", "--strict", "--skipLibCheck",
				"--preserveSymlinks", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", program)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}

// declareTypes imports the types, and makes looser ones of them: enumerations are texts in JSON.
func declareTypes(text *strings.Builder, schema string) {
	text.WriteString("import type { Dashboard } from '" + schema + "';\n" +
		"type Loose<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T :\n" +
		"  T extends (infer U)[] ? Loose<U>[] : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;\n" +
		"type Some<T> = Partial<Loose<T>>;\n")
	for kind, path := range panelTypes {
		fmt.Fprintf(text, "import type * as %s from './node_modules/%s/dist/esm/raw/composable/%s';\n", kind, schema, path)
	}
}

// declareDashboard makes constants of a dashboard, and of the options of its panels and their fields, which its type
// leaves open.
func declareDashboard(t *testing.T, text *strings.Builder, file, name string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	for _, a := range d["annotations"].(map[string]any)["list"].([]any) {
		a := a.(map[string]any)
		for _, ofPrometheus := range []string{"tagKeys", "titleFormat", "useValueForTime"} {
			delete(a, ofPrometheus)
		}
		delete(a["target"].(map[string]any), "expr")
		delete(a["target"].(map[string]any), "interval")
	}
	for _, v := range d["templating"].(map[string]any)["list"].([]any) {
		delete(v.(map[string]any), "definition") // Grafana exports it, its schema does not have it
	}
	declare := func(name, of string, value any) {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(text, "export const %s: %s = %s;\n", name, of, encoded)
	}
	declare(name, "Loose<Dashboard>", d)
	for i, p := range d["panels"].([]any) {
		p := p.(map[string]any)
		kind := p["type"].(string)
		if panelTypes[kind] == "" {
			t.Errorf("%s: no type is known of panels %s", file, kind)
		}
		declare(fmt.Sprint(name, "p", i), "Some<"+kind+".Options>", p["options"])
		defaults := p["fieldConfig"].(map[string]any)["defaults"].(map[string]any)
		if custom := defaults["custom"]; custom != nil {
			declare(fmt.Sprint(name, "f", i), "Some<"+kind+".FieldConfig>", custom)
		}
	}
}
