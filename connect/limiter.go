package connect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Limiter lets calls of one vendor and credential through at the vendor's
// pace, whoever in the process makes them, and holds all of them back while the
// vendor asks to be left alone. Where processes share a [Pace], it lets through
// what that does, too.
type Limiter struct {
	bucket *rate.Limiter
	key    string // of a shared pace; empty where there is none

	mu     sync.Mutex
	paused time.Time // nobody goes before
}

// NewLimiter lets perSecond calls through in the long run, and burst at once.
func NewLimiter(perSecond float64, burst int) *Limiter {
	return &Limiter{bucket: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

var shared = struct {
	sync.Mutex
	pace     Pace
	limiters map[[sha256.Size]byte]*Limiter
}{limiters: map[[sha256.Size]byte]*Limiter{}}

// SharedLimiter is the process's one limiter for a vendor and a credential. The
// first to ask sets its pace. The credential is kept as a hash only.
func SharedLimiter(vendor, credential string, perSecond float64, burst int) *Limiter {
	key := sha256.Sum256([]byte(vendor + "\x00" + credential))
	shared.Lock()
	defer shared.Unlock()
	l, ok := shared.limiters[key]
	if !ok {
		l = NewLimiter(perSecond, burst)
		l.key = hex.EncodeToString(key[:])
		shared.limiters[key] = l
	}
	return l
}

// Pause holds everybody back until the moment; an earlier one changes nothing.
func (l *Limiter) Pause(ctx context.Context, until time.Time) {
	if p := sharedPace(); p != nil && l.key != "" {
		// Where that fails, the others are turned away once themselves.
		_ = p.Pause(ctx, l.key, until)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.paused) {
		l.paused = until
	}
}

// A Pace is what several processes keep together, by a credential's hash.
type Pace interface {
	// Take takes a turn, and says how long to wait for it. While the vendor wants
	// to be left alone it takes none, and says for how long.
	Take(ctx context.Context, credential string, perSecond float64, burst int) (wait time.Duration, paused bool, err error)
	// Pause holds everybody back until a moment.
	Pause(ctx context.Context, credential string, until time.Time) error
}

// ShareAcross makes all limiters of [SharedLimiter] keep to the pace that other
// processes keep, too. A pace that fails holds nothing back: the process's own
// goes on. Nil ends it.
func ShareAcross(p Pace) {
	shared.Lock()
	defer shared.Unlock()
	shared.pace = p
}

func sharedPace() Pace {
	shared.Lock()
	defer shared.Unlock()
	return shared.pace
}

func (l *Limiter) pausedFor(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paused.Sub(now)
}

// wait sleeps until it is the caller's turn. A pause of more than the longest
// wait is not slept through: it comes back at once as how long is left, so that
// a job can be put off instead.
func (l *Limiter) wait(ctx context.Context, longest time.Duration, now func() time.Time, sleep func(context.Context, time.Duration) error) (left time.Duration, err error) {
	for {
		switch left := l.pausedFor(now()); {
		case left > longest:
			return left, nil
		case left > 0:
			if err := sleep(ctx, left); err != nil {
				return 0, err
			}
			continue
		}
		at := now()
		turn := l.bucket.ReserveN(at, 1)
		delay := turn.DelayFrom(at)
		if delay <= 0 {
			return l.shared(ctx, longest, sleep)
		}
		if err := sleep(ctx, delay); err != nil {
			turn.CancelAt(now())
			return 0, err
		}
		if l.pausedFor(now()) <= 0 {
			return l.shared(ctx, longest, sleep)
		}
		// Somebody was turned away meanwhile: the turn is given up, or all who
		// hold one would go at the same moment when the pause ends.
	}
}

// shared waits for the turn that other processes leave, as wait does.
func (l *Limiter) shared(ctx context.Context, longest time.Duration, sleep func(context.Context, time.Duration) error) (left time.Duration, err error) {
	p := sharedPace()
	if p == nil || l.key == "" {
		return 0, nil
	}
	for {
		wait, paused, err := p.Take(ctx, l.key, float64(l.bucket.Limit()), l.bucket.Burst())
		switch {
		case err != nil || !paused && wait <= 0:
			return 0, ctx.Err() // without the others' pace, at our own
		case paused && wait > longest:
			return wait, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return 0, err
		}
		if !paused {
			return 0, nil
		}
	}
}
