package survey

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"throughline"
)

// Bounds of an imported baseline.
const (
	mostRows     = 100_000
	mostBaseline = 64 << 20 // bytes
)

// ReadBaseline reads answers that were given before Throughline came into use, from
// CSV with a head: date (YYYY-MM-DD or RFC 3339) and score (0 to 10), and where
// they are known comment and deal, in any order. Other columns are passed over.
// Fields are divided by commas, semicolons or tabs, whichever the head has.
//
// Rows without a deal count as a deal each; where they were of the same deals, the
// interval made of them is narrower than it should be.
//
// Bad rows are left out, and each is told of in the problems, with the file's name
// and its line. It errs where nothing can be read.
func ReadBaseline(file string, r io.Reader) (answers []throughline.Answer, problems []throughline.Problem, err error) {
	raw, err := io.ReadAll(io.LimitReader(r, mostBaseline+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("reading the baseline: %w", err)
	case len(raw) > mostBaseline:
		return nil, nil, fmt.Errorf("reading the baseline: it is larger than %d MB; export fewer columns or years", mostBaseline>>20)
	}
	text := strings.TrimPrefix(string(raw), "\ufeff")
	if !utf8.ValidString(text) {
		return nil, nil, errors.New("reading the baseline: it is not in UTF-8; save it as \"CSV UTF-8\"")
	}
	rows := csv.NewReader(strings.NewReader(text))
	rows.FieldsPerRecord = -1
	rows.Comma = divider(text)
	head, err := rows.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the baseline: its first line has to name the columns date and score: %w", err)
	}
	cols, err := columns(head)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return answers, problems, nil
		}
		if err != nil {
			// The reader goes on behind a bad quote at the next line.
			problems = append(problems, throughline.Problem{File: file, Line: lineOf(err), What: "is no CSV: its quotes do not match"})
			continue
		}
		n, _ := rows.FieldPos(0)
		a, err := cols.answer(row, n)
		if err != nil {
			problems = append(problems, throughline.Problem{File: file, Line: n, What: err.Error()})
			continue
		}
		if len(answers) == mostRows {
			return nil, nil, fmt.Errorf("reading the baseline: it has more than %d answers; export fewer years", mostRows)
		}
		answers = append(answers, a)
	}
}

func lineOf(err error) int {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return parse.Line
	}
	return 0
}

func divider(text string) rune {
	head, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, c := range ";\t" {
		if strings.Count(head, string(c)) > strings.Count(head, string(best)) {
			best = c
		}
	}
	return best
}

// A layout says in which column what stands; -1 where it stands in none.
type layout struct{ date, score, comment, deal int }

func columns(head []string) (layout, error) {
	find := func(name string) int {
		return slices.IndexFunc(head, func(s string) bool { return plain(s) == name })
	}
	l := layout{find("date"), find("score"), find("comment"), find("deal")}
	if l.date < 0 || l.score < 0 {
		return layout{}, errors.New("reading the baseline: its first line has to name the columns date and score")
	}
	return l, nil
}

func (l layout) answer(row []string, n int) (throughline.Answer, error) {
	field := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	at, err := day(field(l.date))
	if err != nil {
		return throughline.Answer{}, errors.New("has no date as YYYY-MM-DD or RFC 3339")
	}
	score, err := strconv.Atoi(field(l.score))
	if err != nil || score < throughline.LowestScore || score > throughline.HighestScore {
		return throughline.Answer{}, errors.New("has no score from 0 to 10")
	}
	a := throughline.Answer{Survey: "baseline", Deal: rowPrefix + strconv.Itoa(n), Score: score, At: at, Comment: comment(field(l.comment))}
	if deal := field(l.deal); deal != "" {
		a.Deal = "baseline deal " + deal
	}
	return a, nil
}

// rowPrefix begins the id of a deal of which only one row is known.
const rowPrefix = "baseline line "

func rowOfItsOwn(a throughline.Answer) bool { return strings.HasPrefix(a.Deal, rowPrefix) }

func day(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, s)
}
