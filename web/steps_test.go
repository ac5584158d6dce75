package web_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"throughline"
	"throughline/internal/npmtest"
	"throughline/lifecycle"
)

// varied is a draft of an office in which some items need the AE more than others.
func (o *office) varied() {
	stretch := item("stretch-1", "Five million rows a night", "five million rows a night, easily")
	stretch.Kind, stretch.Section = throughline.KindStretch, throughline.SectionContext
	stretch.Doubt, stretch.Condition, stretch.NextStep = "It was never tried over their line.", "Their line has 200 Mbit/s.", "Ask for the line's figures."
	guess := item("committee-1", "Has to sign, and was not on a call.", "legal will have to look at it")
	guess.Kind, guess.Person, guess.Stance, guess.Label = throughline.KindCommittee, "A counsel", throughline.StanceNeutral, throughline.LabelInferred
	ask := item("risk-1", "Who loads the second plant is not known.", "the second plant is another story")
	ask.Kind, ask.Section, ask.Label, ask.Area = throughline.KindRisk, throughline.SectionRisks, throughline.LabelAskAE, throughline.AreaResourcing
	o.items = append(o.items, item("use_case-3", "A report each Monday", "a report on Monday, every Monday"), guess, ask, stretch)
	o.questions = append(o.questions, throughline.Question{ID: "q2", Text: "Is the fall date fixed?"})
}

// at is the path of a step of the first version.
func at(key string) string { return "?at=" + strings.ReplaceAll(key, ":", "%3A") + "&v=1" }

func TestTheStepsOfAReview(t *testing.T) {
	o := newOffice(t)
	o.varied()
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	step := func(pairs ...string) answer {
		t.Helper()
		return b.post(link+"/step", append([]string{"version", "1"}, pairs...)...)
	}

	b.get(link).want(t, "the start", http.StatusOK, "1 of 7", "Where your word matters most", "Five million rows", "never tried over their line", `value="item:stretch-1"`)
	step("at", "item:stretch-1", "say", "confirmed").want(t, "the stretch is right", http.StatusOK, "2 of 7", "Who loads the second plant", "You can.")
	step("at", "item:risk-1", "go", "next").want(t, "the question mark is left", http.StatusOK, "3 of 7", "A counsel", "worked out")
	a := step("at", "item:committee-1", "say", "corrected")
	a.want(t, "a choice without words", http.StatusUnprocessableEntity, "3 of 7", "Write how it should read", `class="chosen">Should read`)
	for range 2 { // sent twice, said once
		a = step("at", "item:committee-1", "say", "corrected", "text", "She was on\r\nthe last call.")
		a.want(t, "with words", http.StatusOK, "4 of 7", "Is all of this right?", "Nightly load", "All 3 are right")
	}
	if !strings.Contains(a.path, "at=section%3A1") {
		t.Errorf("it ended at %s", a.path)
	}
	b.get(link).want(t, "come back", http.StatusOK, "4 of 7", "All 3 are right")
	step("at", "section:1", "go", "item:use_case-2").want(t, "one of them", http.StatusOK, "4 of 7", "Deal shape, 2 of 3", "Live in four weeks")
	step("at", "item:use_case-2", "go", "back", "text", "Words are not lost on the way back.").want(t, "back", http.StatusOK, "Deal shape, 1 of 3")
	step("at", "item:use_case-1", "go", "back").want(t, "back again", http.StatusOK, "All 2 are right")
	step("at", "section:1", "say", "section").want(t, "a section is right", http.StatusOK, "5 of 7", "Who owns the data load?")
	b.get(link+at("section:1")).want(t, "the section then", http.StatusOK, "All of this has your word", "Go on")
	step("at", "question:q1", "go", "next", "text", "Their data team.").want(t, "an answer", http.StatusOK, "6 of 7", "Is the fall date fixed?")
	step("at", "question:q2", "go", "next").want(t, "no answer", http.StatusOK, "7 of 7", "Anything else")
	a = step("at", "more", "go", "next", "text", "Their CFO reads everything twice.")
	a.want(t, "the end", http.StatusOK, "What the CSM will be told", "She was on\nthe last call.", "Their data team.", "Their CFO reads", "Words are not lost", "3 are right as they stand", "1 goes out as the draft has it", "1 question stays open", "I have reviewed it")
	if run := o.run(id); !run.Reviewed.IsZero() {
		t.Error("it is reviewed before the AE says so")
	}
	for range 2 {
		step("at", "done", "say", "done").want(t, "done", http.StatusOK, "Thank you", "It goes to the CSM on")
	}
	b.get(link).want(t, "afterwards", http.StatusOK, "You reviewed it on", "I have reviewed it again")

	want := []string{"confirmed ", "corrected She was on\nthe last call.", "added Words are not lost on the way back.", "confirmed ", "confirmed ", "added Their data team.", "added Their CFO reads everything twice."}
	var got []string
	for _, w := range o.words(id) {
		got = append(got, string(w.Kind)+" "+w.Text)
		if w.By != "ae@example.com" || w.Role != "AE" {
			t.Errorf("%+v", w)
		}
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("kept %q, not %q", got, want)
	}
	if n := count(o.moves(id), "reviewed by ae@example.com"); n != 1 {
		t.Errorf("reviewed %d times", n)
	}
	fresh, err := o.Current(t.Context(), o.run(id))
	if err != nil || len(fresh.Items) != 6 {
		t.Errorf("%d items, %v", len(fresh.Items), err)
	}
}

