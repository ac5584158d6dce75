package main

import (
	"flag"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"throughline"
)

var update = flag.Bool("update", false, "write the parts of docs/configuration.md that are made from the program")

func TestConfigErrors(t *testing.T) {
	jwt := "eyJ" + "hbGciOiJIUzI1NiJ9.eyJleHAiOjB9.c2VjcmV0"
	for name, c := range map[string]struct {
		text string
		want []string // each in what it says
		not  string   // not in it
	}{
		"a key with a letter wrong": {"deals:\n  min_amout: 5\n", []string{"line 2: there is no key min_amout under deals; did you mean min_amount?"}, ""},
		"a key of another section":  {"gong:\n  login: x\n", []string{"line 2: there is no key login under gong; there are: base, workspace"}, ""},
		"a section that is none":    {"salesfroce:\n  login: x\n", []string{"line 1: there is no key salesfroce; did you mean salesforce?"}, ""},
		"several at once":           {"seller:\n  name: x\ndeals:\n  min_amount: much\n", []string{"line 2: there is no key name under seller", "line 4: deals.min_amount must be a number"}, "much"},
		"not a number":              {"deals: {min_amount: -5}\n", []string{"line 1: deals.min_amount must not be negative"}, ""},
		"not a day":                 {"deals:\n  from: soon\n", []string{"line 2: deals.from must be a day, such as 2026-10-01"}, "soon"},
		"not a list":                {"deals:\n  types: Renewal\n", []string{"line 2: deals.types must be a list"}, "Renewal"},
		"a list in a list":          {"deals:\n  types: [[a]]\n", []string{"line 2: deals.types must be a list of texts"}, ""},
		"a list for a text":         {"seller:\n  company: [x]\n", []string{"line 2: seller.company must be a text"}, ""},
		"a text for a section":      {"gong: yes\n", []string{"line 1: gong must hold keys with values"}, ""},
		"a list for all":            {"- a\n", []string{"line 1: the file must hold keys with values"}, ""},
		"twice":                     {"seller:\n  company: A\n  company: B\n", []string{"line 3: seller.company stands there a second time"}, ""},
		"no YAML":                   {"seller:\n\tcompany: 'planted\n", []string{"can't be read as YAML", "line 2"}, "planted"},
		"an alias":                  {"seller: &s\n  company: A\n", []string{"line 1: seller is an anchor"}, ""},
		"a secret under its name":   {"salesforce:\n  client_secret: hunter2\n", []string{"line 2: there is no key client_secret under salesforce: secrets don't stand in this file; set the environment variable SALESFORCE_CLIENT_SECRET or SALESFORCE_OUTBOUND_SECRET (or the same with _FILE"}, "hunter2"},
		"a secret under another":    {"gong:\n  workspace: " + jwt + "\n", []string{"line 2: gong.workspace looks like a secret", "GONG_ACCESS_KEY_SECRET"}, jwt},
		"a secret in a list":        {"deals:\n  types: [xoxb-123-planted]\n", []string{"line 2: deals.types looks like a secret"}, "planted"},
		"a secret for a number":     {"deals:\n  min_amount: xoxb-123-planted\n", []string{"line 2: deals.min_amount looks like a secret"}, "planted"},
		"a secret for a section":    {"gong: xoxb-123-planted\n", []string{"line 1: gong must hold keys"}, "planted"},
		"a secret as a key":         {"gong:\n  xoxb-123-planted: yes\n", []string{"line 2: there is a secret in place of a key"}, "planted"},
		"a password in an address":  {"salesforce:\n  login: https://user:planted@example.com\n", []string{"line 2: salesforce.login looks like a secret"}, "planted"},
		"an audience that is none":  {"destinations: {slack: everyone}\n", []string{"line 1: destinations.slack must be company or team"}, "everyone"},
		"the customer as audience":  {"destinations: {slack: customer}\n", []string{"line 1: destinations.slack must be company or team"}, ""},
		"not a time":                {"play: {publish_after: soon}\n", []string{"line 1: play.publish_after must be a time, such as 24h"}, "soon"},
		"a number for a time":       {"play: {publish_after: 24}\n", []string{"line 1: play.publish_after must be a time, such as 24h"}, ""},
		"times in the past":         {"play: {remind_ae: [-4h]}\n", []string{"line 1: play.remind_ae must be a time"}, ""},
		"a time for times":          {"play: {remind_ae: 4h}\n", []string{"line 1: play.remind_ae must be a list of times"}, ""},
		"not true or false":         {"slack: {join: perhaps}\n", []string{"line 1: slack.join must be true or false"}, "perhaps"},
		"a secret among channels":   {"slack:\n  channels:\n    006: [xoxb-123-planted]\n", []string{"line 3: slack.channels.006 looks like a secret"}, "planted"},
		"random letters":            {"gong:\n  base: 3aF9c1D8e7B6a5F4c3D2e1B0a9F8c7D6plantedX\n", []string{"line 2: gong.base looks like a secret"}, "planted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseConfig("x.yaml", []byte(c.text))
			if err == nil {
				t.Fatal("it is taken")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it says %q, want %q in it", err, want)
				}
			}
			if !strings.HasPrefix(err.Error(), "x.yaml") || c.not != "" && strings.Contains(err.Error(), c.not) {
				t.Errorf("it says %q", err)
			}
		})
	}
}

