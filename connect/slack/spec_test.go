package slack_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline/internal/spectest"
)

const specDir = "../../../shared/specs/slack"

// A spec is the vendor's descriptions: of 2021, for the forms of answers, and of
// today, for each method's arguments, scopes and errors.
type spec struct {
	answers map[string]*jsonschema.Schema // of 2021, by method
	methods map[string]method
}

type method struct {
	Args struct {
		Required   []string       `json:"required"`
		Properties map[string]any `json:"properties"`
	} `json:"args"`
	Scope map[string][]string `json:"scope"`
	Tier  string              `json:"rate_limits"`
	// Errors are by code.
	Errors json.RawMessage `json:"errors"`

	output *jsonschema.Schema
}

// loadSpec reads the files once; it is nil where they are not.
var loadSpec = sync.OnceValues(func() (*spec, error) {
	doc, err := spectest.Read(filepath.Join(specDir, "slack_web_openapi_v2_without_examples.json"))
	if doc == nil {
		return nil, err
	}
	relaxed(doc)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	if err := c.AddResource("spec.json", doc); err != nil {
		return nil, err
	}
	s := &spec{answers: map[string]*jsonschema.Schema{}, methods: map[string]method{}}
	files, err := filepath.Glob(filepath.Join(specDir, "methods", "*.json"))
	if err != nil {
		return nil, err
	}
	paths := doc.(map[string]any)["paths"].(map[string]any)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if s.methods[name], err = loadMethod(file); err != nil {
			return nil, err
		}
		path, _ := paths["/"+name].(map[string]any)
		for verb := range path {
			if s.answers[name], err = c.Compile("spec.json#/paths/~1" + name + "/" + verb + "/responses/200/schema"); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
})

func loadMethod(file string) (method, error) {
	var m method
	raw, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	output := doc.(map[string]any)["output"]
	if output == nil {
		output = true // it says nothing
	}
	anyOf(output)
	c := jsonschema.NewCompiler()
	if err := c.AddResource(file, output); err != nil {
		return m, err
	}
	m.output, err = c.Compile(file)
	return m, err
}

// relaxed makes the description of 2021 say what it means, of what there was
// then: its generator wrote "items" for "anyOf", and fields have been added since.
func relaxed(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			relaxed(e)
		}
	case map[string]any:
		delete(v, "additionalProperties")
		if of, ok := v["items"].([]any); ok && v["type"] == nil {
			delete(v, "items")
			v["anyOf"] = of
		}
		for _, e := range v {
			relaxed(e)
		}
	}
}

// anyOf makes alternatives of which several may hold: what they refer to by name
// is not in the files.
func anyOf(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			anyOf(e)
		}
	case map[string]any:
		if of, ok := v["oneOf"]; ok {
			delete(v, "oneOf")
			v["anyOf"] = of
		}
		for _, e := range v {
			anyOf(e)
		}
	}
}

// ours are errors that any method may answer with, and those of the stand-in's
// paging, which some of the pages leave out.
var ours = []string{"missing_scope", "not_authed", "invalid_auth", "token_revoked", "ratelimited", "invalid_limit", "invalid_cursor", "is_archived", "not_in_channel", "invalid_arguments", "unknown_method", "user_not_found", "channel_not_found", "thread_not_found", "not_allowed_token_type", "internal_error", "fatal_error", "team_not_found"}

// 2021's description differs from what these methods answer today.
var changed = []string{
	"chat.update",           // blocks were an object
	"conversations.history", // an empty channel had no messages at all
}

// heldToSpec checks every exchange with the stand-in, where the vendor's files are.
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
		name, isMethod := strings.CutPrefix(x.Request.URL.Path, "/api/")
		m, known := s.methods[name]
		if !known {
			if isMethod {
				t.Errorf("the connector calls %s, which the vendor does not describe", name)
			}
			return
		}
		checkArgs(t, name, m, x.Request, x.Sent)
		if len(x.Answer) > 0 && json.Valid(x.Answer) {
			checkAnswer(t, name, m, s.answers[name], x.Answer)
		}
	})
}

