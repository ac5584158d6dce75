package store

import (
	"context"
	"fmt"
	"time"
)

// A Pace keeps the pace of calls to vendors across processes: a token bucket for
// each credential, by the generic cell rate algorithm. The clocks of the machines
// should agree to within a second, as those of a time service do.
type Pace struct {
	DB  *DB
	Now func() time.Time
}

// Take takes a turn, and says how long to wait for it: perSecond calls in the long
// run, burst at once. While the vendor wants to be left alone it takes none, and
// says how long that is.
func (p Pace) Take(ctx context.Context, credential string, perSecond float64, burst int) (wait time.Duration, paused bool, err error) {
	now, gap := p.Now().UnixMicro(), int64(1e6/perSecond)
	var next, until int64
	err = p.DB.row(ctx, p.DB.SQL, `
		INSERT INTO pace (credential, next_at, paused_until) VALUES (?, ?, 0)
		ON CONFLICT (credential) DO UPDATE SET next_at = CASE
			WHEN pace.paused_until > ? THEN pace.next_at
			WHEN pace.next_at < ? THEN ?
			ELSE pace.next_at + ? END
		RETURNING next_at, paused_until`,
		credential, now+gap, now, now, now+gap, gap).Scan(&next, &until)
	if err != nil {
		return 0, false, fmt.Errorf("taking a turn in the shared pace: %w", err)
	}
	if until > now {
		return time.Duration(until-now) * time.Microsecond, true, nil
	}
	return max(0, time.Duration(next-now-int64(burst)*gap)*time.Microsecond), false, nil
}

// Pause holds everybody with the credential back until a moment; an earlier one
// than is kept changes nothing.
func (p Pace) Pause(ctx context.Context, credential string, until time.Time) error {
	_, err := p.DB.exec(ctx, p.DB.SQL, `
		INSERT INTO pace (credential, next_at, paused_until) VALUES (?, 0, ?)
		ON CONFLICT (credential) DO UPDATE SET paused_until = CASE WHEN pace.paused_until < ? THEN ? ELSE pace.paused_until END`,
		credential, micros(until), micros(until), micros(until))
	if err != nil {
		return fmt.Errorf("pausing the shared pace: %w", err)
	}
	return nil
}
