package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

func newInit(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write the configuration by asking which systems there are",
		Long: "Asks which systems hold your deals, and writes the configuration with every key explained. An empty answer takes the default,\n" +
			"which stands in brackets; a key without an answer is written as a comment, to be filled in later. Answers may be piped in, one a\n" +
			"line. Secrets are not asked for and never written: at the end it says which environment variables to set.",
		Example: "  throughline init\n" +
			"  throughline init --config ~/.config/throughline/throughline.yaml",
		Args: noArguments,
	}
	file := cmd.Flags().String("config", "", "the `FILE` to write; without it $THROUGHLINE_CONFIG, or ./"+configName)
	force := cmd.Flags().Bool("force", false, "write it even where there is one already")
	cmd.RunE = func(_ *cobra.Command, _ []string) error {
		out := output{name: configToWrite(*file)}
		if err := out.check(); err != nil {
			return err
		}
		if _, err := os.Stat(out.name); err == nil && !*force {
			return fmt.Errorf("%s is there already: --force writes another in its place, --config one elsewhere", out.name)
		}
		c := &config{file: out.name}
		a := &asker{env: e, in: bufio.NewScanner(e.stdin), made: c}
		if err := a.section(reflect.ValueOf(c).Elem(), ""); err != nil {
			return err
		}
		if err := writeConfig(c, out.name); err != nil {
			return err
		}
		return e.tell("\n%s", written{c})
	}
	return cmd
}

func configToWrite(flag string) string {
	for _, name := range []string{flag, os.Getenv("THROUGHLINE_CONFIG")} {
		if name != "" {
			return name
		}
	}
	return configName
}

// writeConfig writes a configuration for its owner alone.
func writeConfig(c *config, file string) error {
	text, err := c.write()
	if err != nil {
		return err
	}
	if err := (output{name: file}).write([]byte(text)); err != nil {
		return err
	}
	if err := os.Chmod(file, 0o600); err != nil { // one that was there may have been open to others
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}

// An asker asks for a configuration, line by line.
type asker struct {
	env  env
	in   *bufio.Scanner
	made *config // so far
}

// section asks for the keys of a struct that are to be asked for, and of each
// system whether it is there.
func (a *asker) section(s reflect.Value, path string) error {
	for i := range s.NumField() {
		field := s.Type().Field(i)
		key := field.Tag.Get("yaml")
		at := strings.TrimPrefix(path+"."+key, ".")
		switch {
		case key == "", path == "destinations" && !a.made.has(key):
		case slices.Contains(crms, at) && slices.ContainsFunc(crms, a.made.has): // deals come from one CRM
		case s.Field(i).Kind() == reflect.Pointer && !isSystem(at): // it waits for somebody who knows what it is for
		case s.Field(i).Kind() == reflect.Pointer:
			there, err := a.yes(systemName(at), field)
			if err != nil {
				return err
			}
			if !there {
				continue
			}
			s.Field(i).Set(reflect.New(field.Type.Elem()))
			if err := a.section(s.Field(i).Elem(), at); err != nil {
				return err
			}
		case isSection(field.Type):
			if err := a.section(s.Field(i), at); err != nil {
				return err
			}
		case field.Tag.Get("ask") != "":
			if err := a.value(s.Field(i), at, field); err != nil {
				return err
			}
		}
	}
	return nil
}

// isSystem reports whether a section of the configuration is for an outside system.
func isSystem(section string) bool {
	return slices.ContainsFunc(connectors, func(c connector) bool { return strings.EqualFold(c.about.System, section) })
}

// systemName is how people call the system of a section.
func systemName(section string) string {
	for _, c := range connectors {
		if strings.EqualFold(c.about.System, section) {
			return c.about.System
		}
	}
	return strings.ToUpper(section[:1]) + section[1:]
}

// yes asks whether a system is to be connected.
func (a *asker) yes(system string, f reflect.StructField) (bool, error) {
	def, hint := f.Tag.Get("ask") == "yes", "[y/N]"
	if def {
		hint = "[Y/n]"
	}
	for {
		if err := a.env.tell("\n%s\nConnect %s? %s ", f.Tag.Get("doc"), system, hint); err != nil {
			return false, err
		}
		answer, err := a.answer()
		if err != nil {
			return false, err
		}
		switch strings.ToLower(answer) {
		case "":
			return def, nil
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
		if err := a.env.tell("Please answer y or n.\n"); err != nil {
			return false, err
		}
	}
}

// value asks for a key's value until the answer is one.
func (a *asker) value(to reflect.Value, path string, f reflect.StructField) error {
	def := f.Tag.Get("default")
	if def == "" {
		def = "leave out"
	}
	many := ""
	if to.Kind() == reflect.Slice {
		many = ", with commas between them"
	}
	for {
		if err := a.env.tell("\n%s\n%s%s [%s]: ", f.Tag.Get("doc"), path, many, def); err != nil {
			return err
		}
		answer, err := a.answer()
		if err != nil || answer == "" {
			return err
		}
		p := parser{}
		p.value(answered(answer, to), path, to)
		if len(p.errs) == 0 {
			return nil
		}
		to.SetZero()
		var wrong configError
		if errors.As(p.errs[0], &wrong) {
			if err := a.env.tell("%s\n", wrong.what); err != nil {
				return err
			}
		}
	}
}

// answered is an answer as the configuration would have it.
func answered(answer string, to reflect.Value) *yaml.Node {
	scalar := func(s string) *yaml.Node {
		n := &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimSpace(s)}
		if to.Kind() != reflect.Float64 && to.Kind() != reflect.Int {
			n.Tag = "!!str"
		}
		return n
	}
	if to.Kind() != reflect.Slice {
		return scalar(answer)
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, part := range strings.Split(answer, ",") {
		list.Content = append(list.Content, scalar(part))
	}
	return list
}

// answer is the next line; empty, which takes the default, once there is none.
func (a *asker) answer() (string, error) {
	if a.in.Scan() {
		return strings.TrimSpace(a.in.Text()), nil
	}
	if err := a.in.Err(); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return "", nil
}

// written says what to do once a configuration is written.
type written struct{ *config }

func (w written) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Wrote %s. No secret stands in it.\n", w.file)
	var vars []secretVar
	s := reflect.ValueOf(*w.config)
	for i := range s.NumField() {
		if f := s.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			vars = append(vars, secretsOf(s.Type().Field(i).Tag.Get("yaml"))...)
		}
	}
	if vars != nil {
		out.WriteString("Set these environment variables (or, with _FILE behind the name, the file that holds the secret):\n")
	}
	for _, v := range vars {
		fmt.Fprintf(&out, "  %s: %s\n", v.name, v.doc)
	}
	out.WriteString("Then run: throughline check")
	if w.file != configName {
		out.WriteString(" --config " + shellWord(w.file))
	}
	return out.String() + "\n"
}
