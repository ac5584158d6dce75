package catalyst

import (
	"encoding/json"
	"testing"
)

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"id":"acc-1","external_id":"001000000000001AAA","attributes":[{"label":"Health","value":7.5},{"label":"Phone","value":null}]}`))
	f.Add([]byte(`{"id":12,"external_id":[],"attributes":[{"label":{},"value":{"a":1}},null]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var a answer
		if json.Unmarshal(raw, &a) != nil {
			return
		}
		if got := a.account(); len(got.Attributes) != len(a.Attributes) || got.ID != string(a.ID) {
			t.Errorf("got %+v of %s", got, raw)
		}
	})
}
