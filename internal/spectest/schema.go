package spectest

import (
	"bytes"
	"os"
	"regexp"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Read reads a vendor's file; it is nil, without an error, where the file is not.
func Read(file string) (any, error) {
	raw, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(raw))
}

// Strict closes the file's objects: a field that they don't name is none that a
// connector may send or a stand-in answer.
func Strict(doc any) {
	switch v := doc.(type) {
	case []any:
		for _, e := range v {
			Strict(e)
		}
	case map[string]any:
		if _, object := v["properties"].(map[string]any); object && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, e := range v {
			Strict(e)
		}
	}
}

// Compiler compiles the file's schemas, which stand under its name. Formats are held
// to, and patterns are read as JavaScript has them.
func Compiler(name string, doc any) (*jsonschema.Compiler, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseRegexpEngine(func(s string) (jsonschema.Regexp, error) {
		re, err := regexp.Compile(unicodeEscape.ReplaceAllString(s, `\x{$1}`))
		return (*pattern)(re), err
	})
	return c, c.AddResource(name, doc)
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9a-fA-F]{4})`)

type pattern regexp.Regexp

func (p *pattern) MatchString(s string) bool { return (*regexp.Regexp)(p).MatchString(s) }

func (p *pattern) String() string { return (*regexp.Regexp)(p).String() }

// Valid holds a body of JSON to a schema.
func Valid(s *jsonschema.Schema, body []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}
