package connect

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Limiter lets calls of one vendor and credential through at the vendor's
// pace, whoever in the process makes them, and holds all of them back while the
// vendor asks to be left alone.
type Limiter struct {
	bucket *rate.Limiter

	mu     sync.Mutex
	paused time.Time // nobody goes before
}

// NewLimiter lets perSecond calls through in the long run, and burst at once.
func NewLimiter(perSecond float64, burst int) *Limiter {
	return &Limiter{bucket: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

var shared = struct {
	sync.Mutex
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
		shared.limiters[key] = l
	}
	return l
}

// Pause holds everybody back until the moment; an earlier one changes nothing.
func (l *Limiter) Pause(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.paused) {
		l.paused = until
	}
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
			return 0, nil
		}
		if err := sleep(ctx, delay); err != nil {
			turn.CancelAt(now())
			return 0, err
		}
		if l.pausedFor(now()) <= 0 {
			return 0, nil
		}
		// Somebody was turned away meanwhile: the turn is given up, or all who
		// hold one would go at the same moment when the pause ends.
	}
}
