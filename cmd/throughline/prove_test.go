package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/folder"
	"throughline/ground"
)

// aPassage is a turn of a call of the demo's deal that is long enough to be found
// by its words alone.
func aPassage(t *testing.T, deal *throughline.Deal) *throughline.Passage {
	t.Helper()
	for p := range deal.Passages {
		if p.Source.Kind == throughline.SourceCall && len(strings.Fields(p.Text)) > 25 && !strings.ContainsAny(p.Text, "\"…\n") {
			return p
		}
	}
	t.Fatal("the demo's deal has no long turn")
	return nil
}

// answers runs prove on the demo's deal.
func answers(t *testing.T, claims ...claim) []answer {
	t.Helper()
	var in strings.Builder
	for _, c := range claims {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	var got []answer
	for line := range strings.Lines(succeed(t, in.String(), "prove", demoDir)) {
		var a answer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, a)
	}
	if len(got) != len(claims) {
		t.Fatalf("%d answers to %d quotes", len(got), len(claims))
	}
	return got
}

func TestProve(t *testing.T) {
	p := aPassage(t, demoDeal(t))
	shout := strings.ToUpper(p.Text)
	words := strings.Fields(p.Text)
	elided := strings.Join(words[:5], " ") + " … " + strings.Join(words[15:22], " ")
	other := "c1.1"
	if p.Ref == other {
		other = "c1.2"
	}
	changed := strings.Join(words[:12], " ") + " perhaps " + strings.Join(words[12:], " ")
	got := answers(t,
		claim{Quote: p.Text}, claim{Quote: p.Text, Ref: p.Ref}, claim{Quote: shout}, claim{Quote: elided},
		claim{Quote: p.Text, Ref: other}, claim{Quote: changed}, claim{Quote: "zyzzyva qwxz"})
	want := []answer{
		{Quote: p.Text, Match: "exact", Source: p.Source.ID, Ref: p.Ref, Text: p.Text},
		{Quote: p.Text, Match: "exact", Source: p.Source.ID, Ref: p.Ref, Text: p.Text},
		{Quote: shout, Match: "normalised", Source: p.Source.ID, Ref: p.Ref, Text: p.Text},
		{Quote: elided, Match: "normalised", Source: p.Source.ID, Ref: p.Ref, Text: strings.Join(words[:22], " ")},
		{Quote: p.Text, Match: "exact", Source: p.Source.ID, Ref: p.Ref, Text: p.Text, Moved: true},
		{Quote: changed, Match: "none", Nearest: &nearest{Source: p.Source.ID, Ref: p.Ref, Text: p.Text}},
		{Quote: "zyzzyva qwxz", Match: "none"},
	}
	// Around the words of a quote that is not exact stand the source's own marks.
	for i := range got {
		if got[i].Match == throughline.MatchNormalised {
			got[i].Text, want[i].Text = strings.TrimRight(got[i].Text, ".,"), strings.TrimRight(want[i].Text, ".,")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestProveKeys holds the lines to the keys that other programs read, also where
// there is nothing to say.
func TestProveKeys(t *testing.T) {
	out := succeed(t, `{"quote": "zyzzyva qwxz"}`, "prove", demoDir) // the last line needs no end
	if want := `{"quote":"zyzzyva qwxz","match":"none","source":"","ref":"","text":""}` + "\n"; out != want {
		t.Errorf("got %s, want %s", out, want)
	}
}

func TestProveBadLines(t *testing.T) {
	in := strings.Join([]string{
		`{"quote": "zyzzyva one"}`,
		``,
		`{"quote": `,
		`"just a text"`,
		`{"ref": "c1.1"}`,
		`{"quote": 7}`,
		`{"quote": "zyzzyva"} and more`,
		`{"quote": "zyzzyva two"}`,
	}, "\n")
	r := throughlineRun(t, in, "prove", demoDir)
	if r.status != exitFailed {
		t.Errorf("exit status %d, want %d", r.status, exitFailed)
	}
	if n := strings.Count(r.stdout, "\n"); n != 2 || !strings.Contains(r.stdout, "zyzzyva one") || !strings.Contains(r.stdout, "zyzzyva two") {
		t.Errorf("the lines that can be read are not all answered:\n%s", r.stdout)
	}
	for _, line := range []string{"line 3 ", "line 4 ", "line 5 ", "line 6 ", "line 7 ", "could not be read: 5"} {
		if !strings.Contains(r.stderr, line) {
			t.Errorf("%q is not named:\n%s", line, r.stderr)
		}
	}
	for _, line := range []string{"line 1 ", "line 2 ", "line 8 "} {
		if strings.Contains(r.stderr, line) {
			t.Errorf("%q is named, and there is nothing wrong with it:\n%s", line, r.stderr)
		}
	}
}

func TestProveNothing(t *testing.T) {
	if out := succeed(t, "", "prove", demoDir); out != "" {
		t.Errorf("answers to no quote: %s", out)
	}
}

// FuzzProve gives prove any line: it answers with one line of JSON whose text is
// the source's own, or names the line.
func FuzzProve(f *testing.F) {
	for _, seed := range []string{
		`{"quote": "we should be fine"}`, `{"quote": "yes", "ref": "c1.1"}`, `{"quote": "we … fine", "ref": "c9.999999999999"}`,
		`{"quote": `, `[]`, `null`, `"x"`, `{"quote": 1e400}`, "{\"quote\": \"\u0000\xff\"}", `{"quote":"…"}`,
	} {
		f.Add(seed)
	}
	deal, err := folder.Read(f.Context(), demoDir)
	if err != nil {
		f.Fatal(err)
	}
	ix := ground.NewIndex(deal)
	f.Fuzz(func(t *testing.T, line string) {
		line = strings.ReplaceAll(line, "\n", " ")
		var out, errs bytes.Buffer
		err := proveAll(env{stdin: strings.NewReader(line), stdout: &out, stderr: &errs}, ix)
		if strings.TrimSpace(line) == "" {
			return
		}
		if err != nil {
			if out.Len() > 0 || !strings.Contains(errs.String(), "line 1 ") {
				t.Fatalf("%q: %v; out %q, errors %q", line, err, out.String(), errs.String())
			}
			return
		}
		var a answer
		if err := json.Unmarshal(out.Bytes(), &a); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
			t.Fatalf("%q is answered %q: %v", line, out.String(), err)
		}
		if p := deal.Passage(a.Ref); a.Match != throughline.MatchNone && (p == nil || !strings.Contains(p.Text, a.Text)) {
			t.Fatalf("%q is answered with words that do not stand in the source: %+v", line, a)
		}
	})
}
