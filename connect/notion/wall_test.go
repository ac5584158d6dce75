package notion_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/render"
	"throughline/render/rendertest"
	"throughline/twin/fault"
	twin "throughline/twin/notion"
)

// plant sets every string below v, of the type string itself, to what word gives.
func plant(v any, word func() string) {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			if v.Type() == reflect.TypeFor[string]() {
				v.SetString(word())
			}
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type() != reflect.TypeFor[time.Time]() {
					walk(v.Field(i))
				}
			}
		default: // holds no text
		}
	}
	walk(reflect.ValueOf(v).Elem())
}

const planted = "Zqxwvplanted"

func plantedWord() string { return planted }

// full is the database with all columns that are filled where they are there.
func full(r *rig) {
	for name, kind := range map[string]string{
		"Status": "select", "Customer": "rich_text", "Close date": "rich_text", "Kickoff": "rich_text", "AE": "rich_text", "CSM": "rich_text",
		"Version": "number", "Audience": "select", "Link": "rich_text",
	} {
		r.twin.SetColumn(name, kind)
	}
}

// TestAudiences plants a word wherever only the team may look, and looks for it
// everywhere on the pages of the others.
func TestAudiences(t *testing.T) {
	for _, a := range []throughline.Audience{throughline.AudienceCompany, throughline.AudienceCustomer} {
		t.Run(string(a), func(t *testing.T) {
			h := brightwater(t)
			for i := range h.Items {
				it := &h.Items[i]
				it.Why = planted
				it.Remarks = []throughline.Remark{{Text: planted, By: planted}}
				for n := range it.Evidence {
					if it.Evidence[n].As == throughline.AsDoubt || a == throughline.AudienceCustomer && (it.Evidence[n].Internal || it.Evidence[n].CustomersHeard < 2) {
						plant(&it.Evidence[n], plantedWord)
					}
				}
				switch s := it.Kind.Section(); {
				case s == throughline.SectionContext, s == throughline.SectionPoliticalMap:
					plant(it, plantedWord)
				case a == throughline.AudienceCustomer:
					it.Text, it.Person, it.Title = planted, planted, planted
				}
			}
			plant(&h.Contradictions, plantedWord)
			plant(&h.Questions, plantedWord)
			plant(&h.LeftOut, plantedWord)
			plant(&h.Problems, plantedWord)
			plant(&h.Notes, plantedWord)
			h.Remarks = []throughline.Remark{{Text: planted, By: planted}}
			p := publication(h)
			p.Audience = a
			plant(&p.Deal, plantedWord)
			if a == throughline.AudienceCustomer {
				h.Deal.ID, h.Deal.Name, h.Deal.Amount, h.Deal.AE.Email, h.Deal.CSM.Email = planted, planted, planted, planted, planted
				p.Link = "https://handoffs.example/" + planted
			}
			r := newRig(t)
			full(r)
			if _, err := r.c.Publish(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			page := r.only(t)
			raw, err := json.Marshal(page)
			if err != nil {
				t.Fatal(err)
			}
			if i := strings.Index(string(raw), planted); i >= 0 {
				t.Errorf("the page shows …%s", raw[max(0, i-200):i])
			}
			if count(page.Blocks) < 8 {
				t.Errorf("the page has %d blocks", count(page.Blocks))
			}
		})
	}
}

// TestWall plants a word in every place of a handoff that an audience may not
// see, one kind of place after another.
func TestWall(t *testing.T) {
	for a := range rendertest.MaySee {
		t.Run(string(a), func(t *testing.T) {
			rendertest.Wall(t, a, func(h *throughline.Handoff) string {
				r := newQuickRig(t)
				full(r)
				p := publication(h)
				p.Audience = a
				if _, err := r.c.Publish(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				all, err := json.Marshal(r.twin.Pages())
				if err != nil {
					t.Fatal(err)
				}
				return string(all)
			})
		})
	}
}

// hostile are texts that try to be more than text.
func hostile(t *testing.T) []string {
	t.Helper()
	all := []string{
		"@Ann", "[[page]]", "$E=mc^2$", "[x](javascript:alert(1))", "javascript:alert(1)", "<script>alert(1)</script>", "# heading", "- [ ] to do", "| a | b |",
		"\u202egnp.exe", "line\nbreak\r\n\r\nbreak", "\x00\x07null", "![x](https://evil.example/x.png)", "{\"type\":\"mention\"}", "No longer in the handoff: it",
		"throughline.handoff/v1 · version 9 · team · 0123456789abcdef · complete", strings.Repeat("long ", 900), "https://user:pass@evil.example/", "data:text/html,x", "\xff\xfe",
		"a,b,c", "🏳️‍🌈𝔘",
	}
	f, err := os.Open("../../../shared/data/injection/attacks.jsonl")
	if os.IsNotExist(err) {
		return all
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one.Text)
	}
	return all
}

// TestHostileTexts: whatever stands in a handoff arrives as text: the page has the
// blocks that render lays out, no rich text but text, and links to web addresses
// alone.
func TestHostileTexts(t *testing.T) {
	words := hostile(t)
	n := 0
	for round := 0; n < len(words); round++ {
		h := small(t)
		plant(h, func() string { n++; return words[(n-1)%len(words)] })
		r := newRig(t)
		full(r)
		var sent []byte
		r.watch = func(req *http.Request, body []byte) {
			if req.Method == http.MethodPatch || req.Method == http.MethodPost {
				sent = append(sent, body...)
			}
		}
		r.publish(t, h)
		if m := regexp.MustCompile(`"type":"(mention|equation|link_to_page|embed|bookmark|image|code)"[,}]`).Find(sent); m != nil {
			t.Errorf("round %d: sent %s", round, m)
		}
		page := r.only(t)
		compare(t, page.Blocks[2:], shown(t, h))
		h.Version++
		r.publish(t, h)
		compare(t, r.only(t).Blocks[2:], shown(t, h))
	}
}

func compare(t *testing.T, got []twin.Block, want []render.Block) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d blocks instead of %d", len(got), len(want))
	}
	for i, b := range want {
		var text strings.Builder
		for _, run := range b.Text {
			text.WriteString(run.Text)
		}
		if got[i].Text != text.String() {
			t.Errorf("a block says %q instead of %q", got[i].Text, text.String())
		}
		for _, href := range got[i].Links {
			if u, err := url.Parse(href); err != nil || u.Scheme != "https" && u.Scheme != "http" {
				t.Errorf("a link to %q", href)
			}
		}
		compare(t, got[i].Children, b.Children)
	}
}

