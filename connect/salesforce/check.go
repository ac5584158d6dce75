package salesforce

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"throughline/connect"
)

// Check tries what reading deals needs, in one API call: whether the credential
// gets a token and may use the API, and of each object and field that is read
// whether the user may see it. Fields are listed only where they are missing.
func (o *Org) Check(ctx context.Context) []connect.Permission {
	needs := []struct {
		object, purpose string
		fields          []string
	}{
		{"Opportunity", "deals, and which were won", append(strings.Fields("Id IsWon AccountId CloseDate"), winFields...)},
		{"OpportunityStage", "which stages count as won", []string{"MasterLabel", "ApiName", "IsWon"}},
		{"OpportunityHistory", "when a deal was won", historyFields},
		{"Account", "the customer", []string{"Id", "Name", "Website"}},
		{"Contact", "the customer's people", contactFields},
		{"OpportunityContactRole", "their roles in the deal", roleFields},
		{"User", "the seller's people", userFields},
		{"Task", "what was to be done", taskFields},
		{"Event", "meetings", eventFields},
		{"EmailMessage", "emails", emailFields},
		{"Note", "notes of the old kind", noteFields},
		{"ContentDocumentLink", "files and notes made in Lightning", linkFields},
		{"OpportunityFieldHistory", "changes of tracked fields, if the org tracks any", changeFields},
		{"OpportunityTeamMember", "the deal's team, if the org uses teams", teamFields},
	}
	for i := range needs {
		for _, field := range []string{o.cfg.AEField, o.cfg.CSMField} {
			object, name, ok := strings.Cut(field, ".")
			if !ok {
				object, name = "Opportunity", field
			}
			if name != "" && object == needs[i].object {
				needs[i].fields = append(needs[i].fields, name)
			}
		}
	}
	wishes := make([]wish, len(needs))
	for i, n := range needs {
		wishes[i] = wish{name: "describe" + n.object, object: n.object, path: "sobjects/" + n.object + "/describe"}
	}
	got, refused, err := o.ask(ctx, "check permissions", wishes)
	out := []connect.Permission{{Name: "API Enabled", For: "any call", Err: err}}
	if err != nil {
		return out
	}
	for i, n := range needs {
		row := connect.Permission{Name: "Read on " + n.object, For: n.purpose}
		var d description
		if e := refused[wishes[i].name]; e != nil {
			row.Err = unseen(n.object, e)
		} else if json.Unmarshal(got[wishes[i].name], &d) != nil {
			row.Err = &connect.Error{Vendor: vendor, Op: "read " + n.object, Message: "the answer is not a description of an object"}
		}
		out = append(out, row)
		if row.Err == nil {
			out = append(out, missing(n.object, n.purpose, n.fields, d)...)
		}
	}
	return out
}

// unseen is why an object can't be read. That describe does not find it means
// that the user may not see it, or that the org has none.
func unseen(object string, e *connect.Error) *connect.Error {
	if e.Status == http.StatusNotFound {
		e.Message, e.Advice = "no object "+object+" that the user may see", "give the app's user Read on "+object+" by a permission set, if the org has it"
	}
	return e
}

// missing are the fields that an object does not show, each once.
func missing(object, purpose string, fields []string, d description) []connect.Permission {
	var out []connect.Permission
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f] || d.has(f) {
			continue
		}
		seen[f] = true
		out = append(out, connect.Permission{
			Name: "Read on the field " + object + "." + f, For: purpose, Err: hidden(wish{object: object, path: "describe"}, f, http.StatusOK),
		})
	}
	return out
}