// TestComingBackOnAnotherBrowser: what was said tells where to go on.
func TestComingBackOnAnotherBrowser(t *testing.T) {
	o := newOffice(t)
	o.varied()
	id := o.drafted()
	link := o.reviewLink(id)
	phone := o.opened(link)
	phone.post(link+"/step", "version", "1", "at", "item:stretch-1", "say", "confirmed")
	phone.post(link+"/step", "version", "1", "at", "item:risk-1", "say", "added", "text", "Their integrator.")
	phone.post(link+"/fresh").want(t, "a fresh link", http.StatusOK, "on its way")
	letters := o.letters("ae@example.com")
	fresh := letters[len(letters)-1].Actions[0].URL
	o.opened(fresh).get(fresh).want(t, "at the desk", http.StatusOK, "3 of 7", "A counsel")
	phone.get(link).want(t, "on the phone", http.StatusOK, "3 of 7")
}

func TestNothingTypedInAStepIsLost(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	long := strings.Repeat("ä", lifecycle.LongestWord+1)
	for _, c := range []struct{ at, say, text, said string }{
		{"item:use_case-1", "added", long, "8001 characters"},
		{"item:use_case-1", "praised", "My words.", "choose one of the four"},
		{"question:q1", "", long, "8001 characters"},
		{"more", "", long, "8001 characters"},
	} {
		b.post(link+"/step", "version", "1", "at", c.at, "say", c.say, "text", c.text).want(t, c.at, http.StatusUnprocessableEntity, c.said, ">"+c.text+"</textarea>")
	}
	if n := len(o.words(id)); n != 0 {
		t.Errorf("%d words were kept", n)
	}
	// A step that there is none of: the words stand with the whole.
	for _, key := range []string{"", "item:none", "done", "<b>"} {
		b.post(link+"/step", "version", "9", "at", key, "say", "corrected", "text", "With "+key).want(t, key, http.StatusOK)
	}
	if n := len(o.words(id)); n != 4 {
		t.Errorf("%d words", n)
	}
	a := b.post(link+"/step", "version", "1", "at", "item:use_case-1", "go", "all", "text", "On to the form.")
	a.want(t, "all at once", http.StatusOK, "On to the form.", "I have reviewed it")
	if a.path != strings.TrimPrefix(link, o.public.URL)+"/all" {
		t.Errorf("it ended at %s", a.path)
	}
	b.post(link, "version", "1", "text:use_case-2", "And back.", "done", "1", "go", "steps").want(t, "one at a time", http.StatusOK, "All steps", "What the CSM will be told")
	if !o.run(id).Reviewed.IsZero() || len(o.words(id)) != 6 {
		t.Errorf("%d words", len(o.words(id)))
	}

	if err := o.Reopened(t.Context(), "006A", o.Now()); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"item:use_case-1", "question:q1", "more"} {
		b.post(link+"/step", "version", "1", "at", key, "say", "added", "text", "Too late.").want(t, key+" then", http.StatusConflict, "Too late.", "to be copied", "this handoff rests")
	}
	b.get(link+at("done")).lacks(t, "the end then", "I have reviewed it")
	o.set(monday.Add(30 * 24 * time.Hour))
	b.post(link+"/step", "version", "1", "at", "more", "text", "Later still.").want(t, "after the link's time", http.StatusGone, "Nothing was saved", "Later still.")
}

