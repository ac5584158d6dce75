package claude

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline/internal/spectest"
)

const specFile = "../../../shared/specs/anthropic/anthropic-openapi-ga-messages-models-files.json"

// schemas of the bodies that the vendor's OpenAPI file gives, by path. The file
// is OpenAPI 3.1, whose schemas are JSON Schema as they stand.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	doc, err := spectest.Read(specFile)
	if err != nil {
		t.Fatal(err)
	}
	if doc == nil {
		t.Skipf("%s is not here: the vendor's OpenAPI file is kept beside the project", specFile)
	}
	c, err := spectest.Compiler("spec.json", doc)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*jsonschema.Schema{}
	for path, name := range map[string]string{
		"/v1/messages": "CreateMessageParams", "/v1/messages/count_tokens": "CountMessageTokensParams", "/v1/messages/batches": "CreateMessageBatchParams",
	} {
		s, err := c.Compile("spec.json#/components/schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		out[path] = s
	}
	return out
}

// TestRequestsFollowTheSpec checks every request that a run sends, live and in
// batches, by schema and by tool, against the vendor's OpenAPI file.
func TestRequestsFollowTheSpec(t *testing.T) {
	bodies := schemas(t)
	for _, cfg := range []Config{{Passes: Single, Effort: "high"}, {Passes: Focused, CacheTTL: "1h"}, {Passes: Focused, Structured: "tool"}} {
		for _, batch := range []bool{false, true} {
			r := newRig(t, cfg, nil)
			r.Batch = batch
			var checked atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				body, err := io.ReadAll(req.Body)
				if err != nil {
					t.Error(err)
				}
				if s := bodies[req.URL.Path]; s != nil && req.Method == http.MethodPost {
					checked.Add(1)
					if err := spectest.Valid(s, body); err != nil {
						t.Errorf("%s: %v", req.URL.Path, err)
					}
				}
				req.Body = io.NopCloser(bytes.NewReader(body))
				r.server.ServeHTTP(w, req)
			}))
			r.Client = sdk.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(srv.URL), option.WithAPIKey("k"), option.WithMaxRetries(0))
			draft(t, r, testDeal())
			srv.Close()
			if n := checked.Load(); n < 2 {
				t.Errorf("%d requests were checked", n)
			}
		}
	}
}

// TestSpecRefuses holds the check itself to account.
func TestSpecRefuses(t *testing.T) {
	s := schemas(t)["/v1/messages"]
	for _, bad := range []string{`{}`, `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text"}]}]}`, `{"model":"m","max_tokens":"many","messages":[]}`} {
		if spectest.Valid(s, []byte(bad)) == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
