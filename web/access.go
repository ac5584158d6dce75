package web

import (
	"net/http"
	"slices"
	"strings"

	"throughline"
	"throughline/lifecycle"
)

// A role is what somebody is to a deal.
type role string

const (
	roleAdmin     role = "admin" // runs the installation
	roleAE        role = "AE"
	roleCSM       role = "CSM"
	roleManager   role = "manager"   // of the AE or the CSM, as the CRM has it
	roleColleague role = "colleague" // anybody else who may sign in
)

// An access is what somebody may see of a run, and whether they have a part in it.
type access struct {
	Role     role
	Audience throughline.Audience // the widest that they see
	Act      bool                 // accept, return, add, set the kickoff, try again
}

// Team reports whether they see what is the team's alone.
func (a access) Team() bool { return a.Audience == throughline.AudienceTeam }

// Admin reports whether they run the installation.
func (a access) Admin() bool { return a.Role == roleAdmin }

// sees is the audience that somebody is shown who asks for one: none wider than
// their own. Asking for none is asking for that.
func (a access) sees(asked throughline.Audience) throughline.Audience {
	if asked == "" {
		return a.Audience
	}
	at := slices.Index(throughline.Audiences, asked)
	if at < 0 {
		return throughline.AudienceCustomer
	}
	return throughline.Audiences[max(at, slices.Index(throughline.Audiences, a.Audience))]
}

// access decides who sees what of a run, and this is the one place that does: the
// deal's AE and CSM, their managers and the admins see all of it, as the CRM names
// them today; whoever else may sign in sees what the company does.
func (s *Server) access(r *http.Request, run lifecycle.Run) access {
	who := strings.ToLower(person(r))
	is := func(email string) bool { return who != "" && strings.EqualFold(email, who) }
	team := func(as role) access { return access{Role: as, Audience: throughline.AudienceTeam, Act: true} }
	switch {
	case slices.ContainsFunc(s.Admins, is):
		return team(roleAdmin)
	case is(run.CSM.Email), run.CSM.Email == "" && is(s.Service.Rules.Owner.Email):
		return team(roleCSM)
	case is(run.AE.Email):
		return team(roleAE)
	case slices.ContainsFunc(run.Deal.Managers, is):
		return team(roleManager)
	}
	return access{Role: roleColleague, Audience: throughline.AudienceCompany}
}

// errNotYours is for what somebody has no part in.
var errNotYours = problem{http.StatusForbidden, "This is for the deal’s AE and CSM, their managers and the admins. Whom the CRM names as one of them may do it."}

// theirs is the run of a page that only the deal's own people may use.
func (s *Server) theirs(r *http.Request) (lifecycle.Run, error) {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err == nil && !s.access(r, run).Act {
		err = errNotYours
	}
	return run, err
}
