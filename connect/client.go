package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Defaults of [Client].
const (
	DefaultMaxTries    = 4
	DefaultLongestWait = 2 * time.Minute
)

// A Client talks to one vendor with one credential. Its fields are set before
// its first use; then many goroutines may use it. Zero fields have defaults.
type Client struct {
	Vendor string // as people call it, for messages
	Base   string // "https://api.example.com"; where empty, the Auth must be [Hosted]
	Auth   Auth   // nil where a call needs none

	HTTP    *http.Client // default: one with a timeout of a minute an attempt
	Limiter *Limiter     // default: no limit of our own
	Budget  *Budget      // default: calls are not counted
	Log     *slog.Logger // default: nothing is logged

	// Decode makes an error of an answer that is not 2xx, from the vendor's
	// error body; vendor and op are filled in. A nil error means that the answer
	// is one to use. Where Decode itself is nil, the status tells all.
	// Message must be the vendor's words on the request's form, never content.
	Decode func(status int, header http.Header, body []byte) *Error
	// Refused makes an error of an answer that is 2xx and a refusal all the same,
	// of vendors that answer so; nil for an answer to use. What holds of Decode
	// holds of it, but that it may set the Status that the answer should have had.
	Refused func(header http.Header, body []byte) *Error

	Sleep func(context.Context, time.Duration) error // default: a timer
	Now   func() time.Time                           // default: the machine's clock

	// MaxTries is how often a call that may be repeated is tried; default
	// [DefaultMaxTries].
	MaxTries int
	// LongestWait is the longest time to wait for a vendor that asks to be left
	// alone; beyond it the call fails with RetryAfter set. Default
	// [DefaultLongestWait].
	LongestWait time.Duration

	refreshing sync.Mutex
	refreshed  int // how often; guarded by refreshing
}

// A Request is one call.
type Request struct {
	// Op says what the call is for, in a few words: "list calls". Errors, logs
	// and the budget name it.
	Op     string
	Method string // default GET
	// Path stands below the client's base. It may also be a whole address of
	// the same host, as vendors give for the next page.
	Path  string
	Query url.Values
	// Body is sent as JSON, but for []byte, which goes as it is (set its
	// Content-Type in Header), and url.Values, which go as a form.
	Body   any
	Header http.Header
	// Repeatable says that doing this twice is as good as once. It always holds
	// of GET and HEAD.
	Repeatable bool
}

// A Response is an answer that was taken for good.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Tries  int // how many attempts it took, at least 1
}

// mostBody bounds what [Client.Do] reads: the largest known page, a hundred
// calls with all their CRM context, has a few MB.
const mostBody = 64 << 20

// Do makes a call and decodes the JSON that answers it into out, unless that is
// nil. An error is an [*Error], whatever went wrong.
func (c *Client) Do(ctx context.Context, req Request, out any) (*Response, error) {
	return c.call(ctx, req, mostBody, func(resp *Response) error {
		if out == nil {
			return nil
		}
		return json.Unmarshal(resp.Body, out)
	})
}

// Download makes a call whose answer is a file of at most limit bytes.
func (c *Client) Download(ctx context.Context, req Request, limit int64) (*Response, error) {
	return c.call(ctx, req, limit, func(*Response) error { return nil })
}

func (c *Client) call(ctx context.Context, req Request, limit int64, accept func(*Response) error) (*Response, error) {
	renewed := false
	for try := 1; ; try++ {
		generation := c.generation()
		resp, failed := c.attempt(ctx, req, limit, accept)
		if failed == nil {
			resp.Tries = try
			return resp, nil
		}
		if failed.final {
			return nil, failed.Error
		}
		if failed.Status == http.StatusUnauthorized && !renewed && c.Auth != nil {
			renewed = true
			err := c.refresh(ctx, generation)
			if err == nil {
				continue
			}
			if !errors.Is(err, ErrNoRefresh) {
				return nil, c.unsigned(ctx, req, err).Error
			}
		}
		if try >= c.maxTries() || !failed.again(req) || ctx.Err() != nil {
			return nil, failed.Error
		}
		if stop := c.backOff(ctx, req, failed, try); stop != nil {
			return nil, stop
		}
	}
}

