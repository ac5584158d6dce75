package web_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"throughline"
	"throughline/kickoff"
	"throughline/lifecycle"
	"throughline/web"
)

// A planter writes one text after the other behind what fields say.
type planter struct {
	texts []string
	n     int
}

func (p *planter) next() string {
	p.n++
	return p.texts[p.n%len(p.texts)]
}

// names are values by which systems find things again: with another, there would be
// no such thing.
var names = regexp.MustCompile(`^[\pL\pN._:@/+#-]*$`)

// json plants into each field of a record that holds words or an address.
func (p *planter) json(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = p.json(v[key])
		}
	case []any:
		for i := range v {
			v[i] = p.json(v[i])
		}
	case string:
		if strings.Contains(v, "://") || !names.MatchString(v) {
			return v + " " + p.next()
		}
	}
	return v
}

// mail plants into a message's subject, into the names of who wrote it and to whom,
// and into its text.
func (p *planter) mail(t *testing.T, raw string) string {
	head, body, ok := strings.Cut(raw, "\n\n")
	if !ok {
		t.Fatal("a message without a text")
	}
	head = regexp.MustCompile(`(?m)^Subject: .*$`).ReplaceAllStringFunc(head, func(s string) string {
		return "Subject: " + mime.QEncoding.Encode("utf-8", strings.TrimPrefix(s, "Subject: ")+" "+web.Line(p.next()))
	})
	head = regexp.MustCompile(`(?m)^From: (.*) <`).ReplaceAllStringFunc(head, func(s string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(s, "From: "), " <")
		return "From: " + mime.QEncoding.Encode("utf-8", name+" "+web.Line(p.next())) + " <"
	})
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(p.next() + "\n\n" + p.next() + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return head + "\n\n" + b.String() + "\n" + body
}