func TestConfigIsRead(t *testing.T) {
	c, err := parseConfig("x.yaml", []byte(`
seller: {company: Example Corp, domain: example.com}
deals:
  record_types: [New_Business]
  min_amount: 1e4
  from: 2026-10-01
salesforce:
  client_id: 3MVG9aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aB
gong:
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &config{
		Seller:     sellerConfig{Company: "Example Corp", Domain: "example.com"},
		Deals:      dealsConfig{RecordTypes: []string{"New_Business"}, MinAmount: 10_000, From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)},
		Salesforce: &salesforceConfig{ClientID: "3MVG9aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aB"},
		Gong:       &gongConfig{}, file: "x.yaml",
	}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(config{})); diff != "" {
		t.Error(diff)
	}
	if empty, err := parseConfig("x.yaml", []byte("# nothing yet\n")); err != nil || empty.Gong != nil {
		t.Errorf("an empty file: %v, %v", empty, err)
	}
}

// filled is a configuration in which every key has a value.
func filled() *config {
	c := &config{}
	fill(reflect.ValueOf(c).Elem(), "")
	return c
}

func fill(s reflect.Value, path string) {
	for i := range s.NumField() {
		field := s.Type().Field(i)
		key, v := field.Tag.Get("yaml"), s.Field(i)
		if key == "" {
			continue
		}
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
		switch {
		case isSection(v.Type()):
			fill(v, path+"."+key)
		case v.Type() == reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)))
		case v.Type() == reflect.TypeFor[destination]():
			v.SetString(string(throughline.AudienceCompany))
		case v.Type() == reflect.TypeFor[time.Duration]():
			v.SetInt(int64(90 * time.Minute))
		case v.Type() == reflect.TypeFor[[]time.Duration]():
			v.Set(reflect.ValueOf([]time.Duration{time.Hour, 90 * time.Minute}))
		case v.Kind() == reflect.String:
			v.SetString("a: #'\" " + key)
		case v.Kind() == reflect.Int:
			v.SetInt(587)
		case v.Kind() == reflect.Float64:
			v.SetFloat(12.5)
		case v.Kind() == reflect.Bool:
			v.SetBool(true)
		case v.Kind() == reflect.Slice:
			v.Set(reflect.ValueOf([]string{"one, two", "yes", "12", "{x}"}))
		case v.Kind() == reflect.Map:
			v.Set(reflect.ValueOf(map[string][]string{"006": {"one", "#two"}}))
		default:
			panic("no value for " + path + "." + key)
		}
	}
}

// TestWrittenConfigIsRead: what is written is read again as it was, whichever
// systems there are, and every key can be set. Under the race detector only a few
// systems are there, or are missing; `make test` tries all sets without it.
func TestWrittenConfigIsRead(t *testing.T) {
	full := reflect.ValueOf(filled()).Elem()
	var systems []int
	for i := range full.NumField() {
		if full.Field(i).Kind() == reflect.Pointer {
			systems = append(systems, i)
		}
	}
	if len(systems) < 2 {
		t.Fatal("there are no systems to combine")
	}
	for there := range 1 << len(systems) {
		if n := bits.OnesCount(uint(there)); raced && n > 2 && n < len(systems)-1 {
			continue
		}
		for _, values := range []bool{false, true} {
			c := &config{}
			v := reflect.ValueOf(c).Elem()
			if values {
				v.Set(full)
			}
			for n, i := range systems {
				switch {
				case there&(1<<n) == 0:
					v.Field(i).SetZero()
				case !values:
					v.Field(i).Set(reflect.New(v.Field(i).Type().Elem()))
				}
			}
			text, err := c.write()
			if err != nil {
				t.Fatal(err)
			}
			got, err := parseConfig("", []byte(text))
			if err != nil {
				t.Fatalf("systems %b: %v\n%s", there, err, text)
			}
			if diff := cmp.Diff(c, got, cmp.AllowUnexported(config{})); diff != "" {
				t.Errorf("systems %b: %s", there, diff)
			}
		}
	}
}

// TestExamplesAreRead: with its comment signs gone, what a key's example says is
// a value of that key.
func TestExamplesAreRead(t *testing.T) {
	c := filled()
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Pointer {
			v.Field(i).Elem().SetZero()
		} else if v.Type().Field(i).Tag.Get("yaml") != "" {
			v.Field(i).SetZero()
		}
	}
	text, err := c.write()
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`(?m)^( *)# ([a-z_]+: \S.*)$`)
	var kept []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := key.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[2], "Environment") {
			line = m[1] + m[2]
		}
		kept = append(kept, line)
	}
	got, err := parseConfig("", []byte(strings.Join(kept, "\n")))
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(kept, "\n"))
	}
	unset := unsetKeys(reflect.ValueOf(*got), "")
	if len(unset) > 0 {
		t.Errorf("without an example: %v", unset)
	}
}

