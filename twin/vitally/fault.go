package vitally

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A Fault makes requests fail.
type Fault struct {
	Route string // of requests that it strikes, as the constants name them; all when empty
	After int    // how many such requests pass first
	Times int    // how many it strikes; once when 0

	// What it does; the first of these that is set. Stored goes with Status and
	// Reset: what was asked for is done first.
	Status int           // answers with the status
	Reset  bool          // resets the connection
	Slow   time.Duration // answers, but only after so long
	Cut    int           // does what was asked for, and cuts the answer off after so many bytes

	Stored bool // what was asked for is done all the same

	Wait       int    // seconds, as the header RateLimit-Reset of a status's answer; none when 0
	RetryAfter string // its header of that name, which the vendor does not document
}

// Fail sets a fault to strike.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, f)
}

// Struck is how often faults have struck.
func (s *Server) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault is the one that strikes a request, if one does.
func (s *Server) fault(route string) (Fault, bool) {
	for i := range s.faults {
		f := &s.faults[i]
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

// before does what the fault does before the request is looked at, and returns
// where an answer may still go; nil when there is none to be given.
func (f Fault) before(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	switch {
	case f.Stored:
	case f.Status != 0, f.Reset:
		f.after(w)
		return nil
	case f.Slow > 0:
		// That the other side has gone is seen only once its body is read.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case <-r.Context().Done():
			return nil
		case <-time.After(f.Slow):
		}
	case f.Cut > 0:
		return &cut{ResponseWriter: w, left: f.Cut}
	}
	return w
}

// after answers as if the request had failed.
func (f Fault) after(w http.ResponseWriter) {
	if f.Reset {
		reset(w)
		return
	}
	if f.Wait > 0 {
		w.Header().Set("RateLimit-Reset", strconv.Itoa(f.Wait))
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	(&refusal{f.Status, "Ordered to fail with " + strconv.Itoa(f.Status)}).write(w)
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
