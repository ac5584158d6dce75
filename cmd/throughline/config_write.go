package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// configWidth is how long a line of comment may get, in letters.
const configWidth = 100

// write is the configuration as a file that people go on editing: every key with
// what it is for, those without a value commented out. Systems that are not
// configured are left out.
func (c *config) write() (string, error) {
	var out strings.Builder
	out.WriteString("# The configuration of Throughline. Secrets don't stand in it: they come from environment variables.\n" +
		"# 'throughline check' tries all of it; docs/configuration.md tells of every key.\n")
	if err := writeSection(&out, reflect.ValueOf(*c), ""); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	return out.String(), nil
}

// writeSection writes the keys of a struct.
func writeSection(out *strings.Builder, s reflect.Value, indent string) error {
	for i := range s.NumField() {
		field := s.Type().Field(i)
		key := field.Tag.Get("yaml")
		value := s.Field(i)
		if key == "" || value.Kind() == reflect.Pointer && value.IsNil() {
			continue
		}
		value = reflect.Indirect(value)
		if indent == "" {
			out.WriteString("\n")
		}
		comment(out, indent, aboutKey(field))
		if isSection(value.Type()) {
			for _, secret := range secretsOf(key) {
				comment(out, indent, fmt.Sprintf("Environment: %s: %s.", secret.name, secret.doc))
			}
			fmt.Fprintf(out, "%s%s:\n", indent, key)
			if err := writeSection(out, value, indent+"  "); err != nil {
				return err
			}
			continue
		}
		if value.IsZero() {
			fmt.Fprintf(out, "%s# %s: %s\n", indent, key, field.Tag.Get("example"))
			continue
		}
		text, err := inline(value)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s%s: %s\n", indent, key, text)
	}
	return nil
}

// isSection reports whether a value holds keys of its own.
func isSection(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]()
}

// aboutKey is what people are told of a key.
func aboutKey(f reflect.StructField) string {
	text := f.Tag.Get("doc")
	if def := f.Tag.Get("default"); def != "" {
		text += " Default: " + def + "."
	}
	return text
}

func comment(out *strings.Builder, indent, text string) {
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > configWidth && line != indent+"#" {
			out.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	out.WriteString(line + "\n")
}

// inline is a value as YAML on one line.
func inline(v reflect.Value) (string, error) {
	var n yaml.Node
	if day, ok := v.Interface().(time.Time); ok {
		return day.Format(time.DateOnly), nil
	}
	if err := n.Encode(v.Interface()); err != nil {
		return "", err
	}
	n.Style = yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		n.Style = 0
		if strings.ContainsAny(n.Value, "\n\r") || n.Tag == "!!str" && needsQuotes(n.Value) {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	raw, err := yaml.Marshal(&n)
	return strings.TrimSpace(strings.ReplaceAll(string(raw), "\n", " ")), err
}

// needsQuotes reports whether a text would be read as something else without.
func needsQuotes(s string) bool {
	var n yaml.Node
	return yaml.Unmarshal([]byte(s), &n) != nil || len(n.Content) != 1 || n.Content[0].Tag != "!!str" || n.Content[0].Value != s
}
