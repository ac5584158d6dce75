package gong

import (
	"net"
	"net/http"
	"strconv"
	"time"
)

// A Fault makes requests fail.
type Fault struct {
	Path  string // of requests that it strikes; all when empty
	After int    // how many such requests pass first
	Times int    // how many it strikes; once when 0

	// What it does; the first of these that is set.
	Status int           // answers with the status
	Reset  bool          // resets the connection
	Slow   time.Duration // answers, but only after so long
	Cut    int           // answers well, and cuts the body off after so many bytes

	RetryAfter string // the header of a status's answer
	Location   string // likewise
}

// Fail sets a fault to strike.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, f)
}

// fault is the one that strikes a request for the path, if one does.
func (s *Server) fault(path string) (Fault, bool) {
	for i := range s.faults {
		f := &s.faults[i]
		if f.Path != "" && f.Path != path || f.Times == 0 {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		f.Times--
		return *f, true
	}
	return Fault{}, false
}

// strike does what the fault does, and returns where an answer may still go; nil
// when there is none to be given.
func (f Fault) strike(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	switch {
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		if f.Location != "" {
			w.Header().Set("Location", f.Location)
		}
		refuse(w, f.Status, "Ordered to fail with "+strconv.Itoa(f.Status))
		return nil
	case f.Reset:
		reset(w)
		return nil
	case f.Slow > 0:
		select {
		case <-r.Context().Done():
			return nil
		case <-time.After(f.Slow):
			return w
		}
	case f.Cut > 0:
		return &cut{ResponseWriter: w, left: f.Cut}
	}
	return w
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
