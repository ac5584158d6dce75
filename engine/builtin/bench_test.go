package builtin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"throughline"
	"throughline/engine/builtin"
	"throughline/folder"
)

const annotated = "../../../shared/bench/deals"

// BenchmarkDraft drafts the longest annotated deal: 6.4 hours of calls, 52,000
// words.
func BenchmarkDraft(b *testing.B) {
	dir := filepath.Join(annotated, "atlas", "native")
	if _, err := os.Stat(dir); err != nil {
		b.Skipf("the annotated deals are not here: %v", err)
	}
	deal, err := folder.Read(context.Background(), dir)
	if err != nil {
		b.Fatal(err)
	}
	draft(b, deal)
}

// BenchmarkDraftOfTalk drafts a generated deal of about as many words.
func BenchmarkDraftOfTalk(b *testing.B) { draft(b, talk(50_000)) }

func draft(b *testing.B, deal *throughline.Deal) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (builtin.Engine{}).Draft(context.Background(), deal); err != nil {
			b.Fatal(err)
		}
	}
}

// talk makes a deal of so many words.
func talk(words int) *throughline.Deal {
	people := []*throughline.Person{
		{ID: "p1", Name: "Sam Seller", Side: throughline.SideSeller, Role: "AE"},
		{ID: "p2", Name: "Cleo Customer", Side: throughline.SideCustomer, Title: "Head of Stock"},
		{ID: "p3", Name: "Eve Engineer", Side: throughline.SideSeller, Role: "SE"},
		{ID: "p4", Name: "Bruno Buyer", Side: throughline.SideCustomer},
	}
	said := [][]string{
		{"So you'd have every order on one screen, and it flags the late ones within five minutes.", "You'd be live in about six weeks, by November 16th at the latest."},
		{"We lost two days every month to that, and nobody knew until the invoice landed.", "Maria keys it by hand from the spreadsheet every morning."},
		{"I'd need to check that with the team, I think it should be fine.", "The connector pulls the history over one weekend."},
		{"Our firewall people want a security review first, and the only engineer is on leave.", "Honestly, I like it, I'm a yes."},
	}
	deal := &throughline.Deal{ID: "talk", People: people, AE: people[0], Close: time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC)}
	for i, n := 1, 0; n < words; i++ {
		s := &throughline.Source{ID: fmt.Sprintf("c%d", i), Kind: throughline.SourceCall, Language: "en", At: time.Date(2026, 6, i, 9, 0, 0, 0, time.UTC)}
		for j := 0; j < 400 && n < words; j++ {
			lines := said[j%len(said)]
			text := fmt.Sprintf("%s Thing %s%d does it.", lines[(i+j/4)%len(lines)], []string{"ledger", "yard", "ward", "claim"}[j/3%4], (i*j)%211)
			s.Passages = append(s.Passages, &throughline.Passage{
				Ref: fmt.Sprintf("%s.%d", s.ID, j+1), Source: s, Index: j, Text: text, Speaker: people[j%len(people)], Offset: -1, Heard: people,
			})
			n += 20
		}
		deal.Sources = append(deal.Sources, s)
	}
	return deal
}
