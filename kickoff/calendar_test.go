package kickoff_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"throughline"
	"throughline/kickoff"
	"throughline/render/rendertest"
)

func entry(t testing.TB, h *throughline.Handoff, m kickoff.Meeting) string {
	t.Helper()
	return written(t, func(w *bytes.Buffer) error { return kickoff.Calendar(w, h, throughline.AudienceCustomer, m) })
}

// property is a property's value as it stands in the file, put together again.
func property(t testing.TB, file, name string) string {
	t.Helper()
	for line := range strings.SplitSeq(strings.ReplaceAll(file, "\r\n ", ""), "\r\n") {
		if value, ok := strings.CutPrefix(line, name); ok {
			return value[1:]
		}
	}
	t.Fatalf("there is no %s in %q", name, file)
	return ""
}

func TestCalendar(t *testing.T) {
	_, h := harborline(t)
	start := time.Date(2026, 10, 6, 11, 0, 0, 0, time.FixedZone("EDT", -4*3600))
	for _, c := range []struct {
		name       string
		m          kickoff.Meeting
		start, end string
	}{
		{"with its time", kickoff.Meeting{Key: "a", Start: start, End: start.Add(90 * time.Minute), Stamp: stamp}, "DTSTART:20261006T150000Z", "DTEND:20261006T163000Z"},
		{"without an end", kickoff.Meeting{Key: "a", Start: start, Stamp: stamp}, "DTSTART:20261006T150000Z", "DTEND:20261006T160000Z"},
		{"a day", kickoff.Meeting{Key: "a", Stamp: stamp}, "DTSTART;VALUE=DATE:20261006", "DTEND;VALUE=DATE:20261007"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := entry(t, h, c.m)
			for _, want := range []string{c.start, c.end, "DTSTAMP:20260930T120000Z", "SEQUENCE:1", "METHOD:PUBLISH", "VERSION:2.0"} {
				if !strings.Contains(file, want+"\r\n") {
					t.Errorf("there is no line %s", want)
				}
			}
		})
	}
	first := entry(t, h, kickoff.Meeting{Key: "deal 0061", Stamp: stamp})
	h.Version = 2
	later := entry(t, h, kickoff.Meeting{Key: "deal 0061", Stamp: stamp.Add(time.Hour)})
	other := entry(t, h, kickoff.Meeting{Key: "deal 0062", Stamp: stamp})
	if property(t, first, "UID") != property(t, later, "UID") || property(t, first, "UID") == property(t, other, "UID") {
		t.Error("an entry's UID is not that of its key")
	}
	if strings.Contains(first, "0061") {
		t.Error("the entry tells its key")
	}
	if property(t, later, "SEQUENCE") != "2" {
		t.Error("a newer version does not take the older one's place")
	}
}

func TestCalendarRefuses(t *testing.T) {
	_, h := harborline(t)
	without := *h
	without.Deal.Kickoff = ""
	for name, c := range map[string]struct {
		h    *throughline.Handoff
		m    kickoff.Meeting
		says string
	}{
		"no date":       {&without, kickoff.Meeting{Key: "a", Stamp: stamp}, "kickoff_date"},
		"no key":        {h, kickoff.Meeting{Stamp: stamp}, "key"},
		"no stamp":      {h, kickoff.Meeting{Key: "a"}, "the time at which"},
		"ends too soon": {h, kickoff.Meeting{Key: "a", Start: stamp, End: stamp.Add(-time.Hour), Stamp: stamp}, "before it begins"},
		"no handoff":    {nil, kickoff.Meeting{Key: "a", Stamp: stamp}, "no handoff"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := kickoff.Calendar(&out, c.h, throughline.AudienceCustomer, c.m)
			if err == nil || !strings.Contains(err.Error(), c.says) || out.Len() > 0 {
				t.Errorf("%d bytes and %v", out.Len(), err)
			}
		})
	}
}

// FuzzCalendar: whatever the quotes and names say, the file's lines are as RFC 5545
// has them, and a reader finds one event with the properties it has otherwise.
func FuzzCalendar(f *testing.F) {
	data, err := os.ReadFile("../render/testdata/hostile.json")
	if err != nil {
		f.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		f.Fatal(err)
	}
	for _, text := range append(texts, "a\r\nEND:VEVENT\r\nBEGIN:VEVENT", "x\x00\x07\u2028y", `\n;,:"`, strings.Repeat("ü", 200), "\xff\xfe") {
		f.Add(text)
	}
	want := properties(f, entry(f, sayingAll(f, "calm"), kickoff.Meeting{Key: "a", Start: stamp, Stamp: stamp}))
	f.Fuzz(func(t *testing.T, text string) {
		file := entry(t, sayingAll(t, text), kickoff.Meeting{Key: "a", Start: stamp, Stamp: stamp})
		if got := properties(t, file); got != want {
			t.Errorf("%q makes the properties %s, want %s", text, got, want)
		}
	})
}

// sayingAll is a handoff in which every free text says one thing.
func sayingAll(t testing.TB, text string) *throughline.Handoff {
	h := rendertest.Handoff(t)
	for _, s := range rendertest.Texts(h) {
		switch s.Field {
		case "Deal.Customer.Name", "Deal.Seller.Name", "Deal.Seller.Product", "Deal.AE.Name", "Deal.CSM.Name", "Items[].Text", "Items[].Evidence[].Quote", "Items[].Evidence[].Speaker":
			s.Value.SetString(text)
		}
	}
	return h
}

// properties names the properties of the one event, in order.
func properties(t testing.TB, file string) string {
	t.Helper()
	if !strings.HasSuffix(file, "END:VCALENDAR\r\n") {
		t.Fatalf("the file ends %q", file[max(0, len(file)-40):])
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(file, "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) >= 0 {
			t.Fatalf("the line %q is none of RFC 5545's", line)
		}
	}
	cal, err := ics.ParseCalendar(strings.NewReader(file))
	if err != nil {
		t.Fatalf("the file can't be read back: %v", err)
	}
	if n := len(cal.Events()); n != 1 {
		t.Fatalf("the file has %d events", n)
	}
	var names []string
	for _, p := range cal.Events()[0].Properties {
		names = append(names, p.IANAToken)
	}
	return strings.Join(names, " ")
}
