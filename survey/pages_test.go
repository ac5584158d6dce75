package survey

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

var kickoff = time.Date(2026, 3, 3, 15, 0, 0, 0, time.UTC)

// sample is a survey of one respondent, and how it is linked.
func sample(language string) (throughline.Survey, *Links) {
	l := &Links{Key: []byte("0123456789abcdef0123456789abcdef"), Public: "https://handoff.example.com"}
	s := throughline.Survey{ID: "nps-1", Deal: "006A", Seller: "Northbeam", Language: language, Kickoff: kickoff, Closes: Closes(kickoff), AcceptedBeforeKickoff: true, Adopted: true}
	s.Respondents = []throughline.Respondent{{ID: l.Respondent("a@example.com"), Name: "Ada Example", Email: "a@example.com"}}
	return s, l
}

// A visit is a respondent at the pages.
type visit struct {
	t     *testing.T
	pages *Pages
	store *Memory
	now   time.Time
	log   bytes.Buffer
}

func newVisit(t *testing.T) (*visit, throughline.Survey, *Links) {
	s, l := sample("en")
	v := &visit{t: t, store: NewMemory(s), now: kickoff.AddDate(0, 0, 8)}
	v.pages = &Pages{Links: l, Store: v.store, Now: func() time.Time { return v.now }, Log: slog.New(slog.NewTextHandler(&v.log, nil))}
	return v, s, l
}

func (v *visit) do(method, link string, form url.Values) int {
	v.t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		v.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(v.t.Context(), method, u.Path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	v.pages.ServeHTTP(w, r)
	return w.Code
}

var hidden = regexp.MustCompile(`name="form" value="([^"]+)"`)

// open opens a link and takes the page's proof from it.
func (v *visit) open(link string) (proof, page string) {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), http.MethodGet, link, nil)
	w := httptest.NewRecorder()
	v.pages.ServeHTTP(w, r)
	page = w.Body.String()
	found := hidden.FindStringSubmatch(page)
	if w.Code != http.StatusOK || found == nil {
		v.t.Fatalf("opening a link: %d\n%s", w.Code, page)
	}
	return found[1], page
}

func must(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// TestScannersDoNotVote opens every link of the mail in every way that a scanner
// does, many times over: nothing is counted, nobody unsubscribed.
func TestScannersDoNotVote(t *testing.T) {
	v, s, l := newVisit(t)
	m, err := l.Mail(s, s.Respondents[0])
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`https://[^"\s<]+`).FindAllString(m.HTML+" "+m.Text, -1)
	if len(links) != 2*12 {
		t.Fatalf("the mail has %d links, want 24", len(links))
	}
	for _, link := range links {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost} {
			v.do(method, link, nil)
			v.do(method, link, nil)
		}
	}
	if got := v.store.Answers(); len(got) > 0 || v.store.Stopped(s.Respondents[0].ID) {
		t.Errorf("scanners counted: %+v", got)
	}
}

// TestScannersThatPost sends to every link what a program makes up that never read
// its page, and what belongs to another page: nothing is counted.
func TestScannersThatPost(t *testing.T) {
	v, s, l := newVisit(t)
	m, err := l.Mail(s, s.Respondents[0])
	if err != nil {
		t.Fatal(err)
	}
	three, stopLink := must(t)(l.Vote(s, s.Respondents[0], 3)), must(t)(l.Stop(s, s.Respondents[0]))
	anothers, _ := v.open(three)
	stops, _ := v.open(stopLink)
	for _, link := range regexp.MustCompile(`https://[^"\s<]+`).FindAllString(m.Text, -1) {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		for name, body := range map[string]string{
			"nothing": "", "a score": "score=9", "an empty proof": "form=&score=9", "no proof": "form=x&score=9", "the link": "form=" + link + "&score=9", "everything": "form=1&score=1&comment=1&email=a&submit=1",
			"JSON": `{"score": 9}`, "no form": "%zz&&=", "unsubscribing by other words": "List-Unsubscribe=Yes", "unsubscribing a vote": "List-Unsubscribe=One-Click", "another score's page": "score=9&form=" + anothers,
			"the other page": "score=9&form=" + stops,
		} {
			if link == three && name == "another score's page" || link == stopLink && (name == "the other page" || name == "unsubscribing a vote") {
				continue // there it is what the respondent wants
			}
			for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "text/plain", ""} {
				for _, query := range []string{"", "?score=9&form=" + anothers + "&List-Unsubscribe=One-Click"} {
					r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, u.Path+query, strings.NewReader(body))
					r.Header.Set("Content-Type", kind)
					v.pages.ServeHTTP(httptest.NewRecorder(), r)
					if got := v.store.Answers(); len(got) > 0 || v.store.Stopped(s.Respondents[0].ID) {
						t.Fatalf("%s as %q to %s%s counted: %+v", name, kind, u.Path, query, got)
					}
				}
			}
		}
	}
}

