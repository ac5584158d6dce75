package anthropic

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/google/go-cmp/cmp"
)

// A house is a stand-in that the vendor's own client talks to, and a clock.
type house struct {
	*Server
	sdk.Client
	mu  sync.Mutex
	now time.Time
}

func (h *house) time() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func open(t *testing.T, replies ...Reply) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 5, 2, 8, 0, 0, 0, time.UTC)}
	h.Server = &Server{Key: "k", Now: h.time, BatchTakes: time.Hour, Model: func(_ Request, n int) Reply { return replies[min(n, len(replies)-1)] }}
	srv := httptest.NewServer(h.Server)
	t.Cleanup(srv.Close)
	h.Client = client(srv.URL, "k")
	return h
}

func client(url, key string) sdk.Client {
	return sdk.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(url), option.WithAPIKey(key), option.WithMaxRetries(0))
}

// asks is a request whose first texts are cached for as long as ttl says.
func asks(ttl string, texts ...string) sdk.MessageNewParams {
	p := sdk.MessageNewParams{Model: "m", MaxTokens: 100, System: []sdk.TextBlockParam{{Text: "system"}}}
	var blocks []sdk.ContentBlockParamUnion
	for i, text := range texts {
		b := sdk.TextBlockParam{Text: text}
		if ttl != "" && i == 0 {
			b.CacheControl = sdk.CacheControlEphemeralParam{TTL: sdk.CacheControlEphemeralTTL(ttl)}
		}
		blocks = append(blocks, sdk.ContentBlockParamUnion{OfText: &b})
	}
	p.Messages = []sdk.MessageParam{sdk.NewUserMessage(blocks...)}
	return p
}

// streamed reads an answer as it comes.
func (h *house) streamed(t *testing.T, p sdk.MessageNewParams) (sdk.Message, error) {
	t.Helper()
	stream := h.Messages.NewStreaming(t.Context(), p)
	defer func() { _ = stream.Close() }()
	var m sdk.Message
	for stream.Next() {
		if err := m.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	return m, stream.Err()
}

func said(m sdk.Message) (text string) {
	for _, c := range m.Content {
		switch c.Type {
		case "text":
			text += c.Text
		case "tool_use":
			text += string(c.Input)
		}
	}
	return text
}

// TestAnswers has the vendor's client read an answer whole and as it streams: as
// text, and as the input of a tool that was offered.
func TestAnswers(t *testing.T) {
	long := `{"n":"` + strings.Repeat("ä", 5000) + `"}`
	for _, tool := range []bool{false, true} {
		h := open(t, Reply{Text: long})
		p := asks("", "Hello")
		if tool {
			p.Tools = []sdk.ToolUnionParam{{OfTool: &sdk.ToolParam{Name: "take", InputSchema: sdk.ToolInputSchemaParam{}}}}
		}
		whole, err := h.Messages.New(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := h.streamed(t, p)
		if err != nil {
			t.Fatal(err)
		}
		stop := sdk.StopReasonEndTurn
		if tool {
			stop = sdk.StopReasonToolUse
		}
		for how, m := range map[string]sdk.Message{"whole": *whole, "streamed": stream} {
			if said(m) != long || m.StopReason != stop || m.Usage.OutputTokens == 0 || m.Usage.InputTokens == 0 {
				t.Errorf("%s, tool %t: %d bytes, stopped by %s, usage %+v", how, tool, len(said(m)), m.StopReason, m.Usage)
			}
		}
		if n := len(h.Calls); n != 2 || h.Calls[0].Request.Text() != "systemHello" {
			t.Errorf("%d calls, the first says %q", n, h.Calls[0].Request.Text())
		}
	}
}

// TestFaults: every fault that can be ordered reaches the vendor's client as the
// service's own would.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		reply  Reply
		status int    // of the error; 0 where the connection ends
		has    string // in the error
	}{
		{"a status", Reply{Status: 529, Error: "overloaded_error"}, 529, "overloaded_error"},
		{"a spending limit", Reply{Status: 429, Error: "rate_limit_error", Code: "enforced_spend_limit_reached"}, 429, "enforced_spend_limit_reached"},
		{"an error within the stream", Reply{Text: "So far", Overloaded: true}, 200, "overloaded_error"},
		{"a connection that breaks off", Reply{Text: "So far so good", CutAfter: 6}, 0, "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, c.reply)
			m, err := h.streamed(t, asks("", "Hello"))
			var api *sdk.Error
			switch {
			case err == nil:
				t.Fatalf("no error, and the answer %q", said(m))
			case c.status == 0 && errors.As(err, &api), c.status != 0 && (!errors.As(err, &api) || api.StatusCode != c.status):
				t.Errorf("the error is %v", err)
			case !strings.Contains(err.Error(), c.has):
				t.Errorf("the error lacks %q: %v", c.has, err)
			}
			if len(h.Calls) != 1 || !h.Calls[0].Failed {
				t.Errorf("the calls are %+v", h.Calls)
			}
		})
	}
	t.Run("an answer that never ends", func(t *testing.T) {
		h := open(t, Reply{Endless: true})
		stream := h.Messages.NewStreaming(t.Context(), asks("", "Hello"))
		size := 0
		for size < 1<<20 && stream.Next() {
			size += len(stream.Current().RawJSON())
		}
		if err := stream.Close(); err != nil || size < 1<<20 {
			t.Errorf("it ended after %d bytes: %v", size, err)
		}
	})
}

