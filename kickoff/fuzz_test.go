package kickoff_test

import (
	"context"
	"strings"
	"testing"

	"throughline"
	"throughline/kickoff"
)

// FuzzCheck: whatever is said in a kickoff, the check ends, and all it shows stands
// in the call or in the deal.
func FuzzCheck(f *testing.F) {
	deal, h := harborline(f)
	agenda := kickoff.Agenda(h, throughline.AudienceTeam)
	for _, text := range []string{
		"How many trucks are you running, and how many terminals?", "Who owns the views? By when?\nAnd 6:15, and 1,000,000k.", "zero hundred thousand and and five", "«¿Quién?»\x00\xff", "",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	seller, customer := deal.Person("Tess Okafor"), deal.Person("Owen Brandt")
	f.Fuzz(func(t *testing.T, text string, sellers bool) {
		call := &throughline.Source{ID: "k1", Kind: throughline.SourceCall}
		for i := range 2 {
			p := &throughline.Passage{Ref: "k1." + string(rune('1'+i)), Source: call, Index: i, Text: text, Speaker: customer, Offset: -1}
			if sellers == (i == 0) {
				p.Speaker = seller
			}
			call.Passages = append(call.Passages, p)
		}
		report, err := kickoff.Check(context.Background(), kickoff.Rules{}, agenda, call, deal)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range report.Referred {
			if !strings.Contains(text, r.Where.Quote) {
				t.Errorf("%q does not stand in the call", r.Where.Quote)
			}
		}
		for _, a := range report.Asked {
			if p := deal.Passage(a.Answer.Ref); !strings.Contains(text, a.Question.Quote) || p == nil || !strings.Contains(p.Text, a.Answer.Quote) {
				t.Errorf("%q or its answer %q does not stand where it is said to", a.Question.Quote, a.Answer.Quote)
			}
		}
	})
}
