package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"throughline/connect/callindex"
)

// Rewrite has f change each text that is kept of a run: those of the tables runs,
// moves, words, documents and checks, all of which are JSON.
func (q Queries) Rewrite(ctx context.Context, run string, f func(table, body string) (string, error)) error {
	err := q.together(ctx, func(tx Queries) error {
		for _, t := range []struct{ table, owner, key string }{{"runs", "id", "id"}, {"moves", "run", "number"}, {"words", "run", "number"}, {"documents", "run", "version"}, {"checks", "run", "run"}} {
			if err := tx.rewrite(ctx, t.table, t.owner, t.key, run, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("changing what is kept of run %s: %w", run, err)
	}
	return nil
}

func (q Queries) rewrite(ctx context.Context, table, owner, key, run string, f func(table, body string) (string, error)) error {
	type row struct{ key, body string }
	var all []row
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var one row
		if err := rows.Scan(&one.key, &one.body); err != nil {
			return err
		}
		all = append(all, one)
		return nil
	}, `SELECT CAST(`+key+` AS TEXT), body FROM `+table+` WHERE `+owner+` = $1`, run)
	if err != nil {
		return err
	}
	for _, one := range all {
		body, err := f(table, one.body)
		if err != nil {
			return err
		}
		if body == one.body {
			continue
		}
		if _, err := q.exec(ctx, `UPDATE `+table+` SET body = $1 WHERE `+owner+` = $2 AND CAST(`+key+` AS TEXT) = $3`, body, run, one.key); err != nil {
			return err
		}
		if err := q.replace(ctx, table, run, one.key, body); err != nil {
			return err
		}
	}
	return nil
}

// Mentioning are the ids of the runs of which a text is kept anywhere, in any case
// of letters; raw text that was collected is not looked at.
func (q Queries) Mentioning(ctx context.Context, text string) ([]string, error) {
	like := "%" + escaped(text) + "%"
	var out []string
	for _, t := range []struct{ table, owner string }{{"runs", "id"}, {"moves", "run"}, {"words", "run"}, {"documents", "run"}, {"checks", "run"}} {
		err := q.rows(ctx, func(rows *sql.Rows) error {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
			return nil
		}, `SELECT DISTINCT `+t.owner+` FROM `+t.table+` WHERE lower(body) LIKE $1 ESCAPE '\'`, like)
		if err != nil {
			return nil, fmt.Errorf("looking for who is mentioned: %w", err)
		}
	}
	slices.Sort(out)
	return out, nil
}

// ForgetArchive erases the raw text that was collected of a run.
func (q Queries) ForgetArchive(ctx context.Context, run string) error {
	if _, err := q.exec(ctx, `DELETE FROM archives WHERE run = $1`, run); err != nil {
		return fmt.Errorf("erasing the raw text of run %s: %w", run, err)
	}
	return nil
}

// ForgetToward erases from a run's tasks what was done toward a person, and why it
// failed where that names the address.
func (q Queries) ForgetToward(ctx context.Context, run, email string) error {
	err := q.together(ctx, func(tx Queries) error {
		if _, err := tx.exec(ctx, `DELETE FROM tasks WHERE run = $1 AND lower(toward) LIKE $2 ESCAPE '\'`, run, "%:"+escaped(email)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `UPDATE tasks SET error = '' WHERE run = $1 AND lower(error) LIKE $2 ESCAPE '\'`, run, "%"+escaped(email)+"%")
		return err
	})
	if err != nil {
		return fmt.Errorf("erasing what was done toward a person in run %s: %w", run, err)
	}
	return nil
}

// escaped is a text in small letters as a part of a pattern of LIKE.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text))
}

// ForgetSignedIn signs a person out everywhere, and forgets that they were in. Tokens
// of the API that they made stay good, and no longer say by whom.
func (q Queries) ForgetSignedIn(ctx context.Context, email string) error {
	for _, table := range []string{"sessions", "sign_in_tokens"} {
		if _, err := q.exec(ctx, `DELETE FROM `+table+` WHERE lower(who) = $1`, strings.ToLower(email)); err != nil {
			return fmt.Errorf("forgetting a person's browsers: %w", err)
		}
	}
	if _, err := q.exec(ctx, `UPDATE api_tokens SET made_by = '' WHERE lower(made_by) = $1`, strings.ToLower(email)); err != nil {
		return fmt.Errorf("forgetting which tokens a person made: %w", err)
	}
	return nil
}

// ForgetCopies forgets where a run's handoff stands.
func (q Queries) ForgetCopies(ctx context.Context, run string) error {
	if _, err := q.exec(ctx, `DELETE FROM copies WHERE publication = $1`, run); err != nil {
		return fmt.Errorf("forgetting where run %s stands: %w", run, err)
	}
	return nil
}

// ForgetCallsOf erases from the index of calls those that name a record of the CRM,
// and says how many there were.
func (q Queries) ForgetCallsOf(ctx context.Context, record string) (int64, error) {
	n, err := q.exec(ctx, `DELETE FROM calls WHERE EXISTS (
		SELECT 1 FROM call_records r WHERE r.workspace = calls.workspace AND r.call = calls.id AND r.record = $1)`, callindex.RecordKey(record))
	if err != nil {
		return 0, fmt.Errorf("erasing a deal's calls from the index: %w", err)
	}
	return n, nil
}

// ForgetCaller takes a person out of the index of calls, and says of how many.
func (q Queries) ForgetCaller(ctx context.Context, email string) (n int, err error) {
	type row struct{ workspace, id, entry string }
	err = q.together(ctx, func(tx Queries) error {
		var all []row
		err := tx.rows(ctx, func(rows *sql.Rows) error {
			var one row
			if err := rows.Scan(&one.workspace, &one.id, &one.entry); err != nil {
				return err
			}
			all = append(all, one)
			return nil
		}, `SELECT workspace, id, entry FROM calls WHERE entry LIKE '%' || $1 || '%'`, strings.ToLower(email))
		if err != nil {
			return err
		}
		for _, one := range all {
			var e callindex.Entry
			if err := json.Unmarshal([]byte(one.entry), &e); err != nil {
				return err
			}
			had := len(e.Parties)
			e.Parties = slices.DeleteFunc(e.Parties, func(p callindex.Party) bool { return strings.EqualFold(p.Email, email) })
			if len(e.Parties) == had {
				continue
			}
			n++
			raw, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if _, err := tx.exec(ctx, `UPDATE calls SET entry = $1 WHERE workspace = $2 AND id = $3`, string(raw), one.workspace, one.id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("taking a person out of the index of calls: %w", err)
	}
	return n, nil
}
