package claude

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/ground"
	twin "throughline/twin/anthropic"
)

// billed is what the stand-in asks for all calls, those that broke off included.
func billed(r *rig) float64 {
	m, _ := LookUp(DefaultModel())
	usd := 0.0
	for _, c := range r.server.Calls {
		out := c.Usage.Output
		usd += m.cost(Tokens{
			Input: c.Usage.Input, CacheRead: c.Usage.CacheRead, CacheWrite5m: c.Usage.Creation.FiveMinutes, CacheWrite1h: c.Usage.Creation.OneHour, Output: out, Batch: c.Batch,
		})
	}
	return usd
}

// TestAllThatIsBilledIsCounted holds the ledger and the document to what was
// billed, whatever use the answers were of.
func TestAllThatIsBilledIsCounted(t *testing.T) {
	for _, tt := range []struct {
		name  string
		batch bool
		model func(q twin.Request, n int) twin.Reply
	}{
		{"nothing goes wrong", false, answerer},
		{"in batches", true, answerer},
		{"an answer that breaks off", false, func(q twin.Request, n int) twin.Reply {
			if n == 0 {
				return twin.Reply{Text: goodItems, CutAfter: 100}
			}
			return answerer(q, n)
		}},
		{"no JSON in the first pass", false, func(q twin.Request, n int) twin.Reply {
			if n == 0 {
				return twin.Reply{Text: "What a nice deal."}
			}
			return answerer(q, n)
		}},
		{"no JSON in reconciling, once", false, func(q twin.Request, n int) twin.Reply {
			if n == 1 {
				return twin.Reply{Text: "What nice items."}
			}
			return answerer(q, n)
		}},
		{"no JSON in reconciling, twice", false, func(q twin.Request, n int) twin.Reply {
			if n == 1 || n == 2 {
				return twin.Reply{Text: "What nice items."}
			}
			return answerer(q, n)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, Config{Passes: Single}, tt.model)
			r.Batch = tt.batch
			r.Budget = Budget{Month: 1000, Ledger: r}
			h := draft(t, r, testDeal())
			if len(h.Items) != 4 {
				t.Errorf("%d items; %+v", len(h.Items), h.LeftOut)
			}
			want := billed(r)
			if math.Abs(r.ledger-want) > 1e-9 || math.Abs(h.Usage.CostUSD-want) > 1e-9 {
				t.Errorf("$%.6f was billed, the ledger says $%.6f and the document $%.6f", want, r.ledger, h.Usage.CostUSD)
			}
			before := r.ledger
			again := draft(t, r, testDeal())
			if tt.name != "no JSON in reconciling, twice" && r.ledger != before {
				t.Errorf("the same run again was charged $%.6f for what was kept", r.ledger-before)
			}
			if again.Usage.CostUSD == 0 {
				t.Error("a document of answers that were kept says that it cost nothing")
			}
		})
	}
}

// TestUselessAnswerIsNotKept has a run end with answers of no use, and asks again
// on another day.
func TestUselessAnswerIsNotKept(t *testing.T) {
	bad := true
	r := newRig(t, Config{Passes: Single}, func(q twin.Request, n int) twin.Reply {
		if bad {
			return twin.Reply{Text: "I can't."}
		}
		return answerer(q, n)
	})
	if h := draft(t, r, testDeal()); len(h.Items) != 0 {
		t.Fatalf("%d items of nothing", len(h.Items))
	}
	bad = false
	if h := draft(t, r, testDeal()); len(h.Items) != 4 {
		t.Errorf("%d items: the useless answers were found again", len(h.Items))
	}
}

func TestAskedAgainIsNotServedTheSame(t *testing.T) {
	r := newRig(t, Config{Passes: Single}, func(q twin.Request, n int) twin.Reply {
		if n == 0 {
			return twin.Reply{Text: "Let me think."}
		}
		return answerer(q, n)
	})
	if h := draft(t, r, testDeal()); len(h.Items) != 4 {
		t.Errorf("%d items; %+v", len(h.Items), h.LeftOut)
	}
}

