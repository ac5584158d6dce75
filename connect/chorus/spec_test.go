package chorus_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline/internal/spectest"
	twin "throughline/twin/chorus"
)

const specFile = "../../../shared/specs/chorus/chorus-openapi-trimmed.json"

// A spec is the vendor's OpenAPI file: schemas of what each route may be asked and of
// what it answers. It holds to the truth both what the connector sends and what the
// stand-in answers.
type spec struct {
	parameters map[string]map[string]*jsonschema.Schema // by route, then by name
	answers    map[string]*jsonschema.Schema            // by route
	sparse     *jsonschema.Schema                       // a conversation of which some fields were asked for
	refusal    *jsonschema.Schema
}

// paths are the file's names for the routes.
var paths = map[string]string{
	twin.RouteEngagements: twin.RouteEngagements, twin.RouteConversations: twin.RouteConversations + "/{id}", twin.RouteMe: twin.RouteMe,
}

// loadSpec reads the file once; it is nil where the file is not.
var loadSpec = sync.OnceValues(func() (*spec, error) {
	raw, err := os.ReadFile(specFile)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name string }
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	whole, err := compiler(raw, "whole.json", false)
	if err != nil {
		return nil, err
	}
	sparse, err := compiler(raw, "sparse.json", true)
	if err != nil {
		return nil, err
	}
	compile := func(c *jsonschema.Compiler, at string) (schema *jsonschema.Schema) {
		if err == nil {
			schema, err = c.Compile(at)
		}
		return schema
	}
	s := &spec{parameters: map[string]map[string]*jsonschema.Schema{}, answers: map[string]*jsonschema.Schema{}}
	for route, path := range paths {
		get := "#/paths/" + strings.ReplaceAll(path, "/", "~1") + "/get"
		s.parameters[route] = map[string]*jsonschema.Schema{}
		for i, p := range doc.Paths[path]["get"].Parameters {
			s.parameters[route][p.Name] = compile(whole, fmt.Sprintf("whole.json%s/parameters/%d/schema", get, i))
		}
		content := get + "/responses/200/content/application~1vnd.api+json/schema"
		if route == twin.RouteEngagements {
			content = get + "/responses/200/content/application~1json/schema"
		}
		s.answers[route] = compile(whole, "whole.json"+content)
		if route == twin.RouteConversations {
			s.sparse = compile(sparse, "sparse.json"+content)
		}
	}
	s.refusal = compile(whole, "whole.json#/components/schemas/Error")
	return s, err
})

// compiler takes the file as what it means: a field that it does not know is none that
// the stand-in may answer. Where only some fields are asked for, none is required of a
// conversation and its recording.
func compiler(raw []byte, name string, sparse bool) (*jsonschema.Compiler, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	spectest.Strict(doc)
	if sparse {
		at := doc
		for _, key := range []string{"components", "schemas", "Recording", "properties", "attributes"} {
			at, _ = at.(map[string]any)[key]
		}
		attributes := at.(map[string]any)
		delete(attributes, "required")
		delete(attributes["properties"].(map[string]any)["recording"].(map[string]any), "required")
	}
	return spectest.Compiler(name, doc)
}

// asked says what is wrong with a query.
func (s *spec) asked(route string, query url.Values) error {
	for name, values := range query {
		schema, known := s.parameters[route][name]
		if !known || len(values) != 1 {
			return fmt.Errorf("%s is no parameter, or is there more than once", name)
		}
		if err := schema.Validate(values[0]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// routeOf is the route of a path.
func routeOf(path string) string {
	if strings.HasPrefix(path, twin.RouteConversations+"/") {
		return twin.RouteConversations
	}
	return path
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
		route := routeOf(x.Request.URL.Path)
		schema, known := s.answers[route]
		if !known || x.Request.Method != http.MethodGet || len(x.Sent) > 0 {
			t.Errorf("the connector sent %s %s, %d bytes", x.Request.Method, x.Request.URL.Path, len(x.Sent))
			return
		}
		if strings.Contains(x.Request.URL.RawQuery, "+") {
			t.Errorf("a space is sent as a plus: %s", x.Request.URL.RawQuery)
		}
		if err := s.asked(route, x.Request.URL.Query()); err != nil {
			t.Errorf("the connector asked %s: %v", route, err)
		}
		switch {
		case len(x.Answer) == 0: // broken off
			return
		case x.Status != http.StatusOK:
			schema = s.refusal
		case x.Request.URL.Query().Has("fields"):
			schema = s.sparse
		}
		if err := spectest.Valid(schema, x.Answer); err != nil {
			t.Errorf("the stand-in answered on %s with %d: %v", route, x.Status, err)
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
	for _, query := range []string{"account_id=1", "min_date=yesterday", "engagement_type=call", "user_id=1&user_id=2"} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if s.asked(twin.RouteEngagements, q) == nil {
			t.Errorf("%s was accepted", query)
		}
	}
	for _, tc := range []struct {
		schema *jsonschema.Schema
		body   string
	}{
		{s.answers[twin.RouteEngagements], `{"engagements":[{"engagement_id":1}]}`},
		{s.answers[twin.RouteEngagements], `{"next":"1"}`},
		{s.answers[twin.RouteConversations], `{"data":{"type":"recording","id":"1","attributes":{"status":"done"}}}`},
		{s.answers[twin.RouteConversations], `{"data":{"type":"conversation","id":"1","attributes":{}}}`},
		{s.sparse, `{"data":{"type":"recording","id":"1","attributes":{"status":"ready"}}}`},
		{s.sparse, `{"data":{"type":"recording","id":"1","attributes":{"recording":{"utterances":[{"snippet":"x"}]}}}}`},
		{s.refusal, `{"error":"no"}`},
	} {
		if spectest.Valid(tc.schema, []byte(tc.body)) == nil {
			t.Errorf("%s was accepted", tc.body)
		}
	}
	if err := spectest.Valid(s.sparse, []byte(`{"data":{"type":"recording","id":"1","attributes":{"status":"done","recording":{"utterances":[]}}}}`)); err != nil {
		t.Error(err)
	}
}

// TestWholeConversation: of what the stand-in answers where no fields are asked for,
// nothing is missing that the vendor's file requires.
func TestWholeConversation(t *testing.T) {
	if s, err := loadSpec(); s == nil {
		t.Skipf("%s is not here: the vendor's OpenAPI file is kept beside the project (%v)", specFile, err)
	}
	r := newRig(t)
	r.deal()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.config.Base+twin.RouteConversations+"/100", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", planted)
	resp, err := r.config.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}
