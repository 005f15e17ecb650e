package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// browser looks at every page in Chromium, dark, light and 390 px wide: no violation of accessibility rules or of the
// content policy, no console error, no sideways scroll. EDGESCOPE_SCREENSHOTS keeps the pictures.
func (l *loop) browser(t *testing.T) {
	script := filepath.Join("..", "web", "browser", "check.mjs")
	if _, err := os.Stat(filepath.Join("..", "web", "node_modules", "playwright-core")); err != nil {
		t.Skip("no playwright-core: npm ci --prefix web")
	}
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skipf("no %s: install chromium, or name it with CHROMIUM", chromium)
	}
	folder := os.Getenv("EDGESCOPE_SCREENSHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	cmd := exec.CommandContext(t.Context(), "node", script, l.p.Dashboard.URL("web"), folder)
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
