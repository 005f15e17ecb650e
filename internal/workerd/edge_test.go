package workerd_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/internal/wasmkernel"
	"edgescope/internal/workerd"
)

func TestRoutesAnswer(t *testing.T) {
	p := start(t, workerd.Options{Region: "FRA"})
	f := func(method, path, body string, wantStatus int, want string) {
		t.Helper()
		contentType := "application/octet-stream"
		if strings.HasPrefix(body, "{") {
			contentType = "application/json"
		}
		a := do(t, method, p.URL()+path, body, "content-type", contentType)
		if a.status != wantStatus || !strings.Contains(a.body, want) {
			t.Errorf("%s %s: %d %s, want %d with %s", method, path, a.status, a.body, wantStatus, want)
		}
	}
	const task = `{"imageUrl":"https://example.com/a.jpg","width":800,"height":600}`

	f("GET", "/health", "", 200, "ok")
	f("GET", "/nothing", "", 404, "no such path")
	f("GET", "/status/", "", 404, "no such path")
	f("DELETE", "/health", "", 405, "/health takes GET")

	f("GET", "/process", "", 200, `{"engine":"js","op":"both","size":"small","reps":1,"width":400,"height":300,`+
		`"bytes":480000}`)
	f("GET", "/process?engine=wasm-simd&op=blur&reps=2", "", 200, `"reps":2,"width":800,"height":600`)
	f("POST", "/process?engine=wasm&size=small", "", 200, `"engine":"wasm"`)
	f("GET", "/process?engine=rust", "", 400, `engine must be one of js, js-swar, wasm, wasm-simd, not \"rust\"`)
	f("GET", "/process?size=huge", "", 400, "size must be one of small, medium, large")
	f("GET", "/process?op=sharpen", "", 400, "op must be one of blur, resize, both")
	f("GET", "/process?reps=51", "", 400, "reps must be an integer from 1 to 50")
	f("GET", "/process?reps=1e1", "", 400, "reps must be an integer")

	f("POST", "/process?w=24&h=24", strings.Repeat("x", 24*24*4), 200, `"width":12,"height":12,"bytes":576`)
	f("POST", "/process?w=24&h=24", "short", 400, "24x24 RGBA pixels are 2304 bytes, the body has 5")
	f("POST", "/process?w=25&h=24", "", 400, "w and h must be even")
	f("POST", "/process?w=22&h=24", "", 400, "w must be an integer from 24")
	f("POST", "/process?w=24", "", 400, "h must be an integer")
	f("POST", "/process", "pixels of no size", 400, "w must be an integer")
	f("POST", "/process?w=4096&h=4096", strings.Repeat("x", 36<<20+1), 413, "at most 37748736 bytes")

	f("POST", "/process", task, 200, `{"taskId":"FRA-800x600-`)
	f("POST", "/process?engine=wasm", task, 200, `"engine":"wasm"`)
	f("POST", "/process", `{"imageUrl":"x","width":"640","height":"480"}`, 200, "FRA-640x480-")
	f("POST", "/process", `{"imageUrl":"x","width":0,"height":1}`, 400,
		"width must be an integer from 1 to 16384, not 0")
	f("POST", "/process", `{"imageUrl":"x","width":1}`, 400, "height must be an integer")
	f("POST", "/process", `{"width":1,"height":1}`, 400, "imageUrl must be")
	f("POST", "/process", `{"imageUrl":`, 400, "the body is no JSON")
	f("POST", "/process", `{"imageUrl":"`+strings.Repeat("x", 64<<10)+`"}`, 413, "at most 65536 bytes")

	f("GET", "/api/products?category=books", "", 200, `{"category":"books","products":[{"id":"1","name":"books one"`)
	f("GET", "/api/products?id=3", "", 200, `{"category":"all","products":[{"id":"3","name":"all three","price":29.5}]}`)
	f("GET", "/api/products?ttl=0", "", 400, "ttl must be an integer from 1 to 3600")
	f("GET", "/cold?wasm=2", "", 400, "wasm must be one of 0, 1")
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	p := start(t, workerd.Options{Region: "SIN"})
	f := func(path, engine, timing string) {
		t.Helper()
		header := get(t, p.URL()+path).header
		if header.Get("x-edge-region") != "SIN" || header.Get("x-engine") != engine ||
			len(header.Get("x-isolate")) != 36 {
			t.Errorf("%s: headers %v, want region SIN, engine %s and an isolate", path, header, engine)
		}
		if !strings.HasPrefix(header.Get("server-timing"), timing) ||
			(timing == "") != (header.Get("server-timing") == "") {
			t.Errorf("%s: server-timing %q, want %q", path, header.Get("server-timing"), timing)
		}
	}
	f("/health", "none", "")
	f("/nothing", "none", "")
	f("/process?engine=wasm-simd", "wasm-simd", "kernel;dur=")
	f("/api/products", "none", "cache;dur=")
	f("/cold", "none", "init;dur=")
}

