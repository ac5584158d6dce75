package salesforce

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"throughline"
)

// A SavedFile is a file of a deal folder.
type SavedFile struct {
	Path string // within the folder, with slashes
	Data []byte
}

// Folder is the deal as the files that package folder reads: records as the REST
// API gives them, one file for each object; the fields' labels; emails as .eml;
// the files as they are.
func (d *Deal) Folder() ([]SavedFile, error) {
	var out []SavedFile
	add := func(name string, v any) error {
		data, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return fmt.Errorf("saving the deal's %s: %w", name, err)
		}
		out = append(out, SavedFile{"salesforce/" + name + ".json", append(data, '\n')})
		return nil
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
		data, err := json.MarshalIndent(who, "", " ")
		if err != nil {
			return nil, fmt.Errorf("saving what the configuration tells of the deal: %w", err)
		}
		out = append(out, SavedFile{dealFile, append(data, '\n')})
	}
	for _, e := range d.Emails {
		out = append(out, SavedFile{"emails/salesforce-" + plain(e.text("Id")) + ".eml", d.eml(e)})
	}
	for _, f := range d.Files {
		out = append(out, SavedFile{"files/" + plain(f.ID) + "/" + fileName(f.Name), f.Data})
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
		if err := os.WriteFile(to, f.Data, 0o600); err != nil {
			return fmt.Errorf("saving the deal: %w", err)
		}
	}
	return nil
}

// removeEarlier removes what an earlier pull wrote, so that nothing stays that
// Salesforce no longer has.
func removeEarlier(dir string) error {
	patterns := []string{"emails/salesforce-*.eml", "files/069*"} // 069 begins the id of a document
	for _, name := range recordFiles {
		patterns = append(patterns, "salesforce/"+name+".json")
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

// recordFiles are the files of records that a pull may write.
var recordFiles = []string{
	"opportunity", "account", "contacts", "contact_roles", "team", "users", "history", "field_history", "tasks", "events", "notes", "content_notes",
	"describe_opportunity", "describe_account",
}

// ownDealFile reports whether a deal.json is one that Save wrote.
func ownDealFile(data []byte) bool {
	var d struct {
		MadeBy string `json:"made_by"`
	}
	return json.Unmarshal(data, &d) == nil && d.MadeBy == madeBy
}

// sortedNames are a record's fields in order.
func sortedNames(r Record) []string { return slices.Sorted(maps.Keys(r)) }

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
