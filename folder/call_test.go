package folder_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"throughline"
	"throughline/folder"
)

// sold is a deal as it was read before the call.
func sold() *throughline.Deal {
	return &throughline.Deal{
		Seller: throughline.Company{Name: "Example Corp", Domain: "example.com"}, Customer: throughline.Company{Name: "Example Buyer", Domain: "example.org"},
		People: []*throughline.Person{
			{ID: "p1", Name: "Ann Lee", Email: "ann@example.com", Side: throughline.SideSeller, Role: "CSM"},
			{ID: "p2", Name: "Bo Ray", Email: "bo@example.org", Side: throughline.SideCustomer, Aliases: []string{"Robert Ray"}},
		},
	}
}

const twoTurns = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Ann Lee>Who owns the data load?</v>\n\n00:00:04.000 --> 00:00:06.000\n<v Robert Ray>That would be me.</v>\n\n00:00:07.000 --> 00:00:08.000\n<v Cy New>Hello.</v>\n"

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func gongCall(t *testing.T, dir string) string {
	t.Helper()
	for name, v := range map[string]any{
		"calls.json": map[string]any{"calls": []any{map[string]any{
			"metaData": map[string]any{"id": "7", "title": "Kickoff", "started": "2026-10-06T15:00:00Z"},
			"parties":  []any{map[string]any{"name": "Ann Lee", "emailAddress": "ann@example.com", "speakerId": "1"}, map[string]any{"name": "B. Ray", "emailAddress": "bo@example.org", "speakerId": "2"}},
		}}},
		"transcripts.json": map[string]any{"callTranscripts": []any{map[string]any{"callId": "7", "transcript": []any{
			map[string]any{"speakerId": "1", "sentences": []any{map[string]any{"start": 1000, "end": 2000, "text": "Who owns the data load?"}}},
			map[string]any{"speakerId": "2", "sentences": []any{map[string]any{"start": 3000, "end": 4000, "text": "That would be me."}}},
		}}}},
	} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), string(data))
	}
	return dir
}

func TestReadCall(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string]string{
		"captions": writeFile(t, filepath.Join(dir, "kickoff.vtt"), twoTurns),
		"gong":     gongCall(t, filepath.Join(dir, "gong")),
		"a folder": filepath.Dir(writeFile(t, filepath.Join(dir, "folder", "kickoff.vtt"), twoTurns)),
	} {
		t.Run(name, func(t *testing.T) {
			deal := sold()
			call, problems, err := folder.ReadCall(context.Background(), file, deal)
			if err != nil || len(problems) > 0 {
				t.Fatalf("%v %v", err, problems)
			}
			if call.ID != "k1" || call.Passages[0].Ref != "k1.1" || call.Passages[1].Ref != "k1.2" {
				t.Errorf("the call is %s, with %s and %s", call.ID, call.Passages[0].Ref, call.Passages[1].Ref)
			}
			if call.Passages[0].Speaker != deal.People[0] || call.Passages[1].Speaker != deal.People[1] {
				t.Errorf("those who spoke are %+v and %+v, and none of the deal's", call.Passages[0].Speaker, call.Passages[1].Speaker)
			}
			if len(deal.Sources) > 0 || len(deal.People) != 2 {
				t.Error("the call became a part of the deal")
			}
		})
	}
}

func TestReadCallKeepsNewcomers(t *testing.T) {
	call, _, err := folder.ReadCall(context.Background(), writeFile(t, filepath.Join(t.TempDir(), "k.vtt"), twoTurns), sold())
	if err != nil {
		t.Fatal(err)
	}
	if p := call.Passages[2].Speaker; p == nil || p.Name != "Cy New" || p.Side != throughline.SideUnknown {
		t.Errorf("who is new to the deal is %+v", p)
	}
}

func TestReadCallRefuses(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "two", "a.vtt"), twoTurns)
	writeFile(t, filepath.Join(dir, "two", "b.vtt"), strings.Replace(twoTurns, "load", "lake", 1))
	for name, c := range map[string]struct{ file, says string }{
		"nothing there": {filepath.Join(dir, "none.vtt"), "no such file"},
		"two calls":     {filepath.Join(dir, "two"), "more than one"},
		"no call":       {writeFile(t, filepath.Join(dir, "note.md"), "# A note\n\nNobody spoke.\n"), "there is no call in it"},
		"empty":         {writeFile(t, filepath.Join(dir, "empty.vtt"), ""), "empty"},
		"no zip":        {writeFile(t, filepath.Join(dir, "no.zip"), "PK?"), "zip"},
	} {
		t.Run(name, func(t *testing.T) {
			call, _, err := folder.ReadCall(context.Background(), c.file, sold())
			if err == nil || !strings.Contains(err.Error(), c.says) || call != nil {
				t.Errorf("it gives %v and %v, want an error that says %q", call, err, c.says)
			}
		})
	}
}