func TestHandoffLimitCountsAnInterruptedRun(t *testing.T) {
	r := newRig(t, Config{Passes: Single}, func(q twin.Request, n int) twin.Reply {
		if strings.HasPrefix(q.Text(), "# Reconcile") {
			return twin.Reply{Status: 400, Error: "invalid_request_error"}
		}
		return answerer(q, n)
	})
	if _, err := r.Draft(t.Context(), testDeal()); err == nil {
		t.Fatal("the run was not interrupted")
	}
	r.Budget.Handoff = 0.0001
	_, err := r.Draft(t.Context(), testDeal())
	var over *BudgetError
	if !errors.As(err, &over) || over.Spent <= 0 {
		t.Errorf("what the interrupted run spent is not counted: %v", err)
	}
}

func TestLimitHoldsWhatTheBatchLeaves(t *testing.T) {
	r := newRig(t, Config{Passes: Single}, nil)
	r.Batch = true
	r.server.BatchResult = func(string) string { return "errored" }
	r.Budget.Handoff = 1 // a batch of one may cost $0.64, and live twice that
	_, err := r.Draft(t.Context(), testDeal())
	var over *BudgetError
	if !errors.As(err, &over) || len(r.server.Calls) != 0 {
		t.Errorf("%d calls at the full price, %v", len(r.server.Calls), err)
	}
}

func TestLimitOfAModelWithoutPrice(t *testing.T) {
	r := newRig(t, Config{Passes: Single, Model: "some-model"}, nil)
	r.Budget.Handoff = 1
	var said []string
	r.Progress = func(s string) { said = append(said, s) }
	draft(t, r, testDeal())
	if !strings.Contains(fmt.Sprint(said), "can't be held") {
		t.Errorf("nobody was told that the limit can't be held: %q", said)
	}
}

// longKeys is a journal of files, whose names may not be longer than 255 bytes.
type longKeys struct{ *rig }

func (j longKeys) Put(key string, value []byte) error {
	if len(key) > 255 {
		return fmt.Errorf("file name too long: %d bytes", len(key))
	}
	return j.rig.Put(key, value)
}

func TestBatchOfManyRequests(t *testing.T) {
	d := testDeal()
	for range 2000 {
		p := *d.Sources[0].Passages[1]
		p.Index = len(d.Sources[0].Passages)
		p.Ref = fmt.Sprintf("c1.%d", p.Index+1)
		d.Sources[0].Passages = append(d.Sources[0].Passages, &p)
	}
	r := newRig(t, Config{Passes: Focused, Window: 40_000, Model: "claude-haiku-4-5"}, nil)
	r.Batch = true
	r.Journal = longKeys{r}
	draft(t, r, d)
	if len(r.server.Calls) < 20 {
		t.Fatalf("%d calls are not many", len(r.server.Calls))
	}
}

// stopping is a journal that fails after some answers were put.
type stopping struct {
	*rig
	left *int
}

func (j stopping) Put(key string, value []byte) error {
	if *j.left == 0 {
		return errors.New("the disk is full")
	}
	*j.left--
	return j.rig.Put(key, value)
}

func TestBatchIsFoundAgain(t *testing.T) {
	r := newRig(t, Config{Passes: Focused}, nil)
	r.Batch = true
	left := 5 // the first batch and its answer, the second batch and two of its four
	r.Journal = stopping{r, &left}
	if _, err := r.Draft(t.Context(), testDeal()); err == nil {
		t.Fatal("the run was not interrupted")
	}
	left = 100
	h := draft(t, r, testDeal())
	if len(r.server.Calls) != 6 || len(h.Items) != 4 {
		t.Errorf("%d requests were paid for, and %d items came of them; five passes and a reconciling are 6", len(r.server.Calls), len(h.Items))
	}
}