func checkArgs(t *testing.T, name string, m method, r *http.Request, body []byte) {
	t.Helper()
	sent := map[string]bool{"token": r.Header.Get("Authorization") != ""}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") && len(body) > 0 {
		var args map[string]any
		if err := json.Unmarshal(body, &args); err != nil {
			t.Errorf("%s was sent no JSON object: %v", name, err)
		}
		for k := range args {
			sent[k] = true
		}
	} else {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Errorf("%s was sent no form: %v", name, err)
		}
		for k := range form {
			sent[k] = true
		}
	}
	for k := range sent {
		if m.Args.Properties[k] == nil && k != "token" {
			t.Errorf("%s was sent %q, which is none of its arguments", name, k)
		}
	}
	for _, k := range m.Args.Required {
		if !sent[k] {
			t.Errorf("%s was not sent %q, which it requires", name, k)
		}
	}
	if len(r.URL.RawQuery) > 0 {
		t.Errorf("%s was sent arguments in its address", name)
	}
}

var codes = regexp.MustCompile(`"([a-z_]+)"\s*:`)

func checkAnswer(t *testing.T, name string, m method, old *jsonschema.Schema, body []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s was answered with no JSON: %v", name, err)
		return
	}
	o, _ := v.(map[string]any)
	if o["ok"] == false {
		code, _ := o["error"].(string)
		if !slices.Contains(ours, code) && !slices.ContainsFunc(codes.FindAllSubmatch(m.Errors, -1), func(c [][]byte) bool { return string(c[1]) == code }) {
			t.Errorf("%s was refused with %q, which is none of its errors", name, code)
		}
		return
	}
	if err := m.output.Validate(v); err != nil {
		t.Errorf("the stand-in answered on %s: %v", name, err)
	}
	// A message without replies, asked for as a thread, has none of a thread's fields.
	if all, _ := o["messages"].([]any); name == "conversations.replies" && len(all) == 1 {
		return
	}
	if old != nil && !slices.Contains(changed, name) {
		if err := old.Validate(v); err != nil {
			t.Errorf("the stand-in answered on %s, by the description of 2021: %v", name, err)
		}
	}
}

// TestSpecRefuses holds the check itself to account.
func TestSpecRefuses(t *testing.T) {
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		t.Skipf("%s is not here: the vendor's descriptions are kept beside the project", specDir)
	}
	for name, bad := range map[string]string{
		"auth.test":             `{"ok":true,"url":"x"}`,
		"users.info":            `{"ok":true,"user":{"id":"U12345678"}}`,
		"conversations.list":    `{"ok":true,"channels":[{"id":7}]}`,
		"conversations.info":    `{"ok":true}`,
		"chat.postMessage":      `{"ok":true,"channel":"C12345678","ts":"1"}`,
		"conversations.open":    `{"ok":true}`,
		"users.lookupByEmail":   `{"ok":true,"user":{}}`,
		"conversations.join":    `{"ok":true}`,
		"conversations.members": `{"ok":true,"members":[]}`,
	} {
		if s.answers[name] == nil || spectest.Valid(s.answers[name], []byte(bad)) == nil {
			t.Errorf("%s may be answered with %s", name, bad)
		}
	}
	if spectest.Valid(s.methods["conversations.history"].output, []byte(`{"ok":true,"messages":[]}`)) == nil {
		t.Error("a page of history needs nothing but messages")
	}
}

// TestNeedsAreTheMethodsScopes: each scope that Check asks for is one that the
// vendor's page of some method lists for bots.
func TestNeedsAreTheMethodsScopes(t *testing.T) {
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		t.Skipf("%s is not here: the vendor's descriptions are kept beside the project", specDir)
	}
	listed := map[string]bool{}
	for _, m := range s.methods {
		for _, scope := range m.Scope["bot"] {
			listed[scope] = true
		}
	}
	r := newRig(t)
	r.deal()
	r.cfg.Join = true
	n := 0
	for _, p := range r.client(t).Check(t.Context()) {
		if !strings.Contains(p.Name, ":") || p.Name == "connections:write" {
			continue
		}
		if n++; !listed[p.Name] {
			t.Errorf("no method lists the scope %s", p.Name)
		}
	}
	if n < 10 {
		t.Errorf("%d scopes were checked", n)
	}
}