func unsetKeys(s reflect.Value, path string) []string {
	var out []string
	for i := range s.NumField() {
		key, v := s.Type().Field(i).Tag.Get("yaml"), reflect.Indirect(s.Field(i))
		switch {
		case key == "":
		case isSection(v.Type()):
			out = append(out, unsetKeys(v, path+key+".")...)
		case v.IsZero():
			out = append(out, path+key)
		}
	}
	return out
}

// TestEveryKeyIsDocumented holds docs/configuration.md to the program.
func TestEveryKeyIsDocumented(t *testing.T) {
	const file = "../../docs/configuration.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	for part, made := range map[string]string{"keys": keysTable(), "secrets": secretsTable()} {
		begin, end := fmt.Sprintf("<!-- %s: made by the tests -->\n", part), fmt.Sprintf("<!-- end of %s -->", part)
		before, rest, ok := strings.Cut(doc, begin)
		now, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no part %q", file, part)
		}
		if now != made && !*update {
			t.Errorf("%s is not what the program says; 'go test ./cmd/throughline -run TestEveryKeyIsDocumented -update' writes it anew:\n%s", file, cmp.Diff(now, made))
		}
		doc = before + begin + made + end + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func keysTable() string {
	var out strings.Builder
	var rows func(t reflect.Type, path string)
	rows = func(s reflect.Type, path string) {
		for i := range s.NumField() {
			f := s.Field(i)
			key := f.Tag.Get("yaml")
			if key == "" {
				continue
			}
			typ := f.Type
			if typ.Kind() == reflect.Pointer {
				typ = typ.Elem()
			}
			if isSection(typ) {
				fmt.Fprintf(&out, "\n### %s\n\n%s\n\n| key | what it is | default | example |\n| --- | --- | --- | --- |\n", path+key, f.Tag.Get("doc"))
				rows(typ, path+key+".")
				continue
			}
			if path == "" {
				fmt.Fprintf(&out, "\n### %s\n\n%s Default: %s.\n", key, f.Tag.Get("doc"), f.Tag.Get("default"))
				continue
			}
			fmt.Fprintf(&out, "| `%s%s` | %s | %s | `%s` |\n", path, key, f.Tag.Get("doc"), f.Tag.Get("default"), f.Tag.Get("example"))
		}
	}
	rows(reflect.TypeFor[config](), "")
	return out.String() + "\n"
}

func secretsTable() string {
	var out strings.Builder
	out.WriteString("\n| variable | goes with | what it is |\n| --- | --- | --- |\n")
	for _, s := range secrets {
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", s.name, s.section, s.doc)
	}
	return out.String() + "\n"
}

