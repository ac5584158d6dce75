package hubspot

import (
	"strings"

	"throughline"
	"throughline/connect"
)

// Folder is the deal as the files that package folder reads: records as the REST
// API gives them, one file for each type; what properties and stages are called;
// emails as .eml; the files as they are.
func (d *Deal) Folder() ([]connect.SavedFile, error) {
	var out []connect.SavedFile
	add := func(name string, v any) error {
		f, err := connect.JSONFile(name, v)
		out = append(out, f)
		return err
	}
	if err := add("hubspot/deal.json", d.Record); err != nil {
		return nil, err
	}
	if d.Company != nil {
		if err := add("hubspot/company.json", d.Company); err != nil {
			return nil, err
		}
	}
	for _, list := range []struct {
		name string
		recs []Record
	}{{"contacts", d.Contacts}, {"notes", d.Notes}, {"tasks", d.Tasks}, {"calls", d.Calls}, {"meetings", d.Meetings}} {
		if len(list.recs) > 0 {
			if err := add("hubspot/"+list.name+".json", map[string]any{"results": list.recs}); err != nil {
				return nil, err
			}
		}
	}
	if len(d.Owners) > 0 {
		if err := add("hubspot/owners.json", map[string]any{"results": d.Owners}); err != nil {
			return nil, err
		}
	}
	if names := d.called(); names != nil {
		if err := add("hubspot/labels.json", names); err != nil {
			return nil, err
		}
	}
	if who := d.stated(); who != nil {
		if err := add(connect.DealFile, who); err != nil {
			return nil, err
		}
	}
	for _, e := range d.Emails {
		out = append(out, connect.SavedFile{Path: "emails/hubspot-" + connect.PlainID(e.ID) + ".eml", Data: d.eml(e)})
	}
	for _, f := range d.Files {
		out = append(out, connect.SavedFile{Path: "files/hubspot-" + connect.PlainID(f.ID) + "/" + connect.FileName(f.Name), Data: f.Data})
	}
	return out, nil
}

// called is what the account calls the deal's properties, their values and the
// stages, as far as the deal has any of them; nil where that is not known.
func (d *Deal) called() map[string]any {
	if len(d.properties)+len(d.pipelines) == 0 {
		return nil
	}
	labels, values, stages := map[string]string{}, map[string]map[string]string{}, map[string]string{}
	for _, p := range d.properties {
		if d.Record.text(p.Name) == "" || p.Label == "" {
			continue
		}
		labels[p.Name], values[p.Name] = p.Label, map[string]string{}
		for _, o := range p.Options {
			values[p.Name][o.Value] = o.Label
		}
		if o, ok := d.ownerOf(d.Record.text(p.Name)); ok && p.Refers == refersOwner {
			values[p.Name][o.ID] = o.name()
		}
	}
	for _, pl := range d.pipelines {
		for _, s := range pl.Stages {
			stages[s.ID] = s.Label
		}
	}
	return map[string]any{"schema": labelsSchema, "properties": labels, "values": values, "stages": stages}
}

// labelsSchema marks the file of labels, which package folder reads.
const labelsSchema = "throughline.hubspot-labels/v1"

// stated is what the configuration tells of the deal beyond its records: who
// sells, and who are AE and CSM where it names the properties that hold them; nil
// where it tells nothing.
func (d *Deal) stated() map[string]any {
	out := map[string]any{}
	for role, who := range map[string]string{"ae": d.AE, "csm": d.CSM} {
		if role == "ae" && who == d.Record.text("hubspot_owner_id") {
			continue
		}
		if o, ok := d.ownerOf(who); ok {
			out[role] = map[string]string{"name": o.name(), "email": o.Email}
		} else if strings.Contains(who, "@") {
			out[role] = map[string]string{"email": who}
		}
	}
	if len(out) == 0 && d.seller == (throughline.Company{}) {
		return nil
	}
	out["made_by"], out["seller"], out["customer"] = madeBy, d.seller, map[string]any{}
	return out
}

// madeBy marks a deal.json that Save wrote and may replace.
const madeBy = "throughline, from HubSpot"

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
	"emails/hubspot-*.eml", "files/hubspot-*",
	"hubspot/deal.json", "hubspot/company.json", "hubspot/contacts.json", "hubspot/notes.json", "hubspot/tasks.json", "hubspot/calls.json", "hubspot/meetings.json",
	"hubspot/owners.json", "hubspot/labels.json",
}
