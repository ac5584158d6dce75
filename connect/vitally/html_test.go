package vitally

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"throughline"
	"throughline/connect"
	"throughline/render"
	"throughline/render/rendertest"
)

// allowed are the elements that Vitally keeps (docs.vitally.io, REST API, HTML
// Fields).
var allowed = []string{"a", "img", "p", "div", "br", "ul", "ol", "li", "b", "u", "i", "strong", "em", "code"}

// held holds markup to the subset, well formed, with links of the web alone.
func held(t *testing.T, markup string) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(markup))
	var open []string
	for {
		kind := tokens.Next()
		token := tokens.Token()
		switch kind {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Fatalf("not closed: %q in\n%s", open, markup)
			}
			return
		case html.StartTagToken:
			if token.Data != "br" {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("%q ends within %q in\n%s", token.Data, open, markup)
			}
			open = open[:len(open)-1]
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("%s", token)
		case html.TextToken:
			continue
		}
		if !slices.Contains(allowed, token.Data) {
			t.Fatalf("Vitally keeps no <%s>, as in\n%s", token.Data, markup)
		}
		for _, attribute := range token.Attr {
			if token.Data != "a" || attribute.Key != "href" || !strings.HasPrefix(attribute.Val, "https://") && !strings.HasPrefix(attribute.Val, "http://") {
				t.Fatalf("<%s %s=%q> in\n%s", token.Data, attribute.Key, attribute.Val, markup)
			}
		}
	}
}

func editionOf(t *testing.T, h *throughline.Handoff, a throughline.Audience, link string) *edition {
	t.Helper()
	c, err := New(Config{APIKey: "key", Region: RegionEU})
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.edition(connect.Publication{Key: "k", Handoff: h, Audience: a, Link: link})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func brightwater(t testing.TB) *throughline.Handoff {
	t.Helper()
	data, err := os.ReadFile("../../render/testdata/brightwater.json")
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	return &h
}

// links are addresses that a note may be given for its own.
var links = []string{"", "https://handoffs.example/d/1?a=1&b=%22%3E", "javascript:alert(1)", `https://x.example/"><script>`, "https://user:planted@x.example/"}

// TestSubset: notes and tasks have only what Vitally keeps, and there every element
// is closed.
func TestSubset(t *testing.T) {
	for _, a := range throughline.Audiences {
		for _, link := range links {
			e := editionOf(t, brightwater(t), a, link)
			held(t, e.note)
			if strings.Contains(e.note, "planted") {
				t.Errorf("for %s the note has a link with a password", a)
			}
			for _, m := range e.tasks {
				held(t, m.about)
			}
		}
	}
}

// TestHostile: a text that would break out of markup, or pass for our mark, stays
// text, wherever in the handoff it stands.
func TestHostile(t *testing.T) {
	data, err := os.ReadFile("../../render/testdata/hostile.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	texts = append(texts, "</p>&lt;b&gt;\x00\xff <h1>x</h1>", "throughline.handoff/v1 · version 99 · company · 0123456789abcdef")
	for _, hostile := range texts {
		h := brightwater(t)
		for _, text := range rendertest.Texts(h) {
			if text.Value.Type() == reflect.TypeFor[string]() && text.Field != "Schema" {
				text.Value.SetString(hostile)
			}
		}
		for _, a := range throughline.Audiences {
			e := editionOf(t, h, a, hostile)
			held(t, e.note)
			if got, ok := markIn(e.note); !ok || got != e.mark {
				t.Errorf("%q for %s: the mark reads as %+v", hostile, a, got)
			}
			for _, m := range e.tasks {
				held(t, m.about)
				if got, ok := markIn(m.about); !ok || got != m.mark {
					t.Errorf("%q for %s: a task's mark reads as %+v", hostile, a, got)
				}
			}
			if strings.Contains(e.subject, "\n") || len([]rune(e.subject)) > mostLine {
				t.Errorf("%q for %s: the subject is %q", hostile, a, e.subject)
			}
		}
	}
}

// TestTooLong: a handoff that no note can hold is told without its quotes, and at
// last cut, and says so.
func TestTooLong(t *testing.T) {
	item := func(words int) render.Block {
		text := strings.TrimSpace(strings.Repeat("word ", words))
		return render.Block{
			Kind: render.BlockToggle, Text: []render.Run{{Text: text}},
			Children: []render.Block{{Kind: render.BlockQuote, Text: []render.Run{{Text: "“" + strings.Repeat("quote ", 200) + "”"}}}},
		}
	}
	for _, tc := range []struct {
		name          string
		items, words  int
		quotes, whole bool
	}{{"fits", 10, 10, true, true}, {"without quotes", 300, 10, false, true}, {"cut", 300, 400, false, false}} {
		var blocks []render.Block
		for range tc.items {
			blocks = append(blocks, item(tc.words))
		}
		got := document(blocks, "https://handoffs.example/d/1")
		held(t, got)
		if len(got) > mostHTML+200 || strings.Contains(got, "quote quote") != tc.quotes || strings.Contains(got, "longer than a note can be") == tc.whole {
			t.Errorf("%s: %d bytes: %.300s … %s", tc.name, len(got), got, got[len(got)-200:])
		}
		if strings.Contains(got, "Not all quotes are shown") != (tc.whole && !tc.quotes) {
			t.Errorf("%s: it does not say what is missing", tc.name)
		}
	}
}

// FuzzMark: no markup that stands in Vitally breaks reading it, and a mark is read
// as it was written, however Vitally writes its characters.
func FuzzMark(f *testing.F) {
	m := mark{3, "company", "0123456789abcdef", "2026-07-08"}
	f.Add(m.html("Written by Throughline."))
	f.Add("<p>throughline.handoff/v1 &middot; version&nbsp;3 &middot; company &middot; 0123456789abcdef</p>")
	f.Add("throughline.handoff/v1 · version 99999999999 · x · 0")
	f.Fuzz(func(t *testing.T, markup string) {
		if got, ok := markIn(m.html("Written by Throughline.") + markup); !ok || got != m {
			t.Errorf("read as %+v", got)
		}
		if got, ok := markIn(markup); ok && (got.version < 0 || len(got.digest) != 16) {
			t.Errorf("read as %+v", got)
		}
	})
}

func TestMarkAsVitallyMayWriteIt(t *testing.T) {
	want := mark{version: 3, what: "company", digest: "0123456789abcdef"}
	for _, markup := range []string{
		want.html("Written by Throughline."),
		"<p>Written (throughline.handoff/v1 &middot; version 3 &#183; company\n&middot; 0123456789abcdef)</p>",
		"<div><i>throughline.handoff/v1 ·  version 3 · company · 0123456789abcdef</i></div>",
	} {
		if got, ok := markIn(markup); !ok || got != want {
			t.Errorf("%q is read as %+v", markup, got)
		}
	}
}
