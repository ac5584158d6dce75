package hubspot

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Fault is a way in which a call goes wrong.
type Fault struct {
	Status   int // of an error answered instead; with Category or Policy, where given
	Category string
	Policy   string // of a 429
	Message  string
	Header   map[string]string
	Reset    bool          // the connection ends without an answer
	Slow     time.Duration // the answer comes so much later, if the client still waits
	Cut      bool          // the answer breaks off in the middle
	Stored   bool          // the call is carried out all the same, before it goes wrong
}

type fault struct {
	Fault
	path string
	left int
}

// Order makes the next calls go wrong whose method and path contain the text, or end
// with it where it ends in "$": "POST /crm/objects/2026-09/notes$" makes a note.
func (s *Server) Order(path string, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{Fault: f, path: path, left: times})
}

// Clear takes back what was ordered and has not come yet.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) fault(call string) *Fault {
	for _, f := range s.faults {
		end, whole := strings.CutSuffix(f.path, "$")
		if f.left > 0 && (whole && strings.HasSuffix(call, end) || !whole && strings.Contains(call, f.path)) {
			f.left--
			return &f.Fault
		}
	}
	return nil
}

// before does what goes wrong before a call is looked at, and reports whether
// that was all.
func (f *Fault) before(w http.ResponseWriter, r *http.Request) bool {
	if f.Slow > 0 {
		select {
		case <-r.Context().Done():
			return true
		case <-time.After(f.Slow):
		}
	}
	if f.Reset {
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		return false
	}
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	switch {
	case f.Policy != "":
		reply(w, f.Status, map[string]any{"status": "error", "message": f.Message, "errorType": "RATE_LIMIT", "correlationId": correlation, "policyName": f.Policy})
	case f.Category != "":
		fail(w, f.Status, f.Category, f.Message, nil)
	default:
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte("<html><body>as it was told to</body></html>"))
	}
	return true
}

// write sends an answer; of one that is to break off, half.
func (f *Fault) write(w http.ResponseWriter, status int, body []byte) {
	if f != nil && f.Cut {
		w.Header().Set("Content-Length", "1000000")
		w.WriteHeader(status)
		_, _ = w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Waiting reports whether something was ordered that has not come yet.
func (s *Server) Waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.faults, func(f *fault) bool { return f.left > 0 })
}
