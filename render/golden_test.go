package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

var update = flag.Bool("update", false, "write the golden files and the schema anew")

// renderers are all of them: every test about audiences runs through each.
var renderers = map[string]func(io.Writer, *throughline.Handoff, throughline.Audience) error{
	"md": Markdown, "html": HTML, "json": JSON,
}

// brightwater is a made-up deal with something of every kind.
func brightwater(t testing.TB) *throughline.Handoff {
	t.Helper()
	data, err := os.ReadFile("testdata/brightwater.json")
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	return &h
}

func rendered(t testing.TB, format string, h *throughline.Handoff, a throughline.Audience) string {
	t.Helper()
	var out bytes.Buffer
	if err := renderers[format](&out, h, a); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	h := brightwater(t)
	for format := range renderers {
		for _, a := range throughline.Audiences {
			name := string(a) + "." + format
			t.Run(name, func(t *testing.T) {
				got := rendered(t, format, h, a)
				path := filepath.Join("testdata", "golden", name)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("differs from the golden file (-want +got; -update writes it anew):\n%s", diff)
				}
			})
		}
	}
}
