package ground

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

// settled is when the handoffs of these tests are made.
var settled = time.Date(2026, 3, 4, 12, 0, 0, 0, time.FixedZone("CET", 3600))

// The refs of soldDeal, by what stands there.
const (
	sellerPromise  = "c1.1"
	customerPain   = "c1.2"
	customerWork   = "c1.3"
	unknownPain    = "c1.4"
	customerHope   = "c1.5"
	sellerPain     = "c1.6"
	customerVendor = "c1.7"
	sellerLater    = "c2.1"
	customerYes    = "c2.2"
	history        = "e1.2"
	internalDoubt  = "s1.1"
	summary        = "d1.1"
)

// soldDeal is a deal in which one thing of each sort was said.
func soldDeal() *throughline.Deal {
	sam := &throughline.Person{ID: "p1", Name: "Sam Seller", Side: throughline.SideSeller, Role: "AE", Title: "Account Executive"}
	sue := &throughline.Person{ID: "p2", Name: "Sue Engel", Side: throughline.SideSeller, Role: "SE"}
	carla := &throughline.Person{ID: "p3", Name: "Carla Costa", Side: throughline.SideCustomer, Title: "Head of Data", CRMRole: "Decision Maker", Aliases: []string{"Carla"}}
	cem := &throughline.Person{ID: "p4", Name: "Cem Can", Side: throughline.SideCustomer}
	deal := &throughline.Deal{
		ID: "006", Name: "Customer - Product", AE: sam, People: []*throughline.Person{sam, sue, carla, cem},
		Seller: throughline.Company{Name: "Seller"}, Customer: throughline.Company{Name: "Customer"},
		Close:    time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		Problems: []throughline.Problem{{File: "broken.eml", What: "no header"}},
		Notes:    []string{"sides by domain"},
	}
	for _, said := range []struct{ source, by, text string }{
		{"c1", "Sam Seller", "You will see the first dashboards within thirty days, and the connector is live by June."},
		{"c1", "Carla Costa", "Honestly, we lose two days every month to broken exports. Nobody trusts the numbers."},
		{"c1", "Carla Costa", "Today we copy it all into a spreadsheet by hand."},
		{"c1", "", "The exports have been broken for a whole year now."},
		{"c1", "Cem Can", "So we will have it live by May, that is what we hope for."},
		{"c1", "Sue Engel", "Your exports are broken and that costs you two days."},
		{"c1", "Cem Can", "For logs we have Acme Watch, and Acme Watch's alerts are fine."},
		{"c2", "Sam Seller", "To correct myself, the connector is live by September and not by June."},
		{"c2", "Carla Costa", "September works for me, I am all for it."},
		{"e1", "Sam Seller", "Thanks for the call, the notes are below as promised."},
		{"e1", "Carla Costa", "we lose a week to reports that nobody reads"},
		{"s1", "Sue Engel", "The connector needs their engineer full time, or June will not happen."},
		{"d1", "", "Carla said that the team loses ten days to manual work."},
	} {
		add(deal, said.source, said.by, said.text)
	}
	for _, p := range deal.Source("c1").Passages {
		p.Heard = []*throughline.Person{sam, sue, carla, cem}
		p.Offset = time.Duration(p.Index) * time.Minute
	}
	deal.Passage(sellerPromise).URL = "https://calls.example.com/1?t=0"
	deal.Passage(customerPain).URL = "javascript:alert(1)"
	deal.Source("c1").At = time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	deal.Source("c1").People = []*throughline.Person{sam, sue, carla, cem}
	deal.Source("c1").Language = "en"
	deal.Source("s1").Internal = true
	deal.Passage(history).History = true
	deal.Source("d1").NotEvidence = "a summary by another tool"
	return deal
}

func settle(deal *throughline.Deal, draft throughline.Draft) (*throughline.Handoff, []Refused) {
	return Settle(deal, NewIndex(deal), &draft, settled)
}

// draftItem is an item of the kind that lacks nothing but quotes.
func draftItem(kind throughline.Kind, quotes ...throughline.DraftQuote) throughline.DraftItem {
	it := throughline.DraftItem{Item: throughline.Item{Kind: kind, Text: "Something worth knowing."}, Quotes: quotes}
	switch kind {
	case throughline.KindCommittee:
		it.Stance = throughline.StanceAlly
	case throughline.KindMilestone:
		it.Day = 30
	case throughline.KindRisk:
		it.Area = throughline.AreaTechnical
	case throughline.KindAdjacentVendor:
		it.Vendor = "Acme Watch"
	}
	if kind.AboutPerson() {
		it.Person = "Carla Costa"
	}
	return it
}