// A failure is an error with what decides whether to try again.
type failure struct {
	*Error
	unsent bool // the vendor never saw the request
	final  bool // whatever it is, it has been tried as often as makes sense
}

// reason is the error of a failure; nil of none.
func (f *failure) reason() *Error {
	if f == nil {
		return nil
	}
	return f.Error
}

// again reports whether the call may be made once more: it may succeed, and
// either the vendor did nothing for it (it never came, or was turned away for
// its rate) or doing it twice does no harm.
func (f *failure) again(req Request) bool {
	return f.Temporary && (f.unsent || f.Status == http.StatusTooManyRequests || req.repeatable())
}

func (r Request) repeatable() bool {
	return r.Repeatable || r.method() == http.MethodGet || r.method() == http.MethodHead
}

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// attempt makes the call once.
func (c *Client) attempt(ctx context.Context, req Request, limit int64, accept func(*Response) error) (*Response, *failure) {
	if failed := c.turn(ctx, req); failed != nil {
		return nil, failed
	}
	r, failed := c.request(ctx, req)
	if failed != nil {
		return nil, failed
	}
	if c.Auth != nil {
		if err := c.Auth.Authorize(ctx, r); err != nil {
			return nil, c.unsigned(ctx, req, err)
		}
	}
	began := c.now()
	resp, failed := c.send(ctx, req, r, limit)
	if failed == nil {
		if err := accept(resp); err != nil {
			failed = c.garbled(req, resp.Status)
		}
	}
	c.log(ctx, req, r, resp, failed, c.now().Sub(began))
	if c.Budget != nil {
		c.Budget.end(req.Op, failed.reason())
	}
	if failed != nil {
		return nil, failed
	}
	return resp, nil
}

// turn waits until the call may be made, and counts it.
func (c *Client) turn(ctx context.Context, req Request) *failure {
	if c.Limiter != nil {
		left, err := c.Limiter.Wait(ctx, c.longestWait(), c.now, c.sleep)
		if err != nil {
			return &failure{Error: c.below(req, err), unsent: true}
		}
		if left > 0 {
			return &failure{Error: c.paused(req, left), unsent: true, final: true}
		}
	}
	if c.Budget != nil {
		if err := c.Budget.take(req.Op); err != nil {
			return &failure{Error: &Error{Vendor: c.Vendor, Op: req.Op, Err: err, Advice: "raise the limit in the configuration, or go on tomorrow"}, unsent: true}
		}
	}
	return nil
}

func (c *Client) paused(req Request, left time.Duration) *Error {
	return &Error{
		Vendor: c.Vendor, Op: req.Op, RetryAfter: left, Temporary: true,
		Message: fmt.Sprintf("the vendor asks to be left alone for another %s", left.Round(time.Second)),
		Advice:  "try again after that",
	}
}

// request builds the HTTP request. What is wrong with it is the program's fault
// or the configuration's, so nothing of it is repeated.
func (c *Client) request(ctx context.Context, req Request) (*http.Request, *failure) {
	broken := func(err error) *failure {
		return &failure{Error: &Error{Vendor: c.Vendor, Op: req.Op, Err: err, Advice: "check the vendor's address in the configuration"}, unsent: true}
	}
	to, err := c.address(ctx, req)
	if err != nil {
		var known *Error
		if errors.As(err, &known) {
			return nil, &failure{Error: known, unsent: true, final: true}
		}
		return nil, broken(err)
	}
	body, contentType, err := encoded(req.Body)
	if err != nil {
		return nil, broken(err)
	}
	r, err := http.NewRequestWithContext(ctx, req.method(), to.String(), body)
	if err != nil {
		return nil, broken(errors.New("the address can't be used"))
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "throughline")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for name, values := range req.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return r, nil
}