// planted is a deal with texts in every field of each of its files.
func planted(t *testing.T, deal fs.FS, texts []string) fstest.MapFS {
	t.Helper()
	out, p := fstest.MapFS{}, &planter{texts: texts}
	err := fs.WalkDir(deal, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(deal, name)
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".json":
			var v any
			if err := json.Unmarshal(data, &v); err != nil {
				return err
			}
			if data, err = json.Marshal(p.json(v)); err != nil {
				return err
			}
		case ".eml":
			data = []byte(p.mail(t, string(data)))
		default:
			for range texts {
				data = append(data, "\n\n"+p.next()...)
			}
		}
		out[name] = &fstest.MapFile{Data: data}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestHostileFieldsAreText plants the texts into every field of every source of the
// sample deal, in the forms of Gong, Salesforce, Slack, mail and documents, and looks
// at every page. Package render holds its renderers to the same.
func TestHostileFieldsAreText(t *testing.T) {
	o := newOffice(t)
	texts := shared(t)
	o.stocked(planted(t, os.DirFS(sampleDeal), texts))
	id := o.drafted()
	link, site, page := o.reviewLink(id), o.team.URL, o.team.URL+"/runs/"+id
	ae, csm, admin := o.entered(link), o.signedIn("csm@example.com"), o.signedIn("ops@example.com")
	var all strings.Builder
	look := func(b *browser, at string) {
		t.Helper()
		a := b.get(at)
		a.want(t, at, http.StatusOK)
		quiet(t, at, a)
		all.WriteString(a.body)
	}
	for _, at := range []string{
		page, page + "?audience=company", page + "?audience=customer", page + "/handoff", page + "/handoff?audience=company", page + "/handoff?audience=customer",
		page + "/history", page + "/versions", page + "/progress", page + "/sources", page + "/sources?q=" + url.QueryEscape("script"), page + "/review", page + "/review/all", site + "/",
	} {
		look(csm, at)
	}
	look(admin, site+"/operations")
	look(admin, site+"/operations/trail")
	h := o.current(id)
	if len(h.Items) == 0 || len(h.Sources) < 10 {
		t.Fatalf("%d items of %d sources: the deal is not read any more", len(h.Items), len(h.Sources))
	}
	for _, src := range h.Sources {
		look(csm, page+"/sources/"+src.ID)
	}
	look(ae, link+"/all")
	for _, it := range h.Items {
		look(ae, link+"?v=1&at="+url.QueryEscape("item:"+it.ID))
	}
	for _, q := range h.Questions {
		look(ae, link+"?v=1&at="+url.QueryEscape("question:"+q.ID))
	}
	look(ae, link+"?v=1&at=done")
	o.until(monday.Add(25 * time.Hour)) // and what comes after the publication
	csm = o.signedIn("csm@example.com")
	if h, err := o.Published(t.Context(), o.run(id)); err != nil {
		t.Fatal(err)
	} else if sheet := kickoff.Agenda(h, throughline.AudienceCustomer).Points; len(sheet) < len(hostile) {
		t.Errorf("the customer’s agenda has %d points: fewer than there are texts to word them with", len(sheet))
	} else {
		for i, text := range hostile {
			csm.post(page+"/kickoff/wording", "item", sheet[i].Item, "text", "worded "+text).want(t, "worded", http.StatusOK)
		}
	}
	for _, at := range []string{page + "/kickoff", page + "/kickoff?audience=customer", page + "/kickoff/print?audience=customer", page + "/milestones"} {
		look(csm, at)
	}
	bare := strings.NewReplacer("\u202E", "", "\u2066", "") // which turn text around, and are left out
	shown := bare.Replace(seen(all.String()))
	for _, text := range hostile {
		if !strings.Contains(shown, bare.Replace(seen(text))) {
			t.Errorf("no page shows %q", text)
		}
	}
}

// TestHostileWordsOfAKickoff has each text said in a kickoff, typed about it, and
// answered after it: no page takes it for more than text, and each shows it.
func TestHostileWordsOfAKickoff(t *testing.T) {
	o := newOffice(t)
	o.items = nil
	for i, text := range hostile {
		promise := throughline.Evidence{Source: "c1", Ref: "c1.4", Quote: "promise " + text, Speaker: "seller " + text, Side: throughline.SideSeller, CustomersHeard: 2, Match: throughline.MatchExact}
		o.items = append(o.items, item(fmt.Sprintf("use_case-%d", i+1), "agenda "+text, "quote "+text), throughline.Item{
			ID: fmt.Sprintf("milestone-%d", i+1), Kind: throughline.KindMilestone, Section: 4, Text: "milestone " + text, Day: 30, Due: "2026-04-01", Evidence: []throughline.Evidence{promise},
		})
	}
	id := o.published()
	if err := o.Accept(t.Context(), id, "csm@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := o.SetKickoff(t.Context(), id, "csm@example.com", monday.Add(4*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	o.until(monday.Add(4*24*time.Hour + time.Hour))
	k, err := o.Kickoff(t.Context(), o.run(id))
	if err != nil {
		t.Fatal(err)
	}
	b, page := o.signedIn("csm@example.com"), o.team.URL+"/runs/"+id
	var report kickoff.Report
	var there []lifecycle.Person
	var comments []string
	for i, text := range hostile {
		point := k.Agenda.Points[i]
		said := throughline.Evidence{Quote: "recorded " + text, Speaker: "speaker " + text, URL: text}
		report.Referred = append(report.Referred, kickoff.Referred{Point: point, Where: said})
		report.Asked = append(report.Asked, kickoff.Asked{Question: throughline.Evidence{Quote: "question " + text, URL: text}, Answer: throughline.Evidence{Quote: "answer " + text, Ref: text}})
		there = append(there, lifecycle.Person{Name: "name " + text, Email: fmt.Sprintf("p%d@customer.example", i)})
		comments = append(comments, "comment "+text)
		for at, a := range map[string]answer{
			"a point left out": b.post(page+"/kickoff/tick", "point", point.ID, "state", "waived", "reason", "reason "+text),
			"a milestone":      b.post(page+"/milestones/"+o.run(id).Milestones[i].ID, "evidence", "evidence "+text, "due", "2026-05-01", "why", "why "+text),
			"no such point":    b.post(page+"/kickoff/tick", "point", text, "state", text, "reason", text),
			"no address":       b.post(page+"/kickoff/held", "at", text, "who", text, "more", text),
			"no milestone":     b.post(page+"/milestones/"+url.PathEscape("x"+text), "status", text),
			"no such wording":  b.post(page+"/kickoff/wording", "item", text, "text", text),
			"what is no edit":  b.post(page+"/milestones/"+o.run(id).Milestones[i].ID, "owner", text, "link", text, "due", text, "status", text),
		} {
			if refused := strings.HasPrefix(at, "no ") || strings.HasPrefix(at, "what "); refused == (a.status == http.StatusOK) {
				t.Errorf("%s of %q is answered with %d", at, text, a.status)
			}
			quiet(t, at, a)
		}
	}
	o.recorded(id, &report, there...)
	o.until(o.run(id).Kickoff.Add(9 * 24 * time.Hour))
	o.answered(id, 3, comments...)
	b = o.signedIn("csm@example.com")
	bare := strings.NewReplacer("\u202E", "", "\u2066", "", "\uFFFD", "") // which turn text around or stand for no sign, and are left out
	for path, kinds := range map[string][]string{
		"/kickoff":    {"agenda ", "quote ", "recorded ", "speaker ", "question ", "answer ", "reason ", "name ", "comment "},
		"/milestones": {"promise ", "seller ", "milestone ", "evidence ", "why "},
		"/history":    {"why "},
	} {
		a := b.get(page + path)
		a.want(t, path, http.StatusOK)
		quiet(t, path, a)
		shown := bare.Replace(seen(a.body))
		for _, kind := range kinds {
			for _, text := range hostile {
				if !strings.Contains(shown, bare.Replace(seen(kind+text))) {
					t.Errorf("%s does not show %q", path, kind+text)
				}
			}
		}
	}
}
