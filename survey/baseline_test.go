package survey

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

func TestReadBaseline(t *testing.T) {
	const text = "\ufeffScore;Date;Owner;Comment;Deal\r\n9;2025-01-31;x;\"fine; really\";d1\r\n\r\n11;2025-02-01;x;;\r\n3;2025-02-03T10:00:00Z;x\r\n7;soon;x;;\r\n"
	got, problems, err := ReadBaseline("before.csv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []throughline.Answer{
		{Survey: "baseline", Deal: "baseline deal d1", Score: 9, Comment: "fine; really", At: time.Date(2025, 1, 31, 0, 0, 0, 0, time.UTC)},
		{Survey: "baseline", Deal: "baseline line 5", Score: 3, At: time.Date(2025, 2, 3, 10, 0, 0, 0, time.UTC)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	wantProblems := []throughline.Problem{
		{File: "before.csv", Line: 4, What: "has no score from 0 to 10"},
		{File: "before.csv", Line: 6, What: "has no date as YYYY-MM-DD or RFC 3339"},
	}
	if d := cmp.Diff(wantProblems, problems); d != "" {
		t.Error(d)
	}
}

func TestReadBaselineRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":   {"", "first line has to name"},
		"no score":  {"date,points\n", "date and score"},
		"not UTF-8": {"date,score,comment\n2025-01-01,9,\xe9\n", "UTF-8"},
	} {
		if _, _, err := ReadBaseline("b.csv", strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func FuzzReadBaseline(f *testing.F) {
	f.Add("date,score\n2025-01-31,9\n")
	f.Add("score\tdate\tcomment\n10\t2025-01-31\t\"a\n")
	f.Add("date;score\n2025-01-31;-1\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		answers, _, err := ReadBaseline("b.csv", strings.NewReader(text))
		if err != nil && len(answers) > 0 {
			t.Error("answers beside an error")
		}
		for _, a := range answers {
			if a.Score < 0 || a.Score > 10 || a.At.IsZero() && !strings.Contains(text, "0001") || a.Deal == "" || a.Adopted || a.AcceptedBeforeKickoff {
				t.Errorf("took %+v", a)
			}
		}
		if f := NPS(answers); f.NPS != nil && (*f.NPS < -100 || *f.NPS > 100) {
			t.Errorf("NPS %v", *f.NPS)
		}
	})
}
