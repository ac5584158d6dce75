package connect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Limiter lets calls of one vendor and credential through at the vendor's
// pace, whoever in the process makes them, and holds all of them back while the
// vendor asks to be left alone. With a [Pace] that holds of all processes that
// share it.
type Limiter struct {
	bucket    *rate.Limiter
	perSecond float64
	burst     int

	mu     sync.Mutex
	paused time.Time // nobody goes before
	across *across   // nil where the process is alone
}

// A Pace is kept by several processes together.
type Pace interface {
	// Take takes one turn of the key's, perSecond in the long run and burst at
	// once, where there is one: then wait is 0. Else it takes none, and wait is
	// when to ask again.
	Take(ctx context.Context, key string, perSecond float64, burst int) (wait time.Duration, err error)
	// Pause lets nobody have a turn of the key's until the moment.
	Pause(ctx context.Context, key string, until time.Time) error
}

// across is what a limiter needs of a pace.
type across struct {
	pace Pace
	key  string
	log  *slog.Logger
	ask  chan struct{} // of one: a process asks for one turn at a time, its others queue here
	told sync.Once
}

// askWithin bounds how long a database may hold a call up before the call goes at
// the process's own pace.
const askWithin = 5 * time.Second

// NewLimiter lets perSecond calls through in the long run, and burst at once.
func NewLimiter(perSecond float64, burst int) *Limiter {
	return &Limiter{bucket: rate.NewLimiter(rate.Limit(perSecond), burst), perSecond: perSecond, burst: burst}
}

var shared = struct {
	sync.Mutex
	limiters map[[sha256.Size]byte]*Limiter
	pace     Pace
	log      *slog.Logger
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
		l.Across(shared.pace, hex.EncodeToString(key[:]), shared.log)
		shared.limiters[key] = l
	}
	return l
}

// ShareAcross has all that [SharedLimiter] gave and will give keep a pace together
// with other processes; nil ends that. The log, which may be nil, is told once for
// each limiter that the pace fails.
func ShareAcross(p Pace, log *slog.Logger) {
	shared.Lock()
	defer shared.Unlock()
	shared.pace, shared.log = p, log
	for key, l := range shared.limiters {
		l.Across(p, hex.EncodeToString(key[:]), log)
	}
}

// Across has the limiter keep a pace together with others of the key, beside its
// own. Where the pace fails, calls go at the limiter's own: a vendor that is asked
// too often says so, while a handoff that waits for a database is late.
func (l *Limiter) Across(p Pace, key string, log *slog.Logger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p == nil {
		l.across = nil
		return
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l.across = &across{pace: p, key: key, log: log, ask: make(chan struct{}, 1)}
}

// Pause holds everybody back until the moment; an earlier one changes nothing.
func (l *Limiter) Pause(until time.Time) {
	l.mu.Lock()
	if until.After(l.paused) {
		l.paused = until
	}
	a := l.across
	l.mu.Unlock()
	if a == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	if err := a.pace.Pause(ctx, a.key, until); err != nil {
		a.failed(ctx, err)
	}
}

func (l *Limiter) pausedFor(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paused.Sub(now)
}

// Wait sleeps until it is the caller's turn, in the process and then among
// processes. A pause of more than the longest wait is not slept through: it comes
// back at once as how long is left, so that a job can be put off instead. A
// [Client] waits by itself; this is for what does not go over HTTP.
func (l *Limiter) Wait(ctx context.Context, longest time.Duration, now func() time.Time, sleep func(context.Context, time.Duration) error) (left time.Duration, err error) {
	if left, err := l.waitHere(ctx, longest, now, sleep); left > 0 || err != nil {
		return left, err
	}
	l.mu.Lock()
	a := l.across
	l.mu.Unlock()
	if a == nil {
		return 0, nil
	}
	return a.wait(ctx, l, longest, sleep)
}

// waitHere sleeps until it is the caller's turn in the process.
func (l *Limiter) waitHere(ctx context.Context, longest time.Duration, now func() time.Time, sleep func(context.Context, time.Duration) error) (left time.Duration, err error) {
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

// wait sleeps until the pace has a turn for the process. What it is told to wait
// beyond the longest, and beyond a turn at the limiter's pace, is a pause.
func (a *across) wait(ctx context.Context, l *Limiter, longest time.Duration, sleep func(context.Context, time.Duration) error) (left time.Duration, err error) {
	select {
	case a.ask <- struct{}{}:
		defer func() { <-a.ask }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	longest = max(longest, time.Duration(float64(time.Second)/l.perSecond))
	for {
		wait, err := a.take(ctx, l)
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err != nil:
			a.failed(ctx, err)
			return 0, nil
		case wait <= 0:
			return 0, nil
		case wait > longest:
			return wait, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return 0, err
		}
	}
}

func (a *across) take(ctx context.Context, l *Limiter) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return a.pace.Take(ctx, a.key, l.perSecond, l.burst)
}

func (a *across) failed(ctx context.Context, err error) {
	a.told.Do(func() {
		a.log.WarnContext(ctx, "the pace that processes share can't be kept; calls go at this process's own pace", "why", err)
	})
}