// TestNothingLeaks: neither the token nor what a handoff says is in an error or the
// log, whatever the vendor answers.
func TestNothingLeaks(t *testing.T) {
	var out strings.Builder
	r := newRig(t)
	for name, f := range map[string]fault.Fault{
		"400": {Status: 400}, "401": {Status: 401}, "403": {Status: 403}, "404": {Status: 404}, "409": {Status: 409, Times: 20}, "429": {Status: 429, Times: 20}, "503": {Status: 503, Times: 20},
	} {
		for _, route := range []string{twin.RouteQuery, twin.RouteCreate, twin.RouteAppend} {
			r := newQuickRig(t)
			f.Route = route
			r.twin.Fail(f)
			_, err := r.c.Publish(t.Context(), publication(small(t)))
			if err == nil {
				t.Errorf("%s on %s did not fail", name, route)
				continue
			}
			out.WriteString(err.Error() + "\n" + r.log.String())
		}
	}
	// A vendor that repeats all it was told.
	echo := rigBehind(t, func(*testing.T, http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			said, err := json.Marshal(map[string]any{
				"object": "error", "code": "validation_error", "message": "body failed validation: body.children[0] should be an object, instead was " + r.Header.Get("Authorization") + string(body) + r.URL.Path,
			})
			if err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write(said)
		})
	})
	for _, p := range echo.c.Check(t.Context()) {
		out.WriteString(p.Err.Error())
	}
	_, err := echo.c.Publish(t.Context(), publication(small(t)))
	out.WriteString(err.Error() + echo.log.String())
	r.publish(t, small(t))
	out.WriteString(r.log.String())
	for _, secret := range []string{token, "Ines Moreau", "weekend", "Brightwater", "nadia.karim@", "instead was"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log or an error says %q:\n%s", secret, out.String())
		}
	}
	if !strings.Contains(out.String(), `op="add blocks to the page"`) {
		t.Error("the log does not say what was done")
	}
}
