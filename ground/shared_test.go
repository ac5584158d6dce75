package ground

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"throughline"
)

// shared is where the data stands that several projects test with. It is not
// part of this repository.
const shared = "../../shared"

func needShared(t testing.TB, path string) string {
	t.Helper()
	path = filepath.Join(shared, path)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared test data is not on this machine: %v", err)
	}
	return path
}

// A sharedCase is a sentence of a meeting, as it was said or altered.
type sharedCase struct {
	Meeting string `json:"meeting"`
	Turns   [2]int `json:"turns"` // among which it was said, the second excluded
	Kind    string `json:"kind"`
	Genuine bool   `json:"genuine"`
	Quote   string `json:"quote"`
}

// TestProveSharedQuotes locates real sentences of real meetings, changed in ways
// that change nothing, and refuses those that were altered.
func TestProveSharedQuotes(t *testing.T) {
	cases := readShared(t, needShared(t, "data/quotes/cases.jsonl"))
	meetings := map[string]*Index{}
	tried := map[string]int{}
	for _, c := range cases {
		if meetings[c.Meeting] == nil {
			meetings[c.Meeting] = NewIndex(readMeeting(t, c.Meeting))
		}
		p := meetings[c.Meeting].Prove(c.Quote, "")
		tried[c.Kind]++
		switch {
		case c.Genuine && p.Match == throughline.MatchNone:
			t.Errorf("%s, %s: not located: %q", c.Meeting, c.Kind, c.Quote)
		case !c.Genuine && p.Match != throughline.MatchNone:
			t.Errorf("%s, %s: accepted: %q as %q", c.Meeting, c.Kind, c.Quote, p.Text())
		case c.Kind == "verbatim" && p.Match != throughline.MatchExact:
			t.Errorf("%s: verbatim, but found as %s: %q", c.Meeting, p.Match, c.Quote)
		case c.Genuine && p.Others == 0 && (p.Passage.Index < c.Turns[0] || p.Passage.Index >= c.Turns[1]):
			t.Errorf("%s: found in turn %d, which is not of %v: %q", c.Meeting, p.Passage.Index, c.Turns, c.Quote)
		case !c.Genuine && p.Nearest == nil:
			t.Errorf("%s, %s: no hint: %q", c.Meeting, c.Kind, c.Quote)
		}
	}
	if len(tried) != 8 {
		t.Errorf("tried, by kind: %v; want eight kinds", tried)
	}
}

func readShared(t *testing.T, path string) []sharedCase {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []sharedCase
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c sharedCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: line %d: %v", path, len(cases)+1, err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil || len(cases) == 0 {
		t.Fatalf("%s: %d cases, %v", path, len(cases), err)
	}
	return cases
}

// readMeeting is a meeting as a deal of one call.
func readMeeting(t *testing.T, id string) *throughline.Deal {
	t.Helper()
	data, err := os.ReadFile(needShared(t, "data/meetings/"+id+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var meeting struct {
		Turns []struct{ Speaker, Content string }
	}
	if err := json.Unmarshal(data, &meeting); err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	deal := &throughline.Deal{}
	for _, turn := range meeting.Turns {
		add(deal, "c1", turn.Speaker, turn.Content)
	}
	return deal
}
