package connect_test

import (
	"testing"

	"throughline/connect"
)

func TestCompanyDomain(t *testing.T) {
	for in, want := range map[string]string{
		"a@Example.com":                    "example.com",
		"https://www.example.com/about?x=": "example.com",
		"example.co.uk":                    "example.co.uk",
		"http://example.com:8080":          "example.com",
		"a@gmail.com":                      "",
		"a@yahoo.co.uk":                    "",
		"a@outlook.com":                    "",
		"a@live.example.com":               "live.example.com",
		"localhost":                        "",
		"":                                 "",
		"not a domain.":                    "",
	} {
		if got := connect.CompanyDomain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
