package kickoff_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"throughline"
	"throughline/kickoff"
)

// smallDeal is one call in which the customer answers questions.
func smallDeal() *throughline.Deal {
	deal := &throughline.Deal{ID: "small", People: []*throughline.Person{
		{ID: "p1", Name: "Ann Lee", Side: throughline.SideSeller}, {ID: "p2", Name: "Bo Ray", Side: throughline.SideCustomer},
	}}
	call := &throughline.Source{ID: "c1", Kind: throughline.SourceCall, People: deal.People}
	for i, text := range []string{
		"And how many trucks, and terminals?", "Eleven fifty. Twenty-two terminals.",
		"When is the freeze?", "We freeze production from November the twentieth.",
		"Who runs the reports?", "Bo Ray runs the reports, in Vantica.",
	} {
		call.Passages = append(call.Passages, &throughline.Passage{
			Ref: fmt.Sprintf("c1.%d", i+1), Source: call, Index: i, Text: text, Speaker: deal.People[i%2], Offset: -1,
		})
	}
	deal.Sources = []*throughline.Source{call}
	return deal
}

// FuzzCheck: whatever is said in a kickoff, the check ends, and all it shows stands
// in the call or in the deal.
func FuzzCheck(f *testing.F) {
	deal := smallDeal()
	agenda := &throughline.Agenda{Audience: throughline.AudienceTeam, Points: []throughline.TalkingPoint{
		{ID: "use_case-1", Kind: throughline.KindUseCase, Mode: throughline.PointSay, Text: "Overnight dwell by trailer on the 6:15 call."},
		{ID: "stretch-1-condition", Kind: throughline.KindStretch, Mode: throughline.PointSay, Text: "Seven years of history in one weekend, with a replica."},
		{ID: "committee-1", Kind: throughline.KindCommittee, Mode: throughline.PointSay, Person: "Bo Ray", Text: "Confirm what Bo Ray takes part in."},
	}}
	for _, text := range []string{
		"How many trucks are you running, and how many terminals?", "Overnight dwell, by trailer, at 6:15. Bo, you lead this.", "The history in one weekend, seven years: who stands up the replica, and by when?", "Who owns the views? By when?\nAnd 6:15, and 1,000,000k.", "zero hundred thousand and and five", "«¿Quién?»\x00\xff", "",
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	seller, customer := deal.People[0], deal.People[1]
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
