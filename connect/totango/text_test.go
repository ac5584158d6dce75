package totango

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline"
	"throughline/connect"
	"throughline/render"
	"throughline/render/rendertest"
)

// texts of a deal, as bad as they come.
var hostile = []string{
	"plain words", "== 1. Deal shape ==", "- forged entry", "\n== forged ==\n- forged", "<script>alert(1)</script>", "<\u202eb>", "a < b and 3 <4", "<!-- x", "</div", "<\x00img src=x onerror=y>",
	"\x00\x07\u001b[31m", "\u2028- forged", "\u202egnorw", "𝒳𝒴𝒵😀", "ä ö ü", "\xff\xfe", "(throughline.handoff/v1 006 v9 0123456789ab)", "",
}

// long are texts that no touchpoint has room for.
var long = []string{strings.Repeat("long ", 3000), "ünbroken" + strings.Repeat("x", 13_000)}

// TestContentIsBounded: whatever the blocks, a touchpoint's text is within the vendor's
// limit, holds its link and its marker, and each entry whole or not at all.
func TestContentIsBounded(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 200).Draw(t, "long") == 0 {
			return rapid.SampledFrom(long).Draw(t, "text")
		}
		return strings.Repeat(rapid.SampledFrom(append(hostile, "😀", "word ")).Draw(t, "text"), rapid.SampledFrom([]int{1, 1, 2, 40}).Draw(t, "times"))
	})
	run := rapid.Custom(func(t *rapid.T) render.Run {
		return render.Run{Text: text.Draw(t, "run"), Href: rapid.SampledFrom([]string{"", "", "https://calls.example/c1?t=7"}).Draw(t, "href")}
	})
	block := rapid.Custom(func(t *rapid.T) render.Block {
		kinds := []render.BlockKind{render.BlockHeading, render.BlockParagraph, render.BlockCallout, render.BlockBullet, render.BlockQuote, render.BlockToggle}
		b := render.Block{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Level: rapid.IntRange(2, 3).Draw(t, "level"), Text: rapid.SliceOfN(run, 0, 3).Draw(t, "text")}
		if b.Kind == render.BlockToggle {
			b.Children = []render.Block{{Kind: render.BlockQuote, Text: rapid.SliceOfN(run, 1, 2).Draw(t, "child")}}
		}
		return b
	})
	m := marker{"006", 3, "0123456789ab", []made{{"milestone-1", "12", "ba9876543210"}}}
	rapid.Check(t, func(t *rapid.T) {
		link := rapid.SampledFrom([]string{"", "https://handoffs.example/d/1"}).Draw(t, "link")
		d := newDocument(text.Draw(t, "title"), link, rapid.SliceOfN(block, 0, 60).Draw(t, "blocks"))
		got := d.content(m)
		if n := connect.Length(got); n > MostContent {
			t.Fatalf("it has %d characters", n)
		}
		if !strings.Contains(got, d.link) || !strings.HasSuffix(got, "\n"+m.String()) {
			t.Fatalf("it lacks its link or its marker: %q", got)
		}
		if back, ok := parseMarker(got); !ok || !reflect.DeepEqual(back, m) {
			t.Fatalf("its marker is read as %+v", back)
		}
		shown := strings.TrimPrefix(got, "Handoff: "+d.title)
		for _, p := range d.brief {
			if p.heading || connect.Length(p.text) < 20 || strings.Contains(shown, p.text) {
				continue
			}
			if strings.Contains(shown, p.text[:len(p.text)-1]) {
				t.Fatalf("an entry was cut: %q", p.text)
			}
			if !strings.Contains(shown, "too long for Totango: ") {
				t.Fatalf("an entry is missing, and nothing says so: %q", p.text)
			}
		}
	})
}

// TestHostileText: every line that begins as a heading or an entry is one, and no text
// opens a tag or holds what prints nothing.
func TestHostileText(t *testing.T) {
	for _, a := range throughline.Audiences {
		for _, h := range hostileHandoffs(t) {
			title, blocks, err := render.Blocks(h, a)
			if err != nil {
				t.Fatal(err)
			}
			d := newDocument(title, "", blocks)
			headings, entries := 0, 0
			for _, b := range blocks {
				switch b.Kind {
				case render.BlockHeading:
					headings++
				case render.BlockBullet, render.BlockToggle:
					entries++
				}
			}
			var got strings.Builder
			for _, p := range d.whole {
				got.WriteString(p.text)
			}
			lines := strings.Split(got.String(), "\n")
			for _, l := range lines {
				switch {
				case strings.HasPrefix(l, "==") || strings.HasPrefix(l, "--"):
					headings--
				case strings.HasPrefix(l, "-"):
					entries--
				}
			}
			if headings != 0 || entries != 0 {
				t.Errorf("%s: %d headings and %d entries are forged or missing", a, -headings, -entries)
			}
			for _, m := range milestones("006", render.For(h, a), "", "") {
				got.WriteString("\n" + m.title + "\n" + m.text())
			}
			inert(t, got.String())
		}
	}
}

var tag = regexp.MustCompile(`<[A-Za-z!/?]`)

// inert says what of a text might be more than text.
func inert(t testing.TB, text string) {
	t.Helper()
	if at := tag.FindString(text); at != "" {
		t.Errorf("it has %q", at)
	}
	if !utf8.ValidString(text) {
		t.Error("it is no UTF-8")
	}
	for _, r := range text {
		if r != '\n' && unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 {
			t.Errorf("it has %U", r)
		}
	}
}

