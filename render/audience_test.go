package render

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline"
	"throughline/render/rendertest"
)

// heardQuote is a quote of a call that two of the customer's people heard.
func heardQuote(words string) throughline.Evidence {
	return throughline.Evidence{
		Source: "c1", Ref: "c1.4", Quote: words, Speaker: "Ada Berg", Side: throughline.SideCustomer,
		Match: throughline.MatchExact, CustomersHeard: 2,
	}
}

func onCall(items ...throughline.Item) *throughline.Handoff {
	return &throughline.Handoff{
		Items: items,
		Sources: []throughline.SourceNote{
			{ID: "c1", Kind: throughline.SourceCall, Title: "Discovery"},
			{ID: "c2", Kind: throughline.SourceCall, Title: "Pipeline review", Internal: true},
			{ID: "d1", Kind: throughline.SourceDocument, Title: "Summary", NotEvidence: "another tool’s summary"},
		},
	}
}

// TestForCustomerShowsOnlyWhatTheyHeard changes one thing of an item that the
// customer may see.
func TestForCustomerShowsOnlyWhatTheyHeard(t *testing.T) {
	quote := func(change func(*throughline.Evidence)) func(*throughline.Item) {
		return func(it *throughline.Item) { change(&it.Evidence[0]) }
	}
	remarked := func(k throughline.RemarkKind) func(*throughline.Item) {
		return func(it *throughline.Item) {
			it.Remarks = []throughline.Remark{{Kind: k, Text: "In private.", By: "A. E."}}
		}
	}
	kind := func(k throughline.Kind) func(*throughline.Item) {
		return func(it *throughline.Item) { it.Kind = k }
	}
	cases := map[string]struct {
		change func(*throughline.Item)
		shown  bool
	}{
		"two heard it":           {func(*throughline.Item) {}, true},
		"normalised":             {quote(func(e *throughline.Evidence) { e.Match = throughline.MatchNormalised }), true},
		"a condition they heard": {quote(func(e *throughline.Evidence) { e.As = throughline.AsCondition }), true},
		"one heard it":           {quote(func(e *throughline.Evidence) { e.CustomersHeard = 1 }), false},
		"internal":               {quote(func(e *throughline.Evidence) { e.Internal = true }), false},
		"not found":              {quote(func(e *throughline.Evidence) { e.Match = throughline.MatchNone }), false},
		"no match told":          {quote(func(e *throughline.Evidence) { e.Match = "" }), false},
		"a doubt":                {quote(func(e *throughline.Evidence) { e.As = throughline.AsDoubt }), false},
		"an internal source":     {quote(func(e *throughline.Evidence) { e.Source = "c2" }), false},
		"a source that is none":  {quote(func(e *throughline.Evidence) { e.Source = "d1" }), false},
		"an unlisted source":     {quote(func(e *throughline.Evidence) { e.Source = "c9" }), false},
		"no quote":               {func(it *throughline.Item) { it.Evidence = nil }, false},
		"another quote that one heard": {func(it *throughline.Item) {
			second := heardQuote("In private.")
			second.CustomersHeard = 1
			it.Evidence = append(it.Evidence, second)
		}, false},
		"it replaced what they heard": {func(it *throughline.Item) {
			it.Superseded = []throughline.Earlier{{Text: "Before.", Evidence: []throughline.Evidence{heardQuote("Before.")}}}
		}, true},
		"it replaced what one heard": {func(it *throughline.Item) {
			before := heardQuote("Before, in private.")
			before.CustomersHeard = 1
			it.Superseded = []throughline.Earlier{{Text: "Before.", Evidence: []throughline.Evidence{before}}}
		}, false},
		"confirmed in review": {remarked(throughline.RemarkConfirmed), true},
		"corrected in review": {remarked(throughline.RemarkCorrected), false},
		"not a commitment":    {remarked(throughline.RemarkNotCommitment), false},
		"use case":            {kind(throughline.KindUseCase), true},
		"workaround":          {kind(throughline.KindWorkaround), true},
		"milestone":           {kind(throughline.KindMilestone), true},
		"risk":                {kind(throughline.KindRisk), true},
		"champion":            {kind(throughline.KindChampion), false},
		"committee":           {kind(throughline.KindCommittee), false},
		"stretch":             {kind(throughline.KindStretch), false},
		"enthusiast":          {kind(throughline.KindEnthusiast), false},
		"reluctant":           {kind(throughline.KindReluctant), false},
		"adjacent vendor":     {kind(throughline.KindAdjacentVendor), false},
		"a kind that's none":  {kind("gossip"), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			it := throughline.Item{
				ID: "pain-1", Kind: throughline.KindPain, Text: "They can’t stand it, says the engine.", Why: "reason",
				Evidence: []throughline.Evidence{heardQuote("It takes two days.")},
			}
			c.change(&it)
			got := For(onCall(it), throughline.AudienceCustomer).Items
			if !c.shown {
				if len(got) > 0 {
					t.Fatalf("the customer sees %+v", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("%d items are shown", len(got))
			}
			if got[0].Text != "It takes two days." || got[0].Superseded != nil || got[0].Why != "" {
				t.Errorf("more is said than the quote: %+v", got[0])
			}
		})
	}
}

// TestRemarksBeforeTheCompany: what was corrected is shown as corrected, what is no
// commitment is not shown, and neither is who said what of it.
func TestRemarksBeforeTheCompany(t *testing.T) {
	said := func(k throughline.RemarkKind, text string) throughline.Item {
		return throughline.Item{
			ID: "pain-1", Kind: throughline.KindPain, Text: "As drafted.", Evidence: []throughline.Evidence{heardQuote("It takes two days.")},
			Remarks: []throughline.Remark{{Kind: k, Text: text, By: "A. E."}},
		}
	}
	got := For(onCall(said(throughline.RemarkCorrected, "As it is."), said(throughline.RemarkNotCommitment, "Because."), said(throughline.RemarkConfirmed, "")), throughline.AudienceCompany).Items
	var texts []string
	for _, it := range got {
		texts = append(texts, it.Text)
		if it.Remarks != nil {
			t.Errorf("the company is shown remarks: %+v", it.Remarks)
		}
	}
	if diff := cmp.Diff([]string{"As it is.", "As drafted."}, texts); diff != "" {
		t.Error(diff)
	}
	// A company's view is no way round to the customer.
	if seen := For(For(onCall(said(throughline.RemarkCorrected, "As it is.")), throughline.AudienceCompany), throughline.AudienceCustomer).Items; len(seen) > 0 {
		t.Errorf("the customer sees what was corrected: %+v", seen)
	}
}

func TestForCompany(t *testing.T) {
	h := brightwater(t)
	got := For(h, throughline.AudienceCompany)
	for _, it := range got.Items {
		if s := it.Kind.Section(); s != throughline.SectionDealShape && s != throughline.SectionMilestones && s != throughline.SectionRisks {
			t.Errorf("%s stands in section %d", it.ID, s)
		}
		if it.Stance != "" || it.Why != "" || it.Promise+it.Doubt+it.Condition+it.NextStep != "" {
			t.Errorf("%s says more than it may: %+v", it.ID, it)
		}
		if it.Kind.AboutPerson() && (len(it.Evidence) > 0 || it.Text != it.Person+", "+it.Title) {
			t.Errorf("%s says more than the record of the person: %+v", it.ID, it)
		}
	}
	for _, k := range kindsFor(throughline.AudienceCompany) {
		if !slices.ContainsFunc(got.Items, func(it throughline.Item) bool { return it.Kind == k }) {
			t.Errorf("no %s is shown", k)
		}
	}
	for _, s := range got.Sources {
		if s.Kind == throughline.SourceEmail && (s.People != nil || !strings.HasPrefix(s.Title, "Email of ")) {
			t.Errorf("more is said of an email than that it was: %+v", s)
		}
	}
	if len(got.Questions)+len(got.Contradictions)+len(got.LeftOut)+len(got.Problems)+len(got.Notes) > 0 || got.Usage != nil {
		t.Error("the company sees what is the team's")
	}
}

func TestForTeamIsWhole(t *testing.T) {
	h := brightwater(t)
	if diff := cmp.Diff(h, For(h, throughline.AudienceTeam)); diff != "" {
		t.Errorf("-whole +team:\n%s", diff)
	}
}

func TestForUnknownAudiences(t *testing.T) {
	h := brightwater(t)
	want := For(h, throughline.AudienceCustomer)
	for _, a := range []throughline.Audience{"", "everybody", "Team"} {
		if diff := cmp.Diff(want, For(h, a)); diff != "" {
			t.Errorf("for %q (-customer +got):\n%s", a, diff)
		}
	}
	h.Audience = "press"
	if diff := cmp.Diff(want, For(h, throughline.AudienceTeam)); diff != "" {
		t.Errorf("of a handoff that was made for nobody we know (-customer +got):\n%s", diff)
	}
	if For(nil, throughline.AudienceTeam) != nil {
		t.Error("of no handoff there is a view")
	}
}

func TestItemsKeepTheirIDs(t *testing.T) {
	h := brightwater(t)
	kinds := map[string]throughline.Kind{}
	for _, it := range h.Items {
		kinds[it.ID] = it.Kind
	}
	for _, a := range throughline.Audiences {
		for _, it := range For(h, a).Items {
			if kinds[it.ID] != it.Kind {
				t.Errorf("for %s, %s is called %s", a, it.Kind, it.ID)
			}
		}
	}
}

// handoffs draws handoffs of few words and many shapes.
func handoffs() *rapid.Generator[*throughline.Handoff] {
	word := rapid.SampledFrom([]string{"", "Ada Berg", "Udo Falk", "two days", "by Friday", "2026-05-06", "c1", "s1"})
	moment := rapid.Ptr(rapid.SampledFrom([]time.Time{time.Date(2026, 2, 3, 9, 0, 0, 0, time.UTC)}), true)
	ids := rapid.SampledFrom([]string{"c1", "e1", "s1", "d1", "x", ""})
	evidence := rapid.Custom(func(t *rapid.T) throughline.Evidence {
		id := ids.Draw(t, "source")
		return throughline.Evidence{
			Source: id, Ref: id + ".7", Quote: word.Draw(t, "quote"), Speaker: word.Draw(t, "speaker"), URL: word.Draw(t, "url"),
			As:   rapid.SampledFrom([]throughline.QuoteRole{"", throughline.AsPromise, throughline.AsDoubt, throughline.AsCondition}).Draw(t, "as"),
			Side: rapid.SampledFrom([]throughline.Side{"", throughline.SideCustomer, throughline.SideSeller, "odd"}).Draw(t, "side"),
			At:   moment.Draw(t, "at"), OffsetMS: rapid.Ptr(rapid.Int64Range(-1, 1e7), true).Draw(t, "offset"),
			Match: rapid.SampledFrom([]throughline.Match{
				throughline.MatchExact, throughline.MatchExact, throughline.MatchNormalised, throughline.MatchNone,
			}).Draw(t, "match"),
			Internal: rapid.IntRange(0, 4).Draw(t, "internal") == 0, CustomersHeard: rapid.IntRange(0, 4).Draw(t, "heard"),
		}
	})
	quotes := rapid.SliceOfN(evidence, 0, 3)
	item := rapid.Custom(func(t *rapid.T) throughline.Item {
		k := rapid.SampledFrom(append(slices.Clone(throughline.Kinds), "odd")).Draw(t, "kind")
		it := throughline.Item{
			ID: rapid.SampledFrom([]string{"", "odd", string(k) + "-3"}).Draw(t, "id"), Kind: k, Section: k.Section(),
			Text: word.Draw(t, "text"), Person: word.Draw(t, "person"), Why: word.Draw(t, "why"),
			Stance: rapid.SampledFrom([]throughline.Stance{"", throughline.StanceAlly, "odd"}).Draw(t, "stance"),
			Day:    rapid.SampledFrom([]int{0, 30, 45}).Draw(t, "day"), Due: word.Draw(t, "due"),
			From:  rapid.SampledFrom([]throughline.Anchor{"", throughline.FromClose, "odd"}).Draw(t, "from"),
			Area:  rapid.SampledFrom([]throughline.Area{"", throughline.AreaLegal, "odd"}).Draw(t, "area"),
			Doubt: word.Draw(t, "doubt"), Evidence: quotes.Draw(t, "evidence"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "superseded") {
			it.Superseded = append(it.Superseded, throughline.Earlier{Text: word.Draw(t, "before"), Evidence: quotes.Draw(t, "evidence before")})
		}
		return it
	})
	person := rapid.Custom(func(t *rapid.T) throughline.PersonNote {
		return throughline.PersonNote{
			Name: word.Draw(t, "name"), Title: word.Draw(t, "title"), Email: word.Draw(t, "email"), CRMRole: word.Draw(t, "crm role"),
			Side: rapid.SampledFrom([]throughline.Side{"", throughline.SideCustomer, throughline.SideSeller}).Draw(t, "side"),
		}
	})
	source := rapid.Custom(func(t *rapid.T) throughline.SourceNote {
		return throughline.SourceNote{
			ID: ids.Draw(t, "id"), Title: word.Draw(t, "title"), At: moment.Draw(t, "at"), People: rapid.SliceOfN(word, 0, 2).Draw(t, "people"),
			Kind: rapid.SampledFrom([]throughline.SourceKind{
				throughline.SourceCall, throughline.SourceEmail, throughline.SourceChat, throughline.SourceDocument, "odd",
			}).Draw(t, "kind"),
			Internal: rapid.IntRange(0, 3).Draw(t, "internal") == 0, NotEvidence: rapid.SampledFrom([]string{"", "", "", "a summary"}).Draw(t, "not evidence"),
		}
	})
	return rapid.Custom(func(t *rapid.T) *throughline.Handoff {
		return &throughline.Handoff{
			Version: rapid.IntRange(0, 3).Draw(t, "version"), Language: rapid.SampledFrom([]string{"", "en", "two days"}).Draw(t, "language"),
			Audience: rapid.SampledFrom(append(slices.Clone(throughline.Audiences), "", "", "odd")).Draw(t, "audience"),
			Deal: throughline.Header{
				ID: word.Draw(t, "deal id"), Name: word.Draw(t, "deal"), Close: word.Draw(t, "close"),
				Customer: throughline.Company{Name: word.Draw(t, "customer")}, Seller: throughline.Company{Product: word.Draw(t, "product")},
				AE: rapid.Ptr(person, true).Draw(t, "ae"), People: rapid.SliceOfN(person, 0, 3).Draw(t, "people of the deal"),
			},
			Thin: rapid.SliceOfN(word, 0, 2).Draw(t, "thin"), Notes: rapid.SliceOfN(word, 0, 2).Draw(t, "notes"),
			Items: rapid.SliceOfN(item, 0, 5).Draw(t, "items"), Sources: rapid.SliceOfN(source, 0, 4).Draw(t, "sources"),
			Contradictions: []throughline.Contradiction{{ID: "contradiction-1", Sides: []throughline.ContradictionSide{{Evidence: quotes.Draw(t, "side")}}}},
			Questions:      []throughline.Question{{ID: "question-1", Text: word.Draw(t, "question")}},
		}
	})
}

// TestForNeverWidens: a view of a view is the view of the one who sees less,
// whichever was taken first; and For leaves what it is given alone.
func TestForNeverWidens(t *testing.T) {
	audiences := rapid.SampledFrom(throughline.Audiences)
	rapid.Check(t, func(t *rapid.T) {
		h := handoffs().Draw(t, "handoff")
		before, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		a, b := audiences.Draw(t, "first"), audiences.Draw(t, "second")
		view := For(h, a)
		got, want := For(view, b), For(h, narrower(a, b))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("for %s and then for %s (-at once +got):\n%s", a, b, diff)
		}
		scribble(view)
		after, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if string(before) != string(after) {
			t.Errorf("the handoff was changed through its view for %s", a)
		}
	})
}

// scribble writes into everything of a handoff that could be shared memory.
func scribble(h *throughline.Handoff) {
	for _, s := range rendertest.Texts(h) {
		s.Value.SetString("scribbled")
	}
	for i := range h.Items {
		for _, e := range h.Items[i].Evidence {
			if e.At != nil {
				*e.At = time.Time{}
			}
			if e.OffsetMS != nil {
				*e.OffsetMS = 4711
			}
		}
	}
	for _, s := range h.Sources {
		if s.At != nil {
			*s.At = time.Time{}
		}
	}
}

// TestCustomerSeesAPartOfWhatTheCompanySees, and the company of what the team does.
func TestCustomerSeesAPartOfWhatTheCompanySees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := handoffs().Draw(t, "handoff")
		h.Audience = throughline.AudienceTeam
		views := make([]*throughline.Handoff, 0, len(throughline.Audiences))
		for _, a := range throughline.Audiences {
			views = append(views, For(h, a))
		}
		for i, narrow := range views[1:] {
			wide := views[i]
			for _, it := range narrow.Items {
				for _, e := range it.Evidence {
					if !quotes(wide, it.Kind, e.Quote) {
						t.Errorf("%s is shown %q of %s, and %s is not", narrow.Audience, e.Quote, it.ID, wide.Audience)
					}
				}
			}
			if len(narrow.Items) > len(wide.Items) || len(narrow.Sources) > len(wide.Sources) {
				t.Errorf("%s is shown more than %s", narrow.Audience, wide.Audience)
			}
		}
	})
}

