package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	mdtext "github.com/yuin/goldmark/text"
	"golang.org/x/net/html"

	"throughline"
	"throughline/render/rendertest"
)

// injectionFile holds public texts that are aimed at models and at pages; it is
// kept beside the project.
const injectionFile = "../../shared/data/injection/attacks.jsonl"

// hostileTexts are texts that mean something to Markdown, to HTML or to what
// reads either.
func hostileTexts(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/hostile.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

func injections(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(injectionFile)
	if os.IsNotExist(err) {
		t.Skipf("%s is not here: this test plants texts that are kept beside the project", injectionFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var texts []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, one.Text)
	}
	if lines.Err() != nil || len(texts) == 0 {
		t.Fatalf("%d texts were read: %v", len(texts), lines.Err())
	}
	return texts
}

// saying is a handoff in which everything that may be a free text is what one
// gives for it, by its number. Ids and the values of fixed sets stay, and so do
// addresses of links.
func saying(t testing.TB, one func(int) string) *throughline.Handoff {
	h := rendertest.Handoff(t)
	i := 0
	for _, s := range rendertest.Texts(h) {
		if free(s) {
			s.Value.SetString(one(i))
			i++
		}
	}
	return h
}

func free(s rendertest.Text) bool {
	if s.Value.Type() != reflect.TypeFor[string]() { // of a named type: one of a fixed set
		return false
	}
	name := s.Field[strings.LastIndexByte(s.Field, '.')+1:]
	switch name {
	case "Schema", "Language", "State", "ID", "Source", "Ref", "Refs[]", "Item", "URL", "Due", "Close", "Kickoff", "Currency", "Amount":
		return false
	}
	return true
}

// TestHostileTextsAreInert says each text everywhere at once.
func TestHostileTextsAreInert(t *testing.T) {
	shapes := map[string]shape{}
	for i, what := range hostileTexts(t) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			word := "calm"
			if letters(what) == "" { // an item that repeats its quote shows it once, which letters decide
				word = "!"
			}
			for _, a := range []throughline.Audience{throughline.AudienceTeam, throughline.AudienceCustomer} {
				want, ok := shapes[word+string(a)]
				if !ok {
					want = shapeOf(t, saying(t, func(int) string { return word }), a)
					shapes[word+string(a)] = want
				}
				h := saying(t, func(int) string { return what })
				checkInert(t, want, h, a)
				if page, doc := reads(t, h, a); !strings.Contains(page, plain(what)) || !strings.Contains(doc, plain(what)) {
					t.Errorf("for %s, HTML or Markdown does not say %q", a, what)
				}
			}
		})
	}
}

// TestInjectionsAreInert says another text in every place, and each text in
// several places. A number after each keeps any two texts apart.
func TestInjectionsAreInert(t *testing.T) {
	texts := injections(t)
	calm := saying(t, func(i int) string { return fmt.Sprintf("calm %06d", i) })
	want := shapeOf(t, calm, throughline.AudienceTeam)
	var page, doc strings.Builder
	const rounds = 6
	for round := range rounds {
		h := saying(t, func(i int) string { return fmt.Sprintf("%s %06d", texts[(i+round*len(texts)/rounds)%len(texts)], i) })
		checkInert(t, want, h, throughline.AudienceTeam)
		p, d := reads(t, h, throughline.AudienceTeam)
		page.WriteString(p)
		doc.WriteString(d)
	}
	for _, what := range texts {
		if !strings.Contains(page.String(), plain(what)) || !strings.Contains(doc.String(), plain(what)) {
			t.Errorf("nowhere in HTML, or nowhere in Markdown, is it said: %q", what)
		}
	}
}

// A shape is what the documents of a handoff are built of.
type shape struct{ HTML, Markdown []string }

func shapeOf(t *testing.T, h *throughline.Handoff, a throughline.Audience) shape {
	t.Helper()
	return shape{htmlShape(t, rendered(t, "html", h, a)), markdownShape(rendered(t, "md", h, a))}
}

