package builtin_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/engine/builtin"
	"throughline/folder"
	"throughline/ground"
)

// The deals in testdata/deals are made up, a folder of exports for each language,
// with what a draft of it must and must not hold beside it.
func TestDraftsOfWholeDeals(t *testing.T) {
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			h := handoffOf(t, filepath.Join("testdata", "deals", lang, "deal"))
			floor, wants := expectations(t, filepath.Join("testdata", "deals", lang, "expect.txt"))
			met, total := 0, 0
			for _, w := range wants {
				item := w.in(h.Items)
				switch {
				case w.never && item != nil:
					t.Errorf("line %d: %s was taken for one: %s", w.line, w.text, shown(*item))
				case w.never:
				case item != nil:
					met++
					total++
				default:
					total++
					t.Logf("line %d: not found: %s", w.line, w.text)
				}
			}
			if got := float64(met) / float64(total); got < floor {
				t.Errorf("%d of %d found, want a share of %.2f", met, total, floor)
			} else {
				t.Logf("%d of %d found in %d items", met, total, len(h.Items))
			}
			if testing.Verbose() {
				for _, it := range h.Items {
					t.Log(shown(it))
				}
			}
		})
	}
}

func handoffOf(t *testing.T, dir string) *throughline.Handoff {
	t.Helper()
	deal, err := folder.Read(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(deal.Problems) > 0 {
		t.Fatalf("the made-up deal has problems: %v", deal.Problems)
	}
	d, err := builtin.Engine{}.Draft(context.Background(), deal)
	if err != nil {
		t.Fatal(err)
	}
	h, refused := ground.Settle(deal, ground.NewIndex(deal), d, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	for _, r := range refused {
		t.Errorf("a quote of the engine's own finding was refused: %s: %s", r.Item.Text, r.Reason)
	}
	return h
}

// An expectation is one line of an expect.txt.
type expectation struct {
	line   int
	text   string
	never  bool
	kind   throughline.Kind
	person string
	stance throughline.Stance
	day    int
	words  []string // any of these; none asked where empty
}

func expectations(t *testing.T, name string) (floor float64, es []expectation) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		sign, rest, _ := strings.Cut(strings.TrimSpace(sc.Text()), " ")
		switch sign {
		case "", "#":
		case "floor":
			if floor, err = strconv.ParseFloat(rest, 64); err != nil {
				t.Fatalf("%s:%d: %v", name, n, err)
			}
		case "+", "-":
			e := expected(rest)
			e.line, e.never = n, sign == "-"
			if !e.kind.Valid() || e.person == "" && e.words == nil {
				t.Fatalf("%s:%d: no kind, or nothing to look for: %s", name, n, rest)
			}
			es = append(es, e)
		default:
			t.Fatalf("%s:%d: %s", name, n, sc.Text())
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return floor, es
}

func expected(text string) expectation {
	e := expectation{text: text}
	head, words, quoted := strings.Cut(text, ":")
	if quoted {
		for _, w := range strings.Split(words, "|") {
			e.words = append(e.words, strings.ToLower(strings.TrimSpace(w)))
		}
	}
	kind, who, _ := strings.Cut(head, " ")
	e.kind = throughline.Kind(kind)
	if day, err := strconv.Atoi(who); err == nil {
		e.day = day
		return e
	}
	for _, s := range []throughline.Stance{throughline.StanceAlly, throughline.StanceNeutral, throughline.StanceBlocker} {
		if name, ok := strings.CutSuffix(who, " "+string(s)); ok {
			who, e.stance = name, s
		}
	}
	e.person = who
	return e
}

// in is the first item that the expectation is met by.
func (e expectation) in(items []throughline.Item) *throughline.Item {
	for i, it := range items {
		if it.Kind == e.kind && (e.person == "" || it.Person == e.person) && (e.stance == "" || it.Stance == e.stance) &&
			(e.day == 0 || it.Day == e.day) && e.quotedIn(it) {
			return &items[i]
		}
	}
	return nil
}

func (e expectation) quotedIn(it throughline.Item) bool {
	if e.words == nil {
		return true
	}
	for _, q := range it.Evidence {
		for _, w := range e.words {
			if strings.Contains(strings.ToLower(q.Quote), w) {
				return true
			}
		}
	}
	return false
}

// shown is an item in a line of a test's log.
func shown(it throughline.Item) string {
	var b strings.Builder
	b.WriteString(string(it.Kind) + " " + it.Person + " " + string(it.Stance) + " " + string(it.Area) + " " + it.Due)
	for _, q := range it.Evidence {
		b.WriteString(" | " + q.Speaker + ": " + q.Quote)
	}
	return b.String()
}

func TestTheSameDealGivesTheSameDraft(t *testing.T) {
	for _, lang := range languages {
		deal, err := folder.Read(context.Background(), filepath.Join("testdata", "deals", lang, "deal"))
		if err != nil {
			t.Fatal(err)
		}
		var first *throughline.Draft
		for range 5 {
			d, err := builtin.Engine{}.Draft(context.Background(), deal)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = d
			}
			if diff := cmp.Diff(first, d); diff != "" {
				t.Fatalf("%s: %s", lang, diff)
			}
		}
	}
}

func TestDraftStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (builtin.Engine{}).Draft(ctx, talk(1000)); !errors.Is(err, context.Canceled) {
		t.Errorf("Draft under a cancelled context: %v", err)
	}
}

// A deal with nothing in it gives no items, and the questions to ask.
func TestDraftOfNothing(t *testing.T) {
	d, err := builtin.Engine{}.Draft(context.Background(), &throughline.Deal{})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Items) != 0 || len(d.Questions) < 10 {
		t.Errorf("%d items and %d questions", len(d.Items), len(d.Questions))
	}
}
