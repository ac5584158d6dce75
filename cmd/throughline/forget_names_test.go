package main

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestErasedNames: which forms of a name go from a text, and which stay since they may
// mean somebody or something else.
func TestErasedNames(t *testing.T) {
	for name, c := range map[string]struct {
		who       erased
		people    []string
		companies []string
		texts     map[string]string // and what becomes of them
		left      []string
	}{
		"every form": {
			who: erased{email: "owen.brandt@harborline.example", names: []string{"Owen Brandt"}}, people: []string{"Owen Brandt", "Dana Ruiz"}, companies: []string{"Harborline"},
			texts: map[string]string{
				"Owen Brandt and OWEN BRANDT's team":                    "[erased] and [erased]'s team",
				"Mr. Brandt, or Brandt, Owen":                           "Mr. [erased], or [erased]",
				"O. Brandt agreed":                                      "[erased] agreed",
				"ask owen, Owen's the one":                              "ask [erased], [erased]'s the one",
				"<mailto:Owen.Brandt@Harborline.example>; @owen.brandt": "<mailto:[erased]>; @[erased]",
				"Bowen, Owens and Brandtstraße are others":              "Bowen, Owens and Brandtstraße are others",
				"Dana Ruiz said":                                        "Dana Ruiz said",
			},
		},
		"a first name that another has": {
			who: erased{email: "ob@a.example", names: []string{"Owen Brandt"}}, people: []string{"Owen Brandt", "Owen Marsh"},
			texts: map[string]string{"Owen and Brandt": "Owen and [erased]", "ob@a.example": "[erased]"}, left: []string{"Owen"},
		},
		"a last name that another has": {
			who: erased{names: []string{"Owen Brandt"}}, people: []string{"Lena Brandt"},
			texts: map[string]string{"Owen and Brandt": "[erased] and Brandt", "Brandt, Owen": "[erased]"}, left: []string{"Brandt"},
		},
		"a last name that a company has": {
			who: erased{names: []string{"Owen Brandt"}}, companies: []string{"Brandt & Söhne GmbH"},
			texts: map[string]string{"Brandt & Söhne want Owen": "Brandt & Söhne want [erased]"}, left: []string{"Brandt"},
		},
		"names that are ordinary words": {
			who: erased{names: []string{"Will Price"}},
			texts: map[string]string{
				"Will the price hold? Price first. We will see.": "Will the price hold? Price first. We will see.",
				"We asked Will, then Price.":                     "We asked [erased], then [erased].",
				"It ended.\nWill it go on?":                      "It ended.\nWill it go on?",
				"Will Price signs":                               "[erased] signs",
			},
		},
		"other letters": {
			who:   erased{names: []string{"Żaneta Łoś", "Zaneta Los"}},
			texts: map[string]string{"żaneta, ŁOŚ i Łosiowa": "[erased], [erased] i Łosiowa", "Ż. Łoś": "[erased]"},
		},
		"a name of one word": {
			who:   erased{email: "cy@a.example", names: []string{"Cy"}},
			texts: map[string]string{"Cy said": "[erased] said"},
		},
		"no name": {
			who: erased{email: "cy@a.example"}, texts: map[string]string{"cy@a.example, cy": "[erased], cy"},
		},
		"an initial for a first name": {
			who: erased{names: []string{"J Ruiz"}}, texts: map[string]string{"J Ruiz, plan J, Ruiz": "[erased], plan J, [erased]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if left := c.who.in(c.people, c.companies); !slices.Equal(left, c.left) {
				t.Errorf("left are %q, not %q", left, c.left)
			}
			got := map[string]string{}
			for text := range c.texts {
				got[text] = c.who.masked(text, erasedMark, false)
			}
			if diff := cmp.Diff(c.texts, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestErasedFromWhatIsKept: what the person said or is about goes, what others said of
// them stands without the name, and our own words are no names.
func TestErasedFromWhatIsKept(t *testing.T) {
	who := &erased{email: "risk@a.example", names: []string{"Champion Risk"}}
	who.in([]string{"Champion Risk", "Dana Ruiz"}, nil)
	const body = `{"items":[
		{"id":"risk-1","kind":"risk","text":"Ask Risk.","evidence":[{"speaker":"Dana Ruiz","quote":"Mr. Risk knows"},{"speaker":"Champion Risk","quote":"I know"}]},
		{"id":"champion-1","kind":"champion","person":"Champion Risk","text":"Signs.","evidence":[{"speaker":"Dana Ruiz","quote":"they sign"}]},
		{"id":"pain-1","kind":"pain","text":"Slow.","evidence":[{"speaker":"champion risk","quote":"slow"}]}],
		"deal":{"people":[{"name":"Champion Risk","email":"risk@a.example"},{"name":"Dana Ruiz"}]},"notes":["risk@a.example was asked"]}`
	const want = `{"items":[
		{"id":"risk-1","kind":"risk","text":"Ask [erased].","evidence":[{"speaker":"Dana Ruiz","quote":"Mr. [erased] knows"}]}],
		"deal":{"people":[{"name":"Dana Ruiz"}]},"notes":["[erased] was asked"]}`
	got, err := who.rewrite("documents", body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parsed(t, want), parsed(t, got)); diff != "" {
		t.Error(diff)
	}
	// A run's addresses are written to, so that there is nothing in their place.
	got, err = who.rewrite("runs", `{"Stage":"published","CSM":{"Name":"Champion Risk","Email":"risk@a.example"},"AcceptedBy":"risk@a.example"}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parsed(t, `{"Stage":"published","CSM":{"Name":"","Email":""},"AcceptedBy":""}`), parsed(t, got)); diff != "" {
		t.Error(diff)
	}
	if _, err := who.rewrite("moves", "{"); err == nil {
		t.Error("a text that is none was taken")
	}
}

func parsed(t *testing.T, body string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// FuzzErasedNames: whatever the name and the text, nothing of a text is lost but what
// is masked, and the address is in none.
func FuzzErasedNames(f *testing.F) {
	f.Add("Owen Brandt", "ob@a.example", "Owen, ob@a.example and Brandt")
	f.Add("İ K", "@", "i̇ k \xff İ")
	f.Add("Will  Price", "a.b@c", "\nWill a.b Price")
	f.Fuzz(func(t *testing.T, name, email, text string) {
		who := &erased{email: email, names: nonEmpty(name)}
		who.in(nil, nil)
		if out := who.masked(text, "", false); len(out) > len(text) {
			t.Errorf("%q of %q is longer", out, text)
		}
	})
}
