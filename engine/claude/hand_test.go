package claude

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline"
	"throughline/ground"
	"throughline/hedge"
)

// handDeal is a deal with a call, a note of the CRM, quoted mail and a source
// that proves nothing.
func handDeal() *throughline.Deal {
	ann := &throughline.Person{ID: "p1", Name: "Ann Lee", Side: throughline.SideSeller}
	bob := &throughline.Person{ID: "p2", Name: "Bob Roy", Side: throughline.SideCustomer}
	deal := &throughline.Deal{Name: "Acme", People: []*throughline.Person{ann, bob}}
	say := func(s *throughline.Source, who *throughline.Person, text string) {
		s.Passages = append(s.Passages, &throughline.Passage{
			Ref: s.ID + "." + string(rune('1'+len(s.Passages))), Source: s, Index: len(s.Passages), Speaker: who, Name: who.Name, Text: text, Offset: -1,
			Heard: []*throughline.Person{ann, bob},
		})
	}
	call := &throughline.Source{ID: "c1", Kind: throughline.SourceCall, Title: "Demo", People: deal.People}
	say(call, bob, "Every morning we paste the orders into the big sheet by hand.")
	say(call, ann, "We should be fine to import five million rows a day, I'll have to confirm that.")
	say(call, ann, "You will be live in the first month after kickoff.")
	mail := &throughline.Source{ID: "e1", Kind: throughline.SourceEmail, Title: "Re: Demo", People: deal.People}
	say(mail, bob, "The import takes us four hours a night & <b>that hurts</b>.")
	say(mail, ann, "quoted history of a mail")
	mail.Passages[1].History = true
	old := &throughline.Source{ID: "d1", Kind: throughline.SourceDocument, Title: "Handoff", NotEvidence: "an earlier handoff"}
	say(old, ann, "Words that prove nothing at all.")
	crm := &throughline.Source{ID: "r1", Kind: throughline.SourceCRM, Title: "Opportunity"}
	say(crm, ann, "Bob signs, the board was told.")
	deal.Sources = []*throughline.Source{crm, call, mail, old}
	return deal
}

// refsIn are the refs that begin a line.
func refsIn(text string) []string {
	var refs []string
	for line := range strings.Lines(text) {
		ref, _, ok := strings.Cut(line, " ")
		if ok && strings.Count(ref, ".") == 1 && ref[0] >= 'a' && ref[0] <= 'z' {
			refs = append(refs, strings.TrimSuffix(ref, ":"))
		}
	}
	return refs
}

func TestPagesShowWhatTheEngineShows(t *testing.T) {
	deal := handDeal()
	pages := Pages(deal, 100_000)
	if len(pages) != 1 {
		t.Fatalf("%d pages, want 1", len(pages))
	}
	whole := partition(deal, 1<<40)[0].text(deal, 1)
	if !strings.HasPrefix(pages[0], whole) {
		t.Errorf("the page does not begin with the text of the engine's requests (-engine +page):\n%s", cmp.Diff(whole, pages[0]))
	}
	found := hedge.Scan(deal)
	if len(found) == 0 {
		t.Fatal("the deal has no hedged promise to list")
	}
	_, list, ok := strings.Cut(pages[0], "<candidates>\n")
	if n := strings.Count(list, "\n") - 1; !ok || n != len(found)+1 {
		t.Errorf("the list of candidates has %d lines, want %d:\n%s", n, len(found)+1, list)
	}
	if strings.Contains(pages[0], "<b>") {
		t.Error("a tag of a mail stands on the page as one")
	}
}

// TestPagesOfAnySizeHoldTheSame: whatever the page's size, every passage stands
// on one page, in order, below the head of its source, and no page is longer than
// its size but for one passage.
func TestPagesOfAnySizeHoldTheSame(t *testing.T) {
	deal := handDeal()
	want := refsIn(partition(deal, 1<<40)[0].text(deal, 1))
	if len(want) != 5 {
		t.Fatalf("the deal shows %v, want five passages", want)
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 3000).Draw(t, "size")
		var got []string
		for _, page := range Pages(deal, size) {
			refs := refsIn(page)
			got = append(got, refs...)
			if len(refs) > 1 && len(page) > size {
				t.Fatalf("a page of %d bytes holds %d passages, and was to have %d bytes", len(page), len(refs), size)
			}
			if strings.Count(page, "<source ") != strings.Count(page, "</source>") || len(refs) > 0 && !strings.Contains(page, "<source ") {
				t.Fatalf("a source is not opened and closed on its page:\n%s", page)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("passages on pages of %d bytes (-want +got):\n%s", size, diff)
		}
	})
}

