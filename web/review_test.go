package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/store/storetest"
)

func TestLookingAtALinkDoesNothing(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link, before := o.reviewLink(id), o.moves(id)
	for _, b := range []*browser{o.browser(), o.browser()} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := b.do(method, link, "", "Sec-Purpose", "prefetch")
			a.want(t, method, http.StatusOK)
			a.lacks(t, method, "Example", "Nightly load", "ae@example.com", id)
			if len(a.head["Set-Cookie"]) > 0 {
				t.Errorf("%s hands out a cookie", method)
			}
		}
		for _, path := range []string{"/open", "/fresh"} { // whose forms only our page sends
			b.get(link+path).want(t, path, http.StatusNotFound)
		}
	}
	if after := o.moves(id); !slices.Equal(before, after) {
		t.Errorf("looking did %q", after)
	}
	o.opened(link) // which nobody's look has tied
}

func TestTheFirstClickTiesTheLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		o := open(t, storetest.Open(t, address))
		id := o.drafted()
		link := o.reviewLink(id)
		first := o.opened(link)
		first.get(link).want(t, "the first browser", http.StatusOK, "Nightly load")
		first.post(link+"/open").want(t, "pressing again", http.StatusOK, "Nightly load")

		second := o.browser()
		a := second.get(link)
		a.want(t, "a second browser", http.StatusOK, "opened it elsewhere")
		a.lacks(t, "a second browser", "Nightly load", "Example")
		for _, name := range []string{"", "short", strings.Repeat("a", 32)} {
			a = second.post(link+"/open", "browser", name)
			a.want(t, "the second browser's click", http.StatusForbidden, "Send a fresh link")
			a.lacks(t, "the second browser's click", "Nightly load", "Example")
		}
		a = second.post(link, "version", "1", "more", "Their CFO reads everything twice.")
		a.want(t, "the second browser's form", http.StatusForbidden, "Nothing was saved", "Their CFO reads everything twice.")
		if said := o.words(id); len(said) != 0 {
			t.Errorf("it was kept: %+v", said)
		}
	})
}

// TestAButtonPressedTwice: both requests of a double click come to the same.
func TestAButtonPressedTwice(t *testing.T) {
	o := newOffice(t)
	link := o.reviewLink(o.drafted())
	name := browserField.FindStringSubmatch(o.browser().get(link).body)[1]
	b := o.browser() // whose first answer is lost, and with it the cookie
	o.browser().post(link+"/open", "browser", name).want(t, "the first", http.StatusOK, "Nightly load")
	b.post(link+"/open", "browser", name).want(t, "the second", http.StatusOK, "Nightly load")
}

func TestManyClicksTieOneBrowser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		o := open(t, storetest.Open(t, address))
		link := o.reviewLink(o.drafted())
		var in sync.WaitGroup
		answers := make(chan int, 8)
		for range cap(answers) {
			b := o.browser()
			in.Go(func() { answers <- b.post(link + "/open").status })
		}
		in.Wait()
		close(answers)
		got := 0
		for status := range answers {
			if status == http.StatusOK {
				got++
			}
		}
		if got != 1 {
			t.Errorf("%d browsers have the link", got)
		}
	})
}

func TestAFreshLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		o := open(t, storetest.Open(t, address))
		id := o.drafted()
		link := o.reviewLink(id)
		first, second := o.opened(link), o.browser()
		before := len(o.letters("ae@example.com"))

		a := second.post(link+"/fresh", "to", "thief@example.com", "email", "thief@example.com")
		a.want(t, "asking", http.StatusOK, "on its way")
		a.lacks(t, "asking", "ae@example.com", "/review/"+"ey")
		letters := o.letters("ae@example.com")
		if len(letters) != before+1 || len(o.letters("thief@example.com")) != 0 {
			t.Fatalf("%d letters", len(letters)-before)
		}
		fresh := letters[len(letters)-1].Actions[0].URL
		if fresh == link || strings.Contains(a.body, fresh) {
			t.Error("the fresh link is the old one, or is shown")
		}
		for range 3 {
			second.post(link+"/fresh").want(t, "asking again", http.StatusTooManyRequests, "inbox")
		}
		if n := len(o.letters("ae@example.com")); n != before+1 {
			t.Errorf("%d letters", n-before)
		}
		o.opened(fresh)
		first.get(link).want(t, "the first browser", http.StatusOK, "Nightly load")

		o.until(o.Now().Add(10 * time.Minute))
		second.post(link+"/fresh").want(t, "ten minutes later", http.StatusOK, "on its way")
		if n := len(o.letters("ae@example.com")); n != before+2 {
			t.Errorf("%d letters", n-before)
		}
		letters = o.letters("ae@example.com")
		if last := letters[len(letters)-1]; last.Key == letters[len(letters)-2].Key || last.Actions[0].URL == fresh {
			t.Error("the second letter is the first")
		}
	})
}

