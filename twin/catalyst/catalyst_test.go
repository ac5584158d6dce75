package catalyst_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/twin/catalyst"
)

type account struct {
	ID         string
	External   string `json:"external_id"`
	Attributes []struct {
		Label string
		Value any
	}
}

func get[T any](t *testing.T, to, key string) (int, T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var told struct{ Data T }
	if resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" { // what no route answers
		if err := json.NewDecoder(resp.Body).Decode(&told); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode, told.Data
}

func TestAccounts(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s := &catalyst.Server{Header: "X-Api-Key", Value: "key", Prefix: "/v1", PerMinute: -1, Lag: time.Hour, Now: func() time.Time { return at }}
	for i := range 130 {
		s.AddAccount(fmt.Sprintf("crm-%d", i), "Example Corp")
	}
	srv := httptest.NewServer(s)
	defer srv.Close()
	for query, want := range map[string]int{
		"": 25, "?limit=100": 100, "?limit=100&offset=100": 30, "?offset=200": 0, "?updated_at_gte=2026-06-01T12:00:00&limit=100": 100, "?updated_at_gte=2026-06-01T12:00:01": 0,
	} {
		if status, got := get[[]account](t, srv.URL+"/v1/accounts"+query, "key"); status != http.StatusOK || len(got) != want {
			t.Errorf("%s: %d and %d accounts, want %d", query, status, len(got), want)
		}
	}
	for path, want := range map[string]int{"/v1/accounts?limit=101": 400, "/v1/accounts?limit=x": 400, "/v1/accounts?updated_at_gte=now": 400, "/v1/accounts/none": 404, "/accounts": 404} {
		if status, _ := get[any](t, srv.URL+path, "key"); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if status, _ := get[any](t, srv.URL+"/v1/accounts", "other"); status != http.StatusUnauthorized {
		t.Errorf("with another key: %d", status)
	}
	// What the CRM has is mirrored late.
	s.Mirror("crm-7", "Handoff link", "https://handoffs.example/d/1")
	shows := func() bool {
		_, one := get[account](t, srv.URL+"/v1/accounts/acc-8", "key")
		return one.External == "crm-7" && slices.ContainsFunc(one.Attributes, func(a struct {
			Label string
			Value any
		},
		) bool {
			return a.Label == "Handoff link"
		})
	}
	before := shows()
	at = at.Add(time.Hour)
	if before || !shows() {
		t.Errorf("before the lag is over %t, after it %t", before, shows())
	}
	if _, got := get[[]account](t, srv.URL+"/v1/accounts?updated_at_gte=2026-06-01T13:00:00", "key"); len(got) != 1 || got[0].ID != "acc-8" {
		t.Errorf("changed: %+v", got)
	}
	s.PerMinute = 1
	var limited []int
	for range 2 {
		status, _ := get[any](t, srv.URL+"/v1/accounts", "key")
		limited = append(limited, status)
	}
	if diff := cmp.Diff([]int{200, 429}, limited); diff != "" {
		t.Error(diff)
	}
}

func TestSeed(t *testing.T) {
	s := &catalyst.Server{CRM: func(external string) map[string]string { return map[string]string{"CRM says": external} }}
	if err := s.Seed("../../cmd/throughline/demo/harborline"); err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(t.TempDir()); err == nil {
		t.Error("a folder without an account was taken")
	}
	srv := httptest.NewServer(s)
	defer srv.Close()
	_, got := get[[]account](t, srv.URL+"/accounts", "")
	if n := len(got[0].Attributes); n == 0 || got[0].Attributes[n-1].Label != "CRM says" || got[0].Attributes[n-1].Value != "001123970800895AAA" {
		t.Errorf("of the CRM's it has %+v", got[0].Attributes)
	}
	if len(got) != 1 || got[0].External != "001123970800895AAA" || got[0].Attributes[0].Value != "Harborline Logistics" {
		t.Errorf("got %+v", got)
	}
}
