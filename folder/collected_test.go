package folder

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

func TestWhatCouldNotBeGathered(t *testing.T) {
	note := map[string]string{"note.md": "The pilot runs for two weeks."}
	for name, c := range map[string]struct {
		file string
		want []throughline.Problem
	}{
		"nothing missing": {`{"schema":"throughline.collected/v1","gaps":[]}`, nil},
		"no list":         {`{"schema":"throughline.collected/v1"}`, nil},
		"gaps": {
			`{"schema":"throughline.collected/v1","gaps":[
				{"system":"Gong","what":"The call of 2 June has no transcript yet","pending":true},
				{"system":"Salesforce","what":"No opportunity team.","optional":true},
				{"system":"Slack","what":"No channel matches."}]}`,
			[]throughline.Problem{
				{File: "Gong", What: "The call of 2 June has no transcript yet; it may still come, so gather the deal again later"},
				{File: "Slack", What: "No channel matches."},
			},
		},
		"broken": {
			`{"schema":"throughline.collected/v1","gaps":"none"}`,
			[]throughline.Problem{{File: "collected.json", Line: 1, Offset: 50, What: "what was gathered: json: cannot unmarshal string into Go struct field collectedFile.gaps of type []folder.collectedGap"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"collected.json": c.file}
			for k, v := range note {
				files[k] = v
			}
			d := readFiles(t, files)
			if diff := cmp.Diff(c.want, d.Problems); diff != "" {
				t.Error(diff)
			}
			if len(d.Sources) != 1 {
				t.Errorf("%d sources, want the note alone", len(d.Sources))
			}
		})
	}
}
