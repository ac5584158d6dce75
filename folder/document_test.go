package folder

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

func TestDocumentReader(t *testing.T) {
	testOutlines(t, "documents", newDocumentReader)
}

func TestTextBlocks(t *testing.T) {
	for _, tt := range []struct {
		what, in string
		want     []block
	}{
		{"wrapped paragraph", "The order is for forty seats and it runs\nfor two years from the first of April on.\n", []block{
			{text: "The order is for forty seats and it runs for two years from the first of April on."},
		}},
		{"lines that stand alone", "Owner: Ann\nDue: May\nIt is late.", []block{{text: "Owner: Ann"}, {text: "Due: May"}, {text: "It is late."}}},
		{"list", "- one\n- two\n  goes on\n* three\n1. four\n- [x] done", []block{
			{text: "one"}, {text: "two"}, {text: "goes on"}, {text: "three"}, {text: "four"}, {text: "done"},
		}},
		{"table", "| A | B |\n|---|:-:|\n| one | **two** |", []block{{text: "A | B"}, {text: "one | **two**"}}},
		{"headings", "# One #\n\nTwo\n===\n\nThree\n---\n\n**Four**\n\nFIVE AND SIX", []block{
			{text: "One", heading: 1},
			{text: "Two", heading: 1},
			{text: "Three", heading: 2},
			{text: "Four", heading: 6},
			{text: "FIVE AND SIX", heading: 6},
		}},
		{"emphasis", "*all of it*\n\n**Why.** They want it.\n\n> quoted", []block{{text: "all of it"}, {text: "**Why.** They want it."}, {text: "quoted"}}},
		{"code", "```\na  b\nc\n```\nafter", []block{{text: "a b"}, {text: "c"}, {text: "after"}}},
		{"marks only", "---\n\n***\n\n•\n", nil},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, textBlocks(tt.in), cmp.AllowUnexported(block{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDocumentHead(t *testing.T) {
	for _, tt := range []struct {
		file, text string
		want       documentHead
	}{
		{"a/order-form.md", "Seats: 40", documentHead{title: "Order form", shared: true}},
		{"sow.md", "# Statement of Work\n\nPrepared by Ann Lee, 12 March 2026", documentHead{title: "Statement of Work", author: "Ann Lee", shared: true}},
		{"x.md", "# Proposal review (internal)\n\nText.", documentHead{title: "Proposal review (internal)"}},
		{"x.md", "# Plan\n\nShared with customer on 3 May 2026.", documentHead{title: "Plan", shared: true}},
		{"x.md", "# Angebot 12\n\nErstellt von Ann Lee", documentHead{title: "Angebot 12", author: "Ann Lee", shared: true}},
		{"x.md", "# Vertragsentwurf, nur intern", documentHead{title: "Vertragsentwurf, nur intern"}},
		{"x.md", "# Proposition commerciale\n\nRédigé par Ann Lee", documentHead{title: "Proposition commerciale", author: "Ann Lee", shared: true}},
		{"x.md", "# Plan de acción conjunto\n\nElaborado por: Ann Lee", documentHead{title: "Plan de acción conjunto", author: "Ann Lee", shared: true}},
		{"x.md", "# Deal review: the contract\n\nFrom: Ann Lee", documentHead{title: "Deal review: the contract", author: "Ann Lee"}},
		{"x.md", "# Notes\n\nThe contract of Bo Ray was shared with nobody.", documentHead{title: "Notes"}},
		{"x.md", "# Annex\n\nAuthor: A. Lee. Presented by: B. Ray.", documentHead{title: "Annex", author: "A. Lee"}},
		{"x.md", "# Scope\n\nShared with Bo Ray.", documentHead{title: "Scope", sharedWith: []string{"Bo Ray"}}},
	} {
		got := readDocumentHead(tt.file, textBlocks(tt.text), documentFacts{})
		got.text, got.titleBlock, got.at = "", 0, tt.want.at
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(documentHead{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

// Who is meant by the short names of documents is found among the people of the
// other files.
func TestDocumentPeople(t *testing.T) {
	c := &collector{mentions: []mention{
		{system: "deal.json", name: "Ann Lee", email: "ann@acme.example", side: throughline.SideSeller},
		{system: "deal.json", name: "Bo Ray", email: "bo@brook.example", side: throughline.SideCustomer},
		{system: "deal.json", name: "Cleo Ray", side: throughline.SideSeller},
	}}
	r := newDocumentReader()
	for name, text := range map[string]string{
		"1.md": "# Annex one\n\nAuthor: B. Ray\n\nIt must be closed.",
		"2.md": "# Annex two\n\nPrepared by Ann for the review\n\nBo: it is fine.\n\n## Cleo's comments\n\n- Not so.",
		"3.md": "# Annex three\n\nAuthor: D. Nobody\n\nText.",
		"4.md": "# Annex four, shared with Bo\n\nText.",
	} {
		if !r.take(&file{path: name, data: []byte(text)}, c) {
			t.Fatalf("%s is not taken", name)
		}
	}
	r.done(c)
	type seen struct {
		by       []string
		internal bool
	}
	got := map[string]seen{}
	for _, s := range c.sources {
		v := seen{internal: s.sellerOnly}
		for _, p := range s.passages {
			v.by = append(v.by, p.by.name)
		}
		got[s.title] = v
	}
	want := map[string]seen{
		"Annex one":                  {by: []string{"Bo Ray", "Bo Ray"}},
		"Annex two":                  {by: []string{"Ann Lee", "", ""}, internal: true},
		"Annex three":                {by: []string{"", ""}, internal: true},
		"Annex four, shared with Bo": {by: []string{""}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDayBefore(t *testing.T) {
	limit := time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"Deal review (internal, May 21)": "2026-05-21",
		"Review of 3. Dezember":          "2025-12-03",
		"le 1er août":                    "2026-08-01",
		"11 de junio, llamada":           "2026-06-11",
		"February 30":                    "",
		"Section 12 of the plan":         "",
		"40 seats":                       "",
	} {
		got := ""
		if at, ok := dayBefore(limit, in); ok {
			got = at.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("dayBefore(%q) = %q, want %q", in, got, want)
		}
	}
}

// A day without a year is dated by the deal's close, and that is said.
func TestDocumentYear(t *testing.T) {
	c := &collector{stated: facts{close: time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)}}
	r := newDocumentReader()
	if !r.take(&file{path: "review.md", data: []byte("# Deal review, November 3\n\nText.")}, c) {
		t.Fatal("not taken")
	}
	r.done(c)
	if got := c.sources[0].at.Format(time.DateOnly); got != "2025-11-03" || len(c.notes) != 1 {
		t.Errorf("dated %s, notes %q", got, c.notes)
	}
}

func TestEarlierHandoff(t *testing.T) {
	for name, text := range map[string]string{
		"handoff.json": `{"schema": "throughline.handoff/v1", "deal": {"name": "Brook"}, "generated_at": "2026-03-14T15:00:00Z"}`,
		"handoff.md":   "# Handoff: Brook\n\nText.\n<!-- throughline.handoff/v1 -->\n",
		"handoff.html": "<!doctype html><html><head><meta name=generator content=throughline.handoff/v1></head><body><h1>Handoff</h1></body></html>",
		"broken.json":  `{"schema": "throughline.handoff/v1", "deal": {"na`,
	} {
		c := &collector{}
		r := newDocumentReader()
		if !r.take(&file{path: name, data: []byte(text)}, c) {
			t.Errorf("%s is not taken", name)
			continue
		}
		r.done(c)
		if len(c.sources) != 1 || c.sources[0].notEvidence != ownReason {
			t.Errorf("%s: %s", name, outline(c))
		}
	}
}

// wordFile packs the parts of a Word file that stand in a folder of testdata.
func wordFile(tb testing.TB, dir string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestWord(t *testing.T) {
	c := &collector{}
	r := newDocumentReader()
	if !r.take(&file{path: "review.docx", data: wordFile(t, "testdata/word/review")}, c) {
		t.Fatal("not taken")
	}
	r.done(c)
	wantOutline(t, "testdata/word/review.want", c)
}

// A call that Teams exports as a Word file is a call.
func TestWordTranscript(t *testing.T) {
	c := &collector{}
	r := newDocumentReader()
	if !r.take(&file{path: "Brook intro.docx", data: wordFile(t, "testdata/word/teams")}, c) {
		t.Fatal("not taken")
	}
	r.done(c)
	wantOutline(t, "testdata/word/teams.want", c)
}

func TestWordDamaged(t *testing.T) {
	whole := wordFile(t, "testdata/word/review")
	zipped := func(name, text string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, tt := range []struct {
		what     string
		data     []byte
		taken    bool
		problem  string
		passages int
	}{
		{"broken zip", whole[:len(whole)/2], true, "can't be opened", 0},
		{"another zip", zipped("data.bin", "x"), false, "", 0},
		{"broken text", zipped("word/document.xml", `<w:document xmlns:w="x"><w:body><w:p><w:r><w:t>It is fine.</w:t></w:r></w:p><w:p><w:r><w:t>And`), true, "breaks off", 2},
		{"a bomb", zipped("word/document.xml", "<w:t>"+strings.Repeat(" ", maxWordPart)), true, "larger than", 0},
		{"deep", zipped("word/document.xml", strings.Repeat("<w:tbl><w:tr><w:tc>", 20000)), true, "breaks off", 0},
	} {
		t.Run(tt.what, func(t *testing.T) {
			c := &collector{}
			r := newDocumentReader()
			if got := r.take(&file{path: "a.docx", data: tt.data}, c); got != tt.taken {
				t.Errorf("taken: %v", got)
			}
			r.done(c)
			got := outline(c)
			if tt.problem != "" && !strings.Contains(got, tt.problem) || tt.problem == "" && len(c.problems) > 0 {
				t.Errorf("want a problem %q:\n%s", tt.problem, got)
			}
			n := 0
			for _, s := range c.sources {
				n += len(s.passages)
			}
			if n != tt.passages {
				t.Errorf("%d passages, want %d:\n%s", n, tt.passages, got)
			}
		})
	}
}

func TestPDF(t *testing.T) {
	c := &collector{}
	r := newDocumentReader()
	for _, name := range []string{"browser.pdf", "writer.pdf"} {
		data, err := os.ReadFile(filepath.Join("testdata/pdf", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []file{{path: name, data: data}, {path: "broken-" + name, data: data[:len(data)/3]}} {
			if !r.take(&f, c) {
				t.Errorf("%s is not taken", f.path)
			}
		}
	}
	r.done(c)
	wantOutline(t, "testdata/pdf/want", c)
}

func FuzzPDF(f *testing.F) {
	data, err := os.ReadFile("testdata/pdf/writer.pdf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	r := &documentReader{}
	f.Cleanup(func() { r.pdf.close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		d, problem := r.readPDF(&file{path: "a.pdf", data: append([]byte("%PDF-1.7\n"), data...)})
		if d == nil && problem == "" {
			t.Error("nothing was read, and nothing is said of it")
		}
	})
}

func TestJoinLine(t *testing.T) {
	for _, tt := range [][3]string{
		{"one", "two", "one two"},
		{"charac\u00ad", "teristic", "characteristic"},
		{"two-", "way", "two-way"},
		{"North\u00ad", "East", "North\u00ad East"},
		{"from 3 -", "5", "from 3 - 5"},
	} {
		if got := joinLine(tt[0], tt[1]); got != tt[2] {
			t.Errorf("joinLine(%q, %q) = %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestNoDocument(t *testing.T) {
	for name, text := range map[string]string{
		"data.json":  `{"calls": []}`,
		"data.txt":   `{"calls": [`,
		"list.txt":   "[\n {\"a\": 1}\n]",
		"table.csv":  "a,b\n1,2\n",
		"image.png":  "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10",
		"old.doc":    "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00\x01", 300),
		"rich.rtf":   `{\rtf1\ansi text}`,
		"feed.txt":   "<?xml version=\"1.0\"?><feed><entry/></feed>",
		"binary.txt": strings.Repeat("\x01\x02ab", 100),
	} {
		c := &collector{}
		r := newDocumentReader()
		if r.take(&file{path: name, data: []byte(text)}, c) {
			r.done(c)
			t.Errorf("%s is taken as a document:\n%s", name, outline(c))
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, tt := range []struct {
		what, data, want string
		problem          bool
	}{
		{"UTF-8 with a mark", "\ufeffZürich is in.", "Zürich is in.", false},
		{"UTF-16, little end first", "\xff\xfeZ\x00\xfc\x00r\x00i\x00c\x00h\x00", "Zürich", false},
		{"UTF-16, big end first", "\xfe\xff\x00Z\x00\xfc\x00r\x00i\x00c\x00h", "Zürich", false},
		{"Windows-1252", "Z\xfcrich \x96 \x93in\x94.", "Zürich – “in”.", true},
		{"old Mac's line ends", "One.\r\rTwo.", "One.", false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			c := &collector{}
			r := newDocumentReader()
			if !r.take(&file{path: "a.txt", data: []byte(tt.data)}, c) {
				t.Fatal("not taken")
			}
			r.done(c)
			if got := c.sources[0].passages[0].text; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if (len(c.problems) > 0) != tt.problem {
				t.Errorf("problems: %v", c.problems)
			}
		})
	}
}

// The documents of the sample deals: all are taken, and every passage's text
// stands in the file.
func TestSampleDocuments(t *testing.T) {
	root := os.DirFS("../../shared/bench/deals")
	files, err := fs.Glob(root, "*/native/docs/*.md")
	if err != nil || len(files) == 0 {
		t.Skip("the sample deals are not beside this repository")
	}
	for _, name := range files {
		data, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		if newTranscriptReader().take(&file{path: name, data: data}, &collector{}) {
			t.Errorf("%s is taken for a transcript", name)
		}
		c := &collector{}
		r := newDocumentReader()
		if !r.take(&file{path: name, data: data}, c) {
			t.Errorf("%s is not taken", name)
			continue
		}
		r.done(c)
		flat := oneLine(string(data))
		for _, p := range c.sources[0].passages {
			if !strings.Contains(flat, p.text) {
				t.Errorf("%s does not hold %q", filepath.Base(name), p.text)
			}
		}
	}
}

func FuzzDocumentReader(f *testing.F) {
	seed(f, "documents")
	f.Add(wordFile(f, "testdata/word/review"))
	f.Add([]byte("---\ntitle: [a\n---\n| a |\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
			t.Skip("FuzzPDF has an engine that lives longer")
		}
		c := &collector{}
		r := newDocumentReader()
		if r.take(&file{path: "a", data: data}, c) {
			r.done(c)
			checkSources(t, c)
		}
	})
}

func FuzzWordText(f *testing.F) {
	data, err := os.ReadFile("testdata/word/review/word/document.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &wordReader{headings: map[string]int{}}
		_ = r.read(data)
		for _, b := range r.blocks {
			if strings.TrimSpace(b.text) == "" {
				t.Fatalf("an empty block in %v", r.blocks)
			}
		}
	})
}

func FuzzHTML(f *testing.F) {
	f.Add("<h1>a<p>b<table><tr><td>c<td>d</table><ul><li>e<br>f")
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range readHTML("a", text).blocks {
			if strings.TrimSpace(b.text) == "" {
				t.Fatalf("an empty block")
			}
		}
	})
}
