package salesforce

import (
	"maps"
	"slices"
	"strings"

	"throughline"
	"throughline/connect"
)

// Folder is the deal as the files that package folder reads: records as the REST
// API gives them, one file for each object; the fields' labels; emails as .eml;
// the files as they are.
func (d *Deal) Folder() ([]connect.SavedFile, error) {
	var out []connect.SavedFile
	add := func(name string, v any) error {
		f, err := connect.JSONFile("salesforce/"+name+".json", v)
		out = append(out, f)
		return err
	}
	for _, one := range []struct {
		name string
		rec  Record
	}{{"opportunity", d.Opportunity}, {"account", d.Account}} {
		if one.rec == nil {
			continue
		}
		if err := add(one.name, one.rec); err != nil {
			return nil, err
		}
	}
	for _, list := range []struct {
		name string
		recs []Record
	}{
		{"contacts", d.Contacts},
		{"contact_roles", d.Roles},
		{"team", d.Team},
		{"users", d.Users},
		{"history", d.History},
		{"field_history", d.Changes},
		{"tasks", d.Tasks},
		{"events", d.Events},
		{"notes", d.Notes},
		{"content_notes", d.LightningNotes},
	} {
		if len(list.recs) == 0 {
			continue
		}
		if err := add(list.name, map[string]any{"totalSize": len(list.recs), "done": true, "records": list.recs}); err != nil {
			return nil, err
		}
	}
	for _, desc := range d.descriptions {
		if err := add("describe_"+strings.ToLower(desc.Name), desc); err != nil {
			return nil, err
		}
	}
	if who := d.stated(); who != nil {
		f, err := connect.JSONFile(connect.DealFile, who)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	for _, e := range d.Emails {
		out = append(out, connect.SavedFile{Path: "emails/salesforce-" + connect.PlainID(e.text("Id")) + ".eml", Data: d.eml(e)})
	}
	for _, f := range d.Files {
		out = append(out, connect.SavedFile{Path: "files/" + connect.PlainID(f.ID) + "/" + connect.FileName(f.Name), Data: f.Data})
	}
	return out, nil
}

// stated is what the configuration tells of the deal beyond its records: who
// sells, and who are AE and CSM where it names the fields that hold them; nil
// where it tells nothing.
func (d *Deal) stated() map[string]any {
	out := map[string]any{}
	for role, id := range map[string]string{"ae": d.AE, "csm": d.CSM} {
		if role == "ae" && id == d.Opportunity.text("OwnerId") {
			continue
		}
		for _, u := range d.Users {
			if id != "" && u.text("Id") == id {
				out[role] = map[string]string{"name": u.text("Name"), "email": u.text("Email"), "title": u.text("Title")}
			}
		}
	}
	if len(out) == 0 && d.seller == (throughline.Company{}) {
		return nil
	}
	out["made_by"], out["seller"], out["customer"] = madeBy, d.seller, map[string]any{}
	return out
}

// madeBy marks a deal.json that Save wrote and may replace.
const madeBy = "throughline, from Salesforce"

// Save writes the deal's files below a directory, in the place of an earlier pull's,
// as [connect.SaveDeal] does.
func (d *Deal) Save(dir string) error {
	files, err := d.Folder()
	if err != nil {
		return err
	}
	return connect.SaveDeal(dir, files, earlierFiles, madeBy)
}

// earlierFiles are the files that a pull may have written, but for [connect.DealFile].
var earlierFiles = []string{
	"emails/salesforce-*.eml", "files/069*", // 069 begins the id of a document
	"salesforce/opportunity.json", "salesforce/account.json", "salesforce/contacts.json", "salesforce/contact_roles.json", "salesforce/team.json", "salesforce/users.json",
	"salesforce/history.json", "salesforce/field_history.json", "salesforce/tasks.json", "salesforce/events.json", "salesforce/notes.json", "salesforce/content_notes.json",
	"salesforce/describe_opportunity.json", "salesforce/describe_account.json",
}

// sortedNames are a record's fields in order.
func sortedNames(r Record) []string { return slices.Sorted(maps.Keys(r)) }
