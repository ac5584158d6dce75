package notion

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"throughline/render"
)

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"object":"error","code":"validation_error","message":"body failed validation: body.children[0] should be an object, instead was \"text\""}`,
		`{"code":"service_unavailable","additional_data":{"committed_resource_id":"1","committed_child_ids":["2"]}}`, `{`, `[]`, `{"additional_data":[]}`,
	} {
		f.Add(503, s)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		e := decode(status, http.Header{}, []byte(body))
		if e == nil {
			t.Fatal("no error")
		}
		if strings.Contains(e.Message, "instead was") && e.Code == "validation_error" {
			t.Errorf("the message repeats what was sent: %q", e.Message)
		}
	})
}

func FuzzFitted(f *testing.F) {
	f.Add("a text", "https://example.com/", 700)
	f.Add("𝔘\x00\xff", "javascript:x", 1500)
	f.Fuzz(func(t *testing.T, text, href string, times int) {
		text = strings.Repeat(text, min(max(times, 0), 3000)%3000)
		if len(text) > 1<<20 {
			return
		}
		var back strings.Builder
		for _, runs := range fitted([]render.Run{{Text: text, Href: href}, {Text: text, Bold: true}}) {
			if len(runs) > mostArray {
				t.Fatalf("%d rich texts", len(runs))
			}
			for _, r := range runs {
				if n := len(utf16.Encode([]rune(r.text))); n == 0 || n > mostContent {
					t.Fatalf("a rich text of %d", n)
				}
				if r.href != "" && !strings.HasPrefix(r.href, "http") && !strings.HasPrefix(strings.ToLower(r.href), "http") {
					t.Fatalf("a link to %q", r.href)
				}
				back.WriteString(r.text)
			}
		}
		if want := strings.ToValidUTF8(text, ""); back.String() != want+want {
			t.Fatal("the text is another")
		}
	})
}

func TestPaired(t *testing.T) {
	for name, tc := range map[string]struct {
		want, have []string
		pairs      string // for each wanted, the place of the one that stands for it
	}{
		"the same":         {[]string{"a", "b"}, []string{"a", "b"}, "01"},
		"one is new":       {[]string{"a", "x", "b"}, []string{"a", "b"}, "0.1"},
		"one is gone":      {[]string{"a", "b"}, []string{"a", "x", "b"}, "02"},
		"one is changed":   {[]string{"a", "one two four", "b"}, []string{"a", "one two three", "b"}, "012"},
		"one is another":   {[]string{"a", "four five six", "b"}, []string{"a", "one two three", "b"}, "0.2"},
		"moved":            {[]string{"b", "a"}, []string{"a", "b"}, ".0"},
		"twice":            {[]string{"a", "a"}, []string{"a"}, "0."},
		"none there":       {[]string{"a"}, nil, "."},
		"changed at start": {[]string{"one two x", "a"}, []string{"one two", "a"}, "01"},
	} {
		var want []*block
		var have []*standing
		for _, s := range tc.want {
			want = append(want, &block{kind: "toggle", text: []run{{text: s}}})
		}
		for _, s := range tc.have {
			have = append(have, &standing{kind: "toggle", text: []run{{text: s}}})
		}
		got := ""
		for _, s := range paired(want, have) {
			at := "."
			for i, h := range have {
				if h == s {
					at = string(rune('0' + i))
				}
			}
			got += at
		}
		if diff := cmp.Diff(tc.pairs, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
