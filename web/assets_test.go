package web_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"throughline/internal/npmtest"
)

// TestVendored: the scripts are what npm has at the lockfile's versions.
func TestVendored(t *testing.T) {
	modules := npmtest.Install(t).Modules
	for name, from := range map[string]string{"htmx.min.js": "htmx.org/dist/htmx.min.js", "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js", "uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js", "uPlot.min.css": "uplot/dist/uPlot.min.css", "uPlot.license.txt": "uplot/LICENSE"} {
		want, err := os.ReadFile(filepath.Join(modules, filepath.FromSlash(from)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("assets", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("assets/%s is not what npm has: run scripts/vendor-assets", name)
		}
	}
}
