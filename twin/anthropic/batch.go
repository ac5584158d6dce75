package anthropic

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

func (s *Server) newBatch(w http.ResponseWriter, r *http.Request) {
	b := &batch{created: s.Now()}
	var body struct {
		Requests *[]struct {
			CustomID string          `json:"custom_id"`
			Params   json.RawMessage `json:"params"`
		} `json:"requests"`
	}
	body.Requests = &b.requests
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(b.requests) == 0 {
		fail(w, http.StatusBadRequest, "invalid_request_error", "")
		return
	}
	s.mu.Lock()
	if s.batches == nil {
		s.batches = map[string]*batch{}
	}
	b.id = fmt.Sprintf("msgbatch_%d", len(s.batches)+1)
	s.batches[b.id] = b
	s.mu.Unlock()
	s.show(w, b)
}

func (s *Server) batch(w http.ResponseWriter, path []string) {
	s.mu.Lock()
	b := s.batches[path[0]]
	s.mu.Unlock()
	if b == nil {
		fail(w, http.StatusNotFound, "not_found_error", "")
		return
	}
	switch {
	case len(path) == 2 && path[1] == "cancel":
		b.canceled = true
		s.show(w, b)
	case len(path) == 2 && path[1] == "results":
		if b.results == nil {
			fail(w, http.StatusNotFound, "not_found_error", "")
			return
		}
		w.Header().Set("Content-Type", "application/x-jsonl")
		_, _ = w.Write(b.results) // a client that has gone is no concern of the stand-in's
	default:
		s.show(w, b)
	}
}

// show tells how far a batch is; when its time has come, its requests are
// answered: the first ones write the cache that those of a later batch read.
func (s *Server) show(w http.ResponseWriter, b *batch) {
	status := "in_progress"
	if b.canceled || !s.Now().Before(b.created.Add(s.BatchTakes)) {
		status = "ended"
		if b.results == nil {
			s.end(b)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	out := map[string]any{
		"id": b.id, "type": "message_batch", "processing_status": status, "created_at": b.created.UTC().Format(time.RFC3339), "expires_at": b.created.Add(24 * time.Hour).UTC().Format(time.RFC3339),
		"ended_at": nil, "cancel_initiated_at": nil, "archived_at": nil, "results_url": nil,
		"request_counts": map[string]any{"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
	}
	writeJSON(w, out)
}

func (s *Server) end(b *batch) {
	results := []byte{}
	var writes []func()
	for _, r := range b.requests {
		kind := "succeeded"
		if b.canceled {
			kind = "canceled"
		} else if s.BatchResult != nil {
			kind = s.BatchResult(r.CustomID)
		}
		result := map[string]any{"type": kind}
		switch kind {
		case "succeeded":
			var req Request
			if err := json.Unmarshal(r.Params, &req); err != nil {
				panic(err) // decoded before
			}
			usage, write := s.bill(req)
			s.mu.Lock()
			n := s.n
			s.n++
			s.mu.Unlock()
			reply := s.Model(req, n)
			usage.Output = int64(len(reply.Text)/charsPerToken + 1)
			writes = append(writes, write)
			result["message"] = message(req, reply, usage)
			s.mu.Lock()
			s.Calls = append(s.Calls, Call{Request: req, Usage: usage, Batch: true})
			s.mu.Unlock()
		case "errored":
			result["error"] = map[string]any{"type": "error", "error": map[string]any{"type": "invalid_request_error", "message": "no"}, "request_id": nil}
		}
		line, err := json.Marshal(map[string]any{"custom_id": r.CustomID, "result": result})
		if err != nil {
			panic(err) // of our own making
		}
		results = append(append(results, line...), '\n')
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, write := range writes {
		write()
	}
	b.results = results
}