func TestFindConfig(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "settings"))
	t.Setenv("THROUGHLINE_CONFIG", "")
	t.Chdir(t.TempDir())
	if _, err := loadConfig(""); err == nil || !strings.Contains(err.Error(), "throughline init") {
		t.Errorf("without any: %v", err)
	}
	write := func(file, company string) {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("seller: {company: "+company+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flagged := filepath.Join(home, "flag.yaml")
	for _, step := range []struct{ file, company, flag string }{
		{filepath.Join(home, "settings", "throughline", configName), "the user's", ""},
		{configName, "here", ""},
		{filepath.Join(home, "env.yaml"), "of the variable", ""},
		{flagged, "of the flag", flagged},
	} {
		write(step.file, step.company)
		if step.company == "of the variable" {
			t.Setenv("THROUGHLINE_CONFIG", step.file)
		}
		c, err := loadConfig(step.flag)
		if err != nil || c.Seller.Company != step.company {
			t.Errorf("%s: got %+v, %v", step.company, c, err)
		}
	}
	if err := os.WriteFile(flagged, []byte("destinations: {slack: team}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadConfig(flagged); err == nil || !strings.Contains(err.Error(), "destinations.slack is set, but there is no section slack") {
		t.Errorf("a destination without its system: %v", err)
	}
	if _, err := loadConfig(filepath.Join(home, "gone.yaml")); err == nil || !strings.Contains(err.Error(), "there is no configuration at") {
		t.Errorf("a named one that is not there: %v", err)
	}
}

// TestInit answers in every combination of systems, and asks again where an
// answer is no value.
func TestInit(t *testing.T) {
	t.Setenv("THROUGHLINE_CONFIG", "")
	for name, c := range map[string]struct {
		answers string
		want    config
		vars    []string // named at the end
		again   string   // said on the way
	}{
		"nothing but defaults": {"", config{Salesforce: &salesforceConfig{}}, []string{"SALESFORCE_CLIENT_SECRET", "SALESFORCE_OUTBOUND_SECRET"}, ""},
		"neither":              {seller + deals + "n\nn\n", config{}, nil, ""},
		"Salesforce alone": {
			"Example Corp\nExample Sync\nexample.com\n" + "New, Expansion\nmuch\n5000\nAE__c\nCSM__c\n" + "maybe\ny\nhttps://example.my.salesforce.com\nKEY\n\n\nn\nn\nn\nn\nn\nn\nn\nn\nall\ncompany\n",
			config{
				Seller:       sellerConfig{"Example Corp", "Example Sync", "example.com"},
				Deals:        dealsConfig{Types: []string{"New", "Expansion"}, MinAmount: 5000, AEField: "AE__c", CSMField: "CSM__c"},
				Salesforce:   &salesforceConfig{Login: "https://example.my.salesforce.com", ClientID: "KEY"},
				Destinations: destinationsConfig{Salesforce: "company"},
			},
			[]string{"SALESFORCE_CLIENT_SECRET", "SALESFORCE_OUTBOUND_SECRET"},
			"deals.min_amount must be a number\n",
		},
		"all": {
			seller + deals + "y\n\n\n\n\ny\n\nn\ny\nChannel__c\ndeal-{customer},{domain}-deal\ny\n0123456789abcdef0123456789abcdef\nn\nn\nn\nn\n\n\nteam\n",
			config{
				Salesforce: &salesforceConfig{}, Gong: &gongConfig{}, Slack: &slackConfig{Field: "Channel__c", Patterns: []string{"deal-{customer}", "{domain}-deal"}},
				Notion: &notionConfig{DataSource: "0123456789abcdef0123456789abcdef"}, Destinations: destinationsConfig{Notion: "team"},
			},
			[]string{"SALESFORCE_CLIENT_SECRET", "SALESFORCE_OUTBOUND_SECRET", "GONG_ACCESS_KEY", "GONG_ACCESS_KEY_SECRET", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "NOTION_TOKEN"},
			"",
		},
		"Gong alone, and a secret": {seller + deals + "n\nn\ny\nxoxb-planted\n\n", config{Gong: &gongConfig{}}, []string{"GONG_ACCESS_KEY", "GONG_ACCESS_KEY_SECRET"}, "gong.base looks like a secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			out := succeed(t, c.answers, "init")
			got, err := loadConfig(configName)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, *got, cmpopts.IgnoreUnexported(config{})); diff != "" {
				t.Error(diff)
			}
			_, end, _ := strings.Cut(out, "Wrote "+configName)
			for _, s := range secrets {
				named := strings.Contains(end, "  "+s.name+":")
				if named != slices.Contains(c.vars, s.name) {
					t.Errorf("%s is named: %v\n%s", s.name, named, end)
				}
			}
			if !strings.Contains(out, c.again) || !strings.HasSuffix(out, "Then run: throughline check\n") {
				t.Errorf("it says:\n%s", out)
			}
			if st, err := os.Stat(configName); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("the file's mode is %v, %v", st.Mode(), err)
			}
			if r := throughlineRun(t, c.answers, "init"); r.status != exitFailed || !strings.Contains(r.stderr, "is there already: --force") {
				t.Errorf("a second time: %+v", r)
			}
			if err := os.Chmod(configName, 0o644); err != nil {
				t.Fatal(err)
			}
			succeed(t, c.answers, "init", "--force")
			if st, err := os.Stat(configName); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("written over, the file's mode is %v, %v", st.Mode(), err)
			}
		})
	}
}

// Empty answers for what init asks of every configuration.
const (
	seller = "\n\n\n"
	deals  = "\n\n\n\n"
)

func FuzzConfig(f *testing.F) {
	if text, err := filled().write(); err == nil {
		f.Add(text)
	}
	for _, seed := range []string{"seller: {company: A}", "gong:\n", "deals: {types: [a, [b]], from: 2026-10-01}", "a: &b [*b]", "? {x: y}\n: z", "salesforce: !!binary aGk="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseConfig("x.yaml", []byte(text))
		if err != nil {
			return
		}
		again, err := c.write()
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseConfig("x.yaml", []byte(again))
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		if diff := cmp.Diff(c, got, cmp.AllowUnexported(config{}), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}
