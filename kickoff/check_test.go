package kickoff_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/folder"
	"throughline/ground"
	"throughline/kickoff"
)

const (
	demoDeal = "../cmd/throughline/demo/harborline"
	kickoffs = "testdata/kickoffs"
)

// harborline is the sample deal, and a handoff of it in which each item is told in
// other words than those it was said in.
func harborline(t testing.TB) (*throughline.Deal, *throughline.Handoff) {
	t.Helper()
	deal, err := folder.Read(context.Background(), demoDeal)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/harborline.json")
	if err != nil {
		t.Fatal(err)
	}
	var items []struct {
		throughline.Item
		Quotes []string
	}
	if err := json.Unmarshal(data, &items); err != nil {
		t.Fatal(err)
	}
	draft := &throughline.Draft{}
	for _, it := range items {
		d := throughline.DraftItem{Item: it.Item}
		d.Label = throughline.LabelStated
		for _, q := range it.Quotes {
			var as throughline.QuoteRole
			if rest, ok := strings.CutPrefix(q, "="); ok {
				role, words, _ := strings.Cut(rest, " ")
				as, q = throughline.QuoteRole(role), words
			}
			d.Quotes = append(d.Quotes, throughline.DraftQuote{Text: q, As: as})
		}
		draft.Items = append(draft.Items, d)
	}
	h, refused := ground.Settle(deal, ground.NewIndex(deal), draft, time.Date(2026, 9, 30, 9, 0, 0, 0, time.UTC))
	for _, r := range refused {
		t.Fatalf("the handoff of the tests does not stand: %s: %s %+v", r.Item.Text, r.Reason, r.Unproven)
	}
	return deal, h
}

func check(t testing.TB, h *throughline.Handoff, call *throughline.Source, deal *throughline.Deal) *kickoff.Report {
	t.Helper()
	report, err := kickoff.Check(context.Background(), kickoff.Rules{}, kickoff.Agenda(h, throughline.AudienceTeam), call, deal)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range report.LeftOut {
		t.Errorf("the rules claim what nothing proves: %+v", o)
	}
	return report
}

func read(t testing.TB, name string, deal *throughline.Deal) *throughline.Source {
	t.Helper()
	call, problems, err := folder.ReadCall(context.Background(), filepath.Join(kickoffs, name), deal)
	if err != nil || len(problems) > 0 {
		t.Fatalf("reading %s: %v %v", name, err, problems)
	}
	return call
}

// found is a report in brief: what came up where, and what was asked.
func found(r *kickoff.Report) map[string]string {
	out := map[string]string{}
	for _, p := range r.Referred {
		out[p.Point.ID] = p.Where.Quote
	}
	for _, a := range r.Asked {
		out[a.Question.Quote] = a.Answer.Quote
	}
	return out
}

