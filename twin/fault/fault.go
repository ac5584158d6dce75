// Package fault makes stand-ins fail on order, in the ways in which services over
// HTTP fail: with a status, by a reset connection, late, cut short, and having done
// what they say they have not.
package fault

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// A Fault makes requests fail.
type Fault struct {
	Route string // of requests that it strikes, as the stand-in names them; all when empty
	After int    // how many such requests pass first
	Times int    // how many it strikes; once when 0

	// What it does; the first of these that is set.
	Status int           // answers with the status
	Reset  bool          // resets the connection
	Slow   time.Duration // answers, but only after so long
	Cut    int           // answers, and cuts the answer off after so many bytes

	// Stored has what was asked for done first, before a status or a reset, or before
	// a slow answer is waited for.
	Stored bool

	// Of a status's answer: headers, and the vendor's code and words of the error,
	// where the stand-in writes any.
	RetryAfter, Location string
	Code, Message        string

	// More is a value of the stand-in's own, of which it says what it does.
	More any
}

// Faults are those set to strike; the zero value is none.
type Faults struct {
	mu     sync.Mutex
	all    []Fault
	struck int
}

// Fail sets a fault to strike.
func (s *Faults) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.all = append(s.all, f)
}

// Order sets a fault to strike so many requests for the route.
func (s *Faults) Order(route string, times int, f Fault) {
	f.Route, f.Times = route, times
	s.Fail(f)
}

// Heal takes back what was set to strike and has not.
func (s *Faults) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
}

// Waiting reports whether something was set to strike and has not, or not so often.
func (s *Faults) Waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.all, func(f Fault) bool { return f.Times > 0 })
}

// Struck is how often faults have struck.
func (s *Faults) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// Next is the fault that strikes a request now, nil for none. of reports whether
// the request is one for a fault's route.
func (s *Faults) Next(of func(route string) bool) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		f := &s.all[i]
		if f.Times == 0 || f.Route != "" && !of(f.Route) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		f.Times--
		s.struck++
		strikes := *f
		return &strikes
	}
	return nil
}

// Serve has a request answered, or struck by a fault for exactly its route. refuse
// writes the vendor's form of an error with the fault's status.
func (s *Faults) Serve(w http.ResponseWriter, r *http.Request, route string, refuse func(http.ResponseWriter, *Fault), answer http.HandlerFunc) {
	s.Next(func(of string) bool { return of == route }).Serve(w, r, refuse, answer)
}

// Serve has a request answered as the fault has it; well, when it is nil.
func (f *Fault) Serve(w http.ResponseWriter, r *http.Request, refuse func(http.ResponseWriter, *Fault), answer http.HandlerFunc) {
	if f == nil {
		answer(w, r)
		return
	}
	if f.Stored {
		answer = once(r, answer)
	}
	switch {
	case f.Status != 0:
		setHeader(w, "Retry-After", f.RetryAfter)
		setHeader(w, "Location", f.Location)
		refuse(w, f)
	case f.Reset:
		reset(w)
	case f.Slow > 0:
		if late(r, f.Slow) {
			answer(w, r)
		}
	case f.Cut > 0:
		answer(&cut{ResponseWriter: w, left: f.Cut}, r)
	default:
		answer(w, r)
	}
}

func setHeader(w http.ResponseWriter, key, value string) {
	if value != "" {
		w.Header().Set(key, value)
	}
}

// once has the request answered already; the answer is the one to be given later.
func once(r *http.Request, answer http.HandlerFunc) http.HandlerFunc {
	given := httptest.NewRecorder()
	answer(given, r)
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), given.Header())
		w.WriteHeader(given.Code)
		_, _ = w.Write(given.Body.Bytes()) // who has gone away needs no answer
	}
}

// late waits, and reports whether the other side is still there after that.
func late(r *http.Request, d time.Duration) bool {
	// That it has gone is seen only once the body is read.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	select {
	case <-r.Context().Done():
		return false
	case <-time.After(d):
		return true
	}
}

// reset closes the connection so that the other side sees it reset, not ended.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else it ends in an orderly way, which fails the call as well
	}
	_ = conn.Close()
}

// cut lets so many bytes of a body through.
type cut struct {
	http.ResponseWriter
	left int
}

// Write breaks the connection when the last byte is through, after what was
// written has gone out.
func (c *cut) Write(p []byte) (int, error) {
	if len(p) < c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	if _, err := c.ResponseWriter.Write(p[:c.left]); err != nil {
		return 0, err
	}
	_ = http.NewResponseController(c.ResponseWriter).Flush() // as far as it goes
	panic(http.ErrAbortHandler)
}