func quotes(h *throughline.Handoff, k throughline.Kind, words string) bool {
	return slices.ContainsFunc(h.Items, func(it throughline.Item) bool {
		return it.Kind == k && slices.ContainsFunc(it.Evidence, func(e throughline.Evidence) bool { return e.Quote == words })
	})
}

// What the CSM approved is what the customer reads, and nobody else's words are; nor
// does a wording let an item through that the customer may not see.
func TestTheCSMWordsItemsForTheCustomer(t *testing.T) {
	words := func(kind throughline.RemarkKind, role, text string) throughline.Remark {
		return throughline.Remark{Kind: kind, Role: role, By: "somebody@example.com", Text: text}
	}
	heardBy := func(n int, remarks ...throughline.Remark) *throughline.Handoff {
		return &throughline.Handoff{
			Sources: []throughline.SourceNote{{ID: "c1", Kind: throughline.SourceCall}},
			Items: []throughline.Item{{
				ID: "use_case-1", Kind: throughline.KindUseCase, Section: 1, Text: "an engine's words", Remarks: remarks,
				Evidence: []throughline.Evidence{{Source: "c1", Ref: "c1.1", Quote: "we said this", Match: throughline.MatchExact, CustomersHeard: n}},
			}},
		}
	}
	for name, c := range map[string]struct {
		h    *throughline.Handoff
		want []string
	}{
		"no wording":            {heardBy(2), []string{"we said this"}},
		"the CSM's last":        {heardBy(2, words(throughline.RemarkWording, "CSM", "first"), words(throughline.RemarkWording, "CSM", "second")), []string{"second"}},
		"the AE's":              {heardBy(2, words(throughline.RemarkWording, "AE", "no")), []string{"we said this"}},
		"an addition":           {heardBy(2, words(throughline.RemarkAdded, "CSM", "no")), []string{"we said this"}},
		"of what one heard":     {heardBy(1, words(throughline.RemarkWording, "CSM", "no")), nil},
		"of what was corrected": {heardBy(2, words(throughline.RemarkCorrected, "AE", "else"), words(throughline.RemarkWording, "CSM", "no")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, it := range For(c.h, throughline.AudienceCustomer).Items {
				got = append(got, it.Text)
				if len(it.Remarks) > 0 {
					t.Errorf("the remark itself is shown: %+v", it.Remarks)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("the customer reads (-want +got):\n%s", diff)
			}
			for _, it := range For(c.h, throughline.AudienceCompany).Items {
				if it.Text == "second" || len(it.Remarks) > 0 {
					t.Errorf("the company reads %+v", it)
				}
			}
		})
	}
}