// TestCheckOfKickoffs holds the check to three kickoffs of the sample deal: it
// finds what was planted in each, and nothing else.
func TestCheckOfKickoffs(t *testing.T) {
	deal, h := harborline(t)
	for _, c := range []struct {
		name string
		want map[string]string
	}{
		{"good.vtt", map[string]string{
			"champion-1":          "Marisol, you stay the one who is carrying this and the day to day contact, and Curtis, your part is to sign off the numbers with two terminals.",
			"committee-1":         "Marisol, you stay the one who is carrying this and the day to day contact, and Curtis, your part is to sign off the numbers with two terminals.",
			"pain-3":              "Truline changes something, nobody is told, the table just quietly stops loading, and then Memphis phones because the trailers vanished.",
			"use_case-1":          "When the ops call starts at 6:15, you want to see overnight dwell, by trailer and by door, for every yard.",
			"use_case-2":          "Second, a detention list that goes to billing each morning, with the arrive and depart times matched to the stop, so it's out inside the 48 hours.",
			"use_case-3":          "Third, if a table in Truline changes shape, an alert lands in Teams, in a channel where your analysts see it too.",
			"use_case-4":          "And the rating and tariff tables from the AS/400, every hour, so that old fixed-width file can go.",
			"use_case-5":          "And for Nicole, accrued carrier cost by load, on day two of the close.",
			"workaround-1":        "And until the Haulsense feed moves over, the Python script on the Dell keeps writing its CSVs, every four hours.",
			"stretch-1-condition": "What does it need from us and from you before the morning peak, and who owns your part?",
			"stretch-2-condition": "For going live on November 16 with all of it, Truline, the four hundred and NetSuite: who on your side does the validation, and from when are they free?",
			"stretch-3-condition": "Who's going to ask them for it, and by when?",
			"stretch-4-condition": "Who owns building those on your side?",
			"milestone-1":         "So in the first thirty days we'd have Truline on the fifteen-minute sync in Snowflake, side by side with Pipewright, so you can diff it.",
			"milestone-2":         "And by New Year's, detention invoices going out off this, for Curtis.",
			"risk-1":              "I've got the production freeze down as November 20 through January 4.",
			"risk-3":              "And the change ticket at Truline, that's about three weeks, and it wants a signed vendor form first.",
		}},
		{"reasks.txt", map[string]string{
			"So before we get into the plan, could you share what you're looking to achieve with Northbeam?": "join the truck's arrive and depart to the appointment automatically and kick out a list for billing inside that forty-eight hours",
			"And to set the scene, how many trucks are you running, and how many terminals?":                 "Eleven fifty. Twenty-two terminals.",
			"When does your contract with Pipewright run out?":                                               "December thirty-first.",
			"And is there a production freeze, when is that?":                                                "We freeze production from November the twentieth until January the fourth.",
			"Which tool do your dashboards run on, the ones that read from Snowflake?":                       "We use Vantica. All of the dashboards are in Vantica, a hundred and forty of them, approximately. They read from the Snowflake tables that Pipewright creates.",
			"use_case-1": "So the overnight dwell by trailer and by door for the 6:15 call, that's still the first thing you want to see, is that right?",
			"risk-1":     "November to January.",
		}},
		{"silent", map[string]string{ // no question of section 2, though each promise is spoken of
			"use_case-1":  "The use cases, as I understand them: dwell overnight, per trailer and per door, up on the screen at six fifteen.",
			"use_case-2":  "The detention list for billing every morning, matched on the stop, within forty-eight hours.",
			"use_case-3":  "And the Teams alert in a channel the analysts can see, for when a Truline table changes.",
			"use_case-5":  "Yes, accrued carrier cost by load, for Nicole, ready on close day two.",
			"milestone-1": "Within thirty days you'd have Truline in Snowflake, next to Pipewright, side by side, on the fifteen-minute sync.",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := check(t, h, read(t, c.name, deal), deal)
			if diff := cmp.Diff(c.want, found(report)); diff != "" {
				t.Errorf("-planted +found:\n%s", diff)
			}
			for _, p := range report.Silent {
				if _, came := c.want[p.ID]; came || p.Mode != throughline.PointSay {
					t.Errorf("%s is said not to have come up", p.ID)
				}
			}
			if n := len(report.Silent) + len(report.Referred); n != says(h) {
				t.Errorf("the report has %d points to say of %d", n, says(h))
			}
		})
	}
}

func says(h *throughline.Handoff) int {
	n := 0
	for _, p := range kickoff.Agenda(h, throughline.AudienceTeam).Points {
		if p.Mode == throughline.PointSay {
			n++
		}
	}
	return n
}