func TestSourcePages(t *testing.T) {
	deal := handDeal()
	pages := SourcePages(deal.Source("e1"), 10_000)
	if diff := cmp.Diff([]string{"e1.1"}, refsIn(strings.Join(pages, ""))); diff != "" {
		t.Errorf("passages (-want +got):\n%s", diff)
	}
}

func submit(t *testing.T, pieces ...Piece) *Submission {
	t.Helper()
	deal := handDeal()
	s, err := Submit(deal, ground.NewIndex(deal), ByHand("some model"), pieces...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	aWorkaround = `{"kind": "workaround", "text": "They paste orders by hand.", "label": "stated",
		"quotes": [{"ref": "c1.1", "text": "we paste the orders into the big sheet"}]}`
	aMilestone = `{"kind": "milestone", "text": "Live in the first month.", "day": 30, "from": "kickoff",
		"quotes": [{"ref": "c1.3", "text": "live in the first month after kickoff"}]}`
)

func places(items []throughline.DraftItem) []Place {
	var at []Place
	for _, it := range items {
		at = append(at, PlaceOf(it))
	}
	return at
}

func TestSubmitTellsEachItemsPlace(t *testing.T) {
	s := submit(t,
		Piece{Name: "a b.json", Data: []byte(`{"items": ["no item", ` + aWorkaround + `, {"kind": 7}, ` + aMilestone + `]}`)},
		Piece{Name: "section 1", Sections: []throughline.Section{1}, Data: []byte("```json\n{\"items\": [" + aMilestone + ", " + aWorkaround + "]}\n```")})
	if s.Count != 6 {
		t.Errorf("submitted %d, want 6", s.Count)
	}
	if diff := cmp.Diff([]Place{{"a b.json", 2}, {"a b.json", 4}, {"section 1", 2}}, places(s.Draft.Items)); diff != "" {
		t.Errorf("items of the draft (-want +got):\n%s", diff)
	}
	want := []Undecoded{
		{Place{"a b.json", 1}, "it is not of the form that was asked for: it is of the type string and should be an object"},
		{Place{"a b.json", 3}, `it is not of the form that was asked for: its "kind" is of the type number`},
		{Place{"section 1", 1}, "a milestone belongs to section 4, 30/60/90"},
	}
	if diff := cmp.Diff(want, s.Undecoded); diff != "" {
		t.Errorf("undecoded (-want +got):\n%s", diff)
	}
}

func TestSubmitAccountsForCandidates(t *testing.T) {
	all := hedge.Scan(handDeal())
	numbers := func(cs []hedge.Candidate) []int {
		ns := []int{}
		for _, c := range cs {
			ns = append(ns, c.Number)
		}
		return ns
	}
	if got := submit(t, Piece{Data: []byte(`{"items": []}`)}); !slices.Equal(numbers(got.Unanswered), numbers(all)) {
		t.Errorf("of a draft that says nothing, unanswered are %v, want all: %v", numbers(got.Unanswered), numbers(all))
	}
	taken := `{"kind": "stretch", "text": "Five million rows.", "candidates": [1], "quotes": [{"ref": "c1.2", "text": "We should be fine to import five million rows a day"}]}`
	if got := submit(t, Piece{Data: []byte(`{"items": [` + taken + `]}`)}); slices.Contains(numbers(got.Unanswered), 1) || got.Draft.Candidates.Taken != 1 {
		t.Errorf("candidate 1 was taken: unanswered are %v, taken %d", numbers(got.Unanswered), got.Draft.Candidates.Taken)
	}
	if got := submit(t, Piece{Data: []byte(`{"items": [], "dismissed": [{"candidate": 1, "reason": "scheduling"}, {"candidate": 999, "reason": "x"}]}`)}); slices.Contains(numbers(got.Unanswered), 1) {
		t.Errorf("candidate 1 was dismissed: unanswered are %v", numbers(got.Unanswered))
	}
}

func TestSubmitTakesContradictionsAndQuestions(t *testing.T) {
	s := submit(t, Piece{Data: []byte(`{"items": [], "questions": [{"text": "Who owns it?"}],
		"contradictions": [{"text": "One or the other.", "sides": [
			{"text": "one", "quotes": [{"ref": "c1.2", "text": "five million rows a day"}]},
			{"text": "other", "quotes": [{"ref": "e1.1", "text": "takes us four hours a night"}]}]}]}`)})
	if n := len(s.Draft.Contradictions); n != 1 || len(s.Draft.Contradictions[0].Sides) != 2 {
		t.Errorf("contradictions: %+v, want one with two sides", s.Draft.Contradictions)
	}
	if n := len(s.Draft.Questions); n != 1 {
		t.Errorf("%d questions, want 1", n)
	}
}

func TestSubmitRefusesWhatIsNoDraft(t *testing.T) {
	deal := handDeal()
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "there is no JSON object"},
		{"words", "I could not do it.", "there is no JSON object"},
		{"broken off", `{"items": [` + aWorkaround, "it is not JSON"},
		{"a missing comma", "{\"items\": []\n\n \"dismissed\": []}", "line 3"},
		{"items that are no list", `{"items": {"kind": "pain"}}`, `its "items" is of the type object`},
		{"too much", `{"items": [], "x": "` + strings.Repeat("x", maxAnswer) + `"}`, "are not read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Submit(deal, ground.NewIndex(deal), ByHand(""), Piece{Name: "d.json", Data: []byte(c.data)})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "d.json") {
				t.Errorf("error %v, want one that names d.json and says %q", err, c.want)
			}
		})
	}
}

