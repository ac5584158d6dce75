// Package anthropic is a stand-in for the Messages API: it answers over real
// HTTP what the vendor's service would, keeps a prompt cache and message batches,
// counts tokens, and fails in the ways in which the service fails when it is told
// to. What the model says is given by whoever sets it up.
package anthropic

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// charsPerToken is how many bytes the stand-in counts as a token.
const charsPerToken = 3

// A Request is the body of a request, as far as the stand-in looks at it.
type Request struct {
	Model     string `json:"model"`
	MaxTokens int64  `json:"max_tokens"`
	Stream    bool   `json:"stream"`
	System    []struct {
		Text string `json:"text"`
	} `json:"system"`
	Messages []struct {
		Role    string  `json:"role"`
		Content []Block `json:"content"`
	} `json:"messages"`
	Tools  []json.RawMessage `json:"tools"`
	Output struct {
		Format json.RawMessage `json:"format"`
	} `json:"output_config"`
}

// A Block is a text block of a request.
type Block struct {
	Text  string `json:"text"`
	Cache *struct {
		TTL string `json:"ttl"`
	} `json:"cache_control"`
}

// Text is all that the request says, system first.
func (r Request) Text() string {
	var b strings.Builder
	for _, s := range r.System {
		b.WriteString(s.Text)
	}
	for _, m := range r.Messages {
		for _, c := range m.Content {
			b.WriteString(c.Text)
		}
	}
	return b.String()
}

// A Reply is what the model says to a request.
type Reply struct {
	Text string
	Stop string // end_turn when empty
	// Status, when not 0, fails the request: with Error as the error's type.
	Status int
	Error  string
	Code   string // the error's details.error_code
	// CutAfter, when not 0, ends the connection after so many bytes of text.
	CutAfter int
	// Overloaded sends an overloaded error within the stream, after some text.
	Overloaded bool
	// Endless keeps on writing until the client goes away.
	Endless bool
	Usage   *Usage // overrides the count
}

