package gong_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline/internal/spectest"
	twin "throughline/twin/gong"
)

const specFile = "../../../shared/specs/gong/gong-openapi.json"

// A spec is the vendor's OpenAPI file, as schemas of bodies by path. It holds to
// the truth both what the connector sends and what the stand-in answers.
type spec struct {
	requests, responses map[string]*jsonschema.Schema
	refusal             *jsonschema.Schema
}

// loadSpec reads the file once; it is nil where the file is not.
var loadSpec = sync.OnceValues(func() (*spec, error) {
	doc, err := spectest.Read(specFile)
	if doc == nil {
		return nil, err
	}
	typed(doc)
	spectest.Strict(doc)
	c, err := spectest.Compiler("spec.json", doc)
	if err != nil {
		return nil, err
	}
	s := &spec{requests: map[string]*jsonschema.Schema{}, responses: map[string]*jsonschema.Schema{}}
	compile := func(name string) (schema *jsonschema.Schema) {
		if err == nil {
			schema, err = c.Compile("spec.json#/components/schemas/" + name)
		}
		return schema
	}
	s.requests[twin.PathCalls] = compile("PublicApiBaseRequestWithDataV2CallsRequestFilterWithOwnersContentSelector")
	s.requests[twin.PathTranscripts] = compile("PublicApiBaseRequestV2CallsFilter")
	s.responses[twin.PathCalls] = compile("Calls")
	s.responses[twin.PathTranscripts] = compile("CallTranscripts")
	s.refusal = compile("ErrorResponse")
	return s, err
})

// typed makes the file's schemas say what they mean: its generator wrote "types" for
// "type", which checks nothing.
func typed(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			typed(e)
		}
	case map[string]any:
		if types, ok := v["types"].([]any); ok {
			v["type"] = types
		}
		for _, e := range v {
			typed(e)
		}
	}
}

// heldToSpec checks every exchange with the stand-in, where the vendor's file is.
func heldToSpec(t *testing.T, next http.Handler) http.Handler {
	t.Helper()
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		return next
	}
	return spectest.Watch(t, next, func(x spectest.Exchange) {
		path := x.Request.URL.Path
		if s.requests[path] == nil {
			return
		}
		if err := spectest.Valid(s.requests[path], x.Sent); err != nil {
			t.Errorf("the connector sent to %s: %v", path, err)
		}
		if len(x.Answer) == 0 {
			return
		}
		schema := s.responses[path]
		if x.Status != http.StatusOK {
			schema = s.refusal
		}
		if err := spectest.Valid(schema, x.Answer); err != nil {
			t.Errorf("the stand-in answered on %s with %d: %v", path, x.Status, err)
		}
	})
}

// TestSpecRefuses holds the check itself to account.
func TestSpecRefuses(t *testing.T) {
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		t.Skipf("%s is not here: the vendor's OpenAPI file is kept beside the project", specFile)
	}
	for _, tc := range []struct {
		schema *jsonschema.Schema
		body   string
	}{
		{s.requests[twin.PathCalls], `{}`},
		{s.requests[twin.PathCalls], `{"filter":{"opportunityId":"1"}}`},
		{s.requests[twin.PathCalls], `{"filter":{"callIds":[1]}}`},
		{s.requests[twin.PathCalls], `{"filter":{},"contentSelector":{"context":"All"}}`},
		{s.requests[twin.PathTranscripts], `{"filter":{},"contentSelector":{}}`},
		{s.responses[twin.PathCalls], `{"calls":[{"metaData":{"id":1}}]}`},
		{s.responses[twin.PathTranscripts], `{"callTranscripts":[{"callId":"1","transcript":[{"topic":null}]}]}`},
		{s.refusal, `{"error":"no"}`},
	} {
		if spectest.Valid(tc.schema, []byte(tc.body)) == nil {
			t.Errorf("%s was accepted", tc.body)
		}
	}
	if err := spectest.Valid(s.requests[twin.PathCalls], []byte(`{"filter":{"callIds":["1"]},"contentSelector":{"context":"Basic","exposedFields":{"parties":true}}}`)); err != nil {
		t.Error(err)
	}
}