// checkInert compares the documents with those of a handoff that says harmless
// words: they must be built the same, and JSON must come back as it was.
func checkInert(t *testing.T, want shape, h *throughline.Handoff, a throughline.Audience) {
	t.Helper()
	if diff := cmp.Diff(want, shapeOf(t, h, a)); diff != "" {
		t.Errorf("for %s it is built otherwise (-calm +hostile):\n%s", a, diff)
	}
	var back throughline.Handoff
	if err := json.Unmarshal([]byte(rendered(t, "json", h, a)), &back); err != nil {
		t.Fatalf("JSON for %s: %v", a, err)
	}
	if diff := cmp.Diff(For(h, a), &back); diff != "" {
		t.Errorf("JSON for %s comes back otherwise (-written +read):\n%s", a, diff)
	}
}

// reads is what a reader of the page and of the rendered Markdown reads.
func reads(t *testing.T, h *throughline.Handoff, a throughline.Audience) (page, doc string) {
	t.Helper()
	return htmlText(t, rendered(t, "html", h, a)), markdownText(t, rendered(t, "md", h, a))
}

// htmlShape lists the elements of a page with the attributes they have, and the
// values of those that do something.
func htmlShape(t testing.TB, page string) []string {
	t.Helper()
	var shape []string
	for _, n := range htmlNodes(t, page) {
		switch n.Type {
		case html.ElementNode:
			one := "<" + n.Data
			for _, attr := range n.Attr {
				one += " " + attr.Key
				if slices.Contains([]string{"href", "src", "style", "http-equiv", "content", "class", "id"}, attr.Key) {
					one += "=" + attr.Val
				}
			}
			shape = append(shape, one)
		case html.CommentNode, html.DoctypeNode:
			shape = append(shape, n.Data)
		}
	}
	return shape
}

func htmlText(t testing.TB, page string) string {
	var b strings.Builder
	for _, n := range htmlNodes(t, page) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

func htmlNodes(t testing.TB, page string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(root.Descendants())
}

// github reads Markdown as GitHub does, and lets HTML through, so that a test
// sees what would be live anywhere.
var github = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))

// markdownShape lists what a document is built of: every node but its texts,
// with the addresses of links and the HTML that stands in it.
func markdownShape(doc string) []string {
	source := []byte(doc)
	var shape []string
	err := ast.Walk(github.Parser().Parse(mdtext.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		one := n.Kind().String()
		switch n := n.(type) {
		case *ast.Text, *ast.String:
			return ast.WalkContinue, nil
		case *ast.Heading:
			one += fmt.Sprint(n.Level)
		case *ast.Link:
			one += " " + string(n.Destination)
		case *ast.AutoLink:
			one += " " + string(n.URL(source))
		case *ast.RawHTML:
			one += " " + string(n.Segments.Value(source))
		case *ast.HTMLBlock:
			one += " " + string(n.Lines().Value(source))
		}
		shape = append(shape, one)
		return ast.WalkContinue, nil
	})
	if err != nil {
		panic(err) // the function above gives no error
	}
	return shape
}

var htmlSpace = regexp.MustCompile(`[ \n]+`)

// markdownText is what a reader of the rendered document reads.
func markdownText(t testing.TB, doc string) string {
	t.Helper()
	var out bytes.Buffer
	if err := github.Convert([]byte(doc), &out); err != nil {
		t.Fatal(err)
	}
	return htmlSpace.ReplaceAllString(htmlText(t, out.String()), " ")
}

// TestMarker: each document names the schema where a program finds it and a
// reader is not bothered, so that no document of ours is ever taken for a source.
func TestMarker(t *testing.T) {
	for _, h := range []*throughline.Handoff{brightwater(t), {}} {
		for _, a := range throughline.Audiences {
			var back struct{ Schema string }
			if err := json.Unmarshal([]byte(rendered(t, "json", h, a)), &back); err != nil || back.Schema != throughline.Schema {
				t.Errorf("JSON for %s has the schema %q, %v", a, back.Schema, err)
			}
			if doc := rendered(t, "md", h, a); !strings.HasSuffix(doc, "\n<!-- "+throughline.Schema+" -->\n") {
				t.Errorf("Markdown for %s does not end with the schema's name in a comment", a)
			}
			named := false
			for _, n := range htmlNodes(t, rendered(t, "html", h, a)) {
				named = named || n.Type == html.ElementNode && n.Data == "meta" &&
					slices.Contains(n.Attr, html.Attribute{Key: "name", Val: "generator"}) &&
					slices.Contains(n.Attr, html.Attribute{Key: "content", Val: throughline.Schema})
			}
			if !named {
				t.Errorf("HTML for %s has no meta element that names the schema", a)
			}
		}
	}
}