func TestAFreshLinkThatCouldNotBeSent(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.browser()
	o.down = &connect.Error{Vendor: "mail", Temporary: true, Err: errors.New("secret detail of the server")}
	a := b.post(link + "/fresh")
	a.want(t, "with mail down", http.StatusBadGateway, "Try again")
	a.lacks(t, "with mail down", "secret detail")
	o.down = nil
	b.post(link+"/fresh").want(t, "with mail up", http.StatusOK, "on its way")
}

func TestLinksThatAreNone(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	packed, proof, _ := strings.Cut(strings.TrimPrefix(link, o.public.URL+"/review/"), ".")
	b := o.browser()
	for _, bad := range []string{
		"x", ".", packed, packed + ".", "." + proof, packed[:len(packed)-4] + "." + proof, packed + "." + proof[:len(proof)-1], packed + "." + proof + "A",
		"AAAA" + packed[4:] + "." + proof, packed + "=" + "." + proof, "%00", strings.Repeat("a", 5000),
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			b.do(method, o.public.URL+"/review/"+bad, "").want(t, bad, http.StatusNotFound, "not", "<h1>")
		}
		b.post(o.public.URL+"/review/"+bad+"/open").want(t, bad, http.StatusNotFound)
		b.post(o.public.URL+"/review/"+bad+"/fresh").want(t, bad, http.StatusNotFound)
	}
	for _, text := range []string{"Example", "ae@example.com"} {
		if strings.Contains(link, text) {
			t.Errorf("the link holds %q", text)
		}
	}
	if err := o.db.Forget(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.get(link).want(t, "an erased run", http.StatusNotFound, "no such handoff")
}

func TestALinkExpires(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	o.set(monday.Add(16 * 24 * time.Hour))
	a := b.get(link)
	a.want(t, "its own browser", http.StatusGone, "has expired", "Send a fresh link")
	a.lacks(t, "its own browser", "Nightly load", "Example")
	b.post(link+"/open").want(t, "the button", http.StatusGone, "has expired")
	b.post(link, "version", "1", "more", "Late words.").want(t, "a form that was left open", http.StatusGone, "Nothing was saved", "Late words.")
	before := len(o.letters("ae@example.com"))
	b.post(link+"/fresh").want(t, "a fresh one", http.StatusOK, "on its way")
	letters := o.letters("ae@example.com")
	if len(letters) != before+1 {
		t.Fatalf("%d letters", len(letters)-before)
	}
	o.opened(letters[before].Actions[0].URL)
}

func TestALinkOfAFormerAE(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	o.mu.Lock()
	o.ae = "other@example.com"
	o.mu.Unlock()
	o.until(monday.Add(23 * time.Hour)) // the deal is looked at again
	a := b.get(link)
	a.want(t, "the former AE", http.StatusGone, "has another AE")
	a.lacks(t, "the former AE", "Nightly load", "other@example.com", "<button")
	before := len(o.letters("other@example.com"))
	b.post(link+"/fresh").want(t, "asking", http.StatusGone)
	b.post(link, "version", "1", "more", "My words.").want(t, "the form", http.StatusGone, "My words.")
	if len(o.letters("other@example.com")) != before || len(o.words(id)) != 0 {
		t.Error("the former AE could do something")
	}
	o.opened(o.reviewLink(id))
}

func TestTheSameDayMakesTheSameLink(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	links := map[string]bool{}
	for _, at := range []time.Duration{0, time.Hour, 14*time.Hour - time.Second} {
		o.set(monday.Add(at))
		links[o.reviewLink(id)] = true
	}
	if len(links) != 1 {
		t.Errorf("a day has %d links", len(links))
	}
	o.set(monday.Add(14 * time.Hour)) // midnight
	if links[o.reviewLink(id)] {
		t.Error("the next day has the same link")
	}
	// Both are good, and are tied to browsers one by one.
	for link := range links {
		o.opened(link)
	}
	o.opened(o.reviewLink(id))
}

// said leaves out when.
var said = cmpopts.IgnoreFields(lifecycle.Word{}, "At")

