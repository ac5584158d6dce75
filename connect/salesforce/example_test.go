package salesforce_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"throughline/connect/salesforce"
	twin "throughline/twin/salesforce"
	"throughline/won"
)

// The deals of the last 90 days that would have fired: winning a deal changes it,
// so all of them were changed since; From keeps out those that were won earlier
// and only edited.
func ExampleOrg_Won() {
	crm := twin.New()
	crm.ClientID, crm.ClientSecret = "client", "secret"
	server := httptest.NewServer(crm)
	defer server.Close()
	now := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	crm.Now = func() time.Time { return now.AddDate(0, 0, -200) }
	for name, days := range map[string]int{"Of this quarter": 30, "Of last year": 180} {
		id := crm.Put("Opportunity", twin.Record{"Name": name, "Amount": 9000.0, "StageName": "Talking"})
		crm.Move(id, "Talking", false, now.AddDate(0, 0, -190))
		crm.Move(id, "Signed", true, now.AddDate(0, 0, -days))
		crm.Set("Opportunity", id, twin.Record{"NextStep": "Invoice"}, now.AddDate(0, 0, -1))
	}
	crm.Now = time.Now

	org, err := salesforce.New(salesforce.Config{Login: server.URL, ClientID: "client", ClientSecret: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	since := now.AddDate(0, 0, -90)
	wins, _, err := org.Won(context.Background(), won.Filter{MinAmount: 5000, From: since}, since, now)
	for _, w := range wins {
		fmt.Println(w.Name, w.WonAt.Format(time.DateOnly))
	}
	fmt.Println(err)
	// Output:
	// Of this quarter 2026-05-02
	// <nil>
}