func TestSubmitTakesNoMoreItemsThanAnEngineMayGive(t *testing.T) {
	many := `{"items": [` + strings.TrimSuffix(strings.Repeat(aWorkaround+",", maxDraftItems), ",") + `]}`
	s := submit(t, Piece{Name: "a", Data: []byte(many)}, Piece{Name: "b", Data: []byte(`{"items": [` + aWorkaround + `]}`)})
	if len(s.Draft.Items) != maxDraftItems || len(s.Undecoded) != 1 || s.Undecoded[0].Place != (Place{"b", 1}) {
		t.Errorf("%d items, undecoded %v, want %d and b's first", len(s.Draft.Items), s.Undecoded, maxDraftItems)
	}
}

func FuzzSubmit(f *testing.F) {
	for _, seed := range []string{
		`{"items": [` + aWorkaround + `, ` + aMilestone + `]}`, `{"items": [1, {"kind": "pain", "quotes": [{}]}], "dismissed": [{"candidate": "i3"}]}`,
		`{"items": null, "contradictions": [{"sides": [{}, {}]}]}`, "```json\n{}\n```", `{"items": [{"kind": "sta&#110;ce"}]}`,
	} {
		f.Add([]byte(seed), 0)
	}
	deal := handDeal()
	ix := ground.NewIndex(deal)
	f.Fuzz(func(t *testing.T, data []byte, section int) {
		p := Piece{Name: "fuzz", Data: data}
		if s := throughline.Section(section); s.Title() != "" {
			p.Sections = []throughline.Section{s}
		}
		s, err := Submit(deal, ix, ByHand(""), p)
		if err != nil {
			return
		}
		// Committee members given twice are one item.
		if n := len(s.Draft.Items) + len(s.Undecoded); n > s.Count {
			t.Fatalf("%d items were submitted, and %d came of it", s.Count, n)
		}
		last := 0
		for _, at := range places(s.Draft.Items) {
			if at.Number <= last || at.Number > s.Count || at.Piece != "fuzz" {
				t.Fatalf("an item's place is %+v, after number %d of %d", at, last, s.Count)
			}
			last = at.Number
		}
	})
}
