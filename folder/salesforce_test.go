package folder

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// passagesOf are a source's passages, each with its label and its writer's name.
func passagesOf(t *testing.T, files map[string]string) []string {
	t.Helper()
	var out []string
	for p := range readFiles(t, files).Passages {
		out = append(out, fmt.Sprintf("%s [%s] %s", p.Label, p.Name, p.Text))
	}
	return out
}

// TestSeveralOpportunities has an earlier deal of the same account, one that was
// lost, and another account's, in one folder.
func TestSeveralOpportunities(t *testing.T) {
	files := map[string]string{
		"opps.json": `{"totalSize":3,"done":true,"records":[
 {"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA","Name":"Old deal","AccountId":"001000000000001AAA","OwnerId":"005000000000001AAA","StageName":"Closed Won","CloseDate":"2024-05-01","NextStep":"old step"},
 {"attributes":{"type":"Opportunity"},"Id":"006000000000002AAA","Name":"This deal","AccountId":"001000000000001AAA","OwnerId":"005000000000001AAA","StageName":"Closed Won","CloseDate":"2026-05-01","NextStep":"this step"},
 {"attributes":{"type":"Opportunity"},"Id":"006000000000003AAA","Name":"Lost deal","AccountId":"001000000000002AAA","StageName":"Closed Lost","CloseDate":"2026-09-01","NextStep":"lost step"}]}`,
		"accounts.json": `{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Account"},"Id":"001000000000002AAA","Name":"Other","Website":"other.example","Description":"Other account"},
 {"attributes":{"type":"Account"},"Id":"001000000000001AAA","Name":"Buyer","Website":"https://www.buyer.example/","Description":"Buyer account"}]}`,
		"contacts.json": `{"totalSize":3,"done":true,"records":[{"attributes":{"type":"Contact"},"Id":"003000000000001AAA","AccountId":"001000000000001AAA","Name":"Bo Ek","Email":"bo@buyer.example"},
 {"attributes":{"type":"Contact"},"Id":"003000000000002AAA","AccountId":"001000000000002AAA","Name":"Di Mori","Email":"di@other.example"},
 {"attributes":{"type":"Contact"},"Id":"003000000000003AAA","AccountId":"001000000000003AAA","Name":"Ed Ray","Email":"ed@consult.example"}]}`,
		"roles.json": `{"totalSize":3,"done":true,"records":[{"attributes":{"type":"OpportunityContactRole"},"Id":"00K1","OpportunityId":"006000000000001AAA","ContactId":"003000000000001AAA","Role":"Evaluator"},
 {"attributes":{"type":"OpportunityContactRole"},"Id":"00K2","OpportunityId":"006000000000002AAA","ContactId":"003000000000001AAA","Role":"Decision Maker"},
 {"attributes":{"type":"OpportunityContactRole"},"Id":"00K3","OpportunityId":"006000000000002AAA","ContactId":"003000000000003AAA","Role":"Influencer"}]}`,
		"notes.json": `{"totalSize":4,"done":true,"records":[{"attributes":{"type":"Note"},"Id":"0021","ParentId":"006000000000001AAA","Title":"x","Body":"note of the old deal"},
 {"attributes":{"type":"Note"},"Id":"0022","ParentId":"006000000000002","Title":"x","Body":"note of this deal"},{"attributes":{"type":"Note"},"Id":"0023","ParentId":"001000000000001AAA","Title":"x","Body":"note of the account"},
 {"attributes":{"type":"Note"},"Id":"0024","ParentId":"006000000000009AAA","Title":"x","Body":"note of a deal that is not here"}]}`,
		"tasks.json": `{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Task"},"Id":"00T1","WhatId":"006000000000003AAA","Subject":"task of the lost deal"},{"attributes":{"type":"Task"},"Id":"00T2","WhatId":"006000000000002AAA","Subject":"task of this deal"}]}`,
		"links.json": `[{"attributes":{"type":"ContentDocumentLink"},"Id":"06A1","ContentDocumentId":"0691","LinkedEntityId":"006000000000001AAA"},{"attributes":{"type":"ContentDocumentLink"},"Id":"06A2","ContentDocumentId":"0692","LinkedEntityId":"006000000000002AAA"},
 {"attributes":{"type":"ContentDocumentLink"},"Id":"06A3","ContentDocumentId":"0692","LinkedEntityId":"006000000000001AAA"}]`,
		"content.json": `[{"attributes":{"type":"ContentNote"},"Id":"0691","Title":"x","Content":"PHA+b2xkPC9wPg=="},{"attributes":{"type":"ContentNote"},"Id":"0692","Title":"x","Content":"PHA+Um93cyAmbHQ7IDVNPC9wPjxwPm5leHQ8L3A+"}]`,
	}
	d := readFiles(t, files)
	if d.Name != "This deal" || d.Customer.Name != "Buyer" || d.Customer.Domain != "buyer.example" {
		t.Errorf("the deal is %q of %+v", d.Name, d.Customer)
	}
	if d.Person("Di Mori") != nil || d.Person("Ed Ray") == nil || d.Person("Bo Ek").CRMRole != "Decision Maker" {
		t.Errorf("people: %s; Bo %+v", namesOf(d), d.Person("Bo Ek"))
	}
	if len(d.Notes) == 0 || !strings.Contains(d.Notes[0], "3 opportunities") {
		t.Errorf("nobody is told which deal was taken: %q", d.Notes)
	}
	all := strings.Join(passagesOf(t, files), "\n")
	for _, want := range []string{"this step", "note of this deal", "note of the account", "task of this deal", "Rows < 5M\nnext", "Buyer account"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, bad := range []string{"old", "lost step", "task of the lost", "Other account", "not here"} {
		if strings.Contains(all, bad) {
			t.Errorf("%q is of another deal:\n%s", bad, all)
		}
	}
	files["deal.json"] = `{"id":"006000000000001AAA",` + sidesKnown[1:]
	if d := readFiles(t, files); d.Source("r1").NativeID != "006000000000001AAA" {
		t.Errorf("deal.json names another opportunity than %s", d.Source("r1").NativeID)
	}
}

// TestLookups has people only in the lookup fields of a query's answer.
func TestLookups(t *testing.T) {
	files := map[string]string{"q.json": `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA","Name":"Deal","Owner":{"attributes":{"type":"User"},"Name":"Ann Lee","Email":"ann@vendor.example"},
 "Account":{"attributes":{"type":"Account"},"Name":"Buyer","Website":"buyer.example"},
 "OpportunityContactRoles":{"totalSize":1,"done":true,"records":[{"attributes":{"type":"OpportunityContactRole"},"Role":"Champion","Contact":{"attributes":{"type":"Contact"},"Name":"Bo Ek","Email":"bo@buyer.example","Title":"CFO"}}]},
 "Notes":{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Note"},"Title":"x","Body":"no owner"},{"attributes":{"type":"Note"},"OwnerId":"005000000000009AAA","Owner":{"attributes":{"type":"User"},"Name":"Cy Ng"},"Title":"x","Body":"by Cy"}]}}]}`}
	d := readFiles(t, files)
	if d.AE == nil || d.AE.Name != "Ann Lee" || d.Customer.Name != "Buyer" {
		t.Errorf("the AE is %+v, the customer %+v", d.AE, d.Customer)
	}
	if bo := d.Person("Bo Ek"); bo == nil || bo.CRMRole != "Champion" || bo.Title != "CFO" {
		t.Errorf("Bo is %+v; people %s", bo, namesOf(d))
	}
	got := passagesOf(t, files)
	for _, want := range []string{"Note: x [] no owner", "Note: x [Cy Ng] by Cy"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}

// TestTaskStatus: how far a task has come stands beside what it says.
func TestTaskStatus(t *testing.T) {
	got := passagesOf(t, map[string]string{"tasks.json": `{"totalSize":3,"done":true,"records":[{"attributes":{"type":"Task"},"Id":"00T1","Subject":"Send the plan","Status":"Not Started"},
 {"attributes":{"type":"Task"},"Id":"00T2","Subject":"Question","Description":"They load by night.","Status":"Completed"},{"attributes":{"type":"Task"},"Id":"00T3","Subject":"Call"}]}`})
	want := []string{"Task (Not Started) [] Send the plan", "Task (Completed): Question [] They load by night.", "Task [] Call"}
	if !slices.Equal(got, want) {
		t.Errorf("the passages are %q", got)
	}
}

func TestPersonAccount(t *testing.T) {
	d := readFiles(t, map[string]string{
		"a.json": `{"attributes":{"type":"Account"},"Id":"001","IsPersonAccount":true,"FirstName":"Bo","LastName":"Ek","PersonEmail":"bo@gmail.com","PersonTitle":"Owner","Description":"Runs a shop."}`,
		"o.json": `{"attributes":{"type":"Opportunity"},"Id":"006","AccountId":"001","Name":"Deal","NextStep":"x"}`,
	})
	if bo := d.Person("Bo Ek"); bo == nil || bo.Email != "bo@gmail.com" || bo.Title != "Owner" || bo.Side != "customer" {
		t.Errorf("Bo is %+v", bo)
	}
}

func TestMissingPages(t *testing.T) {
	page := func(done bool, id string) string {
		return fmt.Sprintf(`{"totalSize":2,"done":%v,"nextRecordsUrl":"/services/data/v62.0/query/01g-1","records":[{"attributes":{"type":"Note"},"Id":%q,"Title":"x","Body":"text %s"}]}`, done, id, id)
	}
	d := readFiles(t, map[string]string{"1.json": page(false, "a")})
	if len(d.Problems) != 1 || d.Problems[0].File != "1.json" || !strings.Contains(d.Problems[0].What, "holds 1 of them") {
		t.Errorf("the second page is missing, and the problems are %+v", d.Problems)
	}
	d = readFiles(t, map[string]string{"1.json": page(false, "a"), "2.json": page(true, "b")})
	if len(d.Problems) != 0 || len(d.Source("r1").Passages) != 2 {
		t.Errorf("both pages are there: %+v, %+v", d.Problems, d.Source("r1"))
	}
}