// TestLinks: an address becomes a link only where it is one that a reader can
// follow without harm.
func TestLinks(t *testing.T) {
	cases := map[string]string{
		"https://calls.example/c1?t=412":       "https://calls.example/c1?t=412",
		" http://calls.example ":               "http://calls.example",
		"https://calls.example/a b":            "https://calls.example/a%20b",
		"javascript:alert(1)":                  "",
		"JavaScript://calls.example/%0aalert":  "",
		"data:text/html,<script>":              "",
		"file:///etc/passwd":                   "",
		"//calls.example/c1":                   "",
		"/c1":                                  "",
		"https://":                             "",
		"https://name:pass@calls.example":      "",
		"https://calls.example@evil.example":   "",
		"https://calls.example\\@evil.example": "",
		"https://calls\n.example":              "",
		"":                                     "",
	}
	for raw, want := range cases {
		href, ok := Link(raw)
		if href != want || ok != (want != "") {
			t.Errorf("Link(%q) = %q, %t; want %q", raw, href, ok, want)
		}
	}
}

// FuzzRender says two texts wherever a handoff can, addresses and ids among
// them, in every format for every audience.
func FuzzRender(f *testing.F) {
	for _, what := range hostileTexts(f) {
		f.Add(what, what)
	}
	f.Add("https://calls.example/c1\"><script>", "c1")
	f.Add("\xff\xfe", "\xc3\x28")
	f.Fuzz(func(t *testing.T, one, two string) {
		h, odd := rendertest.Handoff(t), rendertest.Handoff(t)
		for i, s := range rendertest.Texts(h) {
			if free(s) || strings.HasSuffix(s.Field, "URL") {
				s.Value.SetString([]string{one, two}[i%2])
			}
		}
		for _, s := range rendertest.Texts(odd) { // and here nothing is as it should be
			if s.Field != "Audience" {
				s.Value.SetString(one)
			}
		}
		for _, h := range []*throughline.Handoff{h, odd} {
			checkPage(t, rendered(t, "html", h, throughline.AudienceTeam))
			checkMarkdown(t, rendered(t, "md", h, throughline.AudienceTeam))
			for _, a := range throughline.Audiences {
				if !json.Valid([]byte(rendered(t, "json", h, a))) {
					t.Errorf("JSON for %s is none", a)
				}
			}
		}
	})
}

func checkPage(t *testing.T, page string) {
	t.Helper()
	for _, n := range htmlNodes(t, page) {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "img", "iframe", "object", "embed", "form", "base", "svg", "math", "link", "input"}, n.Data) {
			t.Errorf("the page holds a %s", n.Data)
		}
		for _, attr := range n.Attr {
			switch {
			case strings.HasPrefix(attr.Key, "on"), attr.Key == "style", attr.Key == "src":
				t.Errorf("the page's %s has %s=%q", n.Data, attr.Key, attr.Val)
			case attr.Key == "href" && !strings.HasPrefix(attr.Val, "#") && !strings.HasPrefix(attr.Val, "http://") && !strings.HasPrefix(attr.Val, "https://"):
				t.Errorf("the page links to %q", attr.Val)
			}
		}
	}
}

func checkMarkdown(t *testing.T, doc string) {
	t.Helper()
	for _, one := range markdownShape(doc) {
		kind, rest, _ := strings.Cut(one, " ")
		switch kind {
		case "Image", "AutoLink", "CodeBlock", "FencedCodeBlock", "CodeSpan", "ThematicBreak":
			t.Errorf("the document holds a %s", one)
		case "Link":
			if !strings.HasPrefix(rest, "http://") && !strings.HasPrefix(rest, "https://") {
				t.Errorf("the document links to %q", rest)
			}
		case "RawHTML", "HTMLBlock":
			if !ourHTML.MatchString(rest) {
				t.Errorf("the document holds the HTML %q", rest)
			}
		}
	}
}

// ourHTML is the HTML that our own Markdown has: what folds the further quotes
// away, and the marker.
var ourHTML = regexp.MustCompile(`^\s*(</?details>|<details><summary>.*</summary>|</?summary>|<!-- ` + regexp.QuoteMeta(throughline.Schema) + ` -->)\s*$`)
