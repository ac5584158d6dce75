package outbound

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const organisation = "00D000000000001EAA"

// opportunity is the id of one in testdata.
func opportunity(n int) string { return fmt.Sprintf("006000000000%03dAAA", n) }

func read(t testing.TB, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestParse(t *testing.T) {
	var hundred []string
	for i := range 100 {
		hundred = append(hundred, opportunity(i))
	}
	one := message{organisation, 1, []string{opportunity(1)}}
	for name, want := range map[string]message{
		"one":            one,
		"none_of_ours":   {organisation, 1, nil},
		"several":        {organisation, 4, []string{opportunity(1), opportunity(3)}},
		"other_prefixes": {organisation[:15], 1, []string{opportunity(1)[:15]}},
		"with_session":   one,
		"with_comments":  one,
		"inner_ids":      one,
		"hundred":        {organisation, 100, hundred},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(read(t, filepath.Join("testdata", "messages", name+".xml")))
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(message{})); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, want := range map[string]string{
		"empty":             "as Salesforce sends them",
		"no_xml":            "as Salesforce sends them",
		"cut":               "no XML",
		"no_notification":   "it has 0 notifications",
		"hundred_and_one":   "it has 101 notifications",
		"no_organisation":   "it names no organisation",
		"odd_organisation":  "it names no organisation",
		"two_organisations": "it names no organisation",
		"no_id":             "an opportunity has no id",
		"two_ids":           "an opportunity has no id",
		"odd_id":            "an opportunity has no id",
		"no_record":         "a notification is not of one record",
		"two_lists":         "does not hold one list",
		"other_space":       "does not hold one list",
		"other_envelope":    "as Salesforce sends them",
		"document_type":     "a document type",
		"outside_entity":    "a document type",
		"entity":            "line 13 is no XML",
		"instruction":       "a processing instruction",
		"encoding":          "as Salesforce sends them",
		"not_utf8":          "no XML",
		"two_envelopes":     "something stands behind its envelope",
		"text_behind":       "something stands behind its envelope",
		"deep":              "nested too deeply",
		"not_closed":        "no XML",
		"crossed":           "no XML",
	} {
		t.Run(name, func(t *testing.T) {
			m, err := parse(read(t, filepath.Join("testdata", "refused", name+".xml")))
			if !errors.Is(err, errNoMessage) || !strings.Contains(err.Error(), want) || len(m.opportunities) > 0 {
				t.Errorf("%v, %+v", err, m)
			}
		})
	}
}

// TestParseVendorsExample reads the example that was written from the vendor's WSDL.
func TestParseVendorsExample(t *testing.T) {
	file := filepath.Join("..", "..", "..", "..", "shared", "specs", "salesforce", "outbound-message-example.xml")
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the example is not here: %s", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := parse(raw)
	want := message{organisation, 1, []string{"006000000000001AAA"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(message{})); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// FuzzParse: whatever comes, what is passed on are ids, and errors tell nothing of it.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"messages", "refused"} {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*.xml"))
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds", err)
		}
		for _, file := range files {
			f.Add(read(f, file))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parse(body)
		if err != nil {
			if !errors.Is(err, errNoMessage) || len(err.Error()) > 200 {
				t.Fatalf("%v", err)
			}
			return
		}
		if !orgForm.MatchString(m.organisation) || m.notifications < 1 || m.notifications > mostNotifications || len(m.opportunities) > m.notifications {
			t.Fatalf("%+v", m)
		}
		if !slices.IsSorted(m.opportunities) || slices.ContainsFunc(m.opportunities, func(id string) bool { return !opportunityForm.MatchString(id) }) {
			t.Fatalf("%q", m.opportunities)
		}
		if strings.Contains(string(body), "<!DOCTYPE") && !strings.Contains(string(body), "CDATA") && !strings.Contains(string(body), "<!--") {
			t.Fatal("a document type was let through")
		}
	})
}
