package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"throughline"
)

// parseConfig reads a configuration strictly: a key that is not known, a value of
// the wrong kind and a secret are errors, all of them told at once, each with its
// line and key. No value is ever part of an error: it may be a secret.
func parseConfig(file string, raw []byte) (*config, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s can't be read as YAML: %s", file, strings.TrimPrefix(quotesCut(err.Error()), "yaml: "))
	}
	c := &config{file: file}
	p := parser{file: file}
	if len(doc.Content) == 1 && doc.Content[0].Tag != "!!null" {
		p.section(doc.Content[0], "", reflect.ValueOf(c).Elem())
	}
	return c, errors.Join(p.errs...)
}

// quotesCut takes out of an error of the YAML package what it quotes.
func quotesCut(s string) string { return quoted.ReplaceAllString(s, "…") }

var quoted = regexp.MustCompile("(?s)`.*`|\".*\"|'.*'")

type parser struct {
	file string
	errs []error
}

func (p *parser) wrong(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, configError{p.file, n.Line, fmt.Sprintf(format, args...)})
}

// A configError is something wrong in a configuration.
type configError struct {
	file string
	line int
	what string
}

func (e configError) Error() string { return fmt.Sprintf("%s, line %d: %s", e.file, e.line, e.what) }

// section reads a mapping into a struct.
func (p *parser) section(n *yaml.Node, path string, to reflect.Value) {
	if n.Kind != yaml.MappingNode {
		p.wrong(n, "%s must hold keys with values, one a line", orWhole(path))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		field, ok := fieldOf(to, key.Value)
		switch {
		case !ok:
			p.unknown(key, path, to.Type())
		case seen[key.Value]:
			p.wrong(key, "%s stands there a second time", at)
		default:
			p.value(value, at, field)
		}
		seen[key.Value] = true
	}
}

func orWhole(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// value reads a key's value. One that is left empty is as if it were not there.
func (p *parser) value(n *yaml.Node, path string, to reflect.Value) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		p.wrong(n, "%s is an anchor or an alias, which are not read: write the value out", path)
		return
	case n.Tag == "!!null":
		if to.Kind() == reflect.Pointer { // a section without keys is there all the same
			to.Set(reflect.New(to.Type().Elem()))
		}
		return
	}
	switch to.Interface().(type) {
	case string:
		if p.scalar(n, path, "a text") {
			to.SetString(n.Value)
		}
	case destination:
		switch {
		case !p.scalar(n, path, "an audience"):
		case !slices.Contains(destinations, throughline.Audience(n.Value)):
			p.wrong(n, "%s must be company or team", path)
		default:
			to.SetString(n.Value)
		}
	case []string:
		p.list(n, path, to)
	case map[string][]string:
		p.lists(n, path, to)
	case bool:
		var v bool
		if p.scalar(n, path, "true or false") && p.decoded(n, path, "true or false", &v) {
			to.SetBool(v)
		}
	case time.Duration:
		if p.scalar(n, path, "a time") {
			to.SetInt(int64(p.duration(n, path)))
		}
	case []time.Duration:
		p.durations(n, path, to)
	case int:
		var v int
		if p.scalar(n, path, "a number") && p.decoded(n, path, "a whole number", &v) {
			if v < 0 {
				p.wrong(n, "%s must not be negative", path)
			}
			to.SetInt(int64(v))
		}
	case float64:
		var v float64
		if p.scalar(n, path, "a number") && p.decoded(n, path, "a number", &v) {
			if v < 0 {
				p.wrong(n, "%s must not be negative", path)
			}
			to.SetFloat(v)
		}
	case time.Time:
		if p.scalar(n, path, "a day") {
			day, err := time.Parse(time.DateOnly, n.Value)
			if err != nil {
				p.wrong(n, "%s must be a day, such as 2026-10-01", path)
			}
			to.Set(reflect.ValueOf(day))
		}
	default:
		if to.Kind() == reflect.Pointer {
			to.Set(reflect.New(to.Type().Elem()))
			to = to.Elem()
		}
		p.section(n, path, to)
	}
}

func (p *parser) list(n *yaml.Node, path string, to reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, "%s must be a list, such as [one, two]", path)
		return
	}
	for _, entry := range n.Content {
		if p.scalar(entry, path, "a list of texts") {
			to.Set(reflect.Append(to, reflect.ValueOf(entry.Value)))
		}
	}
}

// duration reads how long something takes.
func (p *parser) duration(n *yaml.Node, path string) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < 0 {
		p.wrong(n, "%s must be a time, such as 24h or 30m", path)
		return 0
	}
	return d
}

// durations reads a list of times; an empty list is one too.
func (p *parser) durations(n *yaml.Node, path string, to reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, "%s must be a list of times, such as [4h, 16h]", path)
		return
	}
	list := []time.Duration{}
	for _, entry := range n.Content {
		if p.scalar(entry, path, "a list of times") {
			list = append(list, p.duration(entry, path))
		}
	}
	to.Set(reflect.ValueOf(list))
}

