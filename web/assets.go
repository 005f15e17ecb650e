package web

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"edgescope/internal/accept"
	"edgescope/web/part"
)

// dist holds what `make assets` bundles; in a fresh clone it is empty but for .gitkeep.
//
//go:embed all:dist
var dist embed.FS

func embedded() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("BUG: the embedded folder has another name: " + err.Error())
	}
	return sub
}

// manifestName is the file that names the bundled assets: the entry's name without hash leads to the file's name with
// it.
const manifestName = "manifest.json"

// assets serves the bundled files. Their names hold a hash of their content, so they never change.
type assets struct {
	files map[string]asset
	page  part.Assets
}

type asset struct {
	plain, packed []byte
	contentType   string
}

// loadAssets reads a folder of bundled files. A folder without a manifest has none, which is no error.
func loadAssets(dir fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	text, err := fs.ReadFile(dir, manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	var names map[string]string
	if err := json.Unmarshal(text, &names); err != nil {
		return nil, err
	}
	for _, name := range names {
		if a.files[name], err = readAsset(dir, name); err != nil {
			return nil, err
		}
	}
	address := func(entry string) string {
		if names[entry] == "" {
			return ""
		}
		return "/assets/" + names[entry]
	}
	a.page = part.Assets{Script: address("app.js"), Style: address("app.css"), Font: address("inter.woff2")}
	return a, nil
}

func readAsset(dir fs.FS, name string) (asset, error) {
	f := asset{contentType: contentType(name)}
	var err error
	if f.plain, err = fs.ReadFile(dir, name); err != nil {
		return f, err
	}
	f.packed, err = fs.ReadFile(dir, name+".gz")
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return f, err
}

// contentType does not ask the machine's own tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// ServeHTTP serves a file by its hashed name, gzip as it was packed at build time.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[strings.TrimPrefix(r.URL.Path, "/assets/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Type", f.contentType)
	body := f.plain
	if len(f.packed) > 0 && accept.Gzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	_, _ = w.Write(body) // the reader may be gone
}
