package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"throughline"
	"throughline/kickoff"
	"throughline/lifecycle"
	"throughline/survey"
)

var _ survey.Store = Queries{}

// Survey is the survey of an id, which is that of its run; false where there is none.
func (q Queries) Survey(ctx context.Context, id string) (throughline.Survey, bool, error) {
	run, err := q.Run(ctx, id)
	switch {
	case errors.Is(err, lifecycle.ErrNotFound):
		return throughline.Survey{}, false, nil
	case err != nil:
		return throughline.Survey{}, false, fmt.Errorf("reading a survey: %w", err)
	case run.Survey == nil:
		return throughline.Survey{}, false, nil
	}
	return *run.Survey, true, nil
}

// Answer keeps an answer as [survey.Settle] has it, and gives what is kept. Of many
// that come at once, each is settled with what the one before left.
func (q Queries) Answer(ctx context.Context, a throughline.Answer) (kept throughline.Answer, err error) {
	err = q.together(ctx, func(tx Queries) error {
		// The row is there, and locked, before it is read.
		const add = `INSERT INTO answers (survey, respondent, deal, score, comment, at, accepted, adopted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
		n, err := tx.exec(ctx, add, a.Survey, a.Respondent, a.Deal, a.Score, storable(a.Comment), stamp(a.At), bit(a.AcceptedBeforeKickoff), bit(a.Adopted))
		if err != nil {
			return err
		}
		if n > 0 {
			kept = a
			return nil
		}
		there, err := tx.answers(ctx, `WHERE survey = $1 AND respondent = $2`+tx.locked(), a.Survey, a.Respondent)
		if err != nil {
			return err
		}
		if len(there) == 0 {
			return errors.New("it is gone again")
		}
		kept = survey.Settle(&there[0], a)
		_, err = tx.exec(ctx, `UPDATE answers SET score = $1, comment = $2 WHERE survey = $3 AND respondent = $4`, kept.Score, storable(kept.Comment), a.Survey, a.Respondent)
		return err
	})
	if err != nil {
		return a, fmt.Errorf("keeping an answer: %w", err)
	}
	return kept, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Answers are all answers to surveys, in order of time.
func (q Queries) Answers(ctx context.Context) ([]throughline.Answer, error) {
	return q.answers(ctx, `ORDER BY at, survey, respondent`)
}

// AnswersTo are the answers to one survey, in order of time.
func (q Queries) AnswersTo(ctx context.Context, id string) ([]throughline.Answer, error) {
	return q.answers(ctx, `WHERE survey = $1 ORDER BY at, respondent`, id)
}

func (q Queries) answers(ctx context.Context, which string, args ...any) ([]throughline.Answer, error) {
	var out []throughline.Answer
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var a throughline.Answer
		var at, accepted, adopted int64
		if err := rows.Scan(&a.Survey, &a.Respondent, &a.Deal, &a.Score, &a.Comment, &at, &accepted, &adopted); err != nil {
			return err
		}
		a.At, a.AcceptedBeforeKickoff, a.Adopted = when(at), accepted == 1, adopted == 1
		out = append(out, a)
		return nil
	}, `SELECT survey, respondent, deal, score, comment, at, accepted, adopted FROM answers `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("reading answers: %w", err)
	}
	return out, nil
}

// Answered reports whether a respondent answered a survey.
func (q Queries) Answered(ctx context.Context, id, respondent string) (bool, error) {
	return q.there(ctx, `SELECT count(*) FROM answers WHERE survey = $1 AND respondent = $2`, id, respondent)
}

// Stop keeps that a respondent is never to be asked again; the first time counts.
func (q Queries) Stop(ctx context.Context, respondent string, at time.Time) error {
	if _, err := q.exec(ctx, `INSERT INTO stops (respondent, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, respondent, stamp(at)); err != nil {
		return fmt.Errorf("keeping that a respondent is not to be asked again: %w", err)
	}
	return nil
}

// Stopped reports whether a respondent is never to be asked again.
func (q Queries) Stopped(ctx context.Context, respondent string) (bool, error) {
	return q.there(ctx, `SELECT count(*) FROM stops WHERE respondent = $1`, respondent)
}

func (q Queries) there(ctx context.Context, count string, args ...any) (bool, error) {
	var n int
	if err := q.row(ctx, count, args...).Scan(&n); err != nil {
		return false, fmt.Errorf("looking whether a row is there: %w", err)
	}
	return n > 0, nil
}

// SetBaseline puts answers that were given before Throughline came into use in place
// of those that are there.
func (q Queries) SetBaseline(ctx context.Context, answers []throughline.Answer) error {
	err := q.together(ctx, func(tx Queries) error {
		if _, err := tx.exec(ctx, `DELETE FROM baseline`); err != nil {
			return err
		}
		for i, a := range answers {
			const add = `INSERT INTO baseline (number, deal, score, comment, at) VALUES ($1, $2, $3, $4, $5)`
			if _, err := tx.exec(ctx, add, i+1, storable(a.Deal), a.Score, storable(a.Comment), stamp(a.At)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping the baseline: %w", err)
	}
	return nil
}

// Baseline are the answers that were given before, in the order of their file.
func (q Queries) Baseline(ctx context.Context) ([]throughline.Answer, error) {
	var out []throughline.Answer
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var a throughline.Answer
		var at int64
		if err := rows.Scan(&a.Deal, &a.Score, &a.Comment, &at); err != nil {
			return err
		}
		a.At = when(at)
		out = append(out, a)
		return nil
	}, `SELECT deal, score, comment, at FROM baseline ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", err)
	}
	return out, nil
}

// Check is what the recording of a run's kickoff showed; it errs with
// [lifecycle.ErrNotFound] where none was read.
func (q Queries) Check(ctx context.Context, run string) (*kickoff.Report, error) {
	var body string
	if err := q.row(ctx, `SELECT body FROM checks WHERE run = $1`, run).Scan(&body); err != nil {
		return nil, missing(err)
	}
	var r kickoff.Report
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return nil, fmt.Errorf("reading the check of run %s: %w", run, err)
	}
	return &r, nil
}

// ForgetAnswers erases what respondents wrote in a survey; their scores stay, as
// numbers of nobody's.
func (q Queries) ForgetAnswers(ctx context.Context, id string) error {
	if _, err := q.exec(ctx, `UPDATE answers SET comment = '' WHERE survey = $1`, id); err != nil {
		return fmt.Errorf("erasing what was written in a survey: %w", err)
	}
	return nil
}

// ForgetRespondent erases what a respondent wrote in any survey, and says in how many.
func (q Queries) ForgetRespondent(ctx context.Context, respondent string) (int64, error) {
	n, err := q.exec(ctx, `UPDATE answers SET comment = '' WHERE respondent = $1 AND comment <> ''`, respondent)
	if err != nil {
		return 0, fmt.Errorf("erasing what a respondent wrote: %w", err)
	}
	return n, nil
}
