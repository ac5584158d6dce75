package web_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/web"
)

func TestTheCSMAccepts(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	page := o.team.URL + "/runs/" + id
	b := o.signedIn("csm@example.com")
	b.get(page).want(t, "before", http.StatusOK, "Accept version 1", "Not reviewed by the AE")
	b.get(page+"/history").want(t, "before", http.StatusOK, "3 Mar 2026, 10:00 UTC", "not reviewed by AE", "https://pages.example.com/a")
	for _, version := range []string{"", "x"} {
		b.post(page+"/accept", "version", version).want(t, "no version", http.StatusBadRequest, "which version you read")
	}
	b.post(page+"/accept", "version", "2").want(t, "another version", http.StatusConflict, "newer version came out")
	for range 2 {
		b.post(page+"/accept", "version", "1").want(t, "accepting", http.StatusOK, "Version 1 is accepted")
	}
	run := o.run(id)
	if run.AcceptedBy != "csm@example.com" || run.AcceptedVersion != 1 || run.Stage != lifecycle.StageAccepted {
		t.Errorf("%+v", run)
	}
	if n := count(o.moves(id), "accepted by csm@example.com"); n != 1 {
		t.Errorf("accepted %d times", n)
	}

	// What comes later is shown as such, and is accepted on its own.
	o.mu.Lock()
	o.items = append(o.items[1:], item("use_case-3", "A second plant", "and then the second plant"), item("use_case-4", "A third", "and the third"))
	o.mu.Unlock()
	o.until(monday.Add(50 * time.Hour))
	b = o.signedIn("csm@example.com")
	a := b.get(page)
	a.want(t, "after a new version", http.StatusOK, "Since version 1 was accepted", "New (use case): A second plant", "No longer there (use case): Nightly load", "Accept version 2")
	b.post(page+"/accept", "version", "1").want(t, "the old version", http.StatusConflict, "newer version came out")
	a = b.post(page+"/accept", "version", "2")
	a.want(t, "the new version", http.StatusOK, "Version 2 is accepted")
	a.lacks(t, "the new version", "Since version")
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func TestTheCSMReturnsAndNotes(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	page := o.team.URL + "/runs/" + id
	b := o.signedIn("csm@example.com")
	long := strings.Repeat("a", lifecycle.LongestWord+1)
	b.post(page+"/return", "reason", "boredom", "text", "My note.").want(t, "no such reason", http.StatusBadRequest, "Choose why", "My note.")
	b.post(page+"/return", "reason", "unclear", "text", long).want(t, "too long", http.StatusUnprocessableEntity, long, `value="unclear" selected`)
	b.post(page+"/note", "text", long).want(t, "too long", http.StatusUnprocessableEntity, long)
	b.post(page+"/note", "text", " \n ").want(t, "no note", http.StatusUnprocessableEntity, "no text yet")
	for range 2 {
		b.post(page+"/note", "text", "Their load is weekly.").want(t, "a note", http.StatusOK)
	}
	if words := o.words(id); len(words) != 1 || words[0].By != "csm@example.com" || words[0].Role != "CSM" {
		t.Errorf("%+v", words)
	}
	for range 2 {
		b.post(page+"/return", "reason", "missing_context", "text", "Who owns\r\nthe data load?").want(t, "returning", http.StatusOK, "Returned to the AE: missing context", "Who owns\nthe data load?")
	}
	b.post(page+"/return", "reason", "unclear", "text", "Another thought.").want(t, "returning again", http.StatusConflict, "with the AE already", "Another thought.")
	if run := o.run(id); run.Returns != 1 || run.Stage != lifecycle.StageReturned || run.ReturnNote != "Who owns\nthe data load?" {
		t.Errorf("%+v", run)
	}
	o.opened(o.reviewLink(id)).get(o.reviewLink(id)).want(t, "the AE", http.StatusOK, "The CSM asks back", "Who owns\nthe data load?")
}

func TestTheKickoffIsSet(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	page := o.team.URL + "/runs/" + id
	b := o.signedIn("csm@example.com")
	for at, said := range map[string]string{
		"": "no date", "tomorrow": "no date", "2026-13-01T10:00": "no date", "2025-04-01T10:00": "before the deal was won", "2062-04-01T10:00": "more than three years", "0001-01-01T00:00": "before",
	} {
		b.post(page+"/kickoff", "at", at).want(t, at, http.StatusUnprocessableEntity, said, `value="`+at+`"`)
	}
	b.post(page+"/kickoff", "at", "2026-04-01T10:00").want(t, "a date", http.StatusOK, "1 Apr 2026, 10:00 UTC")
	b.post(page+"/kickoff", "at", "2026-04-02T10:30:00").want(t, "with seconds", http.StatusOK, "2 Apr 2026, 10:30 UTC")
	o.until(time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC))
	b = o.signedIn("csm@example.com")
	b.post(page+"/kickoff", "at", "2026-05-01T10:00").want(t, "moved after its time", http.StatusOK, "1 May 2026, 10:00 UTC")
	o.until(time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC))
	b = o.signedIn("csm@example.com")
	points, err := o.Kickoff(t.Context(), o.run(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range points.Agenda.Points {
		b.post(page+"/kickoff/tick", "point", p.ID, "state", "waived", "reason", "another day")
	}
	b.post(page+"/kickoff/held", "at", "2026-05-01T10:00").want(t, "held", http.StatusOK)
	b.post(page+"/kickoff", "at", "2026-06-01T10:00").want(t, "moved after it was held", http.StatusConflict, "The kickoff has been")
}

func TestWhatIsParkedIsTriedAgain(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	o.down = &connect.Error{Vendor: "mail", Status: 403, Advice: "check <the> password"}
	o.until(monday.Add(26 * time.Hour))
	b := o.signedIn("ops@example.com")
	run := o.team.URL + "/runs/" + id
	page := run + "/history"
	b.get(o.team.URL+"/").want(t, "the list", http.StatusOK, "waiting for you")
	a := b.get(page)
	a.want(t, "the run", http.StatusOK, "Waiting for you", "Try again", "tell csm", "heck &lt;the&gt; password")
	tasks, err := o.db.Parked(t.Context())
	if err != nil || len(tasks) == 0 {
		t.Fatalf("%d parked, %v", len(tasks), err)
	}
	counts, err := o.db.ParkedCounts(t.Context())
	if err != nil || counts[id] != len(tasks) {
		t.Errorf("%v are counted of %d, %v", counts, len(tasks), err)
	}
	o.down = nil
	for range 2 {
		for _, task := range tasks {
			b.post(run+"/retry", "task", task.Key()).want(t, task.Key(), http.StatusOK)
		}
	}
	for _, key := range []string{"", "x", "collect//999", "collect/\x00/1", "publish/notion/99999999999999999999"} {
		b.post(run+"/retry", "task", key).want(t, key, http.StatusOK)
	}
	if n := count(o.moves(id), "retried by ops@example.com"); n != len(tasks) {
		t.Errorf("%d moves for %d tasks", n, len(tasks))
	}
	o.until(o.Now().Add(time.Minute))
	b.get(page).lacks(t, "afterwards", "Waiting for you")
	if len(o.letters("csm@example.com")) == 0 {
		t.Error("it was not tried again")
	}
}

func TestTheTeamSendsAFreshLink(t *testing.T) {
	o := newOffice(t)
	id := o.drafted()
	page := o.team.URL + "/runs/" + id
	b := o.signedIn("csm@example.com")
	before := len(o.letters("ae@example.com"))
	b.post(page+"/review-link").want(t, "sending", http.StatusOK, "on its way to the AE")
	b.post(page+"/review-link").want(t, "again", http.StatusTooManyRequests, "less than 10 minutes ago")
	if n := len(o.letters("ae@example.com")) - before; n != 1 {
		t.Errorf("%d letters", n)
	}
	o.Messengers = nil
	o.set(o.Now().Add(time.Hour))
	b.post(page+"/review-link").want(t, "with no way to people", http.StatusConflict, "no way to write")
}

func TestReadingIsNotedOnceADay(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	at := o.team.URL + "/runs/" + id + "/handoff"
	b, other := o.signedIn("csm@example.com"), o.signedIn("lead@example.com")
	before := o.moves(id)
	b.do(http.MethodHead, at, "")
	b.do(http.MethodGet, at, "", "Sec-Purpose", "prefetch")
	b.do(http.MethodHead, o.team.URL+"/runs/"+id+"/history", "")
	if now := o.moves(id); !slices.Equal(before, now) {
		t.Errorf("nobody read it, and %q", now)
	}
	for range 3 {
		b.get(at).want(t, "reading", http.StatusOK, "Nightly load")
		other.get(at+"?audience=company").want(t, "reading", http.StatusOK, "Example")
	}
	o.set(monday.Add(36 * time.Hour)) // of the same day by UTC
	o.signedIn("csm@example.com").get(at)
	if got := o.moves(id)[len(before):]; !slices.Equal(got, []string{"read by csm@example.com", "read by lead@example.com"}) {
		t.Errorf("%q", got)
	}
	o.set(monday.Add(38 * time.Hour))
	o.signedIn("csm@example.com").get(at)
	if n := count(o.moves(id), "read by csm@example.com"); n != 2 {
		t.Errorf("on two days it was read %d times", n)
	}
	b = o.signedIn("lead@example.com")
	b.get(o.team.URL+"/runs/"+id+"/history").want(t, "the run", http.StatusOK, "Read by", "<bdi>lead@example.com</bdi>, 3 Mar 2026")
	for _, bad := range []string{"customer", "nobody", "<script>"} { // who is no audience sees what the customer may
		a := b.do(http.MethodGet, at+"?audience="+strings.ReplaceAll(bad, "<", "%3C"), "")
		a.want(t, bad, http.StatusOK)
		a.lacks(t, bad, "CustomersHeard", "<script>")
	}
}

func TestTheListOfNothing(t *testing.T) {
	o := newOffice(t)
	o.signedIn("csm@example.com").get(o.team.URL+"/").want(t, "the list", http.StatusOK, "No deal has been won")
}

// hostile are texts that try to be something else than text.
var hostile = []string{
	"<script>document.title='run'</script>", `"><img src=x onerror=alert(1)>`, "' onmouseover='x", "</textarea><script>x</script>", "</bdi></h1><b>",
	"{{.Run}} {{template \"head\"}} ${7*7} <%= 1 %>", "a\r\nSet-Cookie: throughline=stolen\r\n\r\n<b>", "javascript:alert(1)", "\u202Eevil\u2066", "<!--", "]]>", "&lt;script&gt;", "\x00\x1b[31m",
}

// shared gives the published attacks too, where they lie beside the project; under the
// race detector every fifth of them: `make test` tries all without it.
func shared(t *testing.T) []string {
	texts := slices.Clone(hostile)
	f, err := os.Open("../../shared/data/injection/attacks.jsonl")
	if err != nil {
		t.Log("the published attacks are not beside the project; only our own are tried")
		return texts
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 0; lines.Scan(); n++ {
		if raced && n%5 > 0 {
			continue
		}
		var one struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, one.Text)
	}
	return texts
}

// TestHostileTextIsText puts each text wherever text comes from outside, and looks
// at every page.
func TestHostileTextIsText(t *testing.T) {
	const each = 24 // as items of one deal
	for batch := range slices.Chunk(shared(t), each) {
		o := newOffice(t)
		o.deal.Customer, o.deal.Name = batch[0], batch[len(batch)-1]
		o.deal.Managers = []string{web.Line(batch[0] + "@example.com")}
		o.items, o.questions = nil, nil
		for i, text := range batch {
			it := item(fmt.Sprintf("use_case-%d", i+1), text, text)
			it.Person, it.Evidence[0].Speaker = text, text
			o.items = append(o.items, it)
			o.questions = append(o.questions, throughline.Question{ID: fmt.Sprintf("q%d", i+1), Text: text})
		}
		promise := item("milestone-1", batch[0], batch[0])
		promise.Kind, promise.Section, promise.Day, promise.Due = throughline.KindMilestone, 4, 30, batch[0]
		promise.Evidence[0].Speaker, promise.Evidence[0].URL, promise.Evidence[0].Side = batch[0], batch[0], throughline.SideSeller
		o.items = append(o.items, promise)
		id := o.published()
		link, page := o.reviewLink(id), o.team.URL+"/runs/"+id
		milestone := page + "/milestones/" + o.run(id).Milestones[0].ID
		ae, csm := o.entered(link), o.signedIn("csm@example.com")
		form := []string{"version", "1", "more", strings.Join(batch[:min(3, len(batch))], " ")}
		for i, text := range batch {
			form = append(form, fmt.Sprintf("text:use_case-%d", i+1), text, fmt.Sprintf("answer:q%d", i+1), text)
		}
		quiet(t, "saving", ae.post(link, form...))
		quiet(t, "a form with a gap", ae.post(link, append(form, "say:use_case-1", batch[0], "done", batch[0])...))
		for _, text := range batch[:min(len(batch), 6)] {
			o.down = fmt.Errorf("mail: %s", text)
			quiet(t, "note", csm.post(page+"/note", "text", text))
			quiet(t, "reason", csm.post(page+"/return", "reason", text, "text", text))
			quiet(t, "kickoff", csm.post(page+"/kickoff", "at", text))
			quiet(t, "version", csm.post(page+"/accept", "version", text))
			quiet(t, "task", csm.post(page+"/retry", "task", text))
			quiet(t, "a tick", csm.post(page+"/kickoff/tick", "point", text, "state", text, "reason", text))
			quiet(t, "a point left out", csm.post(page+"/kickoff/tick", "point", "use_case-1", "state", "waived", "reason", text))
			quiet(t, "held", csm.post(page+"/kickoff/held", "at", text, "who", text, "more", text))
			quiet(t, "held with somebody", csm.post(page+"/kickoff/held", "at", "2026-03-03T10:00", "who", text, "more", text))
			quiet(t, "respondents", csm.post(page+"/kickoff/respondents", "who", text, "more", text))
			quiet(t, "a wording", csm.post(page+"/kickoff/wording", "item", "use_case-1", "text", text))
			quiet(t, "the wording of none", csm.post(page+"/kickoff/wording", "item", text, "text", text))
			quiet(t, "what shows a milestone", csm.post(milestone, "status", "started", "evidence", text, "due", "2026-12-01", "why", text))
			quiet(t, "a milestone", csm.post(milestone, "status", text, "due", text, "owner", text, "evidence", text, "link", text, "why", text))
		}
		quiet(t, "returned", csm.post(page+"/return", "reason", "unclear", "text", batch[0]))
		o.until(monday.Add(40 * time.Hour)) // mail fails with such an error
		csm = o.signedIn(batch[0] + "@example.com")
		site := o.team.URL
		for _, at := range []string{
			link, link + "/all", link + "?at=more&v=1", link + "?at=done&v=1", link + "?at=question%3Aq1&v=1",
			page, page + "?audience=company", page + "?audience=customer", page + "/handoff", page + "/handoff?audience=company", page + "/handoff?audience=customer",
			page + "/history", page + "/versions", page + "/progress", page + "/review", page + "/review/all", site + "/",
			page + "/kickoff", page + "/kickoff?audience=customer", page + "/kickoff/print", page + "/milestones",
		} {
			b := csm
			if strings.HasPrefix(at, link) {
				b = ae
			}
			a := b.get(at)
			quiet(t, at, a)
			if !strings.Contains(at, "/handoff") && !strings.Contains(at, "audience") && a.status == http.StatusOK && !strings.Contains(seen(a.body), seen(batch[0])) {
				t.Errorf("%s does not show %q", at, batch[0])
			}
		}
		admin := o.signedIn("ops@example.com")
		for _, at := range []string{site + "/operations", site + "/operations/trail"} {
			a := admin.get(at)
			a.want(t, at, http.StatusOK)
			quiet(t, at, a)
		}
		for i, text := range batch[:min(len(batch), 6)] {
			q := url.QueryEscape(text)
			for _, at := range []string{
				site + "/?q=" + q + "&stage=" + q + "&needs=" + q + "&after=" + q, page + "?audience=" + q + "&version=" + q, page + "/versions?from=" + q + "&to=" + q,
			} {
				quiet(t, at, csm.get(at))
			}
			quiet(t, "the trail of "+text, admin.get(site+"/operations/trail?q="+q+"&who="+q+"&what="+q+"&from="+q+"&to="+q))
			quiet(t, "a step to "+text, ae.get(link+"?v=1&at="+q))
			quiet(t, "a step", ae.post(link+"/step", "version", text, "at", fmt.Sprintf("item:use_case-%d", i+1), "say", "corrected", "text", text))
			quiet(t, "a step of none", ae.post(link+"/step", "version", "1", "at", text, "say", text, "go", text, "text", text))
		}
		for _, text := range batch[:min(len(batch), 13)] {
			quiet(t, "sign-in", o.browser().do(http.MethodGet, o.team.URL+"/signin?token="+url.QueryEscape(text), ""))
		}
	}
}

// seen is what a reader sees of a text, but for space and signs without a shape.
func seen(s string) string {
	s = html.UnescapeString(html.UnescapeString(s))
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)), " ")
}

