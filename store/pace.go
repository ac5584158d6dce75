package store

import (
	"context"
	"fmt"
	"time"
)

// Take takes a turn of a credential, perSecond in the long run and burst at once,
// where one is to be had: then wait is 0. Else none is taken, and wait is when to
// ask again. It is a connect.Pace, together with [Queries.Pause].
//
// The bucket is kept as one moment (the generic cell rate algorithm, ITU-T I.371),
// so that a turn is one statement, whoever asks at the same time. Turns are not
// reserved: who stops or dies while waiting has nothing to give back, and a pause
// is heard of at the next question. On PostgreSQL the clock is the server's, as
// those of several machines differ; SQLite is used by one machine, and goes by
// its clock.
func (q Queries) Take(ctx context.Context, key string, perSecond float64, burst int) (wait time.Duration, err error) {
	if perSecond <= 0 || burst < 1 {
		return 0, fmt.Errorf("taking a turn: a pace of %g a second, %d at once, lets nothing through", perSecond, burst)
	}
	each := int64(float64(time.Second/time.Microsecond) / perSecond)
	var micros int64
	err = q.row(ctx, `
		INSERT INTO paces AS p (credential, asked, due, paused, wait)
		SELECT CAST($1 AS TEXT), n.now, n.now + CAST($3 AS BIGINT), 0, 0 FROM (SELECT `+q.clock("$2")+` AS now) AS n WHERE true
		ON CONFLICT (credential) DO UPDATE SET
			asked = excluded.asked,
			due = CASE
				WHEN p.paused > excluded.asked OR p.due - CAST($4 AS BIGINT) > excluded.asked THEN p.due
				WHEN p.due > excluded.asked THEN p.due + CAST($3 AS BIGINT)
				ELSE excluded.due END,
			wait = CASE
				WHEN p.paused > excluded.asked THEN p.paused - excluded.asked
				WHEN p.due - CAST($4 AS BIGINT) > excluded.asked THEN p.due - CAST($4 AS BIGINT) - excluded.asked
				ELSE 0 END
		RETURNING wait`, key, q.injected(), each, each*int64(burst-1)).Scan(&micros)
	if err != nil {
		return 0, fmt.Errorf("taking a turn at the pace that processes share: %w", err)
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// Pause holds everybody back who asks for the credential's turns, until the
// moment; an earlier one changes nothing.
func (q Queries) Pause(ctx context.Context, key string, until time.Time) error {
	_, err := q.exec(ctx, `
		INSERT INTO paces AS p (credential, asked, due, paused, wait) VALUES ($1, 0, 0, $2, 0)
		ON CONFLICT (credential) DO UPDATE SET paused = excluded.paused WHERE p.paused < excluded.paused`, key, moment(until))
	if err != nil {
		return fmt.Errorf("pausing the pace that processes share: %w", err)
	}
	return nil
}

// clock is the SQL for the present, where the parameter holds what [Queries.injected] says.
func (q Queries) clock(parameter string) string {
	given := "CAST(" + parameter + " AS BIGINT)"
	if q.Dialect == SQLite {
		return given
	}
	return "COALESCE(" + given + ", CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT))"
}

// injected is the present by a clock of ours; nil where the server's counts.
func (q Queries) injected() *int64 {
	if q.now == nil && q.Dialect == PostgreSQL {
		return nil
	}
	now := time.Now
	if q.now != nil {
		now = q.now
	}
	micros := moment(now())
	return &micros
}