// address joins base and path. A whole address is only taken on the base's own
// host: the credential goes nowhere else.
func (c *Client) address(ctx context.Context, req Request) (*url.URL, error) {
	at := c.Base
	if hosted, ok := c.Auth.(Hosted); ok && at == "" {
		told, err := hosted.Base(ctx)
		if err != nil {
			return nil, c.unsigned(ctx, req, err).Error
		}
		at = told
	}
	base, err := url.Parse(at)
	if err != nil || base.Host == "" {
		return nil, errors.New("no usable address of the vendor is known")
	}
	if base.Scheme != "https" && !Loopback(base.Hostname()) {
		return nil, errors.New("the vendor's address must begin with https://")
	}
	to, err := url.Parse(req.Path)
	if err != nil {
		return nil, errors.New("the path can't be used")
	}
	switch {
	case to.Host == "":
		query := to.RawQuery
		to = base.JoinPath(to.EscapedPath())
		to.RawQuery = query
	case to.Host != base.Host || to.Scheme != base.Scheme:
		return nil, fmt.Errorf("the vendor points to another host, %s", to.Host)
	}
	if len(req.Query) > 0 {
		to.RawQuery = req.Query.Encode()
	}
	return to, nil
}

// Loopback reports whether a host is the machine itself, where a stand-in for a
// vendor may listen without encryption.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func encoded(body any) (io.Reader, string, error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case []byte:
		return bytes.NewReader(body), "", nil
	case url.Values:
		return strings.NewReader(body.Encode()), "application/x-www-form-urlencoded", nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, "", errors.New("the request can't be written as JSON")
	}
	return bytes.NewReader(raw), "application/json", nil
}