// TestCheckOfWordings tells points and questions in other words, in other orders,
// among other talk.
func TestCheckOfWordings(t *testing.T) {
	deal, h := harborline(t)
	for _, c := range []struct {
		name, said string
		points     []string // ids that come up
		asked      int
	}{
		{"nothing but small talk", `
Tess Okafor: Morning! How is everyone, how was the holiday weekend?
Curtis Boyd: Too short. Did you watch the game?
Tess Okafor: I missed it. Where are you calling from today?
Curtis Boyd: My kitchen. There is a dog, and the coffee's bad.
Tess Okafor: Does next Tuesday at nine work for you? I'll send an invite and share the slides.`, nil, 0},
		{"a use case in passing, by the customer", `
Tess Okafor: What would you like to look at first on the new screens?
Curtis Boyd: Um, so, dwell. By trailer, you know, and by door. On the six fifteen. Overnight.
Tess Okafor: Got it.`, []string{"use_case-1"}, 0},
		{"an answer put as a statement", `
Tess Okafor: I know you have twenty-two terminals and eleven hundred fifty trucks.
Marisol Vega: We do.`, nil, 0},
		{"confirmed, not asked", `
Tess Okafor: You told Caleb the freeze starts November twentieth and production opens again on January fourth. Has that changed?
Marisol Vega: No.`, []string{"risk-1"}, 0},
		{"asked in other words", `
Tess Okafor: Okay, um, help me understand, what are you hoping to get out of this?
Marisol Vega: Hm.
Tess Okafor: And the trucks, how many of them are there?
Tess Okafor: Also, when do you freeze production?`, nil, 3},
		{"what the customer had told", `
Tess Okafor: How many Vantica dashboards are there, by the way?
Owen Brandt: Too many.
Tess Okafor: What's the biggest problem you have with Pipewright today?
Marisol Vega: You know that one.
Tess Okafor: So tell me a bit about what you want to get out of Northbeam. What would success look like for you?
Tess Okafor: How much did the June invoice come to? And how often does Truline ship a release?`, nil, 6},
		{"what nobody had asked", `
Tess Okafor: Do you prefer Teams or email for our weekly updates?
Tess Okafor: How many people should I invite to the training, and when would you like the first one?
Tess Okafor: What color is the truck? How was the storm for you guys down there?
Tess Okafor: Who should get the weekly status mail? What are the names of the two terminals for the pilot?
Tess Okafor: When is the first terminal manager free to talk? How many terminal managers do you want in the first session?`, nil, 0},
		{"asked by the customer", `
Marisol Vega: Tess, how many trucks do we have on this, and how many terminals?
Tess Okafor: All of them.`, nil, 0},
		{"a new question", `
Tess Okafor: How many analysts will need a login on day one?
Marisol Vega: Two. And how long do the sessions last, who is the trainer, which browser do we need?
Tess Okafor: I'll check. Who is your Okta administrator?`, nil, 0},
		{"conditions, in other words and another order", `
Tess Okafor: Let's do the Vantica piece first. Somebody has to build the views for the dashboards. Do we have a name for that?
Marisol Vega: Not yet.
Tess Okafor: And then the history. Seven years of Truline in one weekend only goes with a replica. Has somebody at your end asked them, is it stood up by then?
Owen Brandt: I'll ask. By the way, the badge reader still hates me.`, []string{"stretch-3-condition", "stretch-4-condition"}, 0},
		{"conditions that nobody asks", `
Tess Okafor: The Vantica dashboards need a layer of views, and the seven years of Truline history need the replica. Good.
Owen Brandt: And who owns building the views on our side, and by when?`, nil, 0},
		{"numbers in words and digits", `
Tess Okafor: Billing wants that detention list every morning, matched by stop, since after forty eight hours it's gone.
Curtis Boyd: Gone.`, []string{"use_case-2"}, 0},
		{"what is to be known comes up and is not looked for", `
Tess Okafor: Owen, I hear you would switch tomorrow, you only play it flat in those meetings because Desmond's in them. And Gretchen would have waited.
Owen Brandt: Where did you get that?`, nil, 0},
		{"the sellers' own news", `
Tess Okafor: We opened an office in Lisbon, and the new release has a dark mode.
Marisol Vega: Fancy.`, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := check(t, h, spoken(t, deal, c.said), deal)
			var got []string
			for _, r := range report.Referred {
				got = append(got, r.Point.ID)
			}
			if diff := cmp.Diff(c.points, got); diff != "" {
				t.Errorf("points (-want +got):\n%s", diff)
			}
			if len(report.Asked) != c.asked {
				t.Errorf("%d questions were found, want %d: %+v", len(report.Asked), c.asked, report.Asked)
			}
		})
	}
}