func quote(ref, text string) throughline.DraftQuote {
	return throughline.DraftQuote{Ref: ref, Text: text}
}

func as(role throughline.QuoteRole, ref, text string) throughline.DraftQuote {
	return throughline.DraftQuote{Ref: ref, Text: text, As: role}
}

func TestSettleRefuses(t *testing.T) {
	promise := quote(sellerPromise, "You will see the first dashboards within thirty days")
	pain := quote(customerPain, "we lose two days every month to broken exports")
	with := func(it throughline.DraftItem, change func(*throughline.DraftItem)) throughline.DraftItem {
		change(&it)
		return it
	}
	for _, c := range []struct {
		name   string
		item   throughline.DraftItem
		reason string // part of it; empty when the item stands
	}{
		{"pain of the customer's", draftItem(throughline.KindPain, pain), ""},
		{"pain told by the seller", draftItem(throughline.KindPain, quote(sellerPain, "Your exports are broken and that costs you two days")), "customer's own people"},
		{"pain told by nobody known", draftItem(throughline.KindPain, quote(unknownPain, "The exports have been broken for a whole year")), "customer's own people"},
		{"pain told by the seller and the customer", draftItem(throughline.KindPain, quote(sellerPain, "Your exports are broken"), pain), ""},
		{"pain told in quoted mail only", draftItem(throughline.KindPain, quote(history, "we lose a week to reports that nobody reads")), "none of its quotes"},
		{"pain told by another tool's summary", draftItem(throughline.KindPain, quote(summary, "the team loses ten days to manual work")), "none of its quotes"},
		{"pain with one word changed", draftItem(throughline.KindPain, quote(customerPain, "we lose three days every month to broken exports")), "none of its quotes"},
		{"pain without quotes", draftItem(throughline.KindPain), "none of its quotes"},
		{"workaround of the customer's", draftItem(throughline.KindWorkaround, quote(customerWork, "we copy it all into a spreadsheet")), ""},
		{"workaround told by the seller", draftItem(throughline.KindWorkaround, promise), "customer's own people"},
		{"milestone promised by the seller", draftItem(throughline.KindMilestone, promise), ""},
		{"milestone hoped for by the customer", draftItem(throughline.KindMilestone, quote(customerHope, "we will have it live by May")), "seller's people"},
		{"milestone by nobody known", draftItem(throughline.KindMilestone, quote(unknownPain, "broken for a whole year")), "seller's people"},
		{"milestone of a day that is none", with(draftItem(throughline.KindMilestone, promise), func(d *throughline.DraftItem) { d.Day = 45 }), "none of 30, 60 and 90"},
		{"stretch promised by the seller", draftItem(throughline.KindStretch, as(throughline.AsPromise, sellerPromise, "the connector is live by June")), ""},
		{"stretch admitted by the seller", draftItem(throughline.KindStretch, as(throughline.AsDoubt, internalDoubt, "June will not happen")), ""},
		{"stretch promised by the customer", draftItem(throughline.KindStretch, as(throughline.AsPromise, customerHope, "we will have it live by May")), "seller's people"},
		{"stretch promised by the customer, doubted by the seller", draftItem(throughline.KindStretch,
			as(throughline.AsPromise, customerHope, "we will have it live by May"), as(throughline.AsDoubt, internalDoubt, "June will not happen")), "seller's people"},
		{"stretch promised by both", draftItem(throughline.KindStretch,
			as(throughline.AsPromise, customerHope, "we will have it live by May"), as(throughline.AsPromise, sellerPromise, "the connector is live by June")), ""},
		{"vendor that was named", draftItem(throughline.KindAdjacentVendor, quote(customerVendor, "For logs we have Acme Watch")), ""},
		{"vendor with an 's", draftItem(throughline.KindAdjacentVendor, quote(customerVendor, "and Acme Watch's alerts are fine")), ""},
		{"vendor of whom only a part was named", with(draftItem(throughline.KindAdjacentVendor, quote(customerVendor, "For logs we have Acme Watch")),
			func(d *throughline.DraftItem) { d.Vendor = "Acme Guard" }), "nowhere near"},
		{"vendor named far away", draftItem(throughline.KindAdjacentVendor, quote(customerPain, "Nobody trusts the numbers")), "nowhere near"},
		{"vendor named in quoted mail only", with(draftItem(throughline.KindAdjacentVendor, quote("e1.1", "Thanks for the call")),
			func(d *throughline.DraftItem) { d.Vendor = "reports" }), "nowhere near"},
		{"vendor named two turns before", with(draftItem(throughline.KindAdjacentVendor, pain), func(d *throughline.DraftItem) { d.Vendor = "Exports" }), ""},
		{"vendor named three turns before", with(draftItem(throughline.KindAdjacentVendor, quote(customerHope, "we will have it live by May")),
			func(d *throughline.DraftItem) { d.Vendor = "Nobody" }), "nowhere near"},
		{"vendor without a name", with(draftItem(throughline.KindAdjacentVendor, pain), func(d *throughline.DraftItem) { d.Vendor = "" }), "names no vendor"},
		{"committee member by an alias", with(draftItem(throughline.KindCommittee, pain), func(d *throughline.DraftItem) { d.Person = " carla " }), ""},
		{"committee member who is nobody", with(draftItem(throughline.KindCommittee, pain), func(d *throughline.DraftItem) { d.Person = "Carlo" }), `nobody of the deal is called "Carlo"`},
		{"committee member of the seller's", with(draftItem(throughline.KindCommittee, pain), func(d *throughline.DraftItem) { d.Person = "Sam Seller" }), "not of the customer's people"},
		{"committee member without a stance", with(draftItem(throughline.KindCommittee, pain), func(d *throughline.DraftItem) { d.Stance = "fan" }), `"fan" is no stance`},
		{"risk of no area", with(draftItem(throughline.KindRisk, pain), func(d *throughline.DraftItem) { d.Area = "weather" }), `"weather" is no area`},
		{"risk", draftItem(throughline.KindRisk, quote(internalDoubt, "needs their engineer full time")), ""},
		{"use case", draftItem(throughline.KindUseCase, promise), ""},
		{"champion", draftItem(throughline.KindChampion, pain), ""},
		{"enthusiast", draftItem(throughline.KindEnthusiast, quote(customerYes, "I am all for it")), ""},
		{"reluctant who is nobody", with(draftItem(throughline.KindReluctant, pain), func(d *throughline.DraftItem) { d.Person = "" }), "nobody of the deal"},
		{"kind that is none", draftItem("gossip", pain), `"gossip" is no kind`},
		{"item that says nothing", with(draftItem(throughline.KindPain, pain), func(d *throughline.DraftItem) { d.Text = "<b> </b>" }), "it says nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, refused := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{c.item}})
			if c.reason == "" {
				if len(h.Items) != 1 || len(refused) != 0 || len(h.LeftOut) != 0 {
					t.Fatalf("items %+v, refused %+v, left out %+v; want it to stand", h.Items, refused, h.LeftOut)
				}
				return
			}
			if len(h.Items) != 0 || len(refused) != 1 || len(h.LeftOut) != 1 {
				t.Fatalf("items %+v, refused %+v, left out %+v; want it refused", h.Items, refused, h.LeftOut)
			}
			if got := refused[0].Reason; !strings.Contains(got, c.reason) || h.LeftOut[0].Reason != got {
				t.Errorf("refused with %q and left out with %q, want %q", got, h.LeftOut[0].Reason, c.reason)
			}
			if h.LeftOut[0].Kind != "" && !h.LeftOut[0].Kind.Valid() {
				t.Errorf("left out with the kind %q", h.LeftOut[0].Kind)
			}
			if diff := cmp.Diff(c.item, refused[0].Item); diff != "" {
				t.Errorf("refused is another item (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettleFillsAnItem(t *testing.T) {
	draft := draftItem(throughline.KindStretch,
		as(throughline.AsPromise, sellerPromise, "the connector is LIVE by june"),
		as(throughline.AsDoubt, internalDoubt, "The connector needs their engineer full time, or June will not happen."),
		as("shout", customerPain, "we lose two days every month"),
		quote(sellerPromise, "the connector is live by July"))
	draft.ID, draft.Section, draft.Label = "mine", 4, "sure"
	draft.Text = "Live by June,\n only with `their` engineer.\u202e <script>x</script>"
	draft.Promise, draft.Doubt, draft.Condition, draft.NextStep = "Live by June", "Maybe not", "An engineer, p99 < 200 ms", "Ask [here](https://evil.example/x)"
	draft.Vendor, draft.Day, draft.Stance, draft.Why = "Acme", 30, throughline.StanceAlly, "because"
	draft.Evidence = []throughline.Evidence{{Quote: "planted", Ref: customerPain}}
	draft.Superseded = []throughline.Earlier{{Text: "planted"}}

	h, refused := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{draft}})
	at, zero, minute := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC), int64(0), int64(60000)
	want := []throughline.Item{{
		ID: "stretch-1", Section: throughline.SectionContext, Kind: throughline.KindStretch, Label: throughline.LabelInferred,
		Text: "Live by June, only with their engineer. x", Promise: "Live by June", Doubt: "Maybe not",
		Condition: "An engineer, p99 < 200 ms", NextStep: "Ask here (address left out)",
		Evidence: []throughline.Evidence{
			{
				Source: "c1", Ref: sellerPromise, Quote: "the connector is live by June.", As: throughline.AsPromise, Speaker: "Sam Seller", Side: throughline.SideSeller,
				At: &at, OffsetMS: &zero, URL: "https://calls.example.com/1?t=0", Match: throughline.MatchNormalised, CustomersHeard: 2,
			},
			{
				Source: "s1", Ref: internalDoubt, Quote: "The connector needs their engineer full time, or June will not happen.", As: throughline.AsDoubt,
				Speaker: "Sue Engel", Side: throughline.SideSeller, Match: throughline.MatchExact, Internal: true,
			},
			{
				Source: "c1", Ref: customerPain, Quote: "we lose two days every month", Speaker: "Carla Costa", Side: throughline.SideCustomer,
				At: &at, OffsetMS: &minute, Match: throughline.MatchExact, CustomersHeard: 2,
			},
		},
	}}
	if diff := cmp.Diff(want, h.Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if len(refused) != 0 {
		t.Errorf("refused %+v", refused)
	}
	left := []throughline.LeftOut{{
		Kind: throughline.KindStretch, Text: "Live by June, only with their engineer. x", Quote: "the connector is live by July", Ref: sellerPromise,
		Reason: "this quote of the item was not found in what was read; the item stands on its other quotes",
	}}
	if diff := cmp.Diff(left, h.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestSettleTakesPeopleFromTheRecord(t *testing.T) {
	draft := draftItem(throughline.KindChampion, quote(customerPain, "Nobody trusts the numbers"))
	draft.Person, draft.Title, draft.Role, draft.Why = "carla", "Queen", "Blocker", "She wants numbers that are right."
	h, _ := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{draft}})
	it := h.Items[0]
	if it.Person != "Carla Costa" || it.Title != "Head of Data" || it.Role != "Decision Maker" || it.Why != draft.Why {
		t.Errorf("the champion is %q, %q, %q, %q", it.Person, it.Title, it.Role, it.Why)
	}
}

func TestSettleRefusalsCarryHints(t *testing.T) {
	item := draftItem(throughline.KindPain, quote("c9.9", "we lose three days every month to broken exports"), quote(customerPain, "zzz qqq"))
	h, refused := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{item}})
	if len(refused) != 1 || len(refused[0].Unproven) != 2 {
		t.Fatalf("refused %+v; want one with two unproven quotes", refused)
	}
	if hint := refused[0].Unproven[0].Nearest; hint == nil || hint.Passage.Ref != customerPain {
		t.Errorf("the hint is %+v, want %s", hint, customerPain)
	}
	if hint := refused[0].Unproven[1].Nearest; hint != nil {
		t.Errorf("the hint of nonsense is %+v", hint.Passage)
	}
	want := []throughline.LeftOut{{
		Kind: throughline.KindPain, Text: "Something worth knowing.", Quote: "we lose three days every month to broken exports",
		Reason: "none of its quotes was found in what was read",
	}}
	if diff := cmp.Diff(want, h.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestSettleJoinsDuplicates(t *testing.T) {
	promise := quote(sellerPromise, "You will see the first dashboards within thirty days")
	again := quote(sellerPromise, "you will see the first dashboards within thirty days")
	dated := func(day int, q throughline.DraftQuote) throughline.DraftItem {
		it := draftItem(throughline.KindMilestone, q)
		it.Day = day
		return it
	}
	second := dated(30, promise)
	second.Quotes = append(second.Quotes, quote(sellerPromise, "the connector is live by June"))
	second.Earlier = []throughline.DraftEarlier{{Text: "Sooner.", Quotes: []throughline.DraftQuote{quote(customerHope, "live by May")}}}
	landed := func(stance throughline.Stance, q throughline.DraftQuote) throughline.DraftItem {
		it := draftItem(throughline.KindCommittee, q)
		it.Stance = stance
		return it
	}
	h, refused := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{
		dated(30, promise), second, dated(60, promise), draftItem(throughline.KindUseCase, again),
		landed(throughline.StanceAlly, quote(customerPain, "Nobody trusts the numbers")),
		landed(throughline.StanceAlly, quote(customerYes, "I am all for it")),
		landed(throughline.StanceBlocker, quote(customerWork, "we copy it all")),
	}})
	var got []string
	for _, it := range h.Items {
		got = append(got, fmt.Sprintf("%s day %d, %d quotes, %d earlier", it.ID, it.Day, len(it.Evidence), len(it.Superseded)))
	}
	want := []string{
		"committee-1 day 0, 2 quotes, 0 earlier", "use_case-1 day 0, 1 quotes, 0 earlier",
		"milestone-1 day 30, 2 quotes, 1 earlier", "milestone-2 day 60, 1 quotes, 0 earlier",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if len(refused) != 1 || refused[0].Reason != "Carla Costa stands as ally already" {
		t.Errorf("refused %+v; want the second stance", refused)
	}
}

func TestSettleKeepsTheSameWordsOfTwoPassages(t *testing.T) {
	deal := soldDeal()
	add(deal, "c3", "Cem Can", "Nobody trusts the numbers.")
	same := quote(customerPain, "Nobody trusts the numbers.")
	h, _ := settle(deal, throughline.Draft{Items: []throughline.DraftItem{
		draftItem(throughline.KindPain, same, same, quote("c3.1", "Nobody trusts the numbers.")),
	}})
	if evs := h.Items[0].Evidence; len(evs) != 2 || evs[0].Ref != customerPain || evs[1].Ref != "c3.1" {
		t.Errorf("the quotes are %+v; want one of each passage", evs)
	}
}

func TestSettleShowsWhatAnItemReplaced(t *testing.T) {
	draft := draftItem(throughline.KindMilestone, quote(sellerLater, "the connector is live by September"))
	draft.Day = 90
	draft.Due, draft.From = "2026-09-30", throughline.FromCalendar
	draft.Earlier = []throughline.DraftEarlier{
		{Text: "Live by <b>June</b>.", Quotes: []throughline.DraftQuote{as(throughline.AsPromise, sellerPromise, "the connector is live by June")}},
		{Text: "Live by May.", Quotes: []throughline.DraftQuote{quote(sellerPromise, "the connector is live by May")}},
	}
	h, _ := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{draft}})
	it := h.Items[0]
	if len(it.Superseded) != 1 || it.Superseded[0].Text != "Live by June ." || it.Superseded[0].Evidence[0].Ref != sellerPromise {
		t.Errorf("superseded %+v; want June alone", it.Superseded)
	}
	if it.Day != 90 || it.Due != "2026-09-30" || it.From != throughline.FromCalendar {
		t.Errorf("due on day %d, %s from %s", it.Day, it.Due, it.From)
	}
	for _, s := range h.Sources {
		if cited := map[string]int{"c1": 1, "c2": 1}[s.ID]; s.Cited != cited {
			t.Errorf("%s is cited %d times, want %d", s.ID, s.Cited, cited)
		}
	}
}

