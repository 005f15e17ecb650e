package app

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// shape is what a part of a YAML document may look like: the structure that Kubernetes, GitHub or GitLab accept, as far
// as our manifests use it. Anything else in a manifest is a mistake.
type shape struct {
	text   string            // pattern of a scalar
	keys   map[string]*shape // of a mapping; a name that ends in ! must be there
	others *shape            // of all other keys
	items  *shape            // of a list
}

func scalar(pattern string) *shape          { return &shape{text: pattern} }
func listOf(items *shape) *shape            { return &shape{items: items} }
func mapping(keys map[string]*shape) *shape { return &shape{keys: keys} }
func anyKey(values *shape) *shape           { return &shape{others: values} }
func with(base, more map[string]*shape) *shape {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return mapping(out)
}

// check lists what of a document is not of the shape.
func (s *shape) check(n *yaml.Node, path string) []string {
	switch n.Kind {
	case yaml.DocumentNode:
		return s.check(n.Content[0], path)
	case yaml.MappingNode:
		return s.checkMapping(n, path)
	case yaml.SequenceNode:
		if s.items == nil {
			return []string{path + " is a list"}
		}
		var faults []string
		for i, item := range n.Content {
			faults = append(faults, s.items.check(item, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return faults
	default:
		if s.text == "" || !regexp.MustCompile("(?s)^(?:"+s.text+")$").MatchString(n.Value) {
			return []string{fmt.Sprintf("%s is %q, line %d", path, n.Value, n.Line)}
		}
		return nil
	}
}

func (s *shape) checkMapping(n *yaml.Node, path string) (faults []string) {
	if s.keys == nil && s.others == nil {
		return []string{path + " is a mapping"}
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i].Value
		seen[key] = true
		value := s.keys[key]
		if value == nil {
			value = s.keys[key+"!"]
		}
		if value == nil {
			value = s.others
		}
		if value == nil {
			faults = append(faults, fmt.Sprintf("%s has the unknown key %s, line %d", path, key, n.Content[i].Line))
			continue
		}
		faults = append(faults, value.check(n.Content[i+1], path+"."+key)...)
	}
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		if name, must := strings.CutSuffix(key, "!"); must && !seen[name] {
			faults = append(faults, path+" lacks "+name)
		}
	}
	return faults
}

var (
	word   = scalar(`\S.*`)
	name   = scalar(`[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`) // RFC 1123, as Kubernetes wants names
	count  = scalar(`\d+`)
	amount = scalar(`\d+(m|Ki|Mi|Gi)?`)
	labels = anyKey(word)
	whole  = scalar(`true|false`)
)

// Kubernetes 1.33, batch/v1 and core/v1.
var (
	metadata   = mapping(map[string]*shape{"name": name, "labels": labels})
	fromConfig = mapping(map[string]*shape{"configMapKeyRef!": mapping(map[string]*shape{
		"name!": name,
		"key!":  scalar(`[-._a-zA-Z0-9]+`),
	})})
	container = mapping(map[string]*shape{
		"name!": name, "image!": word, "command": listOf(word), "args": listOf(word),
		"env": listOf(mapping(map[string]*shape{
			"name!": scalar(`[A-Z_][A-Z0-9_]*`), "value": word,
			"valueFrom": fromConfig,
		})),
		"resources": mapping(map[string]*shape{"requests": anyKey(amount), "limits": anyKey(amount)}),
		"volumeMounts": listOf(mapping(map[string]*shape{
			"name!": name, "mountPath!": scalar(`/\S*`),
			"readOnly": whole,
		})),
	})
	spread = mapping(map[string]*shape{"preferredDuringSchedulingIgnoredDuringExecution": listOf(mapping(map[string]*shape{
		"weight!": scalar(`[1-9]\d?|100`),
		"podAffinityTerm!": mapping(map[string]*shape{
			"topologyKey!": word, "labelSelector": mapping(map[string]*shape{"matchLabels": labels}),
		}),
	}))})
	pod = mapping(map[string]*shape{
		"restartPolicy!": scalar(`Never|OnFailure`), "containers!": listOf(container),
		"affinity": mapping(map[string]*shape{"podAntiAffinity": spread}),
		"volumes": listOf(mapping(map[string]*shape{
			"name!": name, "configMap": mapping(map[string]*shape{"name!": name}),
			"persistentVolumeClaim": mapping(map[string]*shape{"claimName!": name}),
		})),
	})
	kubernetesJob = mapping(map[string]*shape{
		"apiVersion!": scalar(`batch/v1`), "kind!": scalar(`Job`), "metadata!": metadata,
		"spec!": mapping(map[string]*shape{
			"completionMode": scalar(`Indexed|NonIndexed`), "completions": count, "parallelism": count, "backoffLimit": count,
			"backoffLimitPerIndex": count, "maxFailedIndexes": count,
			"template!": mapping(map[string]*shape{"metadata": metadata, "spec!": pod}),
			"podFailurePolicy": mapping(map[string]*shape{"rules!": listOf(mapping(map[string]*shape{
				"action!": scalar(`FailJob|FailIndex|Ignore|Count`),
				"onExitCodes": mapping(map[string]*shape{
					"containerName": name, "operator!": scalar(`In|NotIn`),
					"values!": listOf(scalar(`[1-9]\d*`)),
				}),
			}))}),
		}),
	})
	kubernetesClaim = mapping(map[string]*shape{
		"apiVersion!": scalar(`v1`), "kind!": scalar(`PersistentVolumeClaim`), "metadata!": metadata,
		"spec!": mapping(map[string]*shape{
			"accessModes!": listOf(scalar(`ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod`)),
			"resources!":   mapping(map[string]*shape{"requests!": anyKey(amount)}),
		}),
	})
)

// GitHub Actions: workflow syntax.
var (
	jobName     = scalar(`[A-Za-z_][-A-Za-z0-9_]*`)
	githubSteps = listOf(mapping(map[string]*shape{
		"id": jobName, "name": word, "if": word, "run": scalar(`.+`), "uses": scalar(`[-\w]+/[-\w]+@[0-9a-f]{40}`),
		"with": anyKey(word), "env": anyKey(word),
	}))
	githubWorkflow = mapping(map[string]*shape{
		"name": word,
		"on!": mapping(map[string]*shape{
			"pull_request": anyKey(listOf(word)),
			"workflow_dispatch": mapping(map[string]*shape{"inputs": anyKey(mapping(map[string]*shape{
				"description": word, "default": word, "required": whole,
			}))}),
		}),
		"permissions": anyKey(scalar(`read|write|none`)),
		"jobs!": anyKey(mapping(map[string]*shape{
			"runs-on!": word, "steps!": githubSteps, "needs": jobName, "if": word, "outputs": anyKey(word),
			"strategy": mapping(map[string]*shape{"fail-fast": whole, "matrix!": anyKey(listOf(count))}),
		})),
	})
)

// GitLab CI: keywords of .gitlab-ci.yml.
var (
	gitlabKeys = map[string]*shape{"image": word}
	gitlabJob  = with(gitlabKeys, map[string]*shape{
		"stage!": jobName, "script!": listOf(scalar(`.+`)), "needs": listOf(jobName),
		"when":     scalar(`always|on_success|on_failure|manual`),
		"parallel": scalar(`[2-9]|[1-9]\d|1\d\d|200`),
		"artifacts": mapping(map[string]*shape{
			"when": scalar(`always|on_success|on_failure`), "paths": listOf(word),
			"reports": mapping(map[string]*shape{"dotenv": word, "junit": word}),
		}),
	})
	gitlabPipeline = &shape{
		keys: map[string]*shape{
			"stages!": listOf(jobName), "default": mapping(gitlabKeys),
			"variables": anyKey(word),
		},
		others: gitlabJob,
	}
)

func TestTheShapesFindMistakes(t *testing.T) {
	f := func(s *shape, document, want string) {
		t.Helper()
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(document), &n); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.check(&n, ""), "; "); got != want {
			t.Errorf("%s: %q, want %q", document, got, want)
		}
	}
	f(metadata, "{name: a-b}", "")
	f(metadata, "{name: A_B}", `.name is "A_B", line 1`)
	f(metadata, "{nam: a}", " has the unknown key nam, line 1")
	f(kubernetesClaim, "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}}", " lacks spec")
	f(githubSteps, "[{uses: actions/checkout@v4}]", `[0].uses is "actions/checkout@v4", line 1`)
	f(gitlabPipeline, "{stages: [a], job: {stage: a, script: {}}}", ".job.script is a mapping")
	f(gitlabPipeline, "{stages: a}", `.stages is "a", line 1`)
	f(metadata, "[]", " is a list")
}