// Usage is what a request is billed by.
type Usage struct {
	Input      int64 `json:"input_tokens"`
	Output     int64 `json:"output_tokens"`
	CacheWrite int64 `json:"cache_creation_input_tokens"`
	CacheRead  int64 `json:"cache_read_input_tokens"`
	Creation   struct {
		FiveMinutes int64 `json:"ephemeral_5m_input_tokens"`
		OneHour     int64 `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
}

// Server is the stand-in; it is an http.Handler. Model and Now must be set.
type Server struct {
	// Model says what the model answers to the n-th request, from 0.
	Model func(r Request, n int) Reply
	Now   func() time.Time
	// BatchTakes is how long a batch takes; what is cancelled before ends as
	// cancelled.
	BatchTakes time.Duration
	// BatchResult, where set, gives the type of a batched request's result:
	// succeeded, errored, expired.
	BatchResult func(customID string) string
	// Structured is what /v1/models says of structured outputs.
	Structured bool
	// Key is the API key that is asked for; any when empty.
	Key string

	mu      sync.Mutex
	n       int
	cache   map[string]time.Time // prefix to when it expires
	batches map[string]*batch
	Calls   []Call // what was asked, in order
}

// A Call is a request that was answered, and what it was billed by.
type Call struct {
	Request Request
	Usage   Usage
	Batch   bool
	Failed  bool
}

type batch struct {
	id       string
	created  time.Time
	canceled bool
	requests []struct {
		CustomID string          `json:"custom_id"`
		Params   json.RawMessage `json:"params"`
	}
	results []byte
}

// ServeHTTP answers as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Key != "" && r.Header.Get("X-Api-Key") != s.Key {
		fail(w, http.StatusUnauthorized, "authentication_error", "")
		return
	}
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1"), "/")
	switch {
	case r.Method == http.MethodPost && path == "messages":
		s.messages(w, r)
	case r.Method == http.MethodPost && path == "messages/count_tokens":
		s.count(w, r)
	case r.Method == http.MethodPost && path == "messages/batches":
		s.newBatch(w, r)
	case strings.HasPrefix(path, "messages/batches/"):
		s.batch(w, strings.Split(strings.TrimPrefix(path, "messages/batches/"), "/"))
	case strings.HasPrefix(path, "models/"):
		s.model(w, strings.TrimPrefix(path, "models/"))
	default:
		fail(w, http.StatusNotFound, "not_found_error", "")
	}
}

func fail(w http.ResponseWriter, status int, kind, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_1")
	w.WriteHeader(status)
	e := map[string]any{"type": kind, "message": "as it was told to"}
	if code != "" {
		e["details"] = map[string]any{"error_code": code}
	}
	writeJSON(w, map[string]any{"type": "error", "error": e, "request_id": "req_1"})
}

func writeJSON(w io.Writer, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own making
	}
	_, _ = w.Write(append(data, '\n')) // a client that has gone is no concern of the stand-in's
}

func (s *Server) messages(w http.ResponseWriter, r *http.Request) {
	var req Request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		fail(w, http.StatusBadRequest, "invalid_request_error", "")
		return
	}
	s.mu.Lock()
	n := s.n
	s.n++
	s.mu.Unlock()
	usage, write := s.bill(req)
	reply := s.Model(req, n)
	if reply.Usage != nil {
		usage = *reply.Usage
	}
	usage.Output = int64(len(reply.Text)/charsPerToken + 1)
	call := Call{Request: req, Usage: usage, Failed: reply.Status != 0 || reply.CutAfter > 0 || reply.Overloaded || reply.Endless}
	s.mu.Lock()
	s.Calls = append(s.Calls, call) // before the client has the answer, and looks
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !call.Failed {
			write() // a cache can be read when the request that writes it has ended
		}
	}()
	if reply.Status != 0 {
		if reply.Status == http.StatusTooManyRequests && reply.Code != "" {
			w.Header().Set("X-Should-Retry", "false")
		}
		fail(w, reply.Status, reply.Error, reply.Code)
		return
	}
	if !req.Stream {
		w.Header().Set("Content-Type", "application/json")
		writeJSON(w, message(req, reply, usage))
		return
	}
	stream(w, r, req, reply, usage)
}

// message is a whole response.
func message(req Request, reply Reply, usage Usage) map[string]any {
	return map[string]any{
		"id": "msg_1", "type": "message", "role": "assistant", "model": req.Model, "content": content(req, reply),
		"stop_reason": stopReason(req, reply), "stop_sequence": nil, "stop_details": nil, "usage": usage,
	}
}

func stopReason(req Request, reply Reply) string {
	switch {
	case reply.Stop != "":
		return reply.Stop
	case len(req.Tools) > 0 && json.Valid([]byte(reply.Text)):
		return "tool_use"
	}
	return "end_turn"
}

// content is a tool's input where the request offers a tool, else text; some
// thinking comes before it, as from a model that thinks.
func content(req Request, reply Reply) []any {
	blocks := []any{map[string]any{"type": "thinking", "thinking": "", "signature": "x"}}
	if len(req.Tools) > 0 && json.Valid([]byte(reply.Text)) {
		var tool struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(req.Tools[0], &tool) == nil {
			return append(blocks, map[string]any{"type": "tool_use", "id": "toolu_1", "name": tool.Name, "input": json.RawMessage(reply.Text)})
		}
	}
	if reply.Text == "" {
		return blocks
	}
	return append(blocks, map[string]any{"type": "text", "text": reply.Text, "citations": nil})
}

// stream sends a response as server-sent events.
func stream(w http.ResponseWriter, r *http.Request, req Request, reply Reply, usage Usage) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := func() {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
	event := func(kind string, data map[string]any) {
		data["type"] = kind
		body, err := json.Marshal(data)
		if err != nil {
			panic(err) // of our own making
		}
		_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", kind, body)
		flush()
	}
	start := message(req, Reply{}, usage)
	start["content"], start["stop_reason"] = []any{}, nil
	event("message_start", map[string]any{"message": start})
	tool := len(req.Tools) > 0 && json.Valid([]byte(reply.Text))
	block, deltaType, deltaKey := map[string]any{"type": "text", "text": ""}, "text_delta", "text"
	if tool {
		var t struct {
			Name string `json:"name"`
		}
		_ = json.Unmarshal(req.Tools[0], &t) // checked by the SDK that wrote it
		block, deltaType, deltaKey = map[string]any{"type": "tool_use", "id": "toolu_1", "name": t.Name, "input": map[string]any{}}, "input_json_delta", "partial_json"
	}
	event("content_block_start", map[string]any{"index": 0, "content_block": block})
	delta := func(text string) {
		event("content_block_delta", map[string]any{"index": 0, "delta": map[string]any{"type": deltaType, deltaKey: text}})
	}
	for reply.Endless && r.Context().Err() == nil {
		delta(strings.Repeat("x", 64<<10))
	}
	text := reply.Text
	if reply.CutAfter > 0 && reply.CutAfter < len(text) {
		delta(text[:reply.CutAfter])
		panic(http.ErrAbortHandler)
	}
	if reply.Overloaded {
		event("error", map[string]any{"error": map[string]any{"type": "overloaded_error", "message": "Overloaded"}})
		return
	}
	const piece = 4000
	for len(text) > piece {
		delta(text[:piece])
		text = text[piece:]
	}
	delta(text)
	event("content_block_stop", map[string]any{"index": 0})
	event("message_delta", map[string]any{"delta": map[string]any{"stop_reason": stopReason(req, reply), "stop_sequence": nil}, "usage": usage})
	event("message_stop", map[string]any{})
}

// bill counts a request's tokens, with what it reads from the cache; write puts
// its prefix there, which is for when it has ended.
func (s *Server) bill(req Request) (Usage, func()) {
	prefix := sha256.New()
	_, _ = fmt.Fprintf(prefix, "%s %s %s", req.Model, req.Tools, req.Output.Format) // a hash doesn't fail
	size := 0
	for _, t := range req.Tools {
		size += len(t)
	}
	for _, b := range req.System {
		_, _ = io.WriteString(prefix, b.Text)
		size += len(b.Text)
	}
	var u Usage
	key, ttl, cached := "", "", 0
	for _, m := range req.Messages {
		for _, b := range m.Content {
			_, _ = io.WriteString(prefix, b.Text)
			size += len(b.Text)
			if b.Cache != nil {
				key, ttl, cached = hex.EncodeToString(prefix.Sum(nil)), b.Cache.TTL, size
			}
		}
	}
	tokens := func(n int) int64 { return int64(n / charsPerToken) }
	u.Input = tokens(size - cached)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch expires, ok := s.cache[key]; {
	case key == "":
	case ok && s.Now().Before(expires):
		u.CacheRead = tokens(cached)
	case ttl == "1h":
		u.CacheWrite, u.Creation.OneHour = tokens(cached), tokens(cached)
	default:
		u.CacheWrite, u.Creation.FiveMinutes = tokens(cached), tokens(cached)
	}
	return u, func() {
		if key == "" {
			return
		}
		if s.cache == nil {
			s.cache = map[string]time.Time{}
		}
		life := 5 * time.Minute
		if ttl == "1h" {
			life = time.Hour
		}
		s.cache[key] = s.Now().Add(life)
	}
}

func (s *Server) count(w http.ResponseWriter, r *http.Request) {
	var req Request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		fail(w, http.StatusBadRequest, "invalid_request_error", "")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, map[string]any{"input_tokens": len(req.Text()) / charsPerToken})
}

func (s *Server) model(w http.ResponseWriter, id string) {
	w.Header().Set("Content-Type", "application/json")
	yes := func(b bool) map[string]any { return map[string]any{"supported": b} }
	writeJSON(w, map[string]any{
		"id": id, "type": "model", "display_name": id, "created_at": "2026-09-01T00:00:00Z", "lifecycle": "active", "line": "opus",
		"max_input_tokens": 1_000_000, "max_tokens": 128_000, "deprecated_at": nil, "retires_at": nil,
		"capabilities": map[string]any{"structured_outputs": yes(s.Structured), "batch": yes(true)},
	})
}