func TestEnginesGiveTheGoldenHashes(t *testing.T) {
	p := start(t, workerd.Options{Region: "FRA"})
	sizes := wasmkernel.Sizes()[1:]
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, size := range sizes {
		for _, engine := range []string{"js", "js-swar", "wasm", "wasm-simd"} {
			for op, want := range map[string]string{"blur": size.Blurred, "both": size.Halved} {
				path := fmt.Sprintf("/process?engine=%s&size=%s&op=%s&hash=1", engine, size.Name, op)
				a := get(t, p.URL()+path)
				if got := a.header.Get("x-output-hash"); got != want || a.header.Get("x-engine") != engine {
					t.Errorf("%s: hash %q of engine %q, want %s", path, got, a.header.Get("x-engine"), want)
				}
			}
		}
	}
}

// TestRawPixelsMatchTheReference also has one engine change its image size from call to call.
func TestRawPixelsMatchTheReference(t *testing.T) {
	p := start(t, workerd.Options{Region: "FRA"})
	for _, engine := range []string{"js", "js-swar", "wasm", "wasm-simd"} {
		for _, side := range [][2]int{{24, 26}, {98, 40}, {26, 24}, {98, 40}} {
			input := wasmkernel.TestImage(side[0], side[1])
			want := wasmkernel.Hash(input.Half().Pix)
			url := fmt.Sprintf("%s/process?engine=%s&op=resize&out=raw&hash=1&w=%d&h=%d", p.URL(), engine, side[0],
				side[1])
			a := do(t, http.MethodPost, url, string(input.Pix))
			if got := wasmkernel.Hash([]byte(a.body)); got != want || a.header.Get("x-output-hash") != want {
				t.Errorf("%s %v: %d, hash %s, header %s, want %s", engine, side, a.status, got,
					a.header.Get("x-output-hash"), want)
			}
		}
	}
}

func TestHashOnlyWhenAsked(t *testing.T) {
	p := start(t, workerd.Options{Region: "FRA"})
	if hash := get(t, p.URL()+"/process?engine=wasm-simd").header.Get("x-output-hash"); hash != "" {
		t.Errorf("an answer to a request without hash=1 has hash %s: it costs time", hash)
	}
}

func TestCacheMissHitStale(t *testing.T) {
	r := newReceiver(t)
	p := r.region("FRA")
	url := p.URL() + "/api/products?category=shoes&ttl=1"
	first := get(t, url)
	second := get(t, url)
	if got := first.header.Get("x-cache-status") + " " + second.header.Get("x-cache-status"); got != "miss hit" {
		t.Fatalf("two requests got %q, want a miss and a hit", got)
	}
	if first.body != second.body {
		t.Errorf("the cached body differs: %s, then %s", first.body, second.body)
	}
	if other := get(t, url+"&id=1"); other.header.Get("x-cache-status") != "miss" {
		t.Errorf("another address got %q, want a miss: the whole URL is the key", other.header.Get("x-cache-status"))
	}
	waitForCacheStatus(t, url, "stale") // once it is a second old
	waitForCacheStatus(t, url, "hit")   // once that was refreshed
	r.waitFor("span of every cache status", func() bool {
		seen := make(map[string]bool)
		for _, s := range r.spans {
			if s.Kind == kindServer {
				seen[s.Attributes["edge.cache.status"]] = true
			}
		}
		return seen["miss"] && seen["hit"] && seen["stale"]
	})
}

func waitForCacheStatus(t *testing.T, url, want string) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	timeout := time.After(deadline)
	for got := ""; got != want; {
		select {
		case <-ticker.C:
			got = get(t, url).header.Get("x-cache-status")
		case <-timeout:
			t.Fatalf("%s: cache status stays %q, want %s", url, got, want)
		}
	}
}

// TestAnyRegionKnowsATask follows the guide's flow when the second request of a user reaches another region.
func TestAnyRegionKnowsATask(t *testing.T) {
	fra := start(t, workerd.Options{Region: "FRA", TaskKey: "shared"})
	sin := start(t, workerd.Options{Region: "SIN", TaskKey: "shared"})
	stranger := start(t, workerd.Options{Region: "IAD", TaskKey: "other"})
	a := do(t, http.MethodPost, fra.URL()+"/process", `{"imageUrl":"x","width":800,"height":600}`, "content-type",
		"application/json")
	id := unmarshal[struct{ TaskID string }](t, a).TaskID

	type task struct {
		TaskID, Status, Region string
		Simulated              bool
		Width, Height          int
	}
	for _, p := range []*workerd.Process{fra, sin} {
		got := unmarshal[task](t, get(t, p.URL()+"/status/"+id))
		if got.Status != "processing" && got.Status != "completed" {
			t.Errorf("status is %q", got.Status)
		}
		got.Status = ""
		want := task{TaskID: id, Region: "FRA", Simulated: true, Width: 800, Height: 600}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("task (-want +got):\n%s", diff)
		}
	}
	unknown := func(p *workerd.Process, id string) {
		t.Helper()
		if a := get(t, p.URL()+"/status/"+id); a.status != http.StatusNotFound {
			t.Errorf("status of %s: %d %s, want 404", id, a.status, a.body)
		}
	}
	unknown(stranger, id)
	unknown(fra, strings.Replace(id, "800x600", "801x600", 1))
	unknown(fra, strings.Replace(id, "FRA", "IAD", 1))
	unknown(fra, id+"0")
	unknown(fra, id[1:])
	unknown(fra, "42")
}
