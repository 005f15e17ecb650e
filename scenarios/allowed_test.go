package scenarios_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/scenarios"
)

// TestFilesOutsideTheFolderAreRefused: whatever names them, with what allows them.
func TestFilesOutsideTheFolderAreRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"d.csv": "1\n", "p.js": "exports.f = () => {}", "key.pem": "-----BEGIN CERTIFICATE-----\n", "lib.js": "",
		"s/in.js": "require('../lib'); exports.f = () => {}", "s/deep.js": "require('pkg'); exports.f = () => {}",
		"s/node_modules/pkg/index.js": "",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(dir, "s"))
	f := func(config, flow, want string) {
		t.Helper()
		for _, allow := range [][]string{nil, {".."}} {
			if err := os.WriteFile("s.yml", []byte(one(config, flow)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := scenarios.Load(scenarios.Options{Files: []string{"s.yml"}, AllowFiles: allow})
			switch got := ""; {
			case err != nil && allow != nil && !strings.Contains(err.Error(), "PEM"):
				t.Errorf("%s with --allow-files: %v", config, err)
			case err != nil:
				got = err.Error()
				fallthrough
			default:
				if allow == nil && (got == "" && want != "" || !strings.Contains(got, want)) {
					t.Errorf("%s\n got %q\nwant %q", config, got, want)
				}
			}
		}
	}
	const outside = "cannot be read: it lies outside the script's folder (--allow-files .. allows it)"
	f("payload: {path: ../d.csv, fields: [a]}", "- get: /{{ a }}", "payload ../d.csv "+outside)
	f("processor: ../p.js", "- get: /", outside)
	f("processor: in.js", "- get: /", "in.js:1:9: ")
	f("processor: deep.js", "- get: /", "")
	f("tls: {ca: ../key.pem}", "- get: /", "../key.pem "+outside)
	f("processor: "+filepath.Join(dir, "p.js"), "- get: /", "it lies outside the script's folder")
	f("", "- post: {url: /, formData: {f: {fromFile: ../d.csv}}}", "fromFile ../d.csv "+outside)
}