// entered is a browser in which a link was opened, of whatever deal.
func (o *office) entered(link string) *browser {
	o.t.Helper()
	b := o.browser()
	b.post(link+"/open").want(o.t, "opening", http.StatusOK, "<form")
	return b
}

// quiet: a page has no element or header but its own.
func quiet(t *testing.T, what string, a answer) {
	t.Helper()
	if a.status == http.StatusInternalServerError {
		t.Errorf("%s failed", what)
	}
	guarded(t, what, a)
	if strings.Contains(a.head.Get("Set-Cookie"), "stolen") {
		t.Errorf("%s: a header was made up", what)
	}
	body := strings.ToLower(ours.ReplaceAllString(a.body, ""))
	for _, sign := range []string{"<script", "<img", "<iframe", "<svg", "<!--", "<b>", "href=\"javascript:"} {
		if i := strings.Index(body, sign); i >= 0 {
			t.Errorf("%s has %q: %s", what, sign, body[max(0, i-60):min(len(body), i+60)])
		}
	}
	for _, tag := range tags.FindAllString(body, -1) {
		if bare := values.ReplaceAllString(tag, "="); handlers.MatchString(bare) {
			t.Errorf("%s has the tag %s", what, tag)
		}
	}
	if n := strings.Count(body, "</textarea>"); n != strings.Count(body, "<textarea") {
		t.Errorf("%s: a text ended its field", what)
	}
}

