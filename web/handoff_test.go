package web_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"throughline"
	"throughline/engine/builtin"
	"throughline/ground"
	"throughline/lifecycle"
	"throughline/render"
	"throughline/web"
)

// The deals that the pages are tried with: the sample deal of the demo, and the
// longest of those that lie beside the project.
const (
	sampleDeal = "../cmd/throughline/demo/harborline"
	longDeal   = "../../shared/bench/deals/atlas/native"
)

// A shelf is a collector that has a deal's files.
type shelf struct {
	*office
	mu      sync.Mutex
	archive []byte
	print   int
}

func (s *shelf) Collect(ctx context.Context, id string) (*lifecycle.Collection, error) {
	c, err := s.office.Collect(ctx, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Archive, c.Print = s.archive, fmt.Sprint(s.print)
	return c, err
}

// put has the deal hold other files from now on.
func (s *shelf) put(files fs.FS) {
	s.t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := w.AddFS(files); err != nil {
		s.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archive = b.Bytes()
	s.print++
}

// stocked makes the office work on a deal's files, with the engine that needs no
// model.
func (o *office) stocked(files fs.FS) *shelf {
	o.t.Helper()
	s := &shelf{office: o}
	s.put(files)
	o.Collector = s
	o.Engine = &lifecycle.Drafter{Draft: func(ctx context.Context, deal *throughline.Deal, now time.Time) (*throughline.Handoff, error) {
		draft, err := builtin.Engine{}.Draft(ctx, deal)
		if err != nil {
			return nil, err
		}
		h, _ := ground.Settle(deal, ground.NewIndex(deal), draft, now)
		return h, nil
	}}
	return s
}

// current is the newest version, whole.
func (o *office) current(id string) *throughline.Handoff {
	o.t.Helper()
	h, err := o.Current(o.t.Context(), o.run(id))
	if err != nil {
		o.t.Fatal(err)
	}
	return h
}

// evidence is every quote of a handoff, by what stands on it.
func evidence(h *throughline.Handoff) map[string][]throughline.Evidence {
	out := map[string][]throughline.Evidence{}
	for _, it := range h.Items {
		out[it.ID] = append(out[it.ID], it.Evidence...)
		for _, was := range it.Superseded {
			out[it.ID] = append(out[it.ID], was.Evidence...)
		}
	}
	for _, c := range h.Contradictions {
		for _, side := range c.Sides {
			out[c.ID] = append(out[c.ID], side.Evidence...)
		}
	}
	return out
}

var (
	beside = regexp.MustCompile(`hx-get="(/runs/[^"]+/evidence/[^"]+)"`)
	plain  = regexp.MustCompile(`class="show" href="([^"]+)"`)
	marks  = regexp.MustCompile(`<mark>([^<]*)</mark>`)
)

// TestEveryQuoteOpensItsSource: each quote of the page leads to its words, marked,
// beside the page and on the source's own.
func TestEveryQuoteOpensItsSource(t *testing.T) {
	o := newOffice(t)
	o.stocked(os.DirFS(sampleDeal))
	id := o.published()
	b := o.signedIn("csm@example.com")
	page := b.get(o.team.URL + "/runs/" + id)
	all := 0
	for about, evs := range evidence(o.current(id)) {
		for _, e := range evs {
			all++
			at := fmt.Sprintf("/runs/%s/evidence/%s?%s", id, e.Ref, url.Values{"of": {about}}.Encode())
			if !strings.Contains(html.UnescapeString(page.body), `hx-get="`+at+`"`) {
				t.Errorf("%s of %s opens nothing", e.Ref, about)
			}
			a := b.do(http.MethodGet, o.team.URL+at, "", "HX-Request", "true")
			a.want(t, at, http.StatusOK, `class="passage`, "here", "All of it")
			if !strings.Contains(seen(strings.Join(flatten(marks.FindAllStringSubmatch(a.body, -1)), " ")), seen(e.Quote)) {
				t.Errorf("%s of %s: the words are not marked: %s", e.Ref, about, e.Quote)
			}
			if strings.Contains(a.body, "<html") {
				t.Errorf("%s is a whole page", at)
			}
		}
	}
	links := plain.FindAllStringSubmatch(page.body, -1)
	if len(links) < all || all < 20 {
		t.Errorf("%d links of %d quotes", len(links), all)
	}
	for _, l := range links {
		path, ref, _ := strings.Cut(l[1], "#")
		b.get(o.team.URL+path).want(t, path, http.StatusOK, `id="`+ref+`"`, "<mark>", "Stands behind")
	}
	// By itself the address leads to the source's page.
	first := beside.FindStringSubmatch(page.body)[1]
	if a := b.get(o.team.URL + html.UnescapeString(first)); !strings.Contains(a.path, "/sources/") {
		t.Errorf("it led to %s", a.path)
	}
	b.get(o.team.URL+"/runs/"+id+"/evidence/c99.1").want(t, "no quote", http.StatusNotFound, "No quote of this handoff stands there")
	b.get(o.team.URL+"/runs/"+id+"/sources/c99").want(t, "no source", http.StatusNotFound, "no such source")
}

func flatten(found [][]string) (out []string) {
	for _, f := range found {
		out = append(out, f[1])
	}
	return out
}

// TestAudiencesSeeWhatRenderGives: of every text and quote, a page has those that
// the audience may see, and no other.
func TestAudiencesSeeWhatRenderGives(t *testing.T) {
	o := newOffice(t)
	o.stocked(os.DirFS(sampleDeal))
	id := o.published()
	whole := o.current(id)
	page := o.team.URL + "/runs/" + id
	csm, colleague := o.signedIn("csm@example.com"), o.signedIn("else@example.com")
	company := colleague.get(page)
	for _, c := range []struct {
		name     string
		body     string
		audience throughline.Audience
	}{
		{"the CSM", csm.get(page).body, throughline.AudienceTeam},
		{"the CSM, as the company", csm.get(page + "?audience=company").body, throughline.AudienceCompany},
		{"the CSM, as the customer", csm.get(page + "?audience=customer").body, throughline.AudienceCustomer},
		{"a colleague", company.body, throughline.AudienceCompany},
		{"a colleague who asks for more", colleague.get(page + "?audience=team").body, throughline.AudienceCompany},
		{"a colleague, as the customer", colleague.get(page + "?audience=customer").body, throughline.AudienceCustomer},
		{"a colleague, as nobody", colleague.get(page + "?audience=x").body, throughline.AudienceCustomer},
	} {
		text := seen(untagged.ReplaceAllString(c.body, " "))
		shown := words(render.For(whole, c.audience))
		for _, w := range words(whole) {
			if has, may := strings.Contains(text, w), slices.ContainsFunc(shown, func(s string) bool { return strings.Contains(s, w) }); has && !may {
				t.Errorf("%s sees %q", c.name, w)
			}
		}
		for _, w := range shown {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not see %q", c.name, w)
			}
		}
	}
	company.lacks(t, "a colleague", "<form method=\"post\" action=\"/runs", "/sources", "show in source", "stance", "<svg class=\"map\"", "Mark as read")
	for _, path := range []string{"/sources", "/sources/c1", "/evidence/c1.1"} {
		colleague.get(page+path).want(t, path, http.StatusForbidden, "the deal’s AE and CSM")
	}
	colleague.post(page+"/read", "section", "1", "version", "1").want(t, "reading", http.StatusForbidden)
	colleague.get(page+"/versions").want(t, "versions", http.StatusOK, "one version so far")
	colleague.get(page+"/history").want(t, "history", http.StatusOK, "The rest of this page is for")
}

var untagged = regexp.MustCompile(`<[^>]*>`)

// words are the quotes that stand on a handoff's items, long enough to be no
// coincidence.
func words(h *throughline.Handoff) (out []string) {
	for _, evs := range evidence(h) {
		for _, e := range evs {
			if w := seen(e.Quote); len(w) > 25 {
				out = append(out, w)
			}
		}
	}
	return out
}

func TestSectionsAreReadOnce(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	page := o.team.URL + "/runs/" + id
	b := o.signedIn("csm@example.com")
	b.get(page).want(t, "before", http.StatusOK, "You have read 0 of the five sections", "Mark as read")
	for range 2 {
		b.post(page+"/read", "section", "2", "version", "1").want(t, "by its button", http.StatusOK, "You have read 1 of the five sections")
	}
	a := b.do(http.MethodPost, page+"/read", url.Values{"section": {"4"}, "version": {"1"}}.Encode(), "HX-Request", "true")
	a.want(t, "from the page", http.StatusOK, "You have read this")
	a.lacks(t, "from the page", "<html")
	for sent, status := range map[string]int{"section=0&version=1": 400, "section=6&version=1": 400, "section=x&version=1": 400, "version=1": 400, "section=1": 409, "section=1&version=2": 409, "section=1&version=0": 409} {
		if a := b.do(http.MethodPost, page+"/read", sent); a.status != status {
			t.Errorf("%s: %d", sent, a.status)
		}
	}
	if n := len(slices.DeleteFunc(o.moves(id), func(m string) bool { return m != "read by csm@example.com" })); n != 3 { // the whole, and two sections
		t.Errorf("%d moves: %q", n, o.moves(id))
	}
	lead := o.signedIn("lead@example.com")
	lead.get(page).want(t, "the manager", http.StatusOK, "Read by <bdi>csm@example.com</bdi>", "You have read 0 of the five")
	lead.get(page+"/history").want(t, "history", http.StatusOK, "sections 2, 4")

	o.mu.Lock()
	o.items = append(o.items, item("use_case-3", "A second plant", "and then the second plant"))
	o.mu.Unlock()
	o.until(monday.Add(50 * time.Hour))
	o.signedIn("csm@example.com").get(page).want(t, "a new version", http.StatusOK, "You have read 0 of the five sections")
}

func TestVersionsAreCompared(t *testing.T) {
	o := newOffice(t)
	id := o.published()
	page := o.team.URL + "/runs/" + id
	o.signedIn("csm@example.com").get(page+"/versions").want(t, "one", http.StatusOK, "one version so far")
	for i, text := range []string{"A second plant", "A third plant"} {
		o.mu.Lock()
		o.items = append(o.items, item(fmt.Sprintf("use_case-%d", 3+i), text, strings.ToLower(text)))
		o.mu.Unlock()
		o.until(o.Now().Add(25 * time.Hour))
	}
	b := o.signedIn("csm@example.com")
	a := b.get(page + "/versions")
	a.want(t, "the last two", http.StatusOK, "From version 2 to version 3", "New (use case): A third plant", "Version 1</a>", "published")
	a.lacks(t, "the last two", "A second plant")
	b.get(page+"/versions?from=1&to=3").want(t, "all", http.StatusOK, "From version 1 to version 3", "A second plant", "A third plant")
	for _, odd := range []string{"from=3&to=1", "from=0&to=9", "from=x&to=", "from=2&to=2", "from=-1&to=3"} {
		b.get(page+"/versions?"+odd).want(t, odd, http.StatusOK, "From version 2 to version 3")
	}
	a = b.get(page + "?version=1")
	a.want(t, "an earlier one", http.StatusOK, "This is version 1. The newest is", "what changed since", "open it</a> to accept it")
	a.lacks(t, "an earlier one", "A second plant", "Accept version")
	b.get(page+"?version=9").want(t, "none such", http.StatusOK, "A third plant")
}

// plant is a small deal whose texts are given.
func plant(texts ...string) fstest.MapFS {
	said := ""
	for i, text := range texts {
		who := []string{"Sam Seller", "Cleo Customer"}[i%2]
		said += fmt.Sprintf("[00:%02d:%02d] %s: %s\n", i/60, i%60, who, strings.Join(strings.Fields(text), " "))
	}
	return fstest.MapFS{
		"deal.json": {Data: []byte(`{"name":"Example - Sync","seller":{"company":"Seller Inc"},"customer":{"company":"Example"},"close_date":"2026-03-01",
			"ae":{"name":"Sam Seller","email":"ae@example.com"},"contacts":[{"name":"Cleo Customer","title":"Head of Stock","email":"cleo@example.net"}]}`)},
		"calls/2026-02-01 First call.txt": {Data: []byte(said)},
		"docs/broken.pdf":                 {Data: []byte("%PDF-1.4 and no more")},
		"collected.json":                  {Data: []byte(`{"schema":"throughline.collected/v1","gaps":[{"system":"Slack","what":"no deal channel is linked"}]}`)},
	}
}

func TestSourcesAreReadAndSearched(t *testing.T) {
	o := newOffice(t)
	s := o.stocked(plant("We'd have you live in four weeks.", "Our NIGHTLY load takes two hours, and Zürich waits.", "I'd need to check that.", "The nightly load again."))
	id := o.published()
	page := o.team.URL + "/runs/" + id + "/sources"
	b := o.signedIn("csm@example.com")
	a := b.get(page)
	a.want(t, "the list", http.StatusOK, "Calls", "What could not be read, and why", "docs/broken.pdf", "Slack: no deal channel is linked", "What proves nothing")
	call := regexp.MustCompile(`href="(/runs/[^"]+/sources/c1)"`).FindStringSubmatch(a.body)
	if call == nil {
		t.Fatalf("no call: %s", a.body)
	}
	b.get(o.team.URL+call[1]).want(t, "the call", http.StatusOK, "Cleo Customer", "(<bdi>Example</bdi>)", "0:01", `id="c1.2"`)
	for q, want := range map[string][]string{
		"nightly load":   {"2 passages for", "<mark>NIGHTLY</mark> <mark>load</mark>", `/sources/c1#c1.2`},
		"zÜRICH":         {"1 passage for", "<mark>Zürich</mark>"},
		"cleo nightly":   {"2 passages for"},
		"sam nightly":    {"Nothing found for"},
		"x":              {"at least two letters"},
		"<script>":       {"Nothing found for", "&lt;script&gt;"},
		"":               {"Calls"},
		" \t ":           {"Calls"},
		"nightly\x00":    {"2 passages for"},
		"\xff\xfe night": {"2 passages for"},
	} {
		a := b.get(page + "?" + url.Values{"q": {q}}.Encode())
		a.want(t, q, http.StatusOK, want...)
		quiet(t, q, a)
	}
	b.get(page+"?q="+strings.Repeat("nightly+", 500)).want(t, "a long one", http.StatusOK)

	// The deal is collected anew with a call before the others: quotes are found in
	// their own words, whatever the call is numbered now.
	files := plant("We'd have you live in four weeks.", "Our NIGHTLY load takes two hours, and Zürich waits.", "I'd need to check that.", "The nightly load again.")
	files["calls/2026-01-01 Before.txt"] = &fstest.MapFile{Data: []byte("[00:00:01] Sam Seller: Hello, thanks for the time.\n[00:00:02] Cleo Customer: Hello.\n")}
	s.put(files)
	o.until(monday.Add(50 * time.Hour))
	b = o.signedIn("csm@example.com")
	for about, evs := range evidence(o.current(id)) {
		for _, e := range evs {
			a := b.do(http.MethodGet, o.team.URL+"/runs/"+id+"/evidence/"+e.Ref+"?"+url.Values{"of": {about}}.Encode(), "", "HX-Request", "true")
			a.want(t, e.Ref, http.StatusOK, "<mark>"+html.EscapeString(e.Quote)+"</mark>")
		}
	}

	// What is damaged is told, with what remains and what comes next; nothing is lost with it.
	at := o.run(id).NextCollection.UTC().Format("2 Jan 2006, 15:04 UTC")
	if _, err := o.db.SQL.ExecContext(t.Context(), `UPDATE archives SET body = $1, at = at + 1 WHERE run = $2`, []byte("no archive"), id); err != nil {
		t.Fatal(err)
	}
	broken, one := "damaged and can’t be read. It is collected anew on "+at, o.current(id).Items[0].Evidence[0]
	b.get(page).want(t, "damaged", http.StatusOK, broken, "First call")
	b.get(page+"/"+one.Source).want(t, "a damaged source", http.StatusOK, broken, html.EscapeString(one.Quote))
	b.do(http.MethodGet, o.team.URL+"/runs/"+id+"/evidence/"+one.Ref, "", "HX-Request", "true").want(t, "beside", http.StatusOK, broken, "The quote remains", html.EscapeString(one.Quote))

	// What is erased is not shown from memory either.
	if err := o.db.ForgetArchive(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	a = b.get(page)
	a.want(t, "erased", http.StatusOK, "erased after its time", "First call")
	a.lacks(t, "erased", "nightly load again")
	h := o.current(id)
	e := h.Items[0].Evidence[0]
	b.get(page+"/"+e.Source).want(t, "a source", http.StatusOK, "These quotes of it remain", html.EscapeString(e.Quote))
	b.do(http.MethodGet, o.team.URL+"/runs/"+id+"/evidence/"+e.Ref, "", "HX-Request", "true").want(t, "beside", http.StatusOK, "The quote remains", html.EscapeString(e.Quote))
	b.get(page+"?q=nightly").want(t, "a search", http.StatusOK, "erased after its time")
}

// TestQuotesAreFoundAgain: a quote's passage is the one that has its words, though
// sources are numbered anew.
func TestQuotesAreFoundAgain(t *testing.T) {
	passage := func(s *throughline.Source, name, text string) {
		s.Passages = append(s.Passages, &throughline.Passage{Ref: fmt.Sprintf("%s.%d", s.ID, len(s.Passages)+1), Source: s, Index: len(s.Passages), Name: name, Text: text})
	}
	first, second := &throughline.Source{ID: "c1"}, &throughline.Source{ID: "c2"}
	passage(first, "Sam", "Four weeks, as I said.")
	passage(first, "Cleo", "You said four weeks, no longer.")
	passage(second, "Sam", "It is four weeks, no longer.")
	d := &throughline.Deal{Sources: []*throughline.Source{first, second}}
	for _, c := range []struct{ ref, quote, speaker, want string }{
		{"c1.2", "four weeks, no longer", "Cleo", "c1.2"},
		{"c1.1", "four weeks, no longer", "Sam", "c2.1"},
		{"c9.1", "four weeks, no longer", "Nobody", "c1.2"},
		{"c1.1", "five weeks", "Sam", ""},
		{"", "", "Sam", ""},
		{"c1.1", "", "Sam", "c1.1"},
	} {
		got := ""
		if p := web.Standing(d, throughline.Evidence{Ref: c.ref, Quote: c.quote, Speaker: c.speaker}); p != nil {
			got = p.Ref
		}
		if got != c.want {
			t.Errorf("%q at %q by %s stands at %q, not %q", c.quote, c.ref, c.speaker, got, c.want)
		}
	}
}

// TestHostileSourcesAreText puts each text into a deal's files, and looks at the
// pages that show them.
func TestHostileSourcesAreText(t *testing.T) {
	for batch := range slices.Chunk(shared(t), 60) {
		o := newOffice(t)
		texts := []string{"You would be live in four weeks.", "It takes us two hours every night by hand."}
		files := plant(append(texts, batch...)...)
		files["docs/"+"note <b>.md"] = &fstest.MapFile{Data: []byte("# " + batch[0] + "\n\n" + strings.Join(batch, "\n\n"))}
		o.stocked(files)
		id := o.published()
		page := o.team.URL + "/runs/" + id
		b := o.signedIn("csm@example.com")
		for _, path := range []string{"", "?audience=company", "?audience=customer", "/sources", "/sources/c1", "/sources/d1", "/versions", "/history", "/sources?q=" + url.QueryEscape(batch[0]), "/versions?from=" + url.QueryEscape(batch[0]), "?version=" + url.QueryEscape(batch[0]), "?audience=" + url.QueryEscape(batch[0])} {
			quiet(t, path, b.get(page+path))
		}
		for about, evs := range evidence(o.current(id)) {
			for _, e := range evs {
				quiet(t, e.Ref, b.do(http.MethodGet, page+"/evidence/"+e.Ref+"?"+url.Values{"of": {about}}.Encode(), "", "HX-Request", "true"))
			}
		}
	}
}

func TestTheFirstPageIsSmall(t *testing.T) {
	const most = 150 << 10
	for _, dir := range []string{sampleDeal, longDeal} {
		if _, err := os.Stat(dir); err != nil {
			t.Logf("%s is not here", filepath.Base(filepath.Dir(dir)))
			continue
		}
		o := newOffice(t)
		o.stocked(os.DirFS(dir))
		id := o.published()
		a := o.signedIn("csm@example.com").get(o.team.URL + "/runs/" + id)
		sum, parts := packed(t, []byte(a.body)), []int{packed(t, []byte(a.body))}
		for _, name := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(a.body, -1) {
			n := packed(t, []byte(o.browser().get(o.team.URL+name[1]).body))
			sum, parts = sum+n, append(parts, n)
		}
		t.Logf("%s: %d bytes compressed: %v", dir, sum, parts)
		if sum > most || len(parts) < 4 {
			t.Errorf("%s: %d bytes", dir, sum)
		}
	}
}

func packed(t *testing.T, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// BenchmarkReaders has fifty people each ask for one page a second of the longest
// deal, and says how long the server took: half of the answers, and all but one in a
// hundred. A run takes b.N seconds.
func BenchmarkReaders(b *testing.B) {
	dir := longDeal
	if _, err := os.Stat(dir); err != nil {
		dir = sampleDeal
	}
	o := open(b, openFor(b))
	o.stocked(os.DirFS(dir))
	id := o.published()
	team := (&web.Server{Service: o.Service, Store: o.db, Links: o.links, Admins: []string{"ops@example.com"}}).Team()
	var mu sync.Mutex
	var took []time.Duration
	o.team.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		team.ServeHTTP(w, r)
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(began))
	})
	const readers = 50
	paths := []string{"", "", "/sources", "/sources/c1", "?audience=company", "/versions", "/sources?q=robots"}
	var people []*browser
	for i := range readers {
		if i < 10 { // so many may sign in from one address at once
			people = append(people, o.signedIn("csm@example.com"))
		} else {
			people = append(people, people[i-10])
		}
	}
	for _, path := range paths {
		people[0].get(o.team.URL + "/runs/" + id + path)
	}
	took = nil
	b.ResetTimer()
	var asking sync.WaitGroup
	for i, one := range people {
		asking.Go(func() {
			time.Sleep(time.Duration(i) * time.Second / readers)
			for n := range b.N {
				began := time.Now()
				if a := one.get(o.team.URL + "/runs/" + id + paths[(n+i)%len(paths)]); a.status != http.StatusOK {
					b.Errorf("answered %d", a.status)
				}
				time.Sleep(time.Second - time.Since(began))
			}
		})
	}
	asking.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(len(took)), "pages")
}
