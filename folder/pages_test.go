package folder

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestSeveralHubSpotDeals(t *testing.T) {
	files := map[string]string{
		"deals.json": `{"results":[{"id":"1","properties":{"dealname":"Old","dealstage":"closedwon","closedate":"2024-05-01T00:00:00Z","hubspot_owner_id":"7","plan":"old plan"}},
 {"id":"2","properties":{"dealname":"This","dealstage":"9911","hs_is_closed_won":"true","closedate":"2026-05-01T00:00:00Z","hubspot_owner_id":"5","plan":"this plan"},"associations":{"companies":{"results":[{"id":"31","type":"deal_to_company"}]}}},
 {"id":"3","properties":{"dealname":"Lost","dealstage":"closedlost","closedate":"2026-09-01T00:00:00Z","plan":"lost plan"}}]}`,
		"companies.json": `{"results":[{"id":"30","properties":{"name":"Other","domain":"other.example"}},{"id":"31","properties":{"name":"Buyer","domain":"buyer.example"}}]}`,
		"notes.json": `{"results":[{"id":"1","properties":{"hs_note_body":"<ul><li>first</li><li>second</li></ul>"},"associations":{"deals":{"results":[{"id":"2"}]}}},
 {"id":"2","properties":{"hs_note_body":"of the lost one"},"associations":{"deals":{"results":[{"toObjectId":3}]}}},{"id":"3","properties":{"hs_note_body":"of no deal"}},
 {"id":"3","properties":{"hs_note_body":"of no deal"}}],"paging":{"next":{"after":"100"}}}`,
		"contacts.json": `{"results":[{"id":"8","properties":{"firstname":"Bo","lastname":"Ek","email":"bo@buyer.example"}},{"id":"9","properties":{"firstname":"Di","lastname":"Mori","email":"di@other.example"},"associations":{"deals":{"results":[{"id":"3"}]}}}]}`,
		"owners.json":   `{"results":[{"id":"5","email":"ann@vendor.example","firstName":"Ann","lastName":"Lee","archived":true},{"id":"7","email":"al@vendor.example","firstName":"Al","lastName":"Fox"}]}`,
	}
	d := readFiles(t, files)
	if d.Name != "This" || d.AE == nil || d.AE.Name != "Ann Lee" || d.Customer.Domain != "buyer.example" || d.Source("r1").NativeID != "2" {
		t.Errorf("the deal is %q of %+v with the AE %+v", d.Name, d.Customer, d.AE)
	}
	all := strings.Join(passagesOf(t, files), "\n")
	if strings.Contains(all, "old plan") || strings.Contains(all, "lost") || !strings.Contains(all, "this plan") || !strings.Contains(all, "first\nsecond") || strings.Count(all, "of no deal") != 1 {
		t.Errorf("the passages are\n%s", all)
	}
	if d.Person("Di Mori") != nil || d.Person("Bo Ek") == nil {
		t.Errorf("people: %s", namesOf(d))
	}
	if len(d.Problems) != 1 || d.Problems[0].File != "notes.json" {
		t.Errorf("that pages are missing is not said: %+v", d.Problems)
	}
	files["notes2.json"] = `{"results":[{"id":"4","properties":{"hs_note_body":"last page"}}]}`
	files["deal.json"] = `{"id":"1",` + sidesKnown[1:]
	d = readFiles(t, files)
	if len(d.Problems) != 0 || d.Source("r1").NativeID != "1" {
		t.Errorf("problems %+v; deal.json names another deal than %s", d.Problems, d.Source("r1").NativeID)
	}
}

