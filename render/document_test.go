package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"throughline"
)

// document has a block of every kind, with what each may hold.
func document(text string) []Block {
	return []Block{
		{Kind: BlockHeading, Level: 2, Text: runs(text)},
		{Kind: BlockParagraph, Text: []Run{{Text: text}, {Text: " " + text + " ", Bold: true}, {Text: text, Italic: true}}},
		{Kind: BlockCallout, Text: runs(text)},
		{Kind: BlockQuote, Text: runs(text + "\n" + text)},
		{Kind: BlockTodo, Text: runs(text), Children: []Block{{Kind: BlockBullet, Text: runs(text)}}},
		{Kind: BlockTodo, Text: []Run{{Text: text, Href: "https://example.com/a?b=1&c=2"}}},
		{Kind: BlockToggle, Text: runs(text), Children: []Block{{Kind: BlockQuote, Text: runs(text)}}},
		{Kind: BlockHeading, Level: 3, Text: runs(text)},
		{Kind: BlockBullet, Text: []Run{{Text: text, Href: "javascript:alert(1)"}}},
		{Kind: "unheard", Text: runs(text)},
	}
}

func TestWriteMarkdown(t *testing.T) {
	var out bytes.Buffer
	if err := WriteMarkdown(&out, "Kickoff *1*", document("a_b")); err != nil {
		t.Fatal(err)
	}
	want := `# Kickoff \*1\*

## a\_b

a\_b **a\_b** *a\_b*

> a\_b

> a\_b  
> a\_b

- [ ] a\_b
  - a\_b
- [ ] [a\_b](<https://example.com/a?b=1&amp;c=2>)
- a\_b
  - a\_b

### a\_b

- a\_b

a\_b

<!-- throughline.handoff/v1 -->
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWriteHTML(t *testing.T) {
	var out bytes.Buffer
	if err := WriteHTML(&out, "Kickoff", document("calm")); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for text, n := range map[string]int{
		`<span class="box"`: 2, `<ul class="blocks">`: 3, `<li class="todo"`: 2, `<blockquote class="block"`: 2, `<p class="callout"`: 1, "<details>": 1,
		`<h2><span>calm</span></h2>`: 1, `<h3><span>calm</span></h3>`: 1, "<br>": 1, `href="https://example.com/a?b=1&amp;c=2"`: 1, "javascript:": 0,
		`content="` + throughline.Schema + `"`: 1, `<strong> calm </strong>`: 1,
	} {
		if got := strings.Count(page, text); got != n {
			t.Errorf("%s stands there %d times, want %d", text, got, n)
		}
	}
}

// TestDocumentIsInert: whatever a text says, the page has the elements that it
// has with a harmless one.
func TestDocumentIsInert(t *testing.T) {
	elements := func(text string) string {
		var out bytes.Buffer
		if err := WriteHTML(&out, "Kickoff", document(text)); err != nil {
			t.Fatal(err)
		}
		var tags []string
		z := html.NewTokenizer(&out)
		for z.Next() != html.ErrorToken {
			if name, _ := z.TagName(); len(name) > 0 {
				tags = append(tags, string(name))
			}
		}
		return strings.Join(tags, " ")
	}
	want := elements("calm")
	for _, text := range hostileTexts(t) {
		text = plain(text)
		if text == "" {
			continue
		}
		if diff := cmp.Diff(want, elements(text)); diff != "" {
			t.Errorf("%q makes other elements (-want +got):\n%s", text, diff)
		}
	}
}

// TestDocumentsMarkdownIsInert: the same, of the HTML that readers of Markdown make
// of it.
func TestDocumentsMarkdownIsInert(t *testing.T) {
	reader := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(goldhtml.WithUnsafe()))
	elements := func(text string) string {
		var out, page bytes.Buffer
		if err := WriteMarkdown(&out, text, document(text)); err != nil {
			t.Fatal(err)
		}
		if err := reader.Convert(out.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		var tags []string
		z := html.NewTokenizer(&page)
		for z.Next() != html.ErrorToken {
			if name, _ := z.TagName(); len(name) > 0 {
				tags = append(tags, string(name))
			}
		}
		return strings.Join(tags, " ")
	}
	want := elements("calm")
	for _, text := range hostileTexts(t) {
		if text = plain(text); text == "" {
			continue
		}
		if diff := cmp.Diff(want, elements(text)); diff != "" {
			t.Errorf("%q makes other elements (-want +got):\n%s", text, diff)
		}
	}
}

func TestWriteText(t *testing.T) {
	var out bytes.Buffer
	if err := WriteText(&out, "Kick\noff", document("a\x07b")); err != nil {
		t.Fatal(err)
	}
	want := `Kick off

ab
ab ab ab
ab
ab
ab
- ab
  - ab
- ab
- ab
  - ab

ab
- ab
ab
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOpeningIsTheTeams(t *testing.T) {
	h := brightwater(t)
	if got := Opening(For(h, throughline.AudienceTeam)); !strings.HasPrefix(got, "I’ve reviewed everything you discussed with ") || !strings.HasSuffix(got, english.OpeningEnd) {
		t.Errorf("the opening is %q", got)
	}
	for _, a := range []throughline.Audience{throughline.AudienceCompany, throughline.AudienceCustomer} {
		if got := Opening(For(h, a)); got != "" {
			t.Errorf("%s is given an opening: %q", a, got)
		}
	}
	if got := Opening(nil); got != "" {
		t.Errorf("of no handoff there is an opening: %q", got)
	}
}
