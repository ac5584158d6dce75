package ground

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"throughline"
)

// A vector is one claim of testdata/prove.txt.
type vector struct {
	line         int
	match        throughline.Match
	place        string // ref of the passage that must prove it
	ref          string // as claimed
	quote, shown string
}

// A vectorDeal is a deal of testdata/prove.txt with what is claimed of it.
type vectorDeal struct {
	name    string
	deal    *throughline.Deal
	vectors []vector
}

var (
	passageLine = regexp.MustCompile(`^([a-z]\d+)\.(\d+) (\w*): (.*)$`)
	claimLine   = regexp.MustCompile(`^(exact|normalised|none)(?: ([a-z]\d+\.\d+))??(?: (at|not) ([a-z]\d+\.\d+))? \| ?(.*)$`)
)

func readVectors(t testing.TB, path string) []*vectorDeal {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var deals []*vectorDeal
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case strings.HasPrefix(line, "# "):
			deals = append(deals, &vectorDeal{name: line[2:], deal: &throughline.Deal{}})
		case len(deals) == 0:
			t.Fatalf("%s:%d: before the first deal: %q", path, n, line)
		default:
			if err := deals[len(deals)-1].read(line, n); err != nil {
				t.Fatalf("%s:%d: %v", path, n, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return deals
}

func (d *vectorDeal) read(line string, n int) error {
	if m := passageLine.FindStringSubmatch(line); m != nil {
		text, err := unescape(m[4])
		if err != nil {
			return err
		}
		add(d.deal, m[1], m[3], text)
		return nil
	}
	m := claimLine.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("neither a passage nor a claim: %q", line)
	}
	quote, shown, _ := strings.Cut(m[5], " => ")
	v := vector{line: n, match: throughline.Match(m[1]), place: m[2], ref: m[4]}
	var err error
	if v.quote, err = unescape(quote); err != nil {
		return err
	}
	if v.shown, err = unescape(shown); err != nil {
		return err
	}
	if (v.place == "") != (v.match == throughline.MatchNone) || m[3] == "not" && v.ref == v.place || m[3] == "at" && v.match != throughline.MatchNone && v.ref != v.place {
		return fmt.Errorf("the claim makes no sense: %q", line)
	}
	d.vectors = append(d.vectors, v)
	return nil
}

func unescape(s string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
}

// add appends a passage to a source of the deal, which is made where it is new.
func add(d *throughline.Deal, source, speaker, text string) *throughline.Passage {
	src := d.Source(source)
	if src == nil {
		kinds := map[byte]throughline.SourceKind{
			'c': throughline.SourceCall, 'e': throughline.SourceEmail, 's': throughline.SourceChat, 'r': throughline.SourceCRM, 'd': throughline.SourceDocument,
		}
		src = &throughline.Source{ID: source, Kind: kinds[source[0]]}
		d.Sources = append(d.Sources, src)
	}
	n := len(src.Passages)
	p := &throughline.Passage{
		Ref: fmt.Sprintf("%s.%d", source, n+1), Source: src, Index: n, Text: text, Name: speaker, Speaker: d.Person(speaker), Offset: -1,
	}
	src.Passages = append(src.Passages, p)
	return p
}

func TestProve(t *testing.T) {
	for _, d := range readVectors(t, "testdata/prove.txt") {
		t.Run(d.name, func(t *testing.T) {
			if len(d.vectors) == 0 {
				t.Fatal("no claims")
			}
			ix := NewIndex(d.deal)
			for _, v := range d.vectors {
				p := ix.Prove(v.quote, v.ref)
				if err := v.check(p); err != nil {
					t.Errorf("line %d: %q: %v", v.line, v.quote, err)
				}
			}
		})
	}
}

func (v vector) check(p Proof) error {
	switch {
	case p.Match != v.match:
		return fmt.Errorf("match is %s, want %s; shown is %q", p.Match, v.match, p.Text())
	case p.Match == throughline.MatchNone && (p.Passage != nil || p.Text() != ""):
		return fmt.Errorf("not proven, but shown is %q", p.Text())
	case p.Match == throughline.MatchNone:
		return nil
	case p.Passage.Ref != v.place:
		return fmt.Errorf("proven in %s, want %s", p.Passage.Ref, v.place)
	case p.Moved != (v.ref != "" && v.ref != v.place):
		return fmt.Errorf("moved is %t for a quote claimed of %q in %s", p.Moved, v.ref, v.place)
	case p.Match == throughline.MatchExact && p.Text() != strings.TrimSpace(v.quote):
		return fmt.Errorf("exact, but shown is %q", p.Text())
	case v.shown != "" && p.Text() != v.shown:
		return fmt.Errorf("shown is %q, want %q", p.Text(), v.shown)
	}
	return nil
}