var (
	ours     = regexp.MustCompile(`<script src="/assets/[0-9a-f]{12}/[a-z-]+(\.min)?\.js" defer></script>|<svg class="(map|line)" viewBox="0 0 \d+ \d+" role="img"`)
	tags     = regexp.MustCompile(`<[a-z][^>]*>`)
	values   = regexp.MustCompile(`="[^"]*"`)
	handlers = regexp.MustCompile(`\son[a-z]+`)
)

func BenchmarkPages(b *testing.B) {
	o := open(b, openFor(b))
	first := ""
	for i := range 200 {
		o.deal = connect.Record{ID: fmt.Sprintf("006A%03d", i), Customer: fmt.Sprintf("Example %d", i)}
		id := o.win()
		if first == "" {
			first = id
		}
	}
	o.until(monday.Add(30 * time.Hour))
	s := &web.Server{Service: o.Service, Store: o.db, Links: o.links}
	o.team.Config.Handler = s.Team()
	who := o.signedIn("csm@example.com")
	for _, path := range []string{"/", "/runs/" + first, "/runs/" + first + "/handoff", "/runs/" + first + "/review"} {
		name := map[bool]string{true: "list", false: path[strings.LastIndex(path, "/")+1:]}[path == "/"]
		if name == first {
			name = "run"
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if a := who.get(o.team.URL + path); a.status != http.StatusOK {
					b.Fatal(a.status)
				}
			}
		})
	}
}