func TestCandidatesOfASplitPart(t *testing.T) {
	d := testDeal()
	crm := d.Source("r1")
	p := *crm.Passages[0]
	p.Index, p.Ref, p.Speaker = 1, "r1.2", d.AE
	p.Text = "I told Bo that the import should be fine for five thousand invoices a night, I still need to confirm that with the team."
	crm.Passages = append(crm.Passages, &p)
	r, err := Start(d, ground.NewIndex(d), Config{Passes: Single})
	if err != nil {
		t.Fatal(err)
	}
	asked := map[int]int{}
	n := 0
	answerAll(t, r, func(q Request) Answer {
		if q.stage != extracting {
			return Answer{Text: nothingToReconcile}
		}
		if n++; n == 1 {
			return Answer{Stop: "model_context_window_exceeded"}
		}
		_, list, _ := strings.Cut(q.Text(), "<candidates>\n")
		list, _, _ = strings.Cut(list, "</candidates>")
		for _, line := range strings.Split(list, "\n") {
			var number int
			if _, err := fmt.Sscanf(line, "%d.", &number); err == nil {
				asked[number]++
			}
		}
		return Answer{Text: `{"items":[],"dismissed":[],"questions":[]}`}
	})
	inCRM := false
	for _, c := range r.candidates {
		inCRM = inCRM || strings.HasPrefix(c.Promise.Ref+c.Doubt.Ref, "r1")
		if asked[c.Number] != 1 {
			t.Errorf("candidate %d (%s) was asked about %d times", c.Number, c.Promise.Ref, asked[c.Number])
		}
	}
	if !inCRM {
		t.Log("no candidate stands in the CRM")
	}
}

func TestReconcileNumbers(t *testing.T) {
	const items = `{"items":[
 {"kind":"workaround","text":"Keyed.","label":"stated","quotes":[{"ref":"c1.2","text":"we key every invoice by hand"}]},
 {"kind":"workaround","text":"Mondays.","label":"stated","quotes":[{"ref":"c1.2","text":"two people do nothing else from Monday to Wednesday"}]},
 {"kind":"pain","text":"Fines.","label":"stated","quotes":[{"ref":"c1.4","text":"the auditors fined us twice"}]},
 {"kind":"milestone","text":"Postings by day 30.","label":"stated","day":30,"from":"kickoff","quotes":[{"ref":"c1.6","text":"within thirty days of kickoff"}]}],"dismissed":[],"questions":[]}`
	for _, tt := range []struct {
		name, answer string
		left         int
		superseded   int
	}{
		{"replaced by one that was merged away", `{"merge":[{"keep":1,"drop":[2]}],"replaced":[{"item":3,"by":2,"text":"x"}]}`, 2, 1},
		{"replaced by a number of nothing", `{"replaced":[{"item":3,"by":77,"text":"x"}]}`, 4, 0},
		{"replaced by itself", `{"replaced":[{"item":3,"by":3,"text":"x"}]}`, 4, 0},
		{"all replaced by nothing", `{"replaced":[{"item":1,"by":0},{"item":2,"by":0},{"item":3,"by":0},{"item":4,"by":0}]}`, 3, 0},
		{"merged in a ring", `{"merge":[{"keep":1,"drop":[2]},{"keep":2,"drop":[1]}]}`, 3, 0},
		{"merged across kinds", `{"merge":[{"keep":1,"drop":[3]}]}`, 4, 0},
		{"replaced in turn", `{"replaced":[{"item":1,"by":2,"text":"x"},{"item":2,"by":3,"text":"y"}]}`, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, Config{Passes: Single})
			h := settle(r, answerAll(t, r, byStage(items, "", tt.answer)))
			superseded := 0
			for _, it := range h.Items {
				superseded += len(it.Superseded)
			}
			if len(h.Items) != tt.left || superseded != tt.superseded {
				t.Errorf("%d items with %d earlier statements, want %d with %d: %+v; left out %+v", len(h.Items), superseded, tt.left, tt.superseded, h.Items, h.LeftOut)
			}
		})
	}
}

func TestOnePlaceInTheCommittee(t *testing.T) {
	d := testDeal()
	bo := d.Person("Bo Karlsson")
	bo.Aliases = []string{"B. Karlsson"}
	late := *d.Sources[0].Passages[3]
	late.Index, late.Ref, late.At, late.Text = 6, "c1.7", late.At.Add(time.Hour), "I am convinced now, let us sign this."
	d.Sources[0].Passages = append(d.Sources[0].Passages, &late)
	r, err := Start(d, ground.NewIndex(d), Config{Passes: Single})
	if err != nil {
		t.Fatal(err)
	}
	got := answerAll(t, r, byStage(`{"items":[
 {"kind":"committee","text":"Doubts.","label":"stated","person":"Bo Karlsson","stance":"neutral","quotes":[{"ref":"c1.4","text":"the auditors fined us twice"}]},
 {"kind":"committee","text":"Convinced.","label":"stated","person":"B. Karlsson","stance":"ally","quotes":[{"ref":"c1.7","text":"I am convinced now"}]}],"dismissed":[],"questions":[]}`, "", nothingToReconcile))
	if len(got.Items) != 1 || got.Items[0].Stance != throughline.StanceAlly || len(got.Items[0].Quotes) != 2 {
		t.Errorf("%+v", got.Items)
	}
}

