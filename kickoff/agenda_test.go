package kickoff_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/engine/builtin"
	"throughline/folder"
	"throughline/ground"
	"throughline/kickoff"
	"throughline/lexicon"
	"throughline/render"
	"throughline/render/rendertest"
)

const annotated = "../../shared/bench/deals"

var stamp = time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC)

// forms are all forms of the agenda, as text.
var forms = map[string]func(t testing.TB, h *throughline.Handoff, a throughline.Audience) string{
	"markdown": func(t testing.TB, h *throughline.Handoff, a throughline.Audience) string {
		return written(t, func(w *bytes.Buffer) error { return kickoff.Markdown(w, h, a) })
	},
	"html": func(t testing.TB, h *throughline.Handoff, a throughline.Audience) string {
		return written(t, func(w *bytes.Buffer) error { return kickoff.HTML(w, h, a) })
	},
	"ics": func(t testing.TB, h *throughline.Handoff, a throughline.Audience) string {
		text := written(t, func(w *bytes.Buffer) error {
			return kickoff.Calendar(w, h, a, kickoff.Meeting{Key: h.Deal.ID, Start: stamp, Stamp: stamp})
		})
		return strings.ReplaceAll(text, "\r\n ", "") // as a reader puts it together
	},
	"blocks": func(t testing.TB, h *throughline.Handoff, a throughline.Audience) string {
		title, blocks, err := kickoff.Blocks(h, a)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		all.WriteString(title + "\n")
		var walk func([]render.Block)
		walk = func(bs []render.Block) {
			for _, b := range bs {
				for _, r := range b.Text {
					all.WriteString(r.Text + r.Href)
				}
				all.WriteByte('\n')
				walk(b.Children)
			}
		}
		walk(blocks)
		return all.String()
	},
	"agenda": func(_ testing.TB, h *throughline.Handoff, a throughline.Audience) string {
		return fmt.Sprintf("%+v %s", *kickoff.Agenda(h, a), kickoff.Agenda(h, a).Deal.Customer.Name)
	},
}