// send makes the exchange and reads the answer whole.
func (c *Client) send(ctx context.Context, req Request, r *http.Request, limit int64) (*Response, *failure) {
	answer, err := c.http().Do(r)
	if err != nil {
		return nil, c.network(ctx, req, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return nil, c.network(ctx, req, err)
	}
	if int64(len(body)) > limit {
		return nil, &failure{Error: &Error{
			Vendor: c.Vendor, Op: req.Op, Status: answer.StatusCode, Message: fmt.Sprintf("the answer has more than %d bytes", limit),
			Advice: "it is left out; ask for less at once, or leave out the file",
		}}
	}
	if failed := c.decoded(req, answer, body); failed != nil {
		return nil, failed
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// decoded is what an answer means that refuses; nil for an answer to use.
func (c *Client) decoded(req Request, answer *http.Response, body []byte) *failure {
	e := c.refusal(answer, body)
	if e == nil {
		return nil
	}
	e.Vendor, e.Op = c.Vendor, req.Op
	if s, ok := c.Auth.(Secretive); ok {
		e.Message, e.Code = cleaned(e.Message, s.Secrets()), cleaned(e.Code, s.Secrets())
	} else {
		e.Message, e.Code = cleaned(e.Message, nil), cleaned(e.Code, nil)
	}
	if e.RetryAfter == 0 {
		e.RetryAfter = retryAfter(answer.Header.Get("Retry-After"), c.now())
	}
	return &failure{Error: e}
}

// refusal is the error that an answer stands for, with its status; nil for an
// answer to use.
func (c *Client) refusal(answer *http.Response, body []byte) *Error {
	var e *Error
	switch {
	case answer.StatusCode/100 == 2 && c.Refused == nil:
		return nil
	case answer.StatusCode/100 == 2:
		if e = c.Refused(answer.Header, body); e != nil && e.Status != 0 {
			return e
		}
	case c.Decode != nil:
		e = c.Decode(answer.StatusCode, answer.Header, body)
	default:
		e = Answered(answer.StatusCode)
	}
	if e != nil {
		e.Status = answer.StatusCode
	}
	return e
}

// retryAfter reads the header of that name: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && seconds > 0 && seconds < 1e7 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// network is an error of the connection. The addresses in such errors may hold
// what was asked for, so only the cause is kept.
func (c *Client) network(ctx context.Context, req Request, err error) *failure {
	if ctx.Err() != nil {
		return &failure{Error: c.below(req, ctx.Err())}
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	e := c.below(req, err)
	e.Temporary = true
	e.Advice = "check that the vendor can be reached from this machine, and try again"
	var op *net.OpError
	return &failure{Error: e, unsent: errors.As(err, &op) && op.Op == "dial"}
}

// garbled is an answer that is not what it should be; cut short, as a rule.
func (c *Client) garbled(req Request, status int) *failure {
	return &failure{Error: &Error{
		Vendor: c.Vendor, Op: req.Op, Status: status, Temporary: true, Message: "the answer is cut short or not the JSON that was asked for",
		Advice: "try again; if this goes on, a proxy in between may be changing answers",
	}}
}

// unsigned is a request that could not be signed: getting a token failed, after
// as many tries as that call is worth.
func (c *Client) unsigned(ctx context.Context, req Request, err error) *failure {
	var known *Error
	switch {
	case errors.As(err, &known):
	case ctx.Err() != nil:
		known = c.below(req, ctx.Err())
	default:
		known = c.below(req, err)
		known.Advice = "check the credential in the configuration"
	}
	return &failure{Error: known, unsent: true, final: true}
}

func (c *Client) below(req Request, err error) *Error {
	return &Error{Vendor: c.Vendor, Op: req.Op, Err: err}
}

// backOff waits before the next try: as long as the vendor asks, and everybody
// with the caller; else twice as long each time, at random, so that many callers
// do not come back at once.
func (c *Client) backOff(ctx context.Context, req Request, failed *failure, try int) *Error {
	wait := failed.RetryAfter
	switch {
	case wait > 0 && c.Limiter != nil:
		c.Limiter.Pause(c.now().Add(wait))
		if wait <= c.longestWait() {
			return nil // the limiter waits
		}
		return failed.Error
	case wait > c.longestWait():
		return failed.Error
	case wait == 0:
		const first, most = 500 * time.Millisecond, 30 * time.Second
		wait = min(first<<(try-1), most)
		wait = wait/2 + rand.N(wait/2)
	}
	if err := c.sleep(ctx, wait); err != nil {
		return c.below(req, err)
	}
	return nil
}

func (c *Client) generation() int {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	return c.refreshed
}

// refresh renews the credential, unless somebody did since the generation that
// was refused.
func (c *Client) refresh(ctx context.Context, generation int) error {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	if c.refreshed != generation {
		return nil
	}
	if err := c.Auth.Refresh(ctx); err != nil {
		return err
	}
	c.refreshed++
	return nil
}

// log writes what was done, without what was in it. Paths may hold addresses of
// people, so the op stands for them.
func (c *Client) log(ctx context.Context, req Request, r *http.Request, resp *Response, failed *failure, took time.Duration) {
	if c.Log == nil {
		return
	}
	about := []any{"vendor", c.Vendor, "op", req.Op, "method", r.Method, "ms", took.Milliseconds()}
	if failed != nil {
		c.Log.WarnContext(ctx, "call failed", append(about, "status", failed.Status, "code", failed.Code, "temporary", failed.Temporary)...)
		return
	}
	c.Log.DebugContext(ctx, "call", append(about, "status", resp.Status, "bytes", len(resp.Body))...)
}

func (c *Client) http() *http.Client {
	var own http.Client
	if c.HTTP != nil {
		own = *c.HTTP
	} else {
		own.Timeout = time.Minute
	}
	// A redirect is an answer to look at: the credential must not follow it.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

func (c *Client) maxTries() int {
	if c.MaxTries > 0 {
		return c.MaxTries
	}
	return DefaultMaxTries
}

func (c *Client) longestWait() time.Duration {
	if c.LongestWait > 0 {
		return c.LongestWait
	}
	return DefaultLongestWait
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	return Sleep(ctx, d)
}

// Sleep waits, or ends with the context.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
