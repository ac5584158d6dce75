package eval

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"throughline"
)

// WriteRun writes a run as tables: a row for each deal, the total, and the total
// by kind. With findings, each deal's kinds and what to look at follow.
func WriteRun(w io.Writer, run Run, findings bool) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\n", oneLine(run.Name))
	table(&out, dealRows(run))
	out.WriteByte('\n')
	table(&out, costRows(run))
	fmt.Fprintf(&out, "\nBy kind, all deals\n\n")
	table(&out, kindRows(run.Total))
	if findings {
		for _, r := range run.Results {
			fmt.Fprintf(&out, "\n%s\n", oneLine(r.Deal))
			if len(run.Results) > 1 {
				out.WriteByte('\n')
				table(&out, kindRows(r))
			}
			writeFindings(&out, r)
		}
	}
	return write(w, out.String())
}

// WriteComparison writes two runs side by side. Each cell has the figure of the
// first, that of the second, and by how much the second is more.
func WriteComparison(w io.Writer, c Comparison) error {
	a, b := c.First, c.Second
	var out strings.Builder
	fmt.Fprintf(&out, "%s → %s\n\n", oneLine(a.Name), oneLine(b.Name))
	shares := [][]string{{"deal", "must", "recall", "precision", "F1"}}
	counts := [][]string{{"deal", "items", "repeats", "traps", "stale", "not verbatim", "unproven"}}
	costs := [][]string{{"deal", "tokens in", "tokens out", "USD", "time"}}
	as, bs := rows(a), rows(b)
	for i := range as {
		a, b := as[i], bs[i]
		shares = append(shares, []string{
			oneLine(a.Deal),
			shares2(a.MustRecall, b.MustRecall), shares2(a.Recall, b.Recall), shares2(a.Precision, b.Precision), shares2(a.F1, b.F1),
		})
		counts = append(counts, []string{
			oneLine(a.Deal),
			counts2(a.Items, b.Items), counts2(a.Repeats, b.Repeats), counts2(a.Traps, b.Traps), counts2(a.Stale, b.Stale),
			counts2(a.NotVerbatim, b.NotVerbatim), counts2(a.Unproven, b.Unproven),
		})
		costs = append(costs, append([]string{oneLine(a.Deal)}, costs2(a.Cost, b.Cost)...))
	}
	for _, rows := range [][][]string{shares, counts, costs} {
		table(&out, rows)
		out.WriteByte('\n')
	}
	fmt.Fprintf(&out, "By kind, all deals\n\n")
	table(&out, kindRows2(a.Total, b.Total))
	return write(w, out.String())
}

// rows are the results of a run with the total last.
func rows(run Run) []Result {
	return append(slices.Clone(run.Results), run.Total)
}

func write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("writing the scores: %w", err)
	}
	return nil
}

func dealRows(run Run) [][]string {
	table := [][]string{{
		"deal", "must", "recall", "precision", "F1", "items", "gold", "repeats", "traps", "stale", "quotes", "not verbatim", "unproven",
	}}
	for _, r := range rows(run) {
		table = append(table, []string{
			oneLine(r.Deal), r.MustRecall.String(), r.Recall.String(), r.Precision.String(), r.F1.String(),
			strconv.Itoa(r.Items), strconv.Itoa(r.Gold), strconv.Itoa(r.Repeats),
			fmt.Sprintf("%d/%d", r.Traps, r.TrapsOf), fmt.Sprintf("%d/%d", r.Stale, r.StaleOf),
			strconv.Itoa(r.Quotes), strconv.Itoa(r.NotVerbatim), strconv.Itoa(r.Unproven),
		})
	}
	return table
}

func costRows(run Run) [][]string {
	table := [][]string{{"deal", "tokens in", "tokens out", "USD", "time"}}
	for _, r := range rows(run) {
		c := r.Cost
		table = append(table, []string{oneLine(r.Deal), tokens(c.InputTokens), tokens(c.OutputTokens), money(c.USD), took(c.Time)})
	}
	return table
}