// TestPrefetch: what is fetched ahead counts nothing, and may not be kept for later.
func TestPrefetch(t *testing.T) {
	v, s, l := newVisit(t)
	for _, link := range []string{must(t)(l.Vote(s, s.Respondents[0], 9)), must(t)(l.Stop(s, s.Respondents[0]))} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, link+"?List-Unsubscribe=One-Click&score=9", nil)
		r.Header.Set("Sec-Purpose", "prefetch;prerender")
		r.Header.Set("Purpose", "prefetch")
		w := httptest.NewRecorder()
		v.pages.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || len(v.store.Answers()) > 0 || v.store.Stopped(s.Respondents[0].ID) {
			t.Errorf("%d, %v, and %v are kept", w.Code, w.Header(), v.store.Answers())
		}
	}
}

func TestVote(t *testing.T) {
	v, s, l := newVisit(t)
	nine := must(t)(l.Vote(s, s.Respondents[0], 9))
	proof, page := v.open(nine)
	if !strings.Contains(page, `value="9" required checked`) || strings.Count(page, " checked") != 1 {
		t.Errorf("the score is not chosen beforehand:\n%s", page)
	}
	first := v.now
	post := func(proof, score, comment string) int {
		return v.do(http.MethodPost, nine, url.Values{"form": {proof}, "score": {score}, "comment": {comment}})
	}
	for _, bad := range []struct{ proof, score, comment string }{
		{"", "9", ""},
		{"x", "9", ""},
		{proof, "11", ""},
		{proof, "-1", ""},
		{proof, "", ""},
		{proof, "9", strings.Repeat("é", MostComment+1)},
		{proof, "9", strings.Repeat("x", longestForm)},
	} {
		if code := post(bad.proof, bad.score, bad.comment); code != http.StatusUnprocessableEntity || len(v.store.Answers()) > 0 {
			t.Errorf("%.40v: got %d and %v", bad, code, v.store.Answers())
		}
	}
	want := throughline.Answer{Survey: "nps-1", Deal: "006A", Respondent: s.Respondents[0].ID, Score: 9, Comment: "<b>good</b>", At: first, AcceptedBeforeKickoff: true, Adopted: true}
	check := func(what string) {
		t.Helper()
		if d := cmp.Diff([]throughline.Answer{want}, v.store.Answers()); d != "" {
			t.Errorf("%s:\n%s", what, d)
		}
	}
	post(proof, "9", " <b>good</b>\x00 ")
	check("an answer")
	v.now = first.Add(ChangeFor)
	post(proof, "4", "")
	want.Score = 4
	check("the last within a day counts, and an empty comment leaves the one there")
	v.now = first.Add(ChangeFor + time.Second)
	post(proof, "10", "late")
	check("after a day, nothing changes")
	v.now = s.Closes
	if code := post(proof, "10", ""); code != http.StatusGone {
		t.Errorf("after the survey closed: %d", code)
	}
	check("after it closed, nothing changes")
}

// TestUnsubscribe: a mail client's one click is either kind of form (RFC 8058, section
// 3.2), and comes without cookies and from nowhere.
func TestUnsubscribe(t *testing.T) {
	const plainForm = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct{ kind, body string }{
		"one click":            {plainForm, OneClick},
		"one click, in parts":  {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"},
		"the page":             {plainForm, "form="},
		"the page, not opened": {plainForm, ""},
	} {
		v, s, l := newVisit(t)
		v.now = s.Closes.Add(StopFor - time.Hour)
		link := must(t)(l.Stop(s, s.Respondents[0]))
		if c.body == "form=" {
			proof, _ := v.open(link)
			c.body += proof
		}
		for range 2 { // twice is as once
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.kind)
			w := httptest.NewRecorder()
			v.pages.ServeHTTP(w, r)
			if stopped := v.store.Stopped(s.Respondents[0].ID); w.Code != http.StatusOK || stopped != (c.body != "") {
				t.Errorf("%s: %d, and unsubscribed: %v", name, w.Code, stopped)
			}
		}
	}
}

