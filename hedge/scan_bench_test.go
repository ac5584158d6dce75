package hedge

import (
	"fmt"
	"testing"
	"time"

	"throughline"
)

// spoken is talk of no deal in particular, long enough that a deal made of it
// has words of all sorts.
var spoken = []string{
	"So, um, the connector picks up new files every fifteen minutes, and I think that should be fine for your nightly load.",
	"Could it take the history as well, say three years of it?",
	"Let me check that with our engineers and get back to you, I don't want to guess.",
	"Yeah. And the dog is barking again, sorry, the postman is at the door.",
	"We did look at another tool last spring, and it fell over at forty thousand orders.",
	"As long as your team can free somebody up for the mapping, you'd be live in about six weeks.",
	"That sounds good to me, I'd like to see it with our own data first.",
	"It's included in the plan, and you will never see an invoice for overage.",
}

// talk makes a deal of so many words.
func talk(words int) *throughline.Deal {
	seller := &throughline.Person{ID: "p1", Name: "Sam Seller", Side: throughline.SideSeller, Role: "AE"}
	customer := &throughline.Person{ID: "p2", Name: "Cleo Customer", Side: throughline.SideCustomer}
	engineer := &throughline.Person{ID: "p3", Name: "Eve Engineer", Side: throughline.SideSeller, Role: "SE"}
	deal := &throughline.Deal{ID: "talk", People: []*throughline.Person{seller, customer, engineer}, AE: seller}
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	n := 0
	for i := 1; n < words; i++ {
		s := &throughline.Source{ID: fmt.Sprintf("c%d", i), Kind: throughline.SourceCall, Language: "en", At: start.AddDate(0, 0, 7*i)}
		speakers := []*throughline.Person{seller, customer, engineer}
		if i%4 == 0 {
			s.ID, s.Kind, s.Internal = fmt.Sprintf("s%d", i), throughline.SourceChat, true
			speakers = []*throughline.Person{engineer, seller, engineer}
		}
		for j := 0; j < 400 && n < words; j++ {
			text := fmt.Sprintf("%s The %s%d thing needs %d rows an hour.", spoken[(i+j)%len(spoken)], []string{"ledger", "yard", "ward", "claim"}[j%4], i*j%97, 100+j*7%900)
			p := &throughline.Passage{Ref: fmt.Sprintf("%s.%d", s.ID, j+1), Source: s, Index: j, Text: text, Speaker: speakers[j%3], Offset: -1}
			s.Passages = append(s.Passages, p)
			n += 25
		}
		deal.Sources = append(deal.Sources, s)
	}
	return deal
}

// BenchmarkScan reads a deal of the length of eight long calls.
func BenchmarkScan(b *testing.B) {
	deal := talk(52000)
	words := 0
	for _, s := range deal.Sources {
		words += s.Words()
	}
	b.ReportMetric(float64(words), "words")
	for b.Loop() {
		if len(Scan(deal)) == 0 {
			b.Fatal("no candidates")
		}
	}
}
