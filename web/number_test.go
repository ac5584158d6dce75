package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/survey"
)

// reported is what so many deals come to, won one every three days: two fifths of them
// before adoption, and of the others two thirds with a handoff accepted before the
// kickoff, whose customers are happier by a point or two.
func reported(deals int) survey.Report {
	random := rand.New(rand.NewPCG(1, 2))
	var in survey.Input
	days := func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) }
	for i := range deals {
		won, id := days(monday, 3*i), fmt.Sprint("deal ", i)
		adopted := i >= 2*deals/5
		accepted := adopted && random.IntN(3) > 0
		kickoff := days(won, 14)
		asked := days(kickoff, survey.AskAfterDays)
		made := throughline.Survey{ID: id, Deal: id, Kickoff: kickoff}
		for p := range 1 + random.IntN(4) {
			who := fmt.Sprint(p)
			made.Respondents = append(made.Respondents, throughline.Respondent{ID: who, AskedAt: &asked})
			if random.IntN(2) > 0 {
				continue
			}
			score := 6.8 + 2*random.NormFloat64()
			if accepted {
				score += 1.5
			}
			a := throughline.Answer{Survey: id, Deal: id, Respondent: who, Score: int(min(max(score, 0), 10)), Comment: secret, At: days(asked, random.IntN(9)), AcceptedBeforeKickoff: accepted, Adopted: adopted}
			if adopted {
				in.Answers = append(in.Answers, a)
			} else {
				in.Baseline = append(in.Baseline, a)
			}
		}
		if !adopted {
			continue
		}
		in.Surveys = append(in.Surveys, made)
		first := days(kickoff, 20+random.IntN(25))
		in.FirstValues = append(in.FirstValues, survey.FirstValue{Deal: id, Kickoff: kickoff, Reached: first, AcceptedBeforeKickoff: accepted, Adopted: true})
		in.Milestones = append(in.Milestones, survey.Milestone{Deal: id, Due: days(kickoff, 35), Met: first, AcceptedBeforeKickoff: accepted, Adopted: true})
		in.Plays = append(in.Plays, survey.Play{
			Won: won, Reviewed: random.IntN(4) > 0, Kickoff: kickoff, AcceptedBeforeKickoff: accepted, Held: true,
			Points: 12, Covered: 7 + random.IntN(6), Checked: random.IntN(3) > 0, Asked: random.IntN(3),
		})
	}
	return survey.Make(in, monday.AddDate(5, 0, 0), rand.New(rand.NewPCG(3, 4)))
}

func (o *office) tells(r survey.Report) {
	o.site.Number = func(context.Context) (survey.Report, error) { return r, nil }
}

// The states of the page.
const (
	fewDeals  = 24
	manyDeals = 240
)

func TestTheNumber(t *testing.T) {
	o := newOffice(t)
	b := o.signedIn("colleague@example.com")
	page := o.team.URL + "/number"

	o.site.NoSurvey = "serve.public_url is not <set>"
	b.get(page).want(t, "where the survey is off", http.StatusOK, "the survey is off", "throughline check", "serve.public_url is not &lt;set&gt;")
	b.get(page+".csv").want(t, "the CSV where the survey is off", http.StatusNotFound, "the survey is off")
	b.get(page+".json").want(t, "the JSON where the survey is off", http.StatusNotFound, "the survey is off")

	o.tells(survey.Make(survey.Input{}, monday, rand.New(rand.NewPCG(1, 1))))
	b.get(page).want(t, "before the first answer", http.StatusOK, "There are no answers yet", "Nobody is asked at the moment", "throughline baseline", "No handoff was published yet")
	o.site.NoSurvey = ""
	b.get(page).want(t, "before the first answer", http.StatusOK, "the first come a week after the first kickoff")

	o.tells(reported(fewDeals))
	a := b.get(page)
	a.want(t, "few answers", http.StatusOK, "Too few answers to tell", "So far NPS is", "more deals with a handoff accepted before the kickoff", "too few answers to tell</td>")
	a.lacks(t, "few answers", `class="fits"`)

	o.tells(reported(manyDeals))
	a = b.get(page)
	a.want(t, "many answers", http.StatusOK, "points higher with a handoff accepted before the kickoff", "(95% interval)", `class="fits"`, "No figure here is broken down by AE", "Reviewed by the AE", "Talking points covered",
		`<tr data-short="Q2 26"><th scope="row"><time datetime="2026-04">Q2 2026</time></th>`, `data-unit="points"`, `data-unit="share"`, `data-unit="days"`, `data-unit="count"`)
	if n := strings.Count(a.body, "<table"); n != strings.Count(a.body, `class="plot"`)+2 {
		t.Errorf("%d tables, which is not one for each chart and lift", n)
	}
	a.lacks(t, "what somebody wrote", secret)
	c, j := b.get(page+".csv"), b.get(page+".json")
	c.lacks(t, "what somebody wrote", secret)
	j.lacks(t, "what somebody wrote", secret)
	if rows, err := csv.NewReader(strings.NewReader(c.body)).ReadAll(); err != nil || len(rows) < 100 {
		t.Errorf("the CSV has %d rows, %v", len(rows), err)
	}
	var r survey.Report
	if err := json.Unmarshal([]byte(j.body), &r); err != nil || r.Schema != survey.Schema || len(r.Signs) < 12 {
		t.Errorf("the JSON is %.200s, %v", j.body, err)
	}

	o.site.Number = func(context.Context) (survey.Report, error) { return survey.Report{}, errors.New("disk " + secret) }
	a = b.get(page)
	a.want(t, "where it can't be made", http.StatusInternalServerError, "Something went wrong")
	a.lacks(t, "where it can't be made", secret)
}

