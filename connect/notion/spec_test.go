package notion_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline/internal/spectest"
)

const specFile = "../../../shared/specs/notion/notion-openapi-2026-03-11.official-copy.json"

// A spec is the vendor's OpenAPI file as schemas of bodies: of requests by method
// and path, of answers by those and the status. It holds to the truth both what
// the connector sends and what the stand-in answers.
type spec struct {
	paths    map[string]map[string]any // path template to its operations
	forms    map[string]*regexp.Regexp // path template to what it matches
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	compiled map[string]*jsonschema.Schema
}

// loadSpec reads the file once; it is nil where the file is not.
var loadSpec = sync.OnceValues(func() (*spec, error) {
	doc, err := spectest.Read(specFile)
	if doc == nil {
		return nil, err
	}
	root, _ := doc.(map[string]any)
	schemas, _ := root["components"].(map[string]any)["schemas"].(map[string]any)
	usable(doc, schemas)
	c, err := spectest.Compiler("spec.json", doc)
	if err != nil {
		return nil, err
	}
	s := &spec{paths: map[string]map[string]any{}, forms: map[string]*regexp.Regexp{}, compiler: c, compiled: map[string]*jsonschema.Schema{}}
	paths, _ := root["paths"].(map[string]any)
	for path, operations := range paths {
		s.forms[path] = regexp.MustCompile("^" + placeholder.ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`) + "$")
		s.paths[path], _ = operations.(map[string]any)
	}
	return s, nil
})

var partial = regexp.MustCompile(`/partial(Block|Page|DataSource|Database|Comment)ObjectResponse$`)

// usable makes the file's schemas say what they mean. Where several are joined,
// none of them may forbid what stands in another. And where an answer may be an
// object or only its id, the stand-in answers the object.
func usable(v any, schemas map[string]any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			usable(e, schemas)
		}
	case map[string]any:
		for _, of := range list(v["allOf"]) {
			open(of, schemas)
		}
		for _, key := range []string{"anyOf", "oneOf"} {
			var whole []any
			for _, of := range list(v[key]) {
				one, _ := of.(map[string]any)
				if ref, _ := one["$ref"].(string); !partial.MatchString(ref) {
					whole = append(whole, of)
				}
			}
			if len(whole) > 0 {
				v[key] = whole
			}
		}
		for _, e := range v {
			usable(e, schemas)
		}
	}
}

// open lets a schema, and those that it chooses from, stand beside others.
func open(v any, schemas map[string]any) {
	one, _ := v.(map[string]any)
	if ref, ok := one["$ref"].(string); ok {
		open(schemas[ref[strings.LastIndexByte(ref, '/')+1:]], schemas)
		return
	}
	delete(one, "additionalProperties")
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		for _, of := range list(one[key]) {
			open(of, schemas)
		}
	}
}

func list(v any) []any { out, _ := v.([]any); return out }

// placeholder is a path's variable part, quoted for a regular expression.
var placeholder = regexp.MustCompile(`\\\{[^}]*\\\}`)

// template is the file's path for a request's.
func (s *spec) template(path string) string {
	best := ""
	for t, form := range s.forms {
		if form.MatchString(path) && (best == "" || strings.Count(t, "{") < strings.Count(best, "{")) {
			best = t
		}
	}
	return best
}

// schema is the one at a place below an operation.
func (s *spec) schema(path, method, place string) (*jsonschema.Schema, error) {
	at := "spec.json#/paths/" + strings.ReplaceAll(path, "/", "~1") + "/" + strings.ToLower(method) + "/" + place + "/content/application~1json/schema"
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.compiled[at]; ok {
		return known, nil
	}
	schema, err := s.compiler.Compile(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(at))
	if err == nil {
		s.compiled[at] = schema
	}
	return schema, err
}

// checkRequest holds a request to the file.
func (s *spec) checkRequest(method, path string, body []byte) error {
	t := s.template(path)
	operation, ok := s.paths[t][strings.ToLower(method)].(map[string]any)
	if !ok {
		return fmt.Errorf("the vendor has no %s %s", method, path)
	}
	if operation["requestBody"] == nil {
		if len(body) > 0 {
			return fmt.Errorf("%s %s has no body", method, path)
		}
		return nil
	}
	schema, err := s.schema(t, method, "requestBody")
	if err != nil {
		return err
	}
	return spectest.Valid(schema, body)
}

// checkAnswer holds an answer to the file. Statuses that came later than the file
// are not in it.
func (s *spec) checkAnswer(method, path string, status int, body []byte) error {
	t := s.template(path)
	operation, _ := s.paths[t][strings.ToLower(method)].(map[string]any)
	responses, _ := operation["responses"].(map[string]any)
	if responses[fmt.Sprint(status)] == nil {
		return nil
	}
	schema, err := s.schema(t, method, fmt.Sprintf("responses/%d", status))
	if err != nil {
		return err
	}
	return spectest.Valid(schema, body)
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
		r := x.Request
		if err := s.checkRequest(r.Method, r.URL.Path, x.Sent); err != nil {
			t.Errorf("the connector sent %s %s: %v", r.Method, r.URL.Path, err)
		}
		if r.Header.Get("Notion-Version") != "2026-03-11" {
			t.Errorf("%s %s bears the version %q", r.Method, r.URL.Path, r.Header.Get("Notion-Version"))
		}
		if len(x.Answer) == 0 {
			return
		}
		if err := s.checkAnswer(r.Method, r.URL.Path, x.Status, x.Answer); err != nil {
			t.Errorf("the stand-in answered %s %s with %d: %v", r.Method, r.URL.Path, x.Status, err)
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
	const page = "/v1/pages/b10c0000-0000-4000-8000-000000000001"
	for _, tc := range []struct{ method, path, body string }{
		{"POST", "/v1/pages", `{"parent":{"data_source":"1"},"properties":{}}`},
		{"POST", "/v1/pages", `{"parent":{"data_source_id":"1"},"properties":{"Name":{"title":"x"}}}`},
		{"PATCH", "/v1/blocks/1/children", `{"children":[{"type":"toggle","toggle":{}}]}`},
		{"PATCH", "/v1/blocks/1/children", `{"children":[],"after":"1"}`},
		{"PATCH", "/v1/blocks/1/children", `{"children":[{"toggle":{"rich_text":[],"children":[{"toggle":{"rich_text":[],"children":[{"toggle":{"rich_text":[],"children":[]}}]}}]}}]}`},
		{"PATCH", "/v1/blocks/1", `{"toggle":{"rich_text":[],"children":[]}}`},
		{"POST", "/v1/data_sources/1/query", `{"filter":{"property":"x"}}`},
		{"POST", "/v1/nothing", `{}`},
		{"GET", page, `{}`},
	} {
		if s.checkRequest(tc.method, tc.path, []byte(tc.body)) == nil {
			t.Errorf("%s %s %s was accepted", tc.method, tc.path, tc.body)
		}
	}
	for _, tc := range []struct {
		status int
		body   string
	}{
		{200, `{"object":"page","id":"b10c0000-0000-4000-8000-000000000001"}`},
		{404, `{"object":"error","status":404,"code":"gone","message":""}`},
		{503, `{"object":"error","status":503,"code":"service_unavailable","message":"","additional_data":{"committed_child_ids":[1]}}`},
	} {
		if s.checkAnswer("GET", page, tc.status, []byte(tc.body)) == nil {
			t.Errorf("%d %s was accepted", tc.status, tc.body)
		}
	}
	if err := s.checkRequest("PATCH", "/v1/blocks/1/children", []byte(`{"children":[{"type":"toggle","toggle":{"rich_text":[{"type":"text","text":{"content":"x"}}]}}],"position":{"type":"start"}}`)); err != nil {
		t.Error(err)
	}
}