func TestAStepOfAnEarlierVersion(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	o.mu.Lock()
	o.items = []throughline.Item{item("use_case-1", "Something else first", "another one, first"), item("use_case-2", "Nightly load in under an hour", "we need it under an hour"), item("use_case-3", "And more", "and more yet")}
	o.mu.Unlock()
	o.until(monday.Add(20 * time.Hour))
	b.post(link+"/step", "version", "1", "at", "item:use_case-1", "say", "added", "text", "About the load.").want(t, "the step", http.StatusOK, "newer version", "1 of 3", "And more")
	current, err := o.Current(t.Context(), o.run(id))
	if err != nil {
		t.Fatal(err)
	}
	if len(current.Items[1].Remarks) != 1 || len(current.Items[0].Remarks) != 0 {
		t.Errorf("what was said stands elsewhere: %+v", current.Items)
	}
	for _, query := range []string{"?at=item:none&v=2", "?v=x&at=more", "?%zz", "?at=%ff"} {
		b.get(link+query).want(t, query, http.StatusOK, " of 3")
	}
}

func TestWhatWasReturnedIsAnswered(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	link := o.reviewLink(id)
	b := o.opened(link)
	o.signedIn("csm@example.com").post(o.team.URL+"/runs/"+id+"/return", "reason", "missing_context", "text", "Who runs the second plant?")
	b.get(link).want(t, "the AE", http.StatusOK, "Your answer to the CSM", "Who runs the second plant?")
	b.post(link+"/step", "version", "1", "at", "more", "go", "next", "text", "Their integrator.").want(t, "answering", http.StatusOK, "Send it back to the CSM", "Their integrator.")
	b.post(link+"/step", "version", "1", "at", "done", "say", "done").want(t, "sending", http.StatusOK, "Thank you", "The CSM has it")
	if run := o.run(id); run.Stage != lifecycle.StagePublished || run.Answered.IsZero() {
		t.Errorf("%+v", run)
	}
}

// phone makes the window that of a phone, held upright.
func (w *window) phone() {
	w.t.Helper()
	w.do(chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch))
}

// network takes the network away, as a tunnel does, and gives it back.
func (w *window) network(there bool) {
	w.t.Helper()
	var offline []*network.Conditions
	if !there {
		offline = []*network.Conditions{{Offline: true}}
	}
	if _, err := chromedp.Call(w.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: offline}); err != nil {
		w.t.Fatal(err)
	}
}

// TestLookOfTheSteps goes an AE's way in a real browser on a phone, and looks at each
// kind of step.
func TestLookOfTheSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	o := newOffice(t)
	o.deal.Customer = "Example Corporation of the Northern and Western Territories"
	o.varied()
	o.items[2].Text = strings.Repeat("unbreakable", 12)
	w := newWindow(t)
	t.Run("accessible", func(t *testing.T) { // or skipped, and the rest goes on
		axe, err := os.ReadFile(filepath.Join(npmtest.Install(t).Modules, "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		w.axe = string(axe)
	})
	id := o.drafted()
	w.phone()
	w.do(chromedp.Navigate(o.reviewLink(id)))
	w.press("form[action$=open] button", "1 of 7")
	w.look("step-stretch")
	w.phone()
	w.do(chromedp.Evaluate[chromedp.Void](`document.body.dataset.whole = "yes"`))
	w.press("button[value=confirmed]", "2 of 7")
	w.press("button[value=corrected]", "Write how it should read")
	w.look("step-gap")
	w.phone()
	w.do(chromedp.SendKeys("#text", "Their integrator loads it."))
	w.press("button[value=corrected]", "3 of 7")
	w.press("button[value=next]", "All 3 are right")
	w.look("step-section")
	w.phone()
	w.press("button[value=section]", "5 of 7")
	w.do(chromedp.SendKeys("#text", "Their data team."))
	w.network(false)
	w.press("button.primary", "This could not be saved just now")
	w.network(true)
	w.mu.Lock()
	w.said = nil // the browser's own word of it
	w.mu.Unlock()
	w.look("step-question")
	w.phone()
	w.press("button.primary", "6 of 7")
	w.press("button[value=back]", "5 of 7")
	w.press("button.primary", "6 of 7")
	w.press("button.primary", "7 of 7")
	w.do(chromedp.SendKeys("#text", "Their CFO reads everything twice."))
	w.press("button.primary", "What the CSM will be told")
	w.look("step-end")
	w.phone()
	w.press("button[value=done]", "Thank you")
	w.look("step-done")
	whole, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body.dataset.whole || ""`))
	if err != nil || whole != "yes" {
		t.Errorf("a step loaded the whole page anew: %v", err)
	}
	if run := o.run(id); run.ReviewedBy != "ae@example.com" || len(o.words(id)) != 7 {
		t.Errorf("reviewed by %q, %d words", run.ReviewedBy, len(o.words(id)))
	}
}