// TestFewDealsAreWithheld: who doesn't see every deal learns nothing of one customer's
// answer, from the page or from what it exports.
func TestFewDealsAreWithheld(t *testing.T) {
	o := newOffice(t)
	accepted := throughline.Answer{Survey: "1", Deal: "1", Respondent: "r", Score: 2, At: monday, AcceptedBeforeKickoff: true, Adopted: true}
	play := survey.Play{Won: monday, Kickoff: monday, AcceptedBeforeKickoff: true, Held: true, Points: 12, Covered: 7, Checked: true, Asked: 5}
	o.tells(survey.Make(survey.Input{Answers: []throughline.Answer{accepted}, Plays: []survey.Play{play}}, monday, rand.New(rand.NewPCG(1, 1))))
	colleague, admin := o.signedIn("colleague@example.com"), o.signedIn("ops@example.com")
	for _, tt := range []struct {
		ending      string
		told, plain []string // what the answer shows to admins alone, and to everybody
	}{
		{"", []string{"<strong>−100", "58%", "5 in 1 kickoff", "5.0"}, []string{"1 answer", "0 of 1 handoff", "withheld"}},
		{".csv", []string{"-100", "0.5833", ",5,1,"}, []string{"handoffs_reviewed,,all,0,share"}},
		{".json", []string{`"nps": -100`, `"detractors": 1`, `"points_covered": 7`, `"questions_asked_again": 5`}, []string{`"answers": 1`, `"points": 12`}},
	} {
		a := colleague.get(o.team.URL + "/number" + tt.ending)
		a.want(t, "a colleague's"+tt.ending, http.StatusOK, tt.plain...)
		a.lacks(t, "a colleague's"+tt.ending, tt.told...)
		admin.get(o.team.URL+"/number"+tt.ending).want(t, "an admin's"+tt.ending, http.StatusOK, tt.told...)
	}
}

// TestMonthsWithoutAFigure: months between others have rows, so that no line is drawn
// across them; a date that is years off makes none.
func TestMonthsWithoutAFigure(t *testing.T) {
	o := newOffice(t)
	var in survey.Input
	for i, at := range []time.Time{monday, monday.AddDate(0, 9, 0), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		in.Answers = append(in.Answers, throughline.Answer{Deal: fmt.Sprint(i), Score: 9, At: at, Adopted: true})
		in.Plays = append(in.Plays, survey.Play{Won: at})
	}
	o.tells(survey.Make(in, monday, rand.New(rand.NewPCG(1, 1))))
	a := o.signedIn("ops@example.com").get(o.team.URL + "/number")
	a.want(t, "the months", http.StatusOK, ">Apr 2026<", ">Nov 2026<", ">Jan 0001<", ">Q2 2026<", ">Q3 2026<", ">Q1 0001<")
	a.lacks(t, "the months", ">Feb 2026<", ">Feb 0001<", ">Q4 2025<", ">Q2 0001<", ">Q1 2027<")
}