func TestOrderedStop(t *testing.T) {
	h := open(t, Reply{Stop: "refusal"}, Reply{Text: "half", Stop: "max_tokens"})
	for _, want := range []sdk.StopReason{sdk.StopReasonRefusal, sdk.StopReasonMaxTokens} {
		if m, err := h.streamed(t, asks("", "Hello")); err != nil || m.StopReason != want {
			t.Errorf("stopped by %q, want %q: %v", m.StopReason, want, err)
		}
	}
}

// TestPromptCache: a prefix is written once, read until its time is over, and never
// by another text, another model or before a request that writes it succeeded.
func TestPromptCache(t *testing.T) {
	for ttl, life := range map[string]time.Duration{"5m": 5 * time.Minute, "1h": time.Hour} {
		h := open(t, Reply{Text: "x", CutAfter: 0, Status: 500, Error: "api_error"}, Reply{Text: "ok"})
		prefix := strings.Repeat("p", 3000)
		written := func(u sdk.Usage) int64 {
			if ttl == "1h" {
				return u.CacheCreation.Ephemeral1hInputTokens
			}
			return u.CacheCreation.Ephemeral5mInputTokens
		}
		ask := func(what string, p sdk.MessageNewParams, read bool) {
			t.Helper()
			m, err := h.Messages.New(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			u := m.Usage
			if got := u.CacheReadInputTokens > 0; got != read || read == (written(u) > 0) || u.CacheCreationInputTokens != written(u) {
				t.Errorf("%s, %s: read from the cache %d, written %d (%+v)", ttl, what, u.CacheReadInputTokens, written(u), u.CacheCreation)
			}
			if u.InputTokens == 0 || u.InputTokens > 10 {
				t.Errorf("%s, %s: %d tokens beside the cache", ttl, what, u.InputTokens)
			}
		}
		if _, err := h.Messages.New(t.Context(), asks(ttl, prefix, "first")); err == nil {
			t.Fatal("the first request did not fail")
		}
		ask("after one that failed", asks(ttl, prefix, "first"), false)
		ask("another question", asks(ttl, prefix, "second"), true)
		other := asks(ttl, prefix, "second")
		other.Model = "other"
		ask("another model", other, false)
		ask("another text", asks(ttl, prefix+"!", "second"), false)
		h.pass(life - time.Second)
		ask("just before it expires", asks(ttl, prefix, "third"), true)
		h.pass(life + time.Second)
		ask("after it has expired", asks(ttl, prefix, "third"), false)
	}
}

func TestCountAndModels(t *testing.T) {
	h := open(t, Reply{Text: "ok"})
	n, err := h.Messages.CountTokens(t.Context(), sdk.MessageCountTokensParams{Model: "m", Messages: asks("", strings.Repeat("w", 300)).Messages})
	if err != nil || n.InputTokens != 300/charsPerToken {
		t.Errorf("%+v tokens, %v", n, err)
	}
	for _, structured := range []bool{false, true} {
		h.Structured = structured
		m, err := h.Models.Get(t.Context(), "m", sdk.ModelGetParams{})
		if err != nil || m.ID != "m" || m.Capabilities.StructuredOutputs.Supported != structured || m.MaxInputTokens != 1_000_000 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if len(h.Calls) != 0 {
		t.Errorf("counting and looking up are %d calls", len(h.Calls))
	}
}

func TestWhatIsRefused(t *testing.T) {
	h := open(t, Reply{Text: "ok"})
	srv := httptest.NewServer(h.Server)
	defer srv.Close()
	other := client(srv.URL, "another")
	var api *sdk.Error
	if _, err := other.Messages.New(t.Context(), asks("", "Hello")); !errors.As(err, &api) || api.StatusCode != http.StatusUnauthorized {
		t.Errorf("with another key: %v", err)
	}
	for path, status := range map[string]int{"/v1/messages": 400, "/v1/messages/count_tokens": 400, "/v1/messages/batches": 400, "/v1/complete": 404, "/v1/messages/batches/gone": 404} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, strings.NewReader("no JSON"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", "k")
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Type  string
			Error struct{ Type string }
		}
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil || res.StatusCode != status || body.Type != "error" || body.Error.Type == "" {
			t.Errorf("%s: %d, %+v, %v", path, res.StatusCode, body, err)
		}
		_ = res.Body.Close()
	}
	if len(h.Calls) != 0 {
		t.Errorf("what was refused is %d calls", len(h.Calls))
	}
}

// batched sends two requests as one batch.
func (h *house) batched(t *testing.T) *sdk.MessageBatch {
	t.Helper()
	var p sdk.MessageBatchNewParams
	for _, id := range []string{"a", "b"} {
		body, err := json.Marshal(asks("1h", "prefix", id))
		if err != nil {
			t.Fatal(err)
		}
		var one sdk.MessageBatchNewParamsRequestParams
		if err := one.UnmarshalJSON(body); err != nil {
			t.Fatal(err)
		}
		p.Requests = append(p.Requests, sdk.MessageBatchNewParamsRequest{CustomID: id, Params: one})
	}
	b, err := h.Messages.Batches.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// results are the types of a batch's results, by the requests' ids.
func (h *house) results(t *testing.T, id string) map[string]string {
	t.Helper()
	got := map[string]string{}
	stream := h.Messages.Batches.ResultsStreaming(t.Context(), id, sdk.MessageBatchResultsParams{})
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		r := stream.Current()
		got[r.CustomID] = r.Result.Type + " " + said(r.Result.Message)
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBatches(t *testing.T) {
	for _, c := range []struct {
		name   string
		cancel bool
		result func(string) string
		want   map[string]string
		calls  int
	}{
		{"all answered", false, nil, map[string]string{"a": "succeeded ok", "b": "succeeded ok"}, 2},
		{"one that errs", false, func(id string) string {
			if id == "a" {
				return "errored"
			}
			return "succeeded"
		}, map[string]string{"a": "errored ", "b": "succeeded ok"}, 1},
		{"expired", false, func(string) string { return "expired" }, map[string]string{"a": "expired ", "b": "expired "}, 0},
		{"cancelled", true, nil, map[string]string{"a": "canceled ", "b": "canceled "}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, Reply{Text: "ok"})
			h.BatchResult = c.result
			b := h.batched(t)
			h.pass(time.Hour - time.Second)
			status := func() sdk.MessageBatchProcessingStatus {
				t.Helper()
				got, err := h.Messages.Batches.Get(t.Context(), b.ID, sdk.MessageBatchGetParams{})
				if err != nil {
					t.Fatal(err)
				}
				return got.ProcessingStatus
			}
			if s := status(); s != sdk.MessageBatchProcessingStatusInProgress {
				t.Errorf("it is %s before its time", s)
			}
			early := h.Messages.Batches.ResultsStreaming(t.Context(), b.ID, sdk.MessageBatchResultsParams{})
			if early.Next() || early.Err() == nil {
				t.Error("there are results before its time")
			}
			_ = early.Close()
			if c.cancel {
				if _, err := h.Messages.Batches.Cancel(t.Context(), b.ID, sdk.MessageBatchCancelParams{}); err != nil {
					t.Fatal(err)
				}
			} else {
				h.pass(time.Second)
			}
			if s := status(); s != sdk.MessageBatchProcessingStatusEnded {
				t.Errorf("it is %s when its time has come", s)
			}
			if diff := cmp.Diff(c.want, h.results(t, b.ID)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if len(h.Calls) != c.calls {
				t.Errorf("%d calls were billed, want %d", len(h.Calls), c.calls)
			}
			for _, call := range h.Calls {
				// All of a batch write the cache: none of them has ended when another begins.
				if !call.Batch || call.Usage.Creation.OneHour == 0 || call.Usage.CacheRead != 0 {
					t.Errorf("a call was billed as %+v", call)
				}
			}
			if again := h.results(t, b.ID); !cmp.Equal(c.want, again) || len(h.Calls) != c.calls {
				t.Errorf("asked for again, the results are %v, after %d calls", again, len(h.Calls))
			}
		})
	}
}
