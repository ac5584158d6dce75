package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Token lets a program use the API.
type Token struct {
	Name   string
	Scopes []string
	MadeBy string
	Made   time.Time
	Used   time.Time // last, to the hour; zero where it never was
	Ends   time.Time // when it is good no more; zero for never
}

// Ended reports whether the token is good no more.
func (t Token) Ended(now time.Time) bool { return !t.Ends.IsZero() && !now.Before(t.Ends) }

// ErrTokenName says that there is a token of that name.
var ErrTokenName = errors.New("there is a token of that name")

// AddToken keeps a token by its hash. It errs with [ErrTokenName] where there is one
// of its name.
func (q Queries) AddToken(ctx context.Context, hash string, t Token) error {
	n, err := q.exec(ctx, `INSERT INTO api_tokens (hash, name, scopes, made_by, made, used, ends) VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING`,
		hash, t.Name, strings.Join(t.Scopes, " "), t.MadeBy, stamp(t.Made), stamp(t.Ends))
	if err != nil {
		return fmt.Errorf("keeping a token: %w", err)
	}
	if n == 0 {
		return ErrTokenName
	}
	return nil
}

// Tokens are all tokens, by name.
func (q Queries) Tokens(ctx context.Context) ([]Token, error) {
	out, err := q.tokens(ctx, `ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("reading the tokens: %w", err)
	}
	return out, nil
}

func (q Queries) tokens(ctx context.Context, which string, args ...any) ([]Token, error) {
	var out []Token
	err := q.rows(ctx, func(rows *sql.Rows) error {
		var t Token
		var scopes string
		var made, used, ends int64
		if err := rows.Scan(&t.Name, &scopes, &t.MadeBy, &made, &used, &ends); err != nil {
			return err
		}
		t.Scopes, t.Made, t.Used, t.Ends = strings.Fields(scopes), when(made), when(used), when(ends)
		out = append(out, t)
		return nil
	}, `SELECT name, scopes, made_by, made, used, ends FROM api_tokens `+which, args...)
	return out, err
}

// UseToken is the token of a hash, and notes that it is used, to the hour; false
// where there is none. One that has ended is given as it is, for its holder to be
// told so, and is not used.
func (q Queries) UseToken(ctx context.Context, hash string, now time.Time) (Token, bool, error) {
	found, err := q.tokens(ctx, `WHERE hash = $1`, hash)
	if err != nil || len(found) == 0 {
		return Token{}, false, err
	}
	if t := found[0]; t.Ended(now) || now.Sub(t.Used) < time.Hour {
		return t, true, nil
	}
	if _, err := q.exec(ctx, `UPDATE api_tokens SET used = $1 WHERE hash = $2`, stamp(now), hash); err != nil {
		return Token{}, false, fmt.Errorf("noting that a token is used: %w", err)
	}
	found[0].Used = now
	return found[0], true, nil
}

// RevokeToken ends the token of a name; false where there is none.
func (q Queries) RevokeToken(ctx context.Context, name string) (bool, error) {
	n, err := q.exec(ctx, `DELETE FROM api_tokens WHERE name = $1`, name)
	if err != nil {
		return false, fmt.Errorf("ending a token: %w", err)
	}
	return n > 0, nil
}