func TestGongPages(t *testing.T) {
	call := func(id, parties string) string {
		return fmt.Sprintf(`{"metaData":{"id":%q,"title":"Call %s","started":"2026-03-02T15:00:00Z"},"parties":[%s]}`, id, id, parties)
	}
	bo := `{"name":"Bo Ek","emailAddress":"bo@buyer.example","speakerId":"1"},{"userId":"77","affiliation":"Internal","speakerId":"2"}`
	words := `{"speakerId":"1","sentences":[{"start":1000,"end":2,"text":"Hello."}]}`
	files := map[string]string{
		"1.json": `{"records":{"totalRecords":2,"currentPageNumber":0,"cursor":"x"},"calls":[` + call("7", "") + `]}`,
		"2.json": `{"calls":[` + call("7", bo) + `]}`,
		"t.json": `{"callTranscripts":[{"callId":"7","transcript":[` + words + `,{"speakerId":"2","sentences":[{"start":1e300,"end":2,"text":"Yes."}]}]}]}`,
		"u.json": `{"callTranscripts":[{"callId":"7","transcript":[]}]}`,
	}
	d := readFiles(t, files)
	if len(d.Problems) != 1 || d.Problems[0].File != "1.json" {
		t.Errorf("the second call is missing, and the problems are %+v", d.Problems)
	}
	c := d.Source("c1")
	if len(d.Sources) != 1 || len(c.Passages) != 2 || c.Passages[0].Speaker == nil || c.Passages[1].Name != "Unknown speaker" || c.Passages[1].Offset != -1 {
		t.Fatalf("the call is %+v", c)
	}
	files["3.json"] = `{"calls":[` + call("8", bo) + `]}`
	files["v.json"] = `{"callTranscripts":[{"callId":"8","transcript":[` + words + `]}]}`
	if d := readFiles(t, files); len(d.Problems) != 0 || len(d.Sources) != 2 {
		t.Errorf("both calls are there: %+v", d.Problems)
	}
}

func TestChorusList(t *testing.T) {
	d := readFiles(t, map[string]string{
		"a-list.json": `{"data":[{"type":"conversation","id":"9","attributes":{"name":"Demo","recording":{}}},{"type":"conversation","id":"10","attributes":{"name":"Silent","recording":{}}}]}`,
		"b.json": `{"data":{"type":"conversation","id":"9","attributes":{"name":"Demo","date_time":"2026-04-01T10:00:00Z","duration":1e300,"participants":[{"name":"Bo Ek","email":"bo@buyer.example","type":"cust"}],
 "recording":{"utterances":[{"snippet":"Hello.","snippet_time":-5,"speaker_name":"Bo","speaker_type":"cust"}]}}}}`,
	})
	p := d.Passage("c2.1")
	if p == nil || p.Speaker == nil || p.Speaker.Name != "Bo Ek" || p.Offset != -1 || p.Source.Duration != 0 {
		t.Errorf("the conversation that the list tells of too is %+v", p)
	}
	if len(d.Problems) != 1 || d.Problems[0].Record != "10" {
		t.Errorf("problems %+v", d.Problems)
	}
}

// TestTimesThatNoOneWrites must still make a deal that can be written as JSON.
func TestTimesThatNoOneWrites(t *testing.T) {
	d := readFiles(t, map[string]string{
		"h.json": `{"results":[{"id":"1","properties":{"hs_note_body":"x","hs_timestamp":"999999999999999999"}}]}`,
		"g.json": `{"calls":[{"metaData":{"id":"7","title":"x","started":"9999-12-31T23:59:59Z","duration":1e18},"parties":[]}],"callTranscripts":[{"callId":"7","transcript":[{"sentences":[{"start":9e15,"text":"x"}]}]}]}`,
	})
	for p := range d.Passages {
		if _, err := json.Marshal(p.At); err != nil {
			t.Errorf("%s: %v", p.Ref, err)
		}
	}
}

// TestHostileJSON reads what is deep and long, in no time.
func TestHostileJSON(t *testing.T) {
	d := readFiles(t, map[string]string{
		"deep.json":  strings.Repeat("[", 4<<20),
		"deep2.json": strings.Repeat(`{"records":[`, 1<<17),
		"hi.txt":     "Ann Lee: hello\nBo Ek: hi\n",
	})
	if len(d.Problems) == 0 {
		t.Error("nothing is said of what could not be read")
	}
}