func tokens(n int64) string { return strconv.FormatInt(n, 10) }

func money(usd float64) string { return strconv.FormatFloat(usd, 'f', 3, 64) }

func took(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
}

func kindRows(r Result) [][]string {
	rows := [][]string{{"kind", "gold", "recall", "out", "precision", "F1"}}
	for _, kind := range throughline.Kinds {
		if k := r.Kinds[kind]; k != nil {
			rows = append(rows, []string{string(kind), strconv.Itoa(k.Gold), k.Recall.String(), strconv.Itoa(k.Out), k.Precision.String(), k.F1.String()})
		}
	}
	return rows
}

func kindRows2(a, b Result) [][]string {
	rows := [][]string{{"kind", "gold", "recall", "out", "precision", "F1"}}
	for _, kind := range throughline.Kinds {
		ka, kb := a.Kinds[kind], b.Kinds[kind]
		if ka == nil && kb == nil {
			continue
		}
		ka, kb = orNone(ka, kb), orNone(kb, ka)
		rows = append(rows, []string{
			string(kind), strconv.Itoa(ka.Gold), shares2(ka.Recall, kb.Recall), counts2(ka.Out, kb.Out),
			shares2(ka.Precision, kb.Precision), shares2(ka.F1, kb.F1),
		})
	}
	return rows
}

// orNone is the result of a kind, or, where a run has nothing to do with it, what
// that comes to beside the other's.
func orNone(k, other *KindResult) *KindResult {
	if k != nil {
		return k
	}
	return &KindResult{Gold: other.Gold, Recall: none, Precision: none, F1: none}
}

func shares2(a, b Share) string {
	if !a.Known() || !b.Known() {
		return a.String() + " " + b.String()
	}
	return fmt.Sprintf("%s %s %+.2f", a, b, float64(b-a))
}

func counts2(a, b int) string { return fmt.Sprintf("%d %d %+d", a, b, b-a) }

func costs2(a, b Cost) []string {
	time2 := took(a.Time) + " " + took(b.Time)
	if a.Time > 0 && b.Time > 0 {
		time2 += fmt.Sprintf(" %+.2f s", (b.Time - a.Time).Seconds())
	}
	return []string{
		fmt.Sprintf("%d %d %+d", a.InputTokens, b.InputTokens, b.InputTokens-a.InputTokens),
		fmt.Sprintf("%d %d %+d", a.OutputTokens, b.OutputTokens, b.OutputTokens-a.OutputTokens),
		fmt.Sprintf("%s %s %+.3f", money(a.USD), money(b.USD), b.USD-a.USD),
		time2,
	}
}

func writeFindings(out *strings.Builder, r Result) {
	for _, list := range []struct {
		title string
		found []Finding
	}{
		{"Missed", r.Missed},
		{"Told in part", r.Partly},
		{"Items that tell no annotated fact", r.Wrong},
		{"Traps quoted", r.Trapped},
		{"Superseded, shown as current", r.Outdated},
	} {
		if len(list.found) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n  %s\n", list.title)
		for _, f := range list.found {
			fmt.Fprintf(out, "  - %s\n", f)
		}
	}
}

func (f Finding) String() string {
	text := oneLine(string(f.Kind)) + ": " + oneLine(f.Text)
	if f.Note != "" {
		text += " (" + oneLine(f.Note) + ")"
	}
	return text
}

// oneLine keeps text of a deal from breaking the table or commanding a terminal.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7F || r >= 0x80 && r <= 0xA0 || r >= 0x2028 && r <= 0x202E
	}), " ")
}

// table writes rows below each other, the first being the head.
func table(out *strings.Builder, rows [][]string) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintf(t, "  %s\n", strings.Join(row, "\t")) // a strings.Builder does not err
	}
	_ = t.Flush()
}
