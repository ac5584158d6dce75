package slack

import (
	"net"
	"net/http"
	"strconv"
	"time"
)

// A Fault makes calls fail.
type Fault struct {
	Method string // of calls that it strikes; all when empty
	After  int    // how many such calls pass first
	Times  int    // how many it strikes; once when 0

	// Stored says that the call is done all the same, and only its answer fails.
	Stored bool

	// What it does; the first of these that is set.
	Status int           // answers with the status
	Code   string        // answers 200, and refuses with the code
	Reset  bool          // resets the connection
	Slow   time.Duration // answers, but only after so long
	Cut    bool          // breaks the answer off

	RetryAfter string // the header of a status's answer
}

// Fail sets a fault to strike.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, &f)
}

// Heal takes back what was set to strike and has not.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault is the one that strikes a call of the method, if one does.
func (s *Server) fault(method string) *Fault {
	for _, f := range s.faults {
		if f.Method != "" && f.Method != method || f.Times == 0 {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		f.Times--
		return f
	}
	return nil
}

// strike does what the fault does, and returns where an answer may still go; nil
// when there is none to be given.
func (f *Fault) strike(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	switch {
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		if f.Status == http.StatusTooManyRequests {
			reply(w, f.Status, refusal("ratelimited"))
			return nil
		}
		http.Error(w, "ordered to fail with "+strconv.Itoa(f.Status), f.Status)
	case f.Code != "":
		reply(w, http.StatusOK, refusal(f.Code))
	case f.Reset:
		reset(w)
	case f.Cut:
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"ok":true,"messages":[{"ty`))
		_ = http.NewResponseController(w).Flush() // as far as it goes
		panic(http.ErrAbortHandler)
	case f.Slow > 0:
		select {
		case <-r.Context().Done():
		case <-time.After(f.Slow):
			return w
		}
	}
	return nil
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
