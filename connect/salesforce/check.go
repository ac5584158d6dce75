package salesforce

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"throughline/connect"
)

// A need is an object that is read, what for, and the fields that are.
type need struct {
	object, purpose string
	fields          []string
}

// Check tries what reading deals needs, in one API call: whether the credential
// gets a token and may use the API, and of each object and field that is read
// whether the user may see it; where handoffs are published, also whether the user
// may make and change what that needs. Fields are listed only where they are
// missing.
func (o *Org) Check(ctx context.Context) []connect.Permission {
	needs := []need{
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
		for _, field := range []string{o.cfg.AEField, o.cfg.CSMField, o.cfg.KickoffField} {
			object, name, ok := strings.Cut(field, ".")
			if !ok {
				object, name = "Opportunity", field
			}
			if name != "" && object == needs[i].object {
				needs[i].fields = append(needs[i].fields, name)
			}
		}
	}
	if o.cfg.Writing != nil {
		needs = append(needs, need{"ContentVersion", "the versions of the published file", []string{"Id", "ContentDocumentId", "PathOnClient", "CreatedDate"}})
		if o.cfg.Writing.Note {
			needs = append(needs, need{"ContentNote", "the note beside it", []string{"Id", "Title"}})
		}
		if i := slices.IndexFunc(needs, func(n need) bool { return n.object == "Task" }); o.cfg.Writing.Tasks {
			needs[i].fields = slices.Concat(needs[i].fields, followedTaskFields)
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
		row := connect.Permission{Name: "Read on " + n.object, For: n.purpose, Optional: optionalObjects[n.object]}
		var d description
		if e := refused[wishes[i].name]; e != nil {
			row.Err = unseen(n.object, e)
		} else if json.Unmarshal(got[wishes[i].name], &d) != nil {
			row.Err = &connect.Error{Vendor: vendor, Op: "read " + n.object, Message: "the answer is not a description of an object"}
		}
		out = append(out, row)
		if row.Err == nil {
			out = append(out, missing(n.object, n.purpose, n.fields, d)...)
			out = append(out, o.cfg.Writing.lacking(d)...)
		}
	}
	return out
}

// optionalObjects are those that an org has only where it uses what they are for.
var optionalObjects = map[string]bool{"OpportunityFieldHistory": true, "OpportunityTeamMember": true}

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
			Name: "Read on the field " + object + "." + f, For: purpose, Optional: optionalObjects[object] || optionalFields[object+"."+f], Err: hidden(wish{object: object, path: "describe"}, f, http.StatusOK),
		})
	}
	return out
}

// lacking are the permissions that writing needs on an object; those on fields
// only where they are missing.
func (w *Writing) lacking(d description) []connect.Permission {
	if w == nil {
		return nil
	}
	var out []connect.Permission
	needs := func(what, purpose string, there bool, advice string) {
		row := connect.Permission{Name: what, For: purpose}
		if !there {
			row.Err = &connect.Error{Vendor: vendor, Op: "check what may be written", Message: "the user has no " + what, Advice: advice}
		}
		out = append(out, row)
	}
	switch d.Name {
	case "ContentVersion":
		needs("Create on ContentVersion", "publishing the handoff as a file", d.Createable, "give the app's user Create on ContentVersion: files are enabled in Setup > Salesforce Files, and the user's licence must allow them")
	case "ContentDocumentLink":
		needs("Create on ContentDocumentLink", "attaching the file to opportunity and account", d.Createable, "give the app's user Create on ContentDocumentLink: files are enabled in Setup > Salesforce Files, and the user's licence must allow them")
	case "ContentNote":
		needs("Create on ContentNote", "the note beside the file", d.Createable, "turn notes on in Setup > Notes Settings and let the app's user make ContentNote records, or leave the note out of the configuration")
		needs("Edit on ContentNote", "bringing the note up to date", d.Updateable, "let the app's user edit ContentNote records, or leave the note out of the configuration")
	case "Task":
		if w.Tasks {
			const advice = "give the app's user the permission Edit Tasks by a permission set, or leave the tasks out of the configuration"
			needs("Create on Task", "a task for each milestone", d.Createable, advice)
			needs("Edit on Task", "bringing the milestones' tasks up to date", d.Updateable, advice)
		}
	case "Opportunity":
		if len(w.Fields) > 0 {
			needs("Edit on Opportunity", "setting the opportunity's fields", d.Updateable, "give the app's user Edit on Opportunity by a permission set, and share the deals for editing")
		}
		for _, value := range Values {
			field := w.Fields[value]
			if field == "" {
				continue
			}
			f, ok := d.field(field)
			if !ok || !f.Updateable {
				needs("Edit on the field Opportunity."+field, "showing the handoff's "+string(value), false, "give the app's user Edit on the field Opportunity."+field+" (field-level security), or make the field")
			}
		}
	}
	return out
}