// broken is a store that is down, and says more than anybody should read.
type broken struct{ Memory }

func (b *broken) Answer(context.Context, throughline.Answer) (throughline.Answer, error) {
	return throughline.Answer{}, errors.New("the database is down")
}

func TestStoreDown(t *testing.T) {
	v, s, l := newVisit(t)
	v.pages.Store = &broken{Memory{surveys: map[string]throughline.Survey{s.ID: s}}}
	link := must(t)(l.Vote(s, s.Respondents[0], 3))
	proof, _ := v.open(link)
	code := v.do(http.MethodPost, link, url.Values{"form": {proof}, "score": {"3"}, "comment": {"private words"}})
	if code != http.StatusServiceUnavailable {
		t.Errorf("got %d", code)
	}
	log := v.log.String()
	if !strings.Contains(log, "the database is down") || strings.Contains(log, "private words") || strings.Contains(log, link) {
		t.Errorf("logged: %s", log)
	}
}

func TestLinksAreForOneThing(t *testing.T) {
	s, l := sample("en")
	voteLink := strings.TrimPrefix(must(t)(l.Vote(s, s.Respondents[0], 9)), l.Public+VotePath)
	stopLink := strings.TrimPrefix(must(t)(l.Stop(s, s.Respondents[0])), l.Public+StopPath)
	if g, err := l.open(voteLink, vote); err != nil || g != (grant{vote, time.Unix(s.Closes.Unix(), 0), s.Respondents[0].ID, 9, s.ID}) {
		t.Errorf("got %+v, %v", g, err)
	}
	other := &Links{Key: []byte("another key of 32 bytes, or more"), Public: l.Public}
	for name, err := range map[string]error{
		"a vote for a stop":  second(l.open(voteLink, stop)),
		"a stop for a vote":  second(l.open(stopLink, vote)),
		"another key's":      second(other.open(voteLink, vote)),
		"no key":             second((&Links{}).open(voteLink, vote)),
		"its end cut off":    second(l.open(voteLink[:len(voteLink)-1], vote)),
		"a form for a proof": second(l.open(strings.Split(voteLink, ".")[0]+"."+l.form(voteLink), vote)),
	} {
		if !errors.Is(err, errNotOurs) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, public := range []string{"", "http://handoff.example.com", "https://handoff.example.com/x", "https://u:p@handoff.example.com"} {
		if _, err := (&Links{Key: l.Key, Public: public}).Vote(s, s.Respondents[0], 9); err == nil || !strings.Contains(err.Error(), "public_url") {
			t.Errorf("%q: %v", public, err)
		}
	}
}

func second(_ grant, err error) error { return err }

func FuzzLinks(f *testing.F) {
	s, l := sample("en")
	good, err := l.Vote(s, s.Respondents[0], 9)
	if err != nil {
		f.Fatal(err)
	}
	good = strings.TrimPrefix(good, l.Public+VotePath)
	f.Add(good)
	f.Add(good + "A")
	f.Add("." + l.proof("survey link|"))
	f.Fuzz(func(t *testing.T, link string) {
		if g, err := l.open(link, vote); err == nil && link != good {
			t.Errorf("took %q for %+v", link, g)
		}
		_, err := l.open(link, stop)
		if err == nil {
			t.Errorf("took %q to unsubscribe", link)
		}
	})
}

// FuzzSeal makes links of anything and reads them back.
func FuzzSeal(f *testing.F) {
	f.Add("nps-1", 9, int64(1))
	f.Add("a|b|c", 0, int64(-1))
	f.Fuzz(func(t *testing.T, id string, score int, until int64) {
		s, l := sample("en")
		s.ID, s.Closes = id, time.Unix(until, 0)
		link, err := l.Vote(s, s.Respondents[0], score)
		if err != nil {
			return
		}
		g, err := l.open(strings.TrimPrefix(link, l.Public+VotePath), vote)
		if err != nil || g != (grant{vote, time.Unix(until, 0), s.Respondents[0].ID, score, id}) {
			t.Errorf("%q %d %d became %+v, %v", id, score, until, g, err)
		}
	})
}

func TestChoose(t *testing.T) {
	l := &Links{Key: []byte("0123456789abcdef")}
	customer := func(email string) throughline.Person {
		return throughline.Person{Email: email, Side: throughline.SideCustomer}
	}
	asked, left := l.Choose([]throughline.Person{
		customer("B@Example.com"), customer("b@example.com"), customer("info@example.com"), customer("someone@gmail.com"),
		customer("x@team.seller.example"), customer("no@example.com"), customer("y@quiet.example"), customer("gone@example.com"), customer(""),
		{Email: "ae@seller.example", Side: throughline.SideSeller},
		{Email: "who@example.com"},
	}, Choice{
		Internal: []string{"seller.example"}, DoNotAsk: []string{"NO@example.com", "@quiet.example"},
		Stopped: func(id string) bool { return id == l.Respondent("gone@example.com") },
	})
	var got []string
	for _, r := range asked {
		got = append(got, r.Email)
	}
	if d := cmp.Diff([]string{"b@example.com", "info@example.com", "someone@gmail.com"}, got); d != "" {
		t.Error(d)
	}
	why := map[string]string{}
	for _, p := range left {
		why[p.Person.Email] = p.Why
	}
	if d := cmp.Diff(map[string]string{
		"x@team.seller.example": "has an address of the seller's company", "no@example.com": "is on the do-not-ask list", "y@quiet.example": "is on the do-not-ask list",
		"gone@example.com": "unsubscribed", "": "has no email address that could be written to", "ae@seller.example": "is of the seller's side", "who@example.com": "it is not known whose side the person is on",
	}, why); d != "" {
		t.Error(d)
	}
}

func TestWhen(t *testing.T) {
	nine := func(t time.Time, _ string) time.Time {
		y, m, d := t.Date()
		if t.Hour() >= 9 && t.Hour() < 17 {
			return t
		}
		return time.Date(y, m, d+1, 9, 0, 0, 0, t.Location())
	}
	s, _ := sample("en")
	r := throughline.Respondent{Zone: "America/New_York"}
	// Summer time begins there on 8 March: seven days are not 168 hours.
	s.Kickoff = time.Date(2026, 3, 3, 19, 0, 0, 0, time.UTC)
	at := AskAt(s, r, nine)
	if want := time.Date(2026, 3, 10, 18, 0, 0, 0, time.UTC); !at.Equal(want) {
		t.Errorf("asked at %v, want %v", at, want)
	}
	if _, ok := RemindAt(s, r, nine); ok {
		t.Error("reminds whom it did not ask")
	}
	r.AskedAt = &at
	again, ok := RemindAt(s, r, nine)
	if want := at.AddDate(0, 0, RemindAfterDays); !ok || !again.Equal(want) {
		t.Errorf("reminds at %v, %v; want %v", again, ok, want)
	}
	r.RemindedAt = &again
	if _, ok := RemindAt(s, r, nine); ok {
		t.Error("reminds twice")
	}
}

// TestNobodyOfTheSellersIsCounted: what figures are made of has no place for an AE,
// and no field beyond these.
func TestNobodyOfTheSellersIsCounted(t *testing.T) {
	want := map[string][]string{
		"Answer":     {"Survey", "Deal", "Respondent", "Score", "Comment", "At", "AcceptedBeforeKickoff", "Adopted"},
		"Survey":     {"ID", "Deal", "Seller", "Language", "Kickoff", "Closes", "AcceptedBeforeKickoff", "Adopted", "Respondents"},
		"FirstValue": {"Deal", "Kickoff", "Reached", "AcceptedBeforeKickoff", "Adopted"},
		"Milestone":  {"Deal", "Due", "Met", "AcceptedBeforeKickoff", "Adopted"},
		"NPSPoint":   {"Month", "Group", "Figure"},
	}
	for _, v := range []any{throughline.Answer{}, throughline.Survey{}, FirstValue{}, Milestone{}, NPSPoint{}} {
		of := reflect.TypeOf(v)
		var got []string
		for i := range of.NumField() {
			got = append(got, of.Field(i).Name)
		}
		if d := cmp.Diff(want[of.Name()], got); d != "" {
			t.Errorf("%s:\n%s", of.Name(), d)
		}
	}
}