func TestSettleDropsDatesThatAreNone(t *testing.T) {
	draft := draftItem(throughline.KindMilestone, quote(sellerLater, "the connector is live by September"))
	draft.Due, draft.From = "2026-09-31", "birth"
	h, _ := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{draft}})
	if it := h.Items[0]; it.Due != "" || it.From != "" {
		t.Errorf("due %q from %q; want neither", it.Due, it.From)
	}
}

func TestSettleContradictions(t *testing.T) {
	june := throughline.DraftSide{Text: "June", Quotes: []throughline.DraftQuote{quote(sellerPromise, "the connector is live by June")}}
	september := throughline.DraftSide{Text: "September", Quotes: []throughline.DraftQuote{quote(sellerLater, "the connector is live by September")}}
	may := throughline.DraftSide{Text: "May", Quotes: []throughline.DraftQuote{quote(sellerLater, "the connector is live by May")}}
	h, _ := settle(soldDeal(), throughline.Draft{Contradictions: []throughline.DraftContradiction{
		{Text: "June or May", Sides: []throughline.DraftSide{june, may}},
		{Text: "June or September", Sides: []throughline.DraftSide{june, may, september}},
		{Text: "June or June", Sides: []throughline.DraftSide{june, june}},
		{Text: "June", Sides: []throughline.DraftSide{june}},
	}})
	if len(h.Contradictions) != 1 || h.Contradictions[0].ID != "contradiction-1" || h.Contradictions[0].Text != "June or September" || len(h.Contradictions[0].Sides) != 2 {
		t.Errorf("contradictions %+v; want June or September", h.Contradictions)
	}
	var left []string
	for _, l := range h.LeftOut {
		left = append(left, l.Text+": "+l.Reason)
	}
	want := []string{
		"June or May: a contradiction of which not both sides could be proven",
		"June or June: a contradiction whose sides are the same quote",
		"June: a contradiction of which not both sides could be proven",
	}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestSettleQuestionsAndCandidates(t *testing.T) {
	h, _ := settle(soldDeal(), throughline.Draft{
		Items: []throughline.DraftItem{draftItem(throughline.KindPain, quote(customerPain, "Nobody trusts the numbers"))},
		Questions: []throughline.Question{
			{ID: "x", Text: "Who is the <b>engineer</b>?", Kind: throughline.KindRisk, Item: "pain-1", Answer: "invented", Refs: []string{internalDoubt, "c1.99"}},
			{Text: "  "},
			{Text: "And when?", Kind: "gossip", Item: "pain-2"},
		},
		Candidates: throughline.Candidates{Found: 3, Taken: 1, Dismissed: []throughline.Dismissal{
			{Candidate: 2, Ref: "c7.7", Quote: "june\u202e", Reason: "see https://evil.example"}, {Candidate: 3, Ref: sellerPromise},
		}},
		LeftOut: []throughline.LeftOut{{Kind: "gossip", Text: "<i>x", Ref: "c1.99", Reason: "a `reason`"}},
		Usage:   throughline.Usage{Requests: 2, Passes: "one\npass", Candidates: throughline.Candidates{Found: 99}},
	})
	questions := []throughline.Question{
		{ID: "question-1", Text: "Who is the engineer ?", Kind: throughline.KindRisk, Item: "pain-1", Refs: []string{internalDoubt}},
		{ID: "question-2", Text: "And when?"},
	}
	if diff := cmp.Diff(questions, h.Questions); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
	usage := &throughline.Usage{Requests: 2, Passes: "one pass", Candidates: throughline.Candidates{Found: 3, Taken: 1, Dismissed: []throughline.Dismissal{
		{Candidate: 2, Quote: "june", Reason: "see (address left out)"}, {Candidate: 3, Ref: sellerPromise},
	}}}
	if diff := cmp.Diff(usage, h.Usage); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]throughline.LeftOut{{Text: "x", Reason: "a reason"}}, h.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestSettleSaysWhatWasRead(t *testing.T) {
	h, _ := settle(soldDeal(), throughline.Draft{Engine: throughline.Engine{Name: "rules", Model: "<b>m</b>", Limits: "few"}})
	if h.Schema != throughline.Schema || h.Status != throughline.StatusDraft || h.Audience != throughline.AudienceTeam ||
		h.Review.State != throughline.NotReviewed || h.Language != "en" || !h.GeneratedAt.Equal(settled) || h.GeneratedAt.Location() != time.UTC {
		t.Errorf("the head is %+v", h)
	}
	if diff := cmp.Diff(throughline.Engine{Name: "rules", Model: "m", Limits: "few"}, h.Engine); diff != "" {
		t.Errorf("engine (-want +got):\n%s", diff)
	}
	if h.Deal.Close != "2026-03-01" || h.Deal.Kickoff != "" || h.Deal.AE == nil || h.Deal.AE.Name != "Sam Seller" || h.Deal.CSM != nil || len(h.Deal.People) != 4 {
		t.Errorf("the deal is %+v", h.Deal)
	}
	if h.Items == nil || h.Contradictions == nil || h.Questions == nil || h.LeftOut == nil {
		t.Error("a list of the document is null in its JSON where it should be empty")
	}
	if len(h.Problems) != 1 || len(h.Notes) != 1 {
		t.Errorf("problems %+v, notes %+v", h.Problems, h.Notes)
	}
	var got []string
	for _, s := range h.Sources {
		got = append(got, fmt.Sprintf("%s %s passages %d people %d internal %t not evidence %q", s.ID, s.Kind, s.Passages, len(s.People), s.Internal, s.NotEvidence))
	}
	want := []string{
		`c1 call passages 7 people 4 internal false not evidence ""`,
		`c2 call passages 2 people 0 internal false not evidence ""`,
		`e1 email passages 2 people 0 internal false not evidence ""`,
		`s1 chat passages 1 people 0 internal true not evidence ""`,
		`d1 document passages 1 people 0 internal false not evidence "a summary by another tool"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}

func TestThin(t *testing.T) {
	full := func() *throughline.Deal {
		deal := soldDeal()
		deal.Passage(customerWork).Text = strings.Repeat("we do it by hand ", 70)
		return deal
	}
	drop := func(deal *throughline.Deal, id string) *throughline.Deal {
		for i, s := range deal.Sources {
			if s.ID == id {
				deal.Sources = append(deal.Sources[:i:i], deal.Sources[i+1:]...)
				break
			}
		}
		return deal
	}
	summarised := full()
	summarised.Source("c2").NotEvidence = "a summary by another tool"
	for _, c := range []struct {
		name string
		deal *throughline.Deal
		want []string
	}{
		{"enough", full(), nil},
		{"few words", soldDeal(), []string{"Of the customer's own words there are only 59."}},
		{"one call", drop(full(), "c2"), []string{"Only one call with a transcript was read. A deal usually has four to eight."}},
		{"a call that is a summary", summarised, []string{"Only one call with a transcript was read. A deal usually has four to eight."}},
		{"no email", drop(full(), "e1"), []string{"No email was read."}},
		{"nothing", &throughline.Deal{}, []string{
			"No call with a transcript was read. A deal usually has four to eight.", "No email was read.", "Of the customer's own words there are only 0.",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := settle(c.deal, throughline.Draft{})
			if diff := cmp.Diff(c.want, h.Thin); diff != "" {
				t.Errorf("thin (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettleCleansWords(t *testing.T) {
	deal := soldDeal()
	deal.Source("c1").URL = "https://calls.example.com/1"
	for _, c := range []struct{ text, want string }{
		{"plain words, 5 > 4 and p99 < 200 ms", "plain words, 5 > 4 and p99 < 200 ms"},
		{"a <= 5, b >=$5k, <5%", "a <= 5, b >=$5k, <5%"},
		{" two\n\nlines\tand\u00a0spaces ", "two lines and spaces"},
		{"<script>alert(1)</script>done", "alert(1) done"},
		{"<scr<b>ipt>x", "scr iptx"},
		{"a < b and <img src=x onerror=y> c", "a b and c"},
		{"ping <!channel> and <@U123>", "ping and"},
		{"`code`", "code"},
		{"left\u202eright\u200b\u0000\x1b[31m", "leftright[31m"},
		{"see https://calls.example.com/1.", "see https://calls.example.com/1."},
		{"see https://calls.example.com/1?t=0 for it", "see https://calls.example.com/1?t=0 for it"},
		{"see https://evil.example/1", "see (address left out)"},
		{"see www.evil.example now", "see (address left out) now"},
		{"see evil.example/login now", "see (address left out) now"},
		{"[x](//evil.example)", "x (address left out)"},
		{"[x](java\u200bscript:alert(1))", "x (address left out)"},
		{"data:text/html;base64,xx", "(address left out)"},
		{"mailto:a@evil.example", "(address left out)"},
		{"Move the data: all of it, and JavaScript: too", "Move the data: all of it, and JavaScript: too"},
		{"CI/CD and/or Salesforce.com, e.g. 24/7", "CI/CD and/or Salesforce.com, e.g. 24/7"},
		{"bad \xff\xfe bytes", "bad bytes"},
		{strings.Repeat("word ", 200), strings.TrimSpace(strings.Repeat("word ", 79)) + "…"},
		{strings.Repeat("ü", 500), strings.Repeat("ü", 399) + "…"},
	} {
		item := draftItem(throughline.KindPain, quote(customerPain, "Nobody trusts the numbers"))
		item.Text = c.text
		h, _ := settle(deal, throughline.Draft{Items: []throughline.DraftItem{item}})
		if got := h.Items[0].Text; got != c.want {
			t.Errorf("%q is shown as %q, want %q", c.text, got, c.want)
		}
	}
}

func TestSettleBoundsQuotes(t *testing.T) {
	deal := soldDeal()
	long := add(deal, "c3", "Carla Costa", strings.Repeat("We count it all by hand, every week. ", 12)+"So at the end it costs 99% of a day.")
	var many []throughline.DraftQuote
	for i := range 20 {
		add(deal, "c3", "Carla Costa", fmt.Sprintf("We count order number %d by hand.", i))
		many = append(many, quote("", fmt.Sprintf("We count order number %d by hand.", i)))
	}
	apart := add(deal, "c3", "Carla Costa", "We count it all by hand, you know. "+strings.Repeat("It is not fun. ", 20)+"So at the end it costs 99% of a day.")
	elided := quote(apart.Ref, "We count it all by hand … it costs 99% of a day.")
	h, _ := settle(deal, throughline.Draft{Items: []throughline.DraftItem{
		draftItem(throughline.KindPain, quote(long.Ref, long.Text)),
		draftItem(throughline.KindPain, many...),
		draftItem(throughline.KindWorkaround, elided),
	}})
	if len(h.Items) != 3 {
		t.Fatalf("items %+v", h.Items)
	}
	if got := h.Items[0].Evidence[0].Quote; got != strings.TrimSpace(strings.Repeat("We count it all by hand, every week. ", 7)) {
		t.Errorf("a long quote is cut to %q", got)
	}
	if got := len(h.Items[1].Evidence); got != maxQuotes {
		t.Errorf("%d quotes stand, want %d", got, maxQuotes)
	}
	var parts []string
	for _, e := range h.Items[2].Evidence {
		parts = append(parts, e.Quote)
	}
	if diff := cmp.Diff([]string{"We count it all by hand", "it costs 99% of a day"}, parts); diff != "" {
		t.Errorf("the parts of a long elided quote (-want +got):\n%s", diff)
	}
}

func TestSettleBoundsItems(t *testing.T) {
	deal := soldDeal()
	draft := throughline.Draft{}
	for i := range maxItems + 2 {
		text := fmt.Sprintf("We count order number %d by hand.", i)
		add(deal, "c3", "Carla Costa", text)
		draft.Items = append(draft.Items, draftItem(throughline.KindPain, quote("", text)))
	}
	h, refused := settle(deal, draft)
	if len(h.Items) != maxItems || len(refused) != 2 || len(h.LeftOut) != 2 {
		t.Errorf("%d items, %d refused, %d left out", len(h.Items), len(refused), len(h.LeftOut))
	}
	if last := h.Items[maxItems-1].ID; last != fmt.Sprintf("pain-%d", maxItems) {
		t.Errorf("the last item is %s", last)
	}
}

func TestSettleTakesThePromiseFromACustomersQuote(t *testing.T) {
	h, _ := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{draftItem(throughline.KindStretch,
		as(throughline.AsPromise, customerHope, "we will have it live by May"), as(throughline.AsPromise, sellerPromise, "the connector is live by June"))}})
	if evs := h.Items[0].Evidence; evs[0].As != "" || evs[1].As != throughline.AsPromise {
		t.Errorf("the roles are %q and %q; want the seller's alone to be a promise", evs[0].As, evs[1].As)
	}
}

func TestSettleShowsTheWholeOfAnElidedQuote(t *testing.T) {
	h, _ := settle(soldDeal(), throughline.Draft{Items: []throughline.DraftItem{
		draftItem(throughline.KindPain, quote(customerPain, "we lose two days … to broken exports")),
	}})
	if got := h.Items[0].Evidence[0].Quote; got != "we lose two days every month to broken exports." {
		t.Errorf("shown is %q", got)
	}
}