// spoken reads a call of the lines that are given, as captions.
func spoken(t testing.TB, deal *throughline.Deal, lines string) *throughline.Source {
	t.Helper()
	var track strings.Builder
	track.WriteString("WEBVTT\n\nNOTE Date: 2026-10-06\n\n")
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		name, said, _ := strings.Cut(line, ": ")
		fmt.Fprintf(&track, "00:%02d:00.000 --> 00:%02d:20.000\n<v %s>%s</v>\n\n", i, i, name, said)
	}
	name := filepath.Join(t.TempDir(), "kickoff.vtt")
	if err := os.WriteFile(name, []byte(track.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	call, problems, err := folder.ReadCall(context.Background(), name, deal)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %v", err, problems)
	}
	return call
}

// A liar is an engine that claims what it is told to.
type liar kickoff.Findings

func (l liar) Find(context.Context, *throughline.Agenda, *throughline.Source, *throughline.Deal) (*kickoff.Findings, error) {
	f := kickoff.Findings(l)
	return &f, nil
}

// TestNothingUnprovenIsReported: what an engine claims stands only where the call
// and the deal prove it, by the right side.
func TestNothingUnprovenIsReported(t *testing.T) {
	deal, h := harborline(t)
	call := read(t, "reasks.txt", deal)
	agenda := kickoff.Agenda(h, throughline.AudienceTeam)
	quote := func(text string) throughline.DraftQuote { return throughline.DraftQuote{Text: text} }
	const question, answer = "When does your contract with Pipewright run out?", "Eleven fifty. Twenty-two terminals."
	for _, c := range []struct {
		name          string
		found         kickoff.Findings
		points, asked int
		reason        string
	}{
		{name: "proven", found: kickoff.Findings{
			Referred: []kickoff.Reference{{Point: "risk-1", Quote: quote("November to January.")}, {Point: "risk-1", Quote: quote("There is. November to January.")}},
			Asked:    []kickoff.Reask{{Question: quote(question), Answer: quote(answer)}, {Question: quote(question), Answer: quote("December thirty-first.")}},
		}, points: 1, asked: 1},
		{name: "words that nobody said", found: kickoff.Findings{Referred: []kickoff.Reference{{Point: "risk-1", Quote: quote("The freeze is off this year.")}}}, reason: "not found in the call"},
		{name: "words of the deal, not of the call", found: kickoff.Findings{Referred: []kickoff.Reference{{Point: "risk-1", Quote: quote("We freeze production from November the twentieth until January the fourth.")}}}, reason: "not found in the call"},
		{name: "a point that there is none of", found: kickoff.Findings{Referred: []kickoff.Reference{{Point: "risk-77", Quote: quote("November to January.")}}}, reason: "no point"},
		{name: "a point that is to be known", found: kickoff.Findings{Referred: []kickoff.Reference{{Point: "reluctant-1", Quote: quote("November to January.")}}}, reason: "no point"},
		{name: "a question of the customer's", found: kickoff.Findings{Asked: []kickoff.Reask{{Question: quote("There is. November to January."), Answer: quote(answer)}}}, reason: "no question of the seller's side"},
		{name: "an answer of the seller's", found: kickoff.Findings{Asked: []kickoff.Reask{{Question: quote(question), Answer: quote("With those on a fifteen-minute sync you'd have overnight dwell by trailer and by door up on the six fifteen call.")}}}, reason: "no answer of the customer's"},
		{name: "an answer that nobody gave", found: kickoff.Findings{Asked: []kickoff.Reask{{Question: quote(question), Answer: quote("It runs out in March.")}}}, reason: "no answer of the customer's"},
	} {
		t.Run(c.name, func(t *testing.T) {
			report, err := kickoff.Check(context.Background(), liar(c.found), agenda, call, deal)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Referred) != c.points || len(report.Asked) != c.asked {
				t.Errorf("reported are %+v and %+v", report.Referred, report.Asked)
			}
			if c.reason != "" && (len(report.LeftOut) != 1 || !strings.Contains(report.LeftOut[0].Reason, c.reason)) {
				t.Errorf("left out is %+v", report.LeftOut)
			}
		})
	}
}
