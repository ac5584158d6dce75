package mail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"throughline/connect"
)

// Send writes a mail to one person. The copy's ID is the mail's Message-ID, the
// same for every try.
//
// It makes one try. A message that the server turned away, or that never reached
// it, is not sent; one whose answer was lost may be. Either is told as a Temporary
// [connect.Error] where another try makes sense, and a caller that makes one sends
// the same Message-ID again. A message that [Config].Sent knows is not sent.
func (c *Client) Send(ctx context.Context, m connect.Message) (connect.Copy, error) {
	l, err := c.compose(m)
	if err != nil {
		return connect.Copy{}, err
	}
	return c.once(ctx, l)
}

// once makes a try to send a letter that is not known to be sent.
func (c *Client) once(ctx context.Context, l *letter) (connect.Copy, error) {
	done, err := c.turns.take(ctx, l.key)
	if err != nil {
		return connect.Copy{}, &connect.Error{Vendor: Vendor, Op: "wait for another try of the message", Err: err}
	}
	defer done()
	there := connect.Copy{ID: l.id}
	if known, err := c.known(ctx, l.key); err != nil || known {
		return there, err
	}
	if err := c.deliver(ctx, l); err != nil {
		return connect.Copy{}, err
	}
	c.record(ctx, l.key)
	there.Made = true
	return there, nil
}

func (c *Client) known(ctx context.Context, key string) (bool, error) {
	if c.cfg.Sent == nil {
		return false, nil
	}
	known, err := c.cfg.Sent.Known(ctx, key)
	if err != nil {
		return false, &connect.Error{
			Vendor: Vendor, Op: "look whether the message was sent", Err: err, Temporary: true,
			Advice: "nothing was sent; check that the store can be reached, and try again",
		}
	}
	return known, nil
}

// record keeps that the message was sent, even for a caller who has gone. That it
// could not be kept is no reason for another try: that would be a second mail.
func (c *Client) record(ctx context.Context, key string) {
	if c.cfg.Sent == nil {
		return
	}
	if err := c.cfg.Sent.Record(context.WithoutCancel(ctx), key, c.cfg.Now()); err != nil {
		c.cfg.Log.WarnContext(ctx, "a mail was sent, which could not be recorded", "vendor", Vendor, "error", err)
	}
}

// deliver hands a letter to the server.
func (c *Client) deliver(ctx context.Context, l *letter) error {
	if err := c.turn(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, errTimeout)
	defer cancel()
	began := c.cfg.Now()
	s := &session{cfg: &c.cfg}
	defer s.end()
	op, err := s.deliver(ctx, l)
	if err != nil {
		e := c.failure(ctx, op, err, l.words)
		c.cfg.Log.WarnContext(ctx, "mail failed", "vendor", Vendor, "op", op, "code", e.Code, "temporary", e.Temporary)
		return e
	}
	c.cfg.Log.DebugContext(ctx, "mail", "vendor", Vendor, "op", op, "ms", c.cfg.Now().Sub(began).Milliseconds())
	return nil
}

// deliver goes the whole way, and returns where it ended.
func (s *session) deliver(ctx context.Context, l *letter) (op string, err error) {
	for _, step := range s.steps() {
		if err := step.take(ctx); err != nil {
			return step.op, err
		}
	}
	if err := s.client.Rcpt("<" + l.to + ">"); err != nil {
		return opTo, err
	}
	w, err := s.client.Data()
	if err != nil {
		return opWrite, err
	}
	if _, err := l.mail.WriteTo(w); err != nil {
		return opWrite, err
	}
	// The last dot makes it the server's; only its answer tells.
	return opAnswer, w.Close()
}

// turn waits until the pace allows a message.
func (c *Client) turn(ctx context.Context) error {
	left, err := c.cfg.Limiter.Wait(ctx, longestWait, c.cfg.Now, c.cfg.Sleep)
	if err != nil {
		return &connect.Error{Vendor: Vendor, Op: "wait for a turn", Err: err}
	}
	if left > 0 {
		return &connect.Error{
			Vendor: Vendor, Op: "wait for a turn", RetryAfter: left, Temporary: true,
			Message: fmt.Sprintf("no mail is sent for another %s", left.Round(time.Second)), Advice: "try again after that",
		}
	}
	return nil
}

var errTimeout = errors.New("the mail server did not answer in time")

// turns lets one try at a time be made of each message.
type turns struct {
	mu  sync.Mutex
	all map[string]*turn
}

type turn struct {
	free  chan struct{} // holds one while nobody is at it
	users int           // guarded by the mutex of turns
}

// take waits until nobody else tries the message.
func (t *turns) take(ctx context.Context, key string) (done func(), err error) {
	t.mu.Lock()
	if t.all == nil {
		t.all = map[string]*turn{}
	}
	one := t.all[key]
	if one == nil {
		one = &turn{free: make(chan struct{}, 1)}
		one.free <- struct{}{}
		t.all[key] = one
	}
	one.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if one.users--; one.users == 0 {
			delete(t.all, key)
		}
	}
	select {
	case <-one.free:
		return func() { one.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
