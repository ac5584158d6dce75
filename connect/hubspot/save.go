package hubspot

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"throughline"
	"throughline/connect"
)

// A SavedFile is a file of a deal folder.
type SavedFile struct {
	Path string // within the folder, with slashes
	Data []byte
}

// Folder is the deal as the files that package folder reads: records as the REST
// API gives them, one file for each type; what properties and stages are called;
// emails as .eml; the files as they are.
func (d *Deal) Folder() ([]SavedFile, error) {
	var out []SavedFile
	add := func(name string, v any) error {
		data, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return fmt.Errorf("saving the deal's %s: %w", name, err)
		}
		out = append(out, SavedFile{name, append(data, '\n')})
		return nil
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
		if err := add(dealFile, who); err != nil {
			return nil, err
		}
	}
	for _, e := range d.Emails {
		out = append(out, SavedFile{"emails/hubspot-" + plain(e.ID) + ".eml", d.eml(e)})
	}
	for _, f := range d.Files {
		out = append(out, SavedFile{"files/hubspot-" + plain(f.ID) + "/" + fileName(f.Name), f.Data})
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

// Save writes the deal's files below a directory, which is made where it is not
// there. Files of an earlier pull are replaced, and those that are no longer
// there are removed; others, and a deal.json that says more than ours, are left
// alone. Only the user may read what is written.
func (d *Deal) Save(dir string) error {
	files, err := d.Folder()
	if err != nil {
		return err
	}
	if err := removeEarlier(dir); err != nil {
		return fmt.Errorf("saving the deal: %w", err)
	}
	for _, f := range files {
		to := filepath.Join(dir, filepath.FromSlash(f.Path))
		if _, err := os.Stat(to); err == nil && f.Path == dealFile {
			continue // somebody else's, which knows better
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return fmt.Errorf("saving the deal: %w", err)
		}
		if err := connect.WriteFile(to, f.Data); err != nil {
			return fmt.Errorf("saving the deal: %w", err)
		}
	}
	return nil
}

// removeEarlier removes what an earlier pull wrote, so that nothing stays that
// HubSpot no longer has.
func removeEarlier(dir string) error {
	patterns := []string{"emails/hubspot-*.eml", "files/hubspot-*"}
	for _, name := range []string{"deal", "company", "contacts", "notes", "tasks", "calls", "meetings", "owners", "labels"} {
		patterns = append(patterns, "hubspot/"+name+".json")
	}
	for _, pattern := range patterns {
		names, err := fs.Glob(os.DirFS(dir), pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	to := filepath.Join(dir, dealFile)
	if data, err := os.ReadFile(to); err == nil && ownDealFile(data) {
		return os.Remove(to)
	}
	return nil
}

const dealFile = "deal.json"

// ownDealFile reports whether a deal.json is one that Save wrote.
func ownDealFile(data []byte) bool {
	var d struct {
		MadeBy string `json:"made_by"`
	}
	return json.Unmarshal(data, &d) == nil && d.MadeBy == madeBy
}

// plain keeps the letters and digits of an id.
func plain(id string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, id)
}

// longestName is how long a file's name may be, in bytes; file systems take 255.
const longestName = 120

// fileName makes of a title a name that can't lead out of the directory, be
// hidden, or trouble a file system.
func fileName(title string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r), unicode.IsControl(r):
			return '-'
		}
		return r
	}, strings.ToValidUTF8(title, ""))
	ext := path.Ext(name)
	if len(ext) > 10 {
		ext = ""
	}
	base := strings.Trim(strings.TrimSuffix(name, ext), ". ")
	if len(base) > longestName {
		base = strings.ToValidUTF8(base[:longestName], "")
	}
	if base == "" {
		base = "file"
	}
	return base + ext
}