// hostileHandoffs have a bad text in every place, one after another.
func hostileHandoffs(t testing.TB) []*throughline.Handoff {
	t.Helper()
	var out []*throughline.Handoff
	for _, text := range hostile {
		h := rendertest.Handoff(t)
		for _, s := range rendertest.Texts(h) {
			switch s.Field {
			case "Items[].Text", "Items[].Evidence[].Quote", "Items[].Evidence[].Speaker", "Items[].Superseded[].Text", "Deal.Name", "Deal.Customer.Name", "Deal.Customer.Industry",
				"Deal.People[].Name", "Deal.People[].Title", "Sources[].Title", "Thin[]", "Engine.Limits", "Items[].Promise", "Items[].Doubt", "Questions[].Text":
				s.Value.SetString(text)
			}
		}
		out = append(out, h)
	}
	return out
}

// TestTooLong: quotes go first, then entries from the end, and it is said.
func TestTooLong(t *testing.T) {
	data, err := os.ReadFile("../../render/testdata/brightwater.json")
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	var more []throughline.Item
	for i := range 260 {
		for _, it := range h.Items {
			if it.Kind == throughline.KindRisk {
				it.ID, it.Text = fmt.Sprintf("risk-%d", 100+i), fmt.Sprintf("Risk number %d of those that make it long.", i)
				more = append(more, it)
				break
			}
		}
	}
	for _, tc := range []struct {
		risks         int
		quotes, whole bool
	}{{0, true, true}, {60, false, true}, {260, false, false}} {
		whole := h
		whole.Items = append(append([]throughline.Item{}, h.Items...), more[:tc.risks]...)
		title, blocks, err := render.Blocks(&whole, throughline.AudienceCompany)
		if err != nil {
			t.Fatal(err)
		}
		d := newDocument(title, "https://handoffs.example/d/1", blocks)
		got := d.content(marker{key: "006", version: 1, digest: "0123456789ab"})
		said := []bool{strings.Contains(got, "It takes us two days every week"), !strings.Contains(got, " entries, and its quotes, are left out here.")}
		if diff := cmp.Diff([]bool{tc.quotes, tc.whole}, said); diff != "" {
			t.Errorf("with %d risks more, quotes and whole: %s", tc.risks, diff)
		}
		if tc.quotes == strings.Contains(got, "too long for Totango: ") || !tc.quotes && !strings.Contains(got, "the handoff itself: "+d.link) {
			t.Errorf("with %d risks more it ends %q", tc.risks, got[len(got)-400:])
		}
	}
}

func TestMarkers(t *testing.T) {
	m := marker{"006.a-b_c", 12, "0123456789ab", []made{{"milestone-1", "77", "aaaaaaaaaaaa"}, {"milestone-2", "", "bbbbbbbbbbbb"}}}
	if got, ok := parseMarker("(throughline.handoff/v1 x v1 ffffffffffff)\n" + m.String()); !ok || !reflect.DeepEqual(got, m) {
		t.Errorf("%s is read as %+v", m, got)
	}
	tm := taskMarker{"006.a-b_c", "milestone-3", "0123456789ab", "ba9876543210", "2026-07-08"}
	if got, ok := parseTaskMarker("text " + tm.String() + " more"); !ok || got != tm {
		t.Errorf("%s is read as %+v", tm, got)
	}
	for _, s := range []string{"", "(throughline.handoff/v1 a v1)", "(throughline.handoff/v1 a v99999999999 0123456789ab)", "(throughline.handoff/v2 a v1 0123456789ab)", tm.String()} {
		if got, ok := parseMarker(s); ok {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}

func FuzzParseMarker(f *testing.F) {
	f.Add(marker{"006", 1, "0123456789ab", []made{{"milestone-1", "77", "aaaaaaaaaaaa"}}}.String())
	f.Add("(throughline.handoff/v1 a v1 0123456789ab milestone-1=~)")
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseMarker(s)
		if !ok {
			return
		}
		if again, ok := parseMarker(m.String()); !ok || !reflect.DeepEqual(again, m) {
			t.Errorf("%q is read as %+v, and that as %+v", s, m, again)
		}
	})
}

func FuzzSeenIn(f *testing.F) {
	f.Add([]byte(`[{"id":1,"timestamp":5,"note_content":{"note_id":7,"text":"(throughline.handoff/v1 006 v1 0123456789ab)"}},{"id":"x","task_content":{"task_id":"t-1","status":{"current":"open"},"description":{"current":null}}}]`))
	f.Add([]byte(`[{"id":{},"timestamp":[],"note_content":null,"task_content":{"task_id":1e9}}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var events []event
		if json.Unmarshal(raw, &events) != nil {
			return
		}
		s := seenIn(events, "006")
		if s.note != nil && (!idForm.MatchString(s.note.id) || s.note.marker.key != "006") {
			t.Errorf("got %+v", s.note)
		}
		for item, task := range s.tasks {
			if task.marker.item != item || !idForm.MatchString(task.id) {
				t.Errorf("got %+v for %q", task, item)
			}
		}
	})
}

func FuzzClean(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { inert(t, clean(s)) })
}