func written(t testing.TB, write func(*bytes.Buffer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestWall holds every form of the agenda to the wall between audiences. Whoever
// is not of the team gets the customer's.
func TestWall(t *testing.T) {
	for name, form := range forms {
		for _, a := range []throughline.Audience{throughline.AudienceCustomer, throughline.AudienceCompany} {
			if name == "agenda" {
				continue // is data, whose refs lead nowhere without the deal
			}
			t.Run(name+" "+string(a), func(t *testing.T) {
				rendertest.Wall(t, throughline.AudienceCustomer, func(h *throughline.Handoff) string { return form(t, h, a) })
			})
		}
	}
}

func TestAgendaOfTheTeam(t *testing.T) {
	_, h := harborline(t)
	agenda := kickoff.Agenda(h, throughline.AudienceTeam)
	modes := map[string]throughline.PointMode{}
	for _, p := range agenda.Points {
		if _, twice := modes[p.ID]; twice {
			t.Errorf("two points are called %s", p.ID)
		}
		modes[p.ID] = p.Mode
	}
	want := map[string]throughline.PointMode{"risk-4": throughline.PointKnow} // told by one person in confidence
	for _, it := range h.Items {
		switch {
		case it.Kind == throughline.KindStretch:
			want[it.ID+"-condition"], want[it.ID+"-doubt"] = throughline.PointSay, throughline.PointKnow
		case it.Section == throughline.SectionPoliticalMap:
			want[it.ID] = throughline.PointKnow
		case want[it.ID] == "":
			want[it.ID] = throughline.PointSay
		}
	}
	if diff := cmp.Diff(want, modes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, p := range agenda.Points {
		if p.Mode != throughline.PointSay {
			continue
		}
		for _, e := range p.Words {
			if e.Internal || e.CustomersHeard < 2 || e.As == throughline.AsDoubt {
				t.Errorf("%s would be said in words that not all heard: %+v", p.ID, e)
			}
		}
	}
	if !strings.HasPrefix(agenda.Opening, "I’ve reviewed everything you discussed with Caleb. Confirming the use cases were: ") || !strings.HasSuffix(agenda.Opening, " Today let’s start where you left off.") {
		t.Errorf("the opening is %q", agenda.Opening)
	}
}

// TestQuestionsAreNeutral: what is asked repeats no doubt, and says no more of a
// condition than the customer's people heard.
func TestQuestionsAreNeutral(t *testing.T) {
	_, h := harborline(t)
	agenda := kickoff.Agenda(h, throughline.AudienceTeam)
	for id, want := range map[string]string{
		"stretch-3-condition": "“this is assuming Truline has the replica stood up by then”: who owns that on your side, and from when?",
		"stretch-1-condition": "About “So the Snowflake connector does fifty thousand rows a second, sustained”: what does it need on each side, who owns your part, and from when?",
	} {
		if p, _ := agenda.Point(id); p.Ask != want {
			t.Errorf("%s asks %q, want %q", id, p.Ask, want)
		}
	}
	hide(h)
	for _, p := range kickoff.Agenda(h, throughline.AudienceTeam).Points {
		if p.Mode == throughline.PointSay && p.Kind == throughline.KindStretch && (strings.Contains(p.Ask, "“") || len(p.Words) > 0) {
			t.Errorf("%s asks in words that nobody of the customer's heard: %s", p.ID, p.Ask)
		}
	}
}

// hide makes every quote one that one person of the customer's heard.
func hide(h *throughline.Handoff) {
	for i := range h.Items {
		for j := range h.Items[i].Evidence {
			h.Items[i].Evidence[j].CustomersHeard = 1
		}
	}
}

func TestPointsOfWhatNobodyHeardAreToBeKnown(t *testing.T) {
	_, h := harborline(t)
	hide(h)
	for _, p := range kickoff.Agenda(h, throughline.AudienceTeam).Points {
		if p.Mode == throughline.PointSay && p.Person == "" && p.Kind != throughline.KindStretch {
			t.Errorf("%s is to be said", p.ID)
		}
	}
	if n := len(kickoff.Agenda(h, throughline.AudienceCustomer).Points); n != 0 {
		t.Errorf("the customer's agenda has %d points", n)
	}
}

func TestGuardedPoints(t *testing.T) {
	_, h := harborline(t)
	i := slices.IndexFunc(h.Items, func(it throughline.Item) bool { return it.ID == "use_case-1" })
	private := h.Items[i].Evidence[0]
	private.CustomersHeard, private.Quote = 1, "told in private"
	h.Items[i].Evidence = append(h.Items[i].Evidence, private)
	p, _ := kickoff.Agenda(h, throughline.AudienceTeam).Point("use_case-1")
	if !p.Guarded || slices.ContainsFunc(p.Words, func(e throughline.Evidence) bool { return e.Quote == private.Quote }) {
		t.Errorf("the point is not guarded: %+v", p)
	}
}

func TestRemarksCount(t *testing.T) {
	_, h := harborline(t)
	for i := range h.Items {
		switch h.Items[i].ID {
		case "use_case-1":
			h.Items[i].Remarks = []throughline.Remark{{Kind: throughline.RemarkCorrected, Text: "Dwell by trailer alone.", By: "C. W."}}
		case "milestone-2":
			h.Items[i].Remarks = []throughline.Remark{{Kind: throughline.RemarkNotCommitment, Text: "It was an example.", By: "C. W."}}
		}
	}
	agenda := kickoff.Agenda(h, throughline.AudienceTeam)
	if p, _ := agenda.Point("use_case-1"); p.Text != "Dwell by trailer alone." {
		t.Errorf("what was corrected reads %q", p.Text)
	}
	p, _ := agenda.Point("milestone-2")
	if p.Mode != throughline.PointKnow || !strings.HasSuffix(p.Text, "Not a commitment, says C. W.: It was an example.") {
		t.Errorf("what is no commitment: %+v", p)
	}
	for _, p := range kickoff.Agenda(h, throughline.AudienceCustomer).Points {
		if p.ID == "use_case-1" || p.ID == "milestone-2" {
			t.Errorf("the customer's agenda has %s", p.ID)
		}
	}
}

// TestTicksSurviveAVersion: points are called after their items, whatever else is
// in the handoff.
func TestTicksSurviveAVersion(t *testing.T) {
	_, h := harborline(t)
	k := throughline.Kickoff{Agenda: *kickoff.Agenda(h, throughline.AudienceTeam)}
	for _, p := range k.Agenda.Points {
		state := throughline.TickCovered
		if p.Mode == throughline.PointKnow {
			state = throughline.TickRead
		}
		k.Ticks = append(k.Ticks, throughline.Tick{Point: p.ID, State: state, By: "Tess Okafor"})
	}
	h.Version, h.Items = 2, append(slices.Clone(h.Items), throughline.Item{ID: "risk-9", Kind: throughline.KindRisk, Section: throughline.SectionRisks, Text: "One more."})
	h.Items[5].Text = "In other words."
	k.Agenda = *kickoff.Agenda(h, throughline.AudienceTeam)
	if open := k.Open(); len(open) != 1 || open[0].ID != "risk-9" {
		t.Errorf("open are %+v", open)
	}
}

// TestTeamsAgendaSaysWhoseItIs, in every form that may be passed on.
func TestTeamsAgendaSaysWhoseItIs(t *testing.T) {
	_, h := harborline(t)
	for name, form := range forms {
		if name == "agenda" {
			continue
		}
		const mark = "For the account team alone."
		if !strings.Contains(form(t, h, throughline.AudienceTeam), mark) || strings.Contains(form(t, h, throughline.AudienceCustomer), mark) {
			t.Errorf("%s does not tell the team's from the customer's", name)
		}
	}
}

func TestNoHandoff(t *testing.T) {
	if kickoff.Agenda(nil, throughline.AudienceTeam) != nil {
		t.Error("of no handoff there is an agenda")
	}
	if err := kickoff.Markdown(&bytes.Buffer{}, nil, throughline.AudienceTeam); err == nil {
		t.Error("of no handoff an agenda is written")
	}
}

// deals are the annotated ones, and the sample deal, which is always there.
func deals(t *testing.T) map[string]string {
	all := map[string]string{"the sample deal": demoDeal}
	names, err := filepath.Glob(filepath.Join(annotated, "*", "native"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Logf("%s is not here: only the sample deal is tried", annotated)
	}
	for _, n := range names {
		all[filepath.Base(filepath.Dir(n))] = n
	}
	return all
}

// TestCustomersAgendaHasNoInternalWord looks for every five words in a row that
// stand only where fewer than two of the customer's people saw or heard them, in
// the agenda as an engine drafts it, and as one would that writes what is internal
// into every text.
func TestCustomersAgendaHasNoInternalWord(t *testing.T) {
	for name, dir := range deals(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deal, err := folder.Read(context.Background(), dir)
			if err != nil {
				t.Fatal(err)
			}
			draft, err := builtin.Engine{}.Draft(context.Background(), deal)
			if err != nil {
				t.Fatal(err)
			}
			secret := internalShingles(deal)
			if len(secret) < 100 {
				t.Fatalf("only %d internal wordings are looked for", len(secret))
			}
			for _, hostile := range []bool{false, true} {
				planted := ""
				if hostile {
					planted = plant(draft, deal)
				}
				h, _ := ground.Settle(deal, ground.NewIndex(deal), draft, stamp)
				h.Status = throughline.StatusPublished
				if known := forms["markdown"](t, h, throughline.AudienceTeam); !slices.ContainsFunc(shingles(known), func(s string) bool { return secret[s] != "" }) {
					t.Error("not even the team's agenda has an internal word: the test looks for nothing")
				}
				points := kickoff.Agenda(h, throughline.AudienceCustomer).Points
				if len(points) < 3 {
					t.Fatalf("the agenda has %d points", len(points))
				}
				for form, show := range forms {
					shown := show(t, h, throughline.AudienceCustomer)
					if strings.Contains(shown, "Zqx") {
						t.Errorf("%s: what was planted comes through", form)
					}
					for _, s := range shingles(shown) {
						if where, is := secret[s]; is {
							t.Errorf("%s (planted %.20q): %q of %s comes through", form, planted, s, where)
						}
					}
				}
			}
		})
	}
}

const shingleWords = 5

// shingles are a text's words, five in a row each.
func shingles(text string) []string {
	tokens := lexicon.Tokens(text)
	var out []string
	for i := 0; i+shingleWords <= len(tokens); i++ {
		words := make([]string, shingleWords)
		for j := range words {
			words[j] = tokens[i+j].Word
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

// internalShingles are those of passages that fewer than two of the customer's
// people saw or heard, and of no other, by where they stand.
func internalShingles(deal *throughline.Deal) map[string]string {
	secret := map[string]string{}
	for p := range deal.Passages {
		if p.Source.Internal || p.HeardBy(throughline.SideCustomer) < 2 {
			for _, s := range shingles(p.Text) {
				secret[s] = p.Ref
			}
		}
	}
	for p := range deal.Passages {
		if !p.Source.Internal && p.HeardBy(throughline.SideCustomer) >= 2 {
			for _, s := range shingles(p.Text) {
				delete(secret, s)
			}
		}
	}
	return secret
}

// plant writes internal passages, and a mark, into every text of a draft but its
// quotes and what names its people.
func plant(draft *throughline.Draft, deal *throughline.Deal) string {
	var internal []string
	for p := range deal.Passages {
		if p.Source.Internal && len(strings.Fields(p.Text)) > 8 {
			internal = append(internal, p.Text)
		}
	}
	n := 0
	write := func(s *string) {
		*s = fmt.Sprintf("Zqx%d %s", n, internal[n%len(internal)])
		n++
	}
	for i := range draft.Items {
		it := &draft.Items[i]
		v := reflect.ValueOf(&it.Item).Elem()
		for f := range v.NumField() {
			name := v.Type().Field(f).Name
			if v.Field(f).Type() == reflect.TypeFor[string]() && name != "ID" && name != "Person" && name != "Due" {
				write(v.Field(f).Addr().Interface().(*string))
			}
		}
		for j := range it.Earlier {
			write(&it.Earlier[j].Text)
		}
	}
	write(&draft.Engine.Name)
	write(&draft.Engine.Limits)
	return internal[0]
}

// TestCheckNeedsTheTeamsAgenda and what it is checked against.
func TestCheckNeedsTheTeamsAgenda(t *testing.T) {
	deal, h := harborline(t)
	call := read(t, "good.vtt", deal)
	for name, agenda := range map[string]*throughline.Agenda{"none": nil, "the customer's": kickoff.Agenda(h, throughline.AudienceCustomer)} {
		if _, err := kickoff.Check(context.Background(), kickoff.Rules{}, agenda, call, deal); err == nil {
			t.Errorf("with %s agenda there is a report", name)
		}
	}
}

// exists tells whether the annotated deals are here.
func needsAnnotated(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(annotated); err != nil {
		t.Skipf("the annotated deals are kept beside the project: %v", err)
	}
}
