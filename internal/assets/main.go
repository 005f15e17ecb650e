// Command assets bundles what the dashboard's pages load: scripts, styles, the font and the map of the world, from
// web/assets and web/node_modules into web/dist. Names hold a hash of the content, every text file is also packed with
// gzip, and manifest.json leads from the plain names to the hashed ones. It needs no node, only the installed packages.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	set := flag.NewFlagSet("assets", flag.ExitOnError)
	web := set.String("web", "web", "the folder that holds assets/, node_modules/ and dist/")
	_ = set.Parse(os.Args[1:]) // it exits on an error
	if err := build(*web); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

// build bundles web/assets into web/dist, which it empties first.
func build(web string) error {
	web, err := filepath.Abs(web)
	if err != nil {
		return err
	}
	atlas := filepath.Join(web, "node_modules", "world-atlas", "land-110m.json")
	if _, err := os.Stat(atlas); err != nil {
		return fmt.Errorf("the packages of %s are not installed, run npm ci --ignore-scripts --prefix web: %w", web,
			err)
	}
	out, err := bundle(web, atlas)
	if err != nil {
		return err
	}
	dist := filepath.Join(web, "dist")
	if err := clean(dist); err != nil {
		return err
	}
	names := map[string]string{}
	for _, f := range out {
		name := filepath.Base(f.Path)
		names[plainName(name)] = name
		if err := write(filepath.Join(dist, name), f.Contents); err != nil {
			return err
		}
	}
	manifest, err := json.MarshalIndent(names, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, "manifest.json"), append(manifest, '\n'), 0o644)
}

// bundle runs esbuild and returns the files, hashed names and all.
func bundle(web, atlas string) ([]api.OutputFile, error) {
	result := api.Build(api.BuildOptions{
		AbsWorkingDir: web,
		EntryPoints:   []string{"assets/app.ts", "assets/app.css"},
		Outdir:        "dist",
		EntryNames:    "[name].[hash]",
		AssetNames:    "[name].[hash]",
		Bundle:        true, MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true,
		Format: api.FormatESModule, Target: api.ES2022, LegalComments: api.LegalCommentsLinked,
		Loader:  map[string]api.Loader{".woff2": api.LoaderFile, ".svg": api.LoaderFile},
		Plugins: []api.Plugin{world(atlas)},
	})
	if len(result.Errors) > 0 {
		text := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return nil, fmt.Errorf("bundle: %s", strings.Join(text, ""))
	}
	return result.OutputFiles, nil
}

// world gives the style sheet's world.svg, which is drawn from the atlas while bundling.
func world(atlas string) api.Plugin {
	return api.Plugin{Name: "world", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^world\.svg$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: "world.svg", Namespace: "world"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "world"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			svg, err := drawWorld(atlas)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			return api.OnLoadResult{Contents: &svg, Loader: api.LoaderFile}, nil
		})
	}}
}

// plainName takes the hash out of a name: app.ABCD1234.js is app.js. The font has a name that does not tell its weight.
func plainName(name string) string {
	parts := strings.Split(name, ".")
	if len(parts) < 3 {
		return name
	}
	plain := strings.Join(append([]string{parts[0]}, parts[2:]...), ".")
	if strings.HasPrefix(plain, "inter-") {
		return "inter.woff2"
	}
	return plain
}

// clean removes all files of dist but .gitkeep.
func clean(dist string) error {
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".gitkeep" {
			continue
		}
		if err := os.Remove(filepath.Join(dist, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file and, when gzip makes it smaller by a tenth, its packed form beside it.
func write(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(content); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if b.Len() > len(content)*9/10 {
		return nil
	}
	return os.WriteFile(path+".gz", b.Bytes(), 0o644)
}
