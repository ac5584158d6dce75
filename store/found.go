package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"throughline"
	"throughline/lifecycle"
)

// A RunFilter says which runs are looked for; a zero one finds all.
type RunFilter struct {
	Words  string // each must stand in the customer, the deal, the AE or the CSM, in any case of letters
	Stages []lifecycle.Stage
	// Of is a person by their address, whose deals are looked for: they are the AE,
	// the CSM, or a manager of one. Owner says that they stand in for CSMs whom
	// nobody named.
	Of    string
	Owner bool
	// Waits is what the runs wait for: for Of, where that is set.
	Waits lifecycle.Wait
	// KickoffFrom and KickoffTo hold the kickoff, where they are set.
	KickoffFrom, KickoffTo time.Time
	// After is the run behind which the page begins; its zero value is the first page.
	After RunMark
}

// A RunMark is a run's place in the order of runs.
type RunMark struct {
	Won time.Time
	ID  string
}

// Find gives the runs of a filter, the latest won first, at most so many.
func (q Queries) Find(ctx context.Context, f RunFilter, most int) ([]lifecycle.Run, error) {
	where, args := f.where()
	if f.After.ID != "" {
		args = append(args, stamp(f.After.Won), f.After.ID)
		where += fmt.Sprintf(` AND (won < $%d OR won = $%d AND id > $%d)`, len(args)-1, len(args)-1, len(args))
	}
	args = append(args, most)
	return q.runs(ctx, where+fmt.Sprintf(` ORDER BY won DESC, id LIMIT $%d`, len(args)), args...)
}

// CountFound is how many runs a filter finds in all, whatever its After.
func (q Queries) CountFound(ctx context.Context, f RunFilter) (n int, err error) {
	where, args := f.where()
	if err := q.row(ctx, `SELECT count(*) FROM runs `+where, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting runs: %w", err)
	}
	return n, nil
}

// where is the filter as a condition.
func (f RunFilter) where() (string, []any) {
	var args []any
	all := []string{"1 = 1"}
	and := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		all = append(all, condition)
	}
	for _, word := range strings.Fields(sought(f.Words)) {
		and(`seek LIKE ? ESCAPE '\'`, "%"+escaped(word)+"%")
	}
	if len(f.Stages) > 0 {
		values := make([]any, len(f.Stages))
		for i, s := range f.Stages {
			values[i] = string(s)
		}
		and(`stage IN (?`+strings.Repeat(", ?", len(values)-1)+`)`, values...)
	}
	of := sought(f.Of)
	switch {
	case f.Waits != "" && of != "" && f.Owner && f.Waits == lifecycle.WaitAccept:
		and(`waits = ? AND waits_for IN (?, '')`, string(f.Waits), of)
	case f.Waits != "" && of != "":
		and(`waits = ? AND waits_for = ?`, string(f.Waits), of)
	case f.Waits != "":
		and(`waits = ?`, string(f.Waits))
	case of != "" && f.Owner:
		and(`(whose LIKE ? ESCAPE '\' OR whose LIKE ?)`, "%\n"+escaped(of)+"\n%", "%\n"+nobody+"\n%")
	case of != "":
		and(`whose LIKE ? ESCAPE '\'`, "%\n"+escaped(of)+"\n%")
	}
	if !f.KickoffFrom.IsZero() {
		and(`kickoff >= ?`, stamp(f.KickoffFrom))
	}
	if !f.KickoffTo.IsZero() {
		and(`kickoff < ? AND kickoff > 0`, stamp(f.KickoffTo))
	}
	return "WHERE " + strings.Join(all, " AND "), args
}

// nobody stands for a CSM whom the CRM does not name; no address is like it.
const nobody = "-"

// sought is a text as it is looked for: in small letters, and without what the
// databases can't hold.
func sought(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(strings.ToValidUTF8(text, " ")), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// place writes what a run is looked up by.
func (q Queries) place(ctx context.Context, run lifecycle.Run) error {
	waits, who := run.Waits()
	title := run.Deal.Customer
	if title == "" {
		title = run.Deal.Name
	}
	csm := sought(run.CSM.Email)
	if csm == "" {
		csm = nobody
	}
	whose := []string{sought(run.AE.Email), csm}
	for _, m := range run.Deal.Managers {
		whose = append(whose, sought(m))
	}
	seek := strings.Join([]string{sought(run.Deal.Customer), sought(run.Deal.Name), sought(run.AE.Name), sought(run.AE.Email), sought(run.CSM.Name), sought(run.CSM.Email)}, "\n")
	_, err := q.exec(ctx, `UPDATE runs SET title = $1, seek = $2, whose = $3, waits = $4, waits_for = $5, kickoff = $6 WHERE id = $7`,
		storable(title), seek, "\n"+strings.Join(whose, "\n")+"\n", string(waits), sought(who), stamp(run.Kickoff), run.ID)
	return err
}

// storable is a text without what the databases can't hold.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// placeMove writes what a move is looked up by.
func (q Queries) placeMove(ctx context.Context, run, number string, m lifecycle.Move) error {
	_, err := q.exec(ctx, `UPDATE moves SET at = $1, who = $2, what = $3 WHERE run = $4 AND CAST(number AS TEXT) = $5`,
		stamp(m.At), sought(m.Who), storable(m.What), run, number)
	return err
}

// replace writes what a changed body is looked up by.
func (q Queries) replace(ctx context.Context, table, run, key, body string) error {
	switch table {
	case "runs":
		var r lifecycle.Run
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return err
		}
		r.ID = run // whatever the body calls itself
		return q.place(ctx, r)
	case "moves":
		var m lifecycle.Move
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			return err
		}
		return q.placeMove(ctx, run, key, m)
	}
	return nil
}

// placeAll writes what everything is looked up by that is there.
func (q Queries) placeAll(ctx context.Context) error {
	type row struct{ table, run, key, body string }
	var all []row
	for table, query := range map[string]string{
		"runs":      `SELECT id, id, body FROM runs`,
		"moves":     `SELECT run, CAST(number AS TEXT), body FROM moves`,
		"documents": `SELECT run, CAST(version AS TEXT), body FROM documents`,
	} {
		err := q.rows(ctx, func(rows *sql.Rows) error {
			one := row{table: table}
			if err := rows.Scan(&one.run, &one.key, &one.body); err != nil {
				return err
			}
			all = append(all, one)
			return nil
		}, query)
		if err != nil {
			return err
		}
	}
	for _, one := range all {
		if one.table != "documents" {
			if err := q.replace(ctx, one.table, one.run, one.key, one.body); err != nil {
				return err
			}
			continue
		}
		var h throughline.Handoff
		if err := json.Unmarshal([]byte(one.body), &h); err != nil {
			return err
		}
		if err := q.cost(ctx, one.run, &h); err != nil {
			return err
		}
	}
	return nil
}

// Titles are what people call the deals of runs.
func (q Queries) Titles(ctx context.Context, runs []string) (map[string]string, error) {
	out := map[string]string{}
	for some := range slices.Chunk(runs, 500) {
		args := make([]any, len(some))
		marks := make([]string, len(some))
		for i, id := range some {
			args[i], marks[i] = id, fmt.Sprintf("$%d", i+1)
		}
		err := q.rows(ctx, func(rows *sql.Rows) error {
			var id, title string
			if err := rows.Scan(&id, &title); err != nil {
				return err
			}
			out[id] = title
			return nil
		}, `SELECT id, title FROM runs WHERE id IN (`+strings.Join(marks, ", ")+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("reading what the deals are called: %w", err)
		}
	}
	return out, nil
}