func TestTheReviewForm(t *testing.T) {
	o := newOffice(t)
	o.items = append(o.items, item("use_case-3", "A second plant", "and then the second plant"), item("use_case-4", "A third", "and the third"))
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	form := []string{
		"version", "1", "say:use_case-1", "confirmed", "say:use_case-2", "corrected", "text:use_case-2", "Live in\r\nfive weeks.\x00",
		"say:use_case-3", "not_commitment", "text:use_case-3", "It was a wish.", "text:use_case-4", " Words alone are an addition. ",
		"answer:q1", "Their data team.", "more", "Their CFO reads \xff twice.", "done", "1",
	}
	a := b.post(link, form...)
	a.want(t, "saving", http.StatusOK, "Saved. Thank you", "Live in\nfive weeks.", "It was a wish.", "Their data team.", "Their CFO reads \uFFFD twice.")
	ae := func(kind throughline.RemarkKind, quote, text string) lifecycle.Word {
		w := lifecycle.Word{Kind: kind, Text: text, By: "ae@example.com", Role: "AE"}
		if quote != "" {
			w.Item = "use_case  " + quote
		}
		return w
	}
	answered := ae(throughline.RemarkAdded, "", "Their data team.")
	answered.Question = "Who owns the data load?"
	want := []lifecycle.Word{
		ae(throughline.RemarkConfirmed, "we need it under an hour", ""), ae(throughline.RemarkCorrected, "four weeks, no longer", "Live in\nfive weeks."),
		ae(throughline.RemarkNotCommitment, "and then the second plant", "It was a wish."), ae(throughline.RemarkAdded, "and the third", "Words alone are an addition."),
		answered, ae(throughline.RemarkAdded, "", "Their CFO reads \uFFFD twice."),
	}
	if diff := cmp.Diff(want, o.words(id), said); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if run := o.run(id); run.ReviewedBy != "ae@example.com" {
		t.Errorf("reviewed by %q", run.ReviewedBy)
	}

	// The same form once more says nothing new.
	moves := o.moves(id)
	b.post(link, form...).want(t, "saving twice", http.StatusOK, "Saved. Thank you")
	if diff := cmp.Diff(want, o.words(id), said); diff != "" || len(o.moves(id)) != len(moves) {
		t.Errorf("twice: %q\n%s", o.moves(id), diff)
	}
	// Another word on the same item is another.
	b.post(link, "version", "1", "say:use_case-2", "confirmed").want(t, "a change of mind", http.StatusOK, "Saved")
	b.post(link, "version", "1", "say:use_case-2", "corrected", "text:use_case-2", "Live in\nfive weeks.").want(t, "and back", http.StatusOK, "Saved")
	if n := len(o.words(id)); n != len(want)+2 {
		t.Errorf("%d words", n)
	}
}

func TestSavedByManyHandsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		o := open(t, storetest.Open(t, address))
		id := o.drafted()
		link := o.reviewLink(id)
		b := o.opened(link)
		var in sync.WaitGroup
		for i := range 8 {
			in.Go(func() {
				more := []string{"The same.", "Another."}[i%2]
				if a := b.post(link, "version", "1", "say:use_case-1", "confirmed", "more", more, "done", "1"); a.status != http.StatusOK {
					t.Errorf("%d", a.status)
				}
			})
		}
		in.Wait()
		if words := o.words(id); len(words) != 3 {
			t.Errorf("%d words: %+v", len(words), words)
		}
	})
}

func TestNothingTypedIsLost(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	long := strings.Repeat("ä", lifecycle.LongestWord+1)
	a := b.post(link, "version", "1", "say:use_case-1", "corrected", "say:use_case-2", "not_commitment", "text:use_case-2", "A wish <b>", "answer:q1", long, "more", "More & more.")
	a.want(t, "a form with gaps", http.StatusUnprocessableEntity,
		"2 of the fields", "Write how it should read", "8001 characters", long, "A wish &lt;b&gt;", "More &amp; more.",
		`name="say:use_case-1" value="corrected" checked`, `name="say:use_case-2" value="not_commitment" checked`, `value="1"> I have reviewed`)
	if n := len(o.words(id)); n != 0 {
		t.Errorf("%d words were kept", n)
	}
	// As long as may be, in each field; more than 64 KB together.
	full := strings.Repeat("ä", lifecycle.LongestWord)
	b.post(link, "version", "1", "text:use_case-1", full, "text:use_case-2", full, "answer:q1", full, "more", full, "done", "1").want(t, "a long form", http.StatusOK, "Saved")
	if n := len(o.words(id)); n != 4 {
		t.Errorf("%d words", n)
	}
}

