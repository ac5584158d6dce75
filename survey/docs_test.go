package survey

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDocs holds what docs/survey.md says of the rules to the rules.
func TestDocs(t *testing.T) {
	raw, err := os.ReadFile("../docs/survey.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	days := func(d time.Duration) string { return strconv.Itoa(int(d / (24 * time.Hour))) }
	for _, said := range []string{
		strconv.Itoa(AskAfterDays) + " days after the kickoff", strconv.Itoa(RemindAfterDays) + " days after the mail",
		days(Closes(kickoff).Sub(kickoff)) + " days after the kickoff: " + days(OpenFor) + " from the day of asking",
		"works for " + days(StopFor) + " days after the survey closed", "repetition, " + count(Resamples, "time"),
		"takes " + count(FewestDeals, "deal") + " with answers in each group", "at least " + count(FewestApart, "deal") + " in which", "at most " + count(mostRows, "answer"),
		"fewer than " + count(FewestShown, "deal") + " could point at one customer",
	} {
		if !strings.Contains(doc, said) {
			t.Errorf("docs/survey.md does not say %q", said)
		}
	}
	_, example, _ := strings.Cut(doc, "```csv\n")
	example, _, _ = strings.Cut(example, "```")
	answers, problems, err := ReadBaseline("example.csv", strings.NewReader(example))
	if err != nil || len(problems) > 0 || len(answers) != 3 || NPS(answers).Deals != 2 {
		t.Errorf("the example of a baseline gives %v, %v, %v", answers, problems, err)
	}
}
