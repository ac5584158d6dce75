package web_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/web"
)

// secret stands in every text that is the team's alone.
const secret = "Inner-Circle"

// guardedOffice has a deal in which everything that only the team may see says so.
func guardedOffice(t *testing.T) (o *office, id, link string) {
	t.Helper()
	o = newOffice(t)
	s := &shelf{office: o}
	s.put(plant("We begin.", "Good.", secret+" words of a call", secret+" answer to them", "So be it.", "Until Monday."))
	o.Collector = s
	proof := func(it throughline.Item) throughline.Item {
		it.Section = it.Kind.Section()
		it.Evidence = []throughline.Evidence{{Source: "c1", Ref: "c1.3", Quote: secret + " words of a call", Speaker: "Sam Seller", Side: throughline.SideSeller}}
		return it
	}
	o.items = []throughline.Item{
		item("use_case-1", "Nightly load in under an hour", "we need it under an hour"),
		proof(throughline.Item{ID: "champion-1", Kind: throughline.KindChampion, Text: secret + " champion", Person: "Cleo Customer", Why: secret + " reason", Stance: throughline.StanceAlly}),
		proof(throughline.Item{ID: "stretch-1", Kind: throughline.KindStretch, Text: secret + " stretch", Promise: secret, Doubt: secret, Condition: secret, NextStep: secret}),
		proof(throughline.Item{ID: "milestone-1", Kind: throughline.KindMilestone, Text: secret + " milestone", Day: 30, Due: "2026-04-30"}),
		proof(throughline.Item{ID: "reluctant-1", Kind: throughline.KindReluctant, Text: secret + " reluctance", Person: "Cleo Customer"}),
	}
	o.questions = []throughline.Question{{ID: "q1", Text: secret + " question"}}
	o.down = &connect.Error{Vendor: "mail", Status: 403, Advice: "mend the " + secret + " password"}
	o.tells(reported(20))
	id = o.published()
	o.down = nil
	csm := o.signedIn("csm@example.com")
	csm.post(o.team.URL+"/runs/"+id+"/note", "text", secret+" note").want(t, "a note", http.StatusOK)
	csm.post(o.team.URL+"/runs/"+id+"/return", "reason", "unclear", "text", secret+" asking").want(t, "a return", http.StatusOK)
	if err := o.SetKickoff(t.Context(), id, "csm@example.com", time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	o.until(o.Now().Add(time.Minute))
	return o, id, o.reviewLink(id)
}

// A rule is what each kind of reader gets of a route. team stands for AE, CSM and
// their managers; empty is what a colleague gets.
type rule struct {
	form                   string
	admin, team, colleague int
	shows                  bool // to the team: what is the team's alone
	ae                     int  // where it is another than the team's
}

var (
	forAll   = rule{admin: 200, team: 200, colleague: 200, shows: true}
	forTeam  = rule{admin: 200, team: 200, colleague: 403, shows: true}
	forAdmin = rule{admin: 200, team: 403, colleague: 403, shows: true}
	// forTokens are routes at which who is signed in is nobody: api_test.go has what each
	// token gets of them.
	forTokens = rule{admin: 401, team: 401, colleague: 401}
)

func (r rule) plain() rule           { r.shows = false; return r }
func (r rule) notAE() rule           { r.ae = 403; return r }
func (r rule) with(form string) rule { r.form = form; return r }

// teamRules are the rules of each of the team's routes.
func teamRules() map[string]rule {
	return map[string]rule{
		"GET /api/v1/deals":                      forTokens,
		"GET /api/v1/deals/{id}":                 forTokens,
		"GET /api/v1/deals/{id}/handoff":         forTokens,
		"GET /api/v1/deals/{id}/versions":        forTokens,
		"GET /api/v1/deals/{id}/sources":         forTokens,
		"GET /api/v1/tasks":                      forTokens,
		"POST /api/v1/tasks/retry":               forTokens,
		"GET /api/v1/events":                     forTokens,
		"GET /{$}":                               forAll.plain(),
		"GET /runs/{id}":                         forAll,
		"GET /runs/{id}/progress":                forAll.plain(),
		"GET /runs/{id}/progress/events":         forAll.plain(),
		"GET /runs/{id}/handoff":                 forAll,
		"GET /runs/{id}/history":                 forAll,
		"GET /runs/{id}/versions":                forAll.plain(),
		"GET /runs/{id}/sources":                 forTeam.plain(),
		"GET /runs/{id}/sources/{source}":        forTeam,
		"GET /runs/{id}/evidence/{ref}":          forTeam,
		"GET /runs/{id}/review":                  forTeam,
		"GET /runs/{id}/review/all":              forTeam,
		"GET /number":                            forAll.plain(),
		"GET /number.csv":                        forAll.plain(),
		"GET /number.json":                       forAll.plain(),
		"GET /operations":                        forAdmin,
		"GET /operations/trail":                  forAdmin.plain(),
		"POST /runs/{id}/read":                   forTeam.with("section=2&version=1"),
		"POST /runs/{id}/note":                   forTeam.with("text=" + secret + "+more"),
		"POST /runs/{id}/retry":                  forTeam.with("task=none"),
		"POST /runs/{id}/kickoff":                forTeam.with("at=2026-04-01T10:00"),
		"GET /runs/{id}/kickoff":                 forTeam,
		"GET /runs/{id}/kickoff.md":              forTeam,
		"GET /runs/{id}/kickoff.ics":             forTeam.plain(),
		"GET /runs/{id}/kickoff/print":           forTeam,
		"GET /runs/{id}/milestones":              forTeam,
		"POST /runs/{id}/kickoff/tick":           forTeam.with("point=use_case-1&state=covered"),
		"POST /runs/{id}/kickoff/held":           forTeam.with("at=2026-03-02T11:00"),
		"POST /runs/{id}/kickoff/respondents":    forTeam.with("who=a@example.com"),
		"POST /runs/{id}/kickoff/wording":        forTeam.with("item=use_case-1&text=" + secret + "+wording").notAE(),
		"POST /runs/{id}/milestones/{milestone}": forTeam.with("status=started"),
		"POST /runs/{id}/review-link":            forTeam,
		"POST /runs/{id}/review/step":            forTeam.with("version=1"),
		"POST /runs/{id}/review":                 forTeam.with("version=1&more=" + secret),
		"POST /runs/{id}/accept":                 forTeam.with("version=1"),
		"POST /runs/{id}/return":                 forTeam.with("reason=unclear&text=" + secret),
		"POST /operations/check":                 forAdmin.plain(),
		"POST /operations/retry":                 forAdmin.plain(),
	}
}

// TestEveryRouteForEveryRole: what each of the routes gives to each kind of reader,
// and that what is the team's alone is on no other's page.
func TestEveryRouteForEveryRole(t *testing.T) {
	rules := teamRules()
	var routes []string
	for route := range rules {
		routes = append(routes, route)
	}
	slices.Sort(routes) // what is read comes before what changes something
	for _, role := range []struct {
		name, who string
		status    func(rule) int
		team      bool
	}{
		{"an admin", "ops@example.com", func(r rule) int { return r.admin }, true},
		{"the AE", "ae@example.com", func(r rule) int { return max(r.team, r.ae) }, true},
		{"the CSM", "csm@example.com", func(r rule) int { return r.team }, true},
		{"a manager", "lead@example.com", func(r rule) int { return r.team }, true},
		{"a colleague", "colleague@example.com", func(r rule) int { return r.colleague }, false},
		{"a stranger", "", func(rule) int { return http.StatusUnauthorized }, false},
		{"the public listener", "csm@example.com", func(rule) int { return http.StatusNotFound }, false},
	} {
		t.Run(role.name, func(t *testing.T) {
			o, id, link := guardedOffice(t)
			b, site := o.browser(), o.team.URL
			if role.who != "" {
				b = o.signedIn(role.who)
			}
			if role.name == "the public listener" {
				site = o.public.URL
			}
			done := func() []string {
				return slices.DeleteFunc(o.moves(id), func(m string) bool { return m == "read by "+role.who })
			}
			before, words := done(), len(o.words(id))
			for _, route := range routes {
				r := rules[route]
				method, path, _ := strings.Cut(route, " ")
				path = strings.NewReplacer("{$}", "", "{id}", id, "{source}", "c1", "{ref}", "c1.3", "{milestone}", o.run(id).Milestones[0].ID).Replace(path)
				a := b.do(method, site+path, r.form)
				want := role.status(r)
				conflict := want == http.StatusOK && method == http.MethodPost && a.status == http.StatusConflict // it was done before
				if got := a.status; got != want && !conflict {
					t.Errorf("%s: answered %d, not %d: %.600s", route, got, want, main(a.body))
				}
				switch shown := strings.Contains(a.body, secret); {
				case shown && (!role.team || a.status == http.StatusForbidden):
					t.Errorf("%s shows what is the team's alone", route)
				case role.team && r.shows && method == http.MethodGet && want == http.StatusOK && !shown:
					t.Errorf("%s does not show what is the team's: the test proves nothing: %.1500s", route, main(a.body))
				}
				guarded(t, route, a)
			}
			if !role.team {
				if diff := cmp.Diff(before, done()); diff != "" || len(o.words(id)) != words {
					t.Errorf("something was done: %s", diff)
				}
			}
			for _, path := range []string{link, link + "/all"} {
				a := b.get(path)
				a.lacks(t, "a link that was not opened here", secret)
				a.want(t, "a link that was not opened here", http.StatusOK)
			}
			for _, path := range []string{link, link + "/step"} {
				a := b.post(path, "version", "1", "more", "Words.")
				a.lacks(t, "a link of another browser", secret)
				a.want(t, "a link of another browser", http.StatusForbidden)
			}
			b.get(o.team.URL+strings.TrimPrefix(link, o.public.URL)).want(t, "a link on the team's listener", http.StatusNotFound)
		})
	}
}

// main is a page without its frame.
func main(body string) string {
	_, after, _ := strings.Cut(body, "<main")
	return after
}

// TestEveryRouteHasARule holds the table to the routes that there are.
func TestEveryRouteHasARule(t *testing.T) {
	code, err := os.ReadFile("server.go")
	if err != nil {
		t.Fatal(err)
	}
	team, public, ok := strings.Cut(string(code), "func (s *Server) Public()")
	if !ok {
		t.Fatal("the code has another form than this test knows")
	}
	rules := teamRules()
	signIn := []string{"GET /signin", "POST /signin", "GET /signin/with", "GET /signin/callback", "POST /signout"}
	route := regexp.MustCompile(`"((?:GET|POST|PUT|PATCH|DELETE) /[^"]*)"`)
	found := 0
	for _, m := range route.FindAllStringSubmatch(team, -1) {
		found++
		if _, ok := rules[m[1]]; !ok && !slices.Contains(signIn, m[1]) {
			t.Errorf("%s has no rule", m[1])
		}
	}
	for route := range (&web.Server{}).APIRoutes() {
		found++
		if rules[route] != forTokens {
			t.Errorf("%s has no rule for tokens alone", route)
		}
	}
	if found < len(rules) {
		t.Errorf("%d routes are found, and there are %d rules", found, len(rules))
	}
	links := []string{"GET /review/{link}", "GET /review/{link}/all", "POST /review/{link}", "POST /review/{link}/step", "POST /review/{link}/open", "POST /review/{link}/fresh"}
	for _, m := range route.FindAllStringSubmatch(public, -1) {
		if !slices.Contains(append(links, "GET /assets/", "GET /favicon.ico"), m[1]) {
			t.Errorf("%s has no rule", m[1])
		}
	}
}
