package web_test

import (
	"encoding/json"
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
	for _, at := range []string{page + "/kickoff", page + "/kickoff?audience=customer", page + "/milestones"} {
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