func TestAFormOfAnEarlierVersion(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	o.mu.Lock()
	o.items = []throughline.Item{
		item("use_case-1", "Something else first", "another one, first"), item("use_case-2", "Nightly load in under an hour", "we need it under an hour"), item("use_case-3", "And more", "and more yet"),
	}
	o.questions = nil
	o.mu.Unlock()
	o.until(monday.Add(20 * time.Hour))
	if v := o.run(id).Version; v != 2 {
		t.Fatalf("version %d", v)
	}
	b.post(link, "version", "1", "say:use_case-1", "corrected", "more", "kept").want(t, "a form with a gap", http.StatusUnprocessableEntity, "Live in four weeks", `name="version" value="1"`)
	a := b.post(link, "version", "1", "text:use_case-1", "About the load.", "text:use_case-2", "About the weeks.", "answer:q1", "Their data team.")
	a.want(t, "the form", http.StatusOK, "Saved", "Something else first", "About the load.", "About the weeks.", "Who owns the data load? Their data team.")
	current, err := o.Current(t.Context(), o.run(id))
	if err != nil {
		t.Fatal(err)
	}
	if len(current.Items[1].Remarks) != 1 || current.Items[1].Remarks[0].Text != "About the load." || len(current.Items[0].Remarks) != 0 || len(current.Remarks) != 2 {
		t.Errorf("what was said stands elsewhere: %+v", current)
	}
	for _, version := range []string{"", "0", "-1", "99", "x"} {
		b.post(link, "version", version, "more", "With version "+version).want(t, "version "+version, http.StatusOK, "Saved")
	}
	b.post(link, "version", "2", "say:use_case-1", "praised").want(t, "no such kind", http.StatusUnprocessableEntity, "choose one of the four")
}

func TestAReviewAfterThePublication(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	link := o.reviewLink(id)
	b := o.opened(link)
	b.post(link, "version", "1", "more", "One thing more.", "done", "1").want(t, "saving", http.StatusOK, "Saved", "The CSM has it")
	reissued := o.run(id).Reissued
	b.post(link, "version", "1", "more", "One thing more.", "done", "1")
	if got := o.run(id).Reissued; reissued != 1 || got != 1 {
		t.Errorf("it went out again %d and %d times", reissued, got)
	}
	if err := o.Reopened(t.Context(), "006A", o.Now()); err != nil {
		t.Fatal(err)
	}
	a := b.get(link)
	a.want(t, "of a reopened deal", http.StatusOK, "this handoff rests")
	a.lacks(t, "of a reopened deal", ">Save<")
	b.post(link, "version", "1", "more", "Too late.").want(t, "saving then", http.StatusConflict, "Too late.", "to be copied")
	b.post(link+"/fresh").want(t, "a fresh link then", http.StatusConflict, "nothing to review")
}

func TestAReviewOnTheTeamsPages(t *testing.T) {
	o := newOffice(t)
	o.links.Public = ""
	id := o.drafted()
	if link := o.reviewLink(id); link != o.team.URL+"/runs/"+id+"/review" {
		t.Errorf("without a public address the link is %s", link)
	}
	b := o.signedIn("ae@example.com")
	b.post(o.reviewLink(id), "version", "1", "say:use_case-1", "confirmed", "done", "1").want(t, "saving", http.StatusOK, "Saved", "Right")
	if run := o.run(id); run.ReviewedBy != "ae@example.com" {
		t.Errorf("reviewed by %q", run.ReviewedBy)
	}
	b.post(o.team.URL+"/runs/"+id+"/review-link").want(t, "a link", http.StatusConflict, "No public address")
}

func FuzzReviewForm(f *testing.F) {
	o := open(f, openFor(f))
	id := o.drafted()
	link := o.reviewLink(id)
	b := o.opened(link)
	f.Add("version=1&say:use_case-1=confirmed&more=words&done=1")
	f.Add("version=1&text:use_case-1=%ff%00&answer:q1=a%0d%0ab")
	f.Add("version=&say:use_case-1=corrected&more=" + url.QueryEscape("<script>"))
	f.Add("%zz&;=&version=1;version=2")
	f.Fuzz(func(t *testing.T, form string) {
		b.t = t
		switch a := b.do(http.MethodPost, link, form); a.status {
		case http.StatusOK, http.StatusUnprocessableEntity, http.StatusBadRequest:
		default:
			t.Errorf("%q is answered with %d", form, a.status)
		}
	})
}