// lists reads a mapping of names, which are people's own, to lists.
func (p *parser) lists(n *yaml.Node, path string, to reflect.Value) {
	if n.Kind != yaml.MappingNode {
		p.wrong(n, "%s must hold keys with lists, one a line", path)
		return
	}
	to.Set(reflect.MakeMap(to.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		if list := reflect.New(to.Type().Elem()).Elem(); p.scalar(n.Content[i], path, "a key") {
			p.list(n.Content[i+1], path+"."+printable(n.Content[i].Value), list)
			to.SetMapIndex(reflect.ValueOf(n.Content[i].Value), list)
		}
	}
}

// scalar wants a single value that is no secret.
func (p *parser) scalar(n *yaml.Node, path, what string) bool {
	switch {
	case n.Kind != yaml.ScalarNode || n.Anchor != "":
		p.wrong(n, "%s must be %s", path, what)
		return false
	case looksSecret(path, n.Value):
		p.wrong(n, "%s looks like a secret, and secrets don't stand in this file: take it out, and set %s", path, secretAdvice(path))
		return false
	}
	return true
}

func (p *parser) decoded(n *yaml.Node, path, what string, v any) bool {
	if err := n.Decode(v); err != nil {
		p.wrong(n, "%s must be %s", path, what)
		return false
	}
	return true
}

// unknown says of a key that there is none such, and which may have been meant.
func (p *parser) unknown(key *yaml.Node, path string, of reflect.Type) {
	if looksSecret("", key.Value) {
		p.wrong(key, "there is a secret in place of a key, and secrets don't stand in this file: take it out, and set %s", secretAdvice(path))
		return
	}
	under := ""
	if path != "" {
		under = " under " + path
	}
	text := fmt.Sprintf("there is no key %s%s", printable(key.Value), under)
	if secretName.MatchString(key.Value) {
		p.wrong(key, "%s: secrets don't stand in this file; set %s", text, secretAdvice(path+"."+key.Value))
		return
	}
	if near := meant(key.Value, keysOf(of)); near != "" {
		text += "; did you mean " + near + "?"
	} else {
		text += "; there are: " + strings.Join(keysOf(of), ", ")
	}
	p.wrong(key, "%s", text)
}

// fieldOf is the field of a struct that a key names.
func fieldOf(s reflect.Value, key string) (reflect.Value, bool) {
	for i := range s.NumField() {
		if name := s.Type().Field(i).Tag.Get("yaml"); name != "" && name == key {
			return s.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// keysOf are the keys that a struct's fields have.
func keysOf(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// meant is the word that another was most likely meant to be; empty where none
// is near.
func meant(word string, of []string) string {
	best, least := "", 1+max(2, len(word)/3)
	for _, w := range of {
		if d := distance(strings.ToLower(word), w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is how many letters must be added, left out or changed to make one
// word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// secretName is what keys are called under which people would write a secret.
var secretName = regexp.MustCompile(`(?i)secret|passw|token|access_?key|api_?key|credential|database_?url|dsn`)

// secretValue are the forms in which vendors issue secrets, private keys, and
// addresses with a password in them.
var secretValue = []*regexp.Regexp{
	regexp.MustCompile(`^(xox[a-z]|xapp|xwfp)-`),                       // Slack
	regexp.MustCompile(`^(secret|ntn)_[A-Za-z0-9]{20,}`),               // Notion
	regexp.MustCompile(`^eyJ[A-Za-z0-9_-]{10,}`),                       // a JWT, as Gong's access key secrets are
	regexp.MustCompile(`^(sk|pk|pat)-[A-Za-z0-9_-]{16,}`),              // model providers, HubSpot
	regexp.MustCompile(`-----BEGIN|(?i)^(bearer|basic) `),              // keys, headers
	regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s@]*:[^/\s]*@`), // an address with a password
}

// A long run of letters and digits is a secret, unless the key is one that holds
// such an id.
var (
	hexadecimal = regexp.MustCompile(`^[0-9A-Fa-f]{32,}$`)
	random      = regexp.MustCompile(`^[A-Za-z0-9+/=]{32,}$`)
	upper       = regexp.MustCompile(`[A-Z]`)
	lower       = regexp.MustCompile(`[a-z]`)
	digit       = regexp.MustCompile(`[0-9]`)
)

func looksSecret(path, value string) bool {
	value = strings.TrimSpace(value)
	if slices.ContainsFunc(secretValue, func(r *regexp.Regexp) bool { return r.MatchString(value) }) {
		return true
	}
	if strings.HasSuffix(path, "_id") || strings.HasSuffix(path, "data_source") {
		return false
	}
	return hexadecimal.MatchString(value) || random.MatchString(value) && upper.MatchString(value) && lower.MatchString(value) && digit.MatchString(value)
}
