// Package fault makes stand-ins fail on order, in the ways in which services over
// HTTP fail: with a status, by a reset connection, late, cut short, and having done
// what they say they have not.
package fault

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Fault makes requests fail.
type Fault struct {
	Route string // of requests that it strikes, as the stand-in names them; all when empty
	After int    // how many such requests pass first
	Times int    // how many it strikes; once when 0

	// What it does; the first of these that is set. Stored goes with Status and
	// Reset: what was asked for is done first.
	Status int           // answers with the status
	Reset  bool          // resets the connection
	Slow   time.Duration // answers, but only after so long
	Cut    int           // does what was asked for, and cuts the answer off after so many bytes

	Stored     bool
	RetryAfter string // the header of a status's answer
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

// Struck is how often faults have struck.
func (s *Faults) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// next is the fault that strikes a request for the route, if one does.
func (s *Faults) next(route string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		f := &s.all[i]
		if f.Route != "" && f.Route != route || f.Times == 0 {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		f.Times--
		s.struck++
		return *f, true
	}
	return Fault{}, false
}

// Serve has a request answered, or struck by a fault. refuse writes the vendor's
// form of an error with a status.
func (s *Faults) Serve(w http.ResponseWriter, r *http.Request, route string, refuse func(http.ResponseWriter, int), answer http.HandlerFunc) {
	f, strikes := s.next(route)
	if !strikes {
		answer(w, r)
		return
	}
	if f.Stored {
		answer(unheard{http.Header{}}, r)
	}
	switch {
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		refuse(w, f.Status)
	case f.Reset:
		reset(w)
	case f.Slow > 0:
		if late(r, f.Slow) {
			answer(w, r)
		}
	default:
		answer(&cut{ResponseWriter: w, left: f.Cut}, r)
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

// unheard takes an answer that nobody gets.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u unheard) WriteHeader(int)             {}

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