func TestCandidateOfADroppedItem(t *testing.T) {
	r := start(t, Config{Passes: Single})
	items := strings.ReplaceAll(goodItems, `"dismissed":[{"candidate":2,"reason":"same"}]`, `"dismissed":[]`)
	d := answerAll(t, r, byStage(items, "", `{"drop":[{"item":3,"reason":"small talk"}]}`))
	c := d.Candidates
	if c.Found != c.Taken+len(c.Dismissed) {
		t.Errorf("the accounting of candidates doesn't add up: %+v", c)
	}
	if len(c.Dismissed) == 0 || c.Dismissed[0].Candidate != 1 || !strings.Contains(c.Dismissed[0].Reason, "left out") {
		t.Errorf("%+v", c.Dismissed)
	}
}

// TestEscapedOnce has a source whose own text looks escaped.
func TestEscapedOnce(t *testing.T) {
	for _, text := range []string{
		"We write &lt;b&gt; into the field &amp; it breaks every night.", "The label says R&D &amp;lt; sales, every night.", "Link: example/?a=1&copy=2&lt=3 breaks the import.",
	} {
		d := testDeal()
		d.Sources[0].Passages[1].Text = text
		shown := escape(text)
		q := claimQuote{Ref: "c1.2", Text: shown}.draft()
		if q.Text != text {
			t.Errorf("%q is shown as %q, and its quote is read as %q", text, shown, q.Text)
		}
		if ground.NewIndex(d).Prove(q.Text, q.Ref).Match != throughline.MatchExact {
			t.Errorf("the quote %q does not stand", q.Text)
		}
	}
}

func TestWithholdPerson(t *testing.T) {
	d := testDeal()
	bo := d.Person("Bo Karlsson")
	bo.Aliases, bo.Email = []string{"B. Karlsson"}, "bo@buyer.example"
	note := *d.Source("r1").Passages[0]
	note.Index, note.Ref = 1, "r1.2"
	note.Text = "Pasted: \"We key every invoice by hand, two people do nothing else\" (Bo)"
	d.Source("r1").Passages = append(d.Source("r1").Passages, &note)
	mail := &throughline.Source{ID: "e1", Kind: throughline.SourceEmail, Title: "I want out by June", People: []*throughline.Person{bo, d.AE}}
	mail.Passages = []*throughline.Passage{{Ref: "e1.1", Source: mail, Text: "Please read this alone.", Speaker: bo, Name: bo.Name}}
	d.Sources = append(d.Sources, mail)
	for _, name := range []string{"Bo Karlsson", "b. karlsson", "BO@buyer.example"} {
		w := Withhold{People: []string{name}}
		shown, kept := w.From(d)
		r, err := Start(shown, ground.NewIndex(shown), Config{Passes: Single})
		if err != nil {
			t.Fatal(err)
		}
		all := r.Open()[0].Text() + r.terms()
		for _, secret := range []string{"We key every invoice", "want out by June", "read this alone", "fined us twice"} {
			if strings.Contains(all, secret) {
				t.Errorf("withholding %s, %q is shown", name, secret)
			}
		}
		if !strings.Contains(all, "c1.3") || len(kept) != 2 || kept[0] != "1 source" || kept[1] != "3 passages" {
			t.Errorf("withholding %s kept %q", name, kept)
		}
		if d.Passage("r1.2").Text == "" || shown.Passage("c1.3").Text != d.Passage("c1.3").Text {
			t.Error("the deal itself was changed, or a ref means something else")
		}
	}
}

func TestWithholdNobody(t *testing.T) {
	r := newRig(t, Config{Passes: Single}, nil)
	r.Withhold = Withhold{People: []string{"Bo Carlson"}, Sources: []string{"c9"}}
	_, err := r.Draft(t.Context(), testDeal())
	if err == nil || !strings.Contains(err.Error(), "Bo Carlson") || !strings.Contains(err.Error(), "c9") || len(r.server.Calls) != 0 {
		t.Errorf("a rule that keeps nothing back was let pass: %v", err)
	}
}
