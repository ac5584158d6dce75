package changes

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/avro"
)

// site is the schema of an object with compound fields.
func site(t testing.TB) *schema {
	t.Helper()
	text, err := os.ReadFile("testdata/site.avsc")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(string(text))
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s
}

func TestBitmaps(t *testing.T) {
	data, err := os.ReadFile("testdata/bitmaps.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name            string
		Bitmaps, Fields []string
		Error           string
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatal(err)
	}
	s := site(t)
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			got, err := s.names(tt.Bitmaps)
			if tt.Error != "" {
				if err == nil || !strings.Contains(err.Error(), tt.Error) {
					t.Fatalf("the error is %v, want %q in it", err, tt.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.Fields, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTouches(t *testing.T) {
	s := site(t)
	for name, tt := range map[string]struct {
		changed, fields []string
		want            bool
	}{
		"the field":                       {[]string{"0x04"}, []string{"Amount"}, true},
		"another field":                   {[]string{"0x0200"}, []string{"Amount"}, false},
		"within the field":                {[]string{"3-0x01"}, []string{"BillingAddress"}, true},
		"within another field":            {[]string{"3-0x01"}, []string{"ShippingAddress"}, false},
		"any":                             {[]string{"0x0200"}, nil, true},
		"no change told":                  {nil, []string{"Amount"}, true},
		"a change that is not understood": {[]string{"?"}, []string{"Amount"}, true},
		"a field that is in no event":     {[]string{"0x0200"}, []string{"Amount", "IsWon"}, true},
	} {
		if got := s.touches(tt.changed, tt.fields); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// encoded is an event of that schema.
func encoded(t testing.TB, h map[string]any) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/site.avsc")
	if err != nil {
		t.Fatal(err)
	}
	event := map[string]any{
		"ChangeEventHeader": h, "Name": map[string]any{"FirstName": "Bo", "LastName": "K"}, "Amount": 7.5, "BillingAddress": map[string]any{"Street": nil, "City": "Lund", "Country": nil},
		"ShippingAddress": nil, "F5": nil, "F6": "x", "F7": nil, "F8": nil, "F9": nil,
	}
	payload, err := avro.MustParse(string(text)).Encode(event)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func aHeader(changed ...any) map[string]any {
	return map[string]any{
		"entityName": "Opportunity", "recordIds": []any{"006000000000001AAA", "006000000000002AAA"}, "changeType": "GAP_UPDATE", "changeOrigin": "com/salesforce/api/rest/68.0",
		"transactionKey": "0002", "sequenceNumber": 1, "commitTimestamp": 1780000000123, "commitNumber": 3, "commitUser": "005000000000001AAA",
		"nulledFields": []any{"0x10"}, "diffFields": []any{}, "changedFields": append([]any{}, changed...),
	}
}

func TestHeader(t *testing.T) {
	s := site(t)
	payload := encoded(t, aHeader("0x04", "3-0x01"))
	got, err := s.header(payload)
	if err != nil {
		t.Fatal(err)
	}
	want := header{"Opportunity", []string{"006000000000001AAA", "006000000000002AAA"}, "GAP_UPDATE", 1780000000123, []string{"0x04", "3-0x01"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.committed().UnixMilli() != want.CommitTimestamp {
		t.Errorf("committed at %v", got.committed())
	}
	for name, broken := range map[string][]byte{"cut": payload[:len(payload)-3], "too long": append(slices.Clone(payload), 0), "nothing": nil} {
		if _, err := s.header(broken); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSchemaOfSomethingElse(t *testing.T) {
	for _, text := range []string{"", "{", `"string"`, `{"type":"record","name":"x","fields":[]}`, `{"type":"record","name":"x","fields":[{"name":"ChangeEventHeader","type":"int"}]}`} {
		if _, err := parse(text).header([]byte{0}); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func FuzzBitmaps(f *testing.F) {
	s := site(f)
	for _, seed := range []string{"0x04", "3-0x02", "", "0x", "-", "0x4", "99999999999999999999-0x01"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, bitmap string) {
		names, err := s.names([]string{bitmap})
		if err != nil && names != nil {
			t.Errorf("%q gives both", bitmap)
		}
		for _, name := range names {
			top, _, _ := strings.Cut(name, ".")
			if !slices.ContainsFunc(s.fields, func(f field) bool { return f.name == top }) {
				t.Errorf("%q names %q, which the schema lacks", bitmap, name)
			}
		}
		if !s.touches([]string{bitmap}, nil) {
			t.Error("not any change counts")
		}
	})
}

func FuzzEvent(f *testing.F) {
	s := site(f)
	f.Add(encoded(f, aHeader("0x04")))
	f.Add([]byte{})
	f.Add([]byte{2, 'x', 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := s.header(payload)
		if err != nil {
			return
		}
		if size := len(h.EntityName) + len(strings.Join(h.RecordIDs, "")) + len(strings.Join(h.ChangedFields, "")); size > len(payload) {
			t.Errorf("%d bytes out of %d", size, len(payload))
		}
		_ = s.touches(h.ChangedFields, []string{"Amount"})
	})
}
