package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"throughline"
	"throughline/survey"
)

// reported is a year of answers: 40 deals before adoption and 60 after, of which every
// other one's handoff was accepted before its kickoff.
func reported(deals int) survey.Report {
	random := rand.New(rand.NewPCG(1, 2))
	var in survey.Input
	for i := range deals {
		at := monday.AddDate(0, 0, 5*i)
		accepted, adopted := i%2 == 0 && i >= 2*deals/5, i >= 2*deals/5
		score := 4 + random.IntN(7)
		if accepted {
			score = min(10, score+2)
		}
		a := throughline.Answer{Survey: at.String(), Deal: at.String(), Respondent: "r", Score: score, Comment: secret, At: at, AcceptedBeforeKickoff: accepted, Adopted: adopted}
		if !adopted {
			in.Baseline = append(in.Baseline, a)
			continue
		}
		asked := at
		in.Answers = append(in.Answers, a)
		in.Surveys = append(in.Surveys, throughline.Survey{ID: a.Survey, Deal: a.Deal, Kickoff: at.AddDate(0, 0, -7), Respondents: []throughline.Respondent{{ID: "r", AskedAt: &asked}, {ID: "s", AskedAt: &asked}}})
		in.FirstValues = append(in.FirstValues, survey.FirstValue{Deal: a.Deal, Kickoff: at.AddDate(0, 0, -7), Reached: at.AddDate(0, 0, 20+i%9), AcceptedBeforeKickoff: accepted, Adopted: true})
		in.Milestones = append(in.Milestones, survey.Milestone{Deal: a.Deal, Due: at.AddDate(0, 0, 23), Met: at.AddDate(0, 0, 20+i%9), AcceptedBeforeKickoff: accepted, Adopted: true})
		in.Plays = append(in.Plays, survey.Play{Won: at.AddDate(0, 0, -14), Reviewed: i%3 > 0, Kickoff: at.AddDate(0, 0, -7), AcceptedBeforeKickoff: accepted, Held: true, Points: 10, Covered: 6 + i%4, Checked: true, Asked: i % 2})
	}
	return survey.Make(in, monday.AddDate(2, 0, 0), rand.New(rand.NewPCG(3, 4)))
}

func (o *office) tells(r survey.Report) {
	o.site.Number = func(context.Context) (survey.Report, error) { return r, nil }
}

func TestTheNumber(t *testing.T) {
	o := newOffice(t)
	b := o.signedIn("colleague@example.com")
	b.get(o.team.URL+"/number").want(t, "where nothing is kept", http.StatusNotFound)
	o.tells(survey.Make(survey.Input{}, monday, rand.New(rand.NewPCG(1, 1))))
	o.site.NoSurvey = "serve.public_url is not <set>"
	b.get(o.team.URL+"/number").want(t, "before the first answer", http.StatusOK, "There are no answers yet", "serve.public_url is not &lt;set&gt;", "throughline baseline")
	o.site.NoSurvey = ""
	o.tells(reported(20))
	b.get(o.team.URL+"/number").want(t, "few answers", http.StatusOK, "Too few answers to tell", "So far NPS is", "of 1 answer")
	o.tells(reported(100))
	a := b.get(o.team.URL + "/number")
	a.want(t, "many answers", http.StatusOK, "points higher with a handoff accepted before the kickoff", "95% interval", `class="fits"`, "<th scope=\"row\">2026-03</th>", "No figure here is broken down by AE", "60 handoffs", "Talking points covered")
	a.lacks(t, "what somebody wrote", secret)
	c := b.get(o.team.URL + "/number.csv")
	rows, err := csv.NewReader(strings.NewReader(c.body)).ReadAll()
	if err != nil || len(rows) < 20 {
		t.Errorf("the CSV has %d rows, %v", len(rows), err)
	}
	var r survey.Report
	j := b.get(o.team.URL + "/number.json")
	if err := json.Unmarshal([]byte(j.body), &r); err != nil || r.Schema != survey.Schema || len(r.Signs) == 0 || *r.Signs[0].ReviewedRate <= 0 {
		t.Errorf("the JSON is %.200s, %v", j.body, err)
	}
	c.lacks(t, "what somebody wrote", secret)
	j.lacks(t, "what somebody wrote", secret)
}
