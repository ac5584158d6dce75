package survey

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"throughline"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-update writes it anew):\n%s", name, d)
	}
}

func TestMail(t *testing.T) {
	for _, language := range Languages {
		s, l := sample(language)
		m, err := l.Mail(s, s.Respondents[0])
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "mail."+language+".html", m.HTML)
		golden(t, "mail."+language+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
		asked := kickoff
		s.Respondents[0].AskedAt = &asked
		again, err := l.Mail(s, s.Respondents[0])
		if err != nil || again.Key == m.Key || again.Subject == m.Subject || !strings.Contains(again.Text, in(language).Once) {
			t.Errorf("%s: the reminder is no other mail: %v", language, err)
		}
		// As package connect has it of a message's key.
		if !regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString(again.Key) {
			t.Errorf("key %q", again.Key)
		}
	}
}

func TestMailHeader(t *testing.T) {
	s, l := sample("en")
	m, err := l.Mail(s, s.Respondents[0])
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"List-Unsubscribe": "<" + must(t)(l.Stop(s, s.Respondents[0])) + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}, m.Header()); d != "" {
		t.Error(d)
	}
}

// allowed are the elements that mail clients show alike, and their attributes.
var allowed = map[string][]string{
	"html": {"lang"}, "head": nil, "meta": {"charset", "name", "content"}, "title": nil,
	"body": {"style"}, "table": {"role", "lang", "width", "border", "cellpadding", "cellspacing", "style"}, "tbody": nil, "tr": nil,
	"td": {"align", "bgcolor", "width", "height", "style"}, "h1": {"dir", "style"}, "p": {"dir", "style"}, "br": nil, "a": {"href", "style"},
}

// checkMail holds HTML to what works in mail clients, without scripts and images.
func checkMail(t *testing.T, text string) {
	t.Helper()
	if len(text) >= 100<<10 { // Gmail cuts a mail off at 102 KB
		t.Errorf("the mail has %d bytes", len(text))
	}
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attrs, known := allowed[n.Data]
		if !known {
			t.Errorf("<%s> is in the mail", n.Data)
		}
		for _, a := range n.Attr {
			if !slices.Contains(attrs, a.Key) {
				t.Errorf("<%s> has %s", n.Data, a.Key)
			}
			if a.Key == "style" && (strings.Contains(a.Val, "url") || strings.Contains(a.Val, "@") || strings.Contains(a.Val, "position")) {
				t.Errorf("style %q", a.Val)
			}
			if a.Key == "href" {
				links++
				if u, err := url.Parse(a.Val); err != nil || u.Scheme != "https" || u.Host != "handoff.example.com" {
					t.Errorf("a link to %q", a.Val)
				}
			}
		}
	}
	if links != 12 {
		t.Errorf("the mail has %d links, want 11 scores and one to unsubscribe", links)
	}
}

func TestMailIsForMailClients(t *testing.T) {
	hostile := `<img src=x onerror=alert(1)>"'` + "\u202e\r\nBcc: x@example.com " + strings.Repeat("long ", 100)
	for _, language := range append([]string{"", "xx", "de-AT"}, Languages...) {
		for _, name := range []string{"Ada Example", "", hostile} {
			s, l := sample(language)
			s.Respondents[0].Name = name
			if name == hostile {
				s.Seller = hostile
			}
			m, err := l.Mail(s, s.Respondents[0])
			if err != nil {
				t.Fatal(err)
			}
			checkMail(t, m.HTML)
			if strings.ContainsAny(m.Subject, "\r\n\u202e") || strings.Contains(m.Text, "\nBcc") {
				t.Errorf("subject %q", m.Subject)
			}
		}
	}
}

// TestEveryWord: no language leaves a word out.
func TestEveryWord(t *testing.T) {
	for _, language := range Languages {
		raw := vocabulary[language]
		raw.date = nil
		text, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]string
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		var english map[string]string
		text, _ = json.Marshal(vocabulary["en"])
		_ = json.Unmarshal(text, &english)
		for name, s := range fields {
			if s == "" || strings.Count(s, "%s") != strings.Count(english[name], "%s") || strings.Count(s, "%d") != strings.Count(english[name], "%d") {
				t.Errorf("%s: %s is %q", language, name, s)
			}
		}
		for m := range 12 {
			if vocabulary[language].date(time.Date(2026, time.Month(m+1), 1, 0, 0, 0, 0, time.UTC)) == "" {
				t.Errorf("%s: month %d", language, m+1)
			}
		}
	}
}

func TestReport(t *testing.T) {
	now := kickoff.AddDate(0, 6, 0)
	s, _ := sample("en")
	asked := kickoff.AddDate(0, 0, 7)
	s.Respondents[0].AskedAt = &asked
	other := s
	other.ID, other.Deal = "nps-2", "006B"
	answers := []throughline.Answer{{Survey: s.ID, Deal: s.Deal, Respondent: s.Respondents[0].ID, Score: 9, Comment: "private words", At: asked, AcceptedBeforeKickoff: true, Adopted: true}}
	baseline, _, err := ReadBaseline("b.csv", strings.NewReader("date,score\n2025-01-31,3\n2025-01-31,10\n2025-01-31,6\n"))
	if err != nil {
		t.Fatal(err)
	}
	due := kickoff.AddDate(0, 0, 30)
	in := Input{
		Surveys: []throughline.Survey{s, other}, Answers: answers, Baseline: baseline,
		FirstValues: []FirstValue{
			{Deal: "1", Kickoff: kickoff, Reached: kickoff.AddDate(0, 0, 10), Adopted: true},
			{Deal: "2", Kickoff: kickoff, Reached: kickoff.AddDate(0, 0, 20), Adopted: true},
			{Deal: "3", Kickoff: kickoff, Adopted: true},
			{Deal: "4", Kickoff: kickoff},
		},
		Milestones: []Milestone{{Deal: "1", Due: due, Met: due.Add(8 * time.Hour)}, {Deal: "1", Due: due, Met: due.Add(24 * time.Hour)}, {Deal: "1", Due: due}, {Deal: "1", Due: now}},
		Plays:      []Play{{Won: kickoff.AddDate(0, 0, -20), Reviewed: true, Kickoff: kickoff, AcceptedBeforeKickoff: true, Held: true, Points: 12, Covered: 9, Checked: true, Asked: 2}},
	}
	r := Make(in, now, seeded())
	var text, table strings.Builder
	if err := r.JSON(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.CSV(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", text.String())
	golden(t, "report.csv", table.String())
	for _, out := range []string{text.String(), table.String()} {
		if strings.Contains(out, "private words") || strings.Contains(out, "006A") || strings.Contains(out, "example.com") {
			t.Error("what a person wrote, a deal or an address is in the export")
		}
	}
	rows, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	if err != nil || len(rows) < 10 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
