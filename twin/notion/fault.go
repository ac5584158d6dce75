package notion

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
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

	Stored  bool // what was asked for is done all the same
	Partial int  // of the blocks to add, only so many are
	Tell    bool // the answer tells what was stored

	Code       string // of a status's answer
	RetryAfter string // its header
	Reason     string // its additional_data.rate_limit_reason
}

// Fail sets a fault to strike.
func (s *Server) Fail(f Fault) {
	s.once.Do(s.setUp)
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

// codes are the vendor's codes of statuses.
var codes = map[int]string{
	401: codeUnauthorized, 400: "validation_error", 403: "restricted_resource", 404: "object_not_found", 409: "conflict_error",
	429: "rate_limited", 500: "internal_server_error", 502: "bad_gateway", 503: "service_unavailable", 504: "gateway_timeout", 529: "service_overload",
}

// before does what the fault does before the request is looked at, and returns
// where an answer may still go; nil when there is none to be given.
func (f Fault) before(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	switch {
	case f.Stored:
	case f.Status != 0:
		f.refuse(w, nil)
		return nil
	case f.Reset:
		reset(w)
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

// after answers a request that was carried out as if it had failed.
func (f Fault) after(w http.ResponseWriter, done any) {
	if f.Reset {
		reset(w)
		return
	}
	f.refuse(w, done)
}

func (f Fault) refuse(w http.ResponseWriter, done any) {
	code := f.Code
	if code == "" {
		code = codes[f.Status]
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	more := map[string]any{}
	if f.Reason != "" {
		more["rate_limit_reason"] = f.Reason
	}
	if f.Tell && done != nil {
		more["retry_guidance"] = "The request may have been stored. Read before you repeat it."
		tellStored(more, done)
	}
	refused := &refusal{status: f.Status, code: code, message: "Ordered to fail."}
	if len(more) > 0 {
		refused.more = more
	}
	refused.write(w)
}

// tellStored names what an answer would have.
func tellStored(more map[string]any, done any) {
	raw, err := json.Marshal(done)
	if err != nil {
		return
	}
	var told struct {
		Object, ID string
		Results    []struct{ ID string }
	}
	if json.Unmarshal(raw, &told) != nil {
		return
	}
	if told.Object == "page" {
		more["committed_resource_id"] = told.ID
	}
	var children []string
	for _, one := range told.Results {
		children = append(children, one.ID)
	}
	if children != nil {
		more["committed_child_ids"] = children
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
