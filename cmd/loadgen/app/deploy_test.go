package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"edgescope/report"
)

// manifest reads the documents of a file in deploy/.
func manifest(t *testing.T, file string) []*yaml.Node {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	var documents []*yaml.Node
	for d := yaml.NewDecoder(bytes.NewReader(src)); ; {
		var n yaml.Node
		if err := d.Decode(&n); errors.Is(err, io.EOF) {
			return documents
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		documents = append(documents, &n)
	}
}

func TestManifestsHaveTheShapeThatTheirReadersWant(t *testing.T) {
	f := func(file string, shapes ...*shape) {
		t.Helper()
		documents := manifest(t, file)
		if len(documents) != len(shapes) {
			t.Fatalf("%s has %d documents, want %d", file, len(documents), len(shapes))
		}
		for i, d := range documents {
			for _, fault := range shapes[i].check(d, "") {
				t.Errorf("%s, document %d: %s", file, i+1, fault)
			}
		}
	}
	f("kubernetes/loadgen.yml", kubernetesClaim, kubernetesJob, kubernetesJob)
	f("github/loadgen.yml", githubWorkflow)
	f("gitlab/loadgen.yml", gitlabPipeline)
}

// division is how a manifest runs the parts: a shell command for part i of n, and one that merges.
type division struct {
	n     int
	part  string
	merge string
	env   func(i int, start string) []string
}

func TestManifestsMakeOneRunOfTheirParts(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts 15 processes")
	}
	loadgen := installed(t)
	f := func(name string, d division) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTarget()
			defer server.Close()
			dir := t.TempDir()
			script := "config: {target: '" + server.URL +
				"', phases: [{duration: 400ms, arrivalCount: 30}]}\nscenarios: [{flow: [{get: {url: /code/200}}]}]"
			if err := os.WriteFile(filepath.Join(dir, "script.yml"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			d.run(t, loadgen, dir)
			file, err := os.Open(filepath.Join(dir, "report.json"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			r, err := report.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Edgescope; got.Run.Requests != 30 || got.Segments != d.n || got.Run.Verdict != "passed" {
				t.Errorf("%s: %d requests of %d segments, %s: %s; want 30 of %d, passed", name, got.Run.Requests,
					got.Segments, got.Run.Verdict, got.Run.Reason, d.n)
			}
		})
	}
	f("kubernetes", kubernetesDivision(t))
	f("github", githubDivision(t))
	f("gitlab", gitlabDivision(t))
}

// run runs all parts at once, each as a process of its own, and then merges.
func (d *division) run(t *testing.T, loadgen, dir string) {
	t.Helper()
	shell := func(command string, env []string) error {
		c := exec.CommandContext(t.Context(), "sh", "-ec", command)
		c.Dir = dir
		c.Env = append([]string{"PATH=" + filepath.Dir(loadgen) + ":" + os.Getenv("PATH"), "EDGESCOPE_LAG_LIMIT=1h"},
			env...)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", command, err, out)
		}
		return nil
	}
	start := strconv.FormatInt(time.Now().Unix()+4, 10)
	errs := make([]error, d.n)
	var parts sync.WaitGroup
	for i := range d.n {
		parts.Go(func() { errs[i] = shell(d.part, d.env(i, start)) })
	}
	parts.Wait()
	if err := errors.Join(append(errs, shell(d.merge, nil))...); err != nil {
		t.Fatal(err)
	}
}

func decode(t *testing.T, n *yaml.Node, into any) {
	t.Helper()
	if err := n.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func kubernetesDivision(t *testing.T) division {
	t.Helper()
	type job struct {
		Spec struct {
			Completions, Parallelism int
			MaxFailedIndexes         int    `yaml:"maxFailedIndexes"`
			CompletionMode           string `yaml:"completionMode"`
			Template                 struct {
				Spec struct{ Containers []struct{ Args []string } }
			}
		}
	}
	var load, merge job
	documents := manifest(t, "kubernetes/loadgen.yml")
	decode(t, documents[1], &load)
	decode(t, documents[2], &merge)
	if s := load.Spec; s.CompletionMode != "Indexed" || s.Completions != s.Parallelism ||
		s.MaxFailedIndexes != s.Completions {
		t.Errorf("the parts must run at once and be numbered: %+v", load.Spec)
	}
	// The kubelet puts environment variables for $(NAME).
	args := func(j *job) string {
		text := "loadgen '" + strings.Join(j.Spec.Template.Spec.Containers[0].Args, "' '") + "'"
		text = strings.ReplaceAll(text, "$(JOB_COMPLETION_INDEX)", "'$JOB_COMPLETION_INDEX'")
		return strings.NewReplacer("/script/", "", "/reports/", "").Replace(text)
	}
	return division{
		n: load.Spec.Completions, part: args(&load), merge: args(&merge),
		env: func(i int, start string) []string {
			return []string{"EDGESCOPE_SEED=7", "EDGESCOPE_START_AT=" + start, fmt.Sprint("JOB_COMPLETION_INDEX=", i)}
		},
	}
}

func githubDivision(t *testing.T) division {
	t.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Strategy struct{ Matrix struct{ Index []int } }
			Steps    []struct {
				Run string
				Env map[string]string
			}
		}
	}
	decode(t, manifest(t, "github/loadgen.yml")[0], &workflow)
	part := workflow.Jobs["part"]
	for i, index := range part.Strategy.Matrix.Index {
		if i != index {
			t.Errorf("the matrix is %v, want 0 to n-1", part.Strategy.Matrix.Index)
		}
	}
	n := len(part.Strategy.Matrix.Index)
	return division{
		n: n, part: part.Steps[1].Run, merge: workflow.Jobs["merge"].Steps[1].Run,
		env: func(i int, start string) []string {
			values := strings.NewReplacer("${{ inputs.script }}", "script.yml", "${{ needs.plan.outputs.seed }}", "7",
				"${{ needs.plan.outputs.start }}", start, "${{ matrix.index }}", strconv.Itoa(i), "${{ strategy.job-total }}",
				strconv.Itoa(n))
			var env []string
			for key, value := range part.Steps[1].Env {
				env = append(env, key+"="+values.Replace(value))
			}
			return env
		},
	}
}

func gitlabDivision(t *testing.T) division {
	t.Helper()
	type job struct {
		Script   []string
		Parallel int
	}
	var pipeline struct{ Part, Merge job }
	decode(t, manifest(t, "gitlab/loadgen.yml")[0], &pipeline)
	n := pipeline.Part.Parallel
	return division{
		n: n, part: strings.Join(pipeline.Part.Script, "\n"),
		merge: strings.Join(pipeline.Merge.Script, "\n"), env: func(i int, start string) []string {
			return []string{
				"SCRIPT=script.yml", "CI_PIPELINE_IID=7", "START=" + start, fmt.Sprint("CI_NODE_INDEX=", i+1),
				fmt.Sprint("CI_NODE_TOTAL=", n),
			}
		},
	}
}
