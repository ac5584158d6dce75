package web

import (
	"net/http"
	"slices"
	"strings"

	"throughline"
	"throughline/connect"
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
	Role     role                 // the nearest of theirs
	Admin    bool                 // they run the installation, whatever else they are
	Audience throughline.Audience // the widest that they see
	Act      bool                 // accept, return, add, set the kickoff, try again
}

// Team reports whether they see what is the team's alone.
func (a access) Team() bool { return a.Audience == throughline.AudienceTeam }

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
	is := isPerson(r)
	a := access{Role: roleColleague, Audience: throughline.AudienceCompany, Admin: s.admin(r)}
	switch {
	case is(run.AE.Email):
		a.Role = roleAE
	case is(run.CSM.Email), run.CSM.Email == "" && is(s.Service.Rules.Owner.Email):
		a.Role = roleCSM
	case slices.ContainsFunc(run.Deal.Managers, is):
		a.Role = roleManager
	case a.Admin:
		a.Role = roleAdmin
	}
	if a.Role != roleColleague {
		a.Audience, a.Act = throughline.AudienceTeam, true
	}
	return a
}

// admin reports whether who is signed in runs the installation.
func (s *Server) admin(r *http.Request) bool { return slices.ContainsFunc(s.Admins, isPerson(r)) }

// isPerson tells whether an address is that of who is signed in.
func isPerson(r *http.Request) func(email string) bool {
	who := person(r)
	return func(email string) bool { return who != "" && strings.EqualFold(email, who) }
}

// errNotYours is for what somebody has no part in.
var errNotYours = problem{http.StatusForbidden, "This is for the deal’s AE and CSM, their managers and the admins. Whom the CRM names as one of them may do it."}

// theirs lets through to a run whom it concerns: who may act on it.
func (s *Server) theirs(h func(http.ResponseWriter, *http.Request, lifecycle.Run) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		run, err := s.Store.Run(r.Context(), r.PathValue("id"))
		if err != nil {
			return err
		}
		if !s.access(r, run).Act {
			return errNotYours
		}
		return h(w, r, run)
	}
}

// audiences are those whose view somebody may look at.
func (a access) audiences() []throughline.Audience {
	return throughline.Audiences[slices.Index(throughline.Audiences, a.Audience):]
}

// part is what a word of theirs counts as: the AE's, or else the CSM's.
func (a access) part() string {
	if a.Role == roleAE {
		return string(roleAE)
	}
	return string(roleCSM)
}

// shown is a run as somebody may see it: who has no part in it sees where it
// stands, and nothing that was said of it.
func (a access) shown(run lifecycle.Run) lifecycle.Run {
	if a.Team() {
		return run
	}
	return lifecycle.Run{
		ID: run.ID, Deal: connect.Record{ID: run.Deal.ID, Name: run.Deal.Name, Customer: run.Deal.Customer},
		AE: lifecycle.Person{Email: run.AE.Email}, CSM: lifecycle.Person{Email: run.CSM.Email},
		Stage: run.Stage, Quiet: run.Quiet, Again: run.Again, Won: run.Won, Published: run.Published, Version: run.Version, PublishedVersion: run.PublishedVersion,
		Reviewed: run.Reviewed, ReviewedBy: run.ReviewedBy, Accepted: run.Accepted, AcceptedVersion: run.AcceptedVersion, AcceptedBy: run.AcceptedBy, Kickoff: run.Kickoff,
	}
}

// noteRead notes that somebody read something of a run. Who asks for an address
// without showing it, or ahead of a person, has read nothing; nor is there anything
// to read before the first draft.
func (s *Server) noteRead(r *http.Request, run lifecycle.Run, who string, of lifecycle.Reading) error {
	if r.Method != http.MethodGet || r.Header.Get("Sec-Purpose") != "" || run.Version == 0 {
		return nil
	}
	return s.Service.Read(r.Context(), run.ID, who, of)
}

// readReview is the reading of the review, which shows what the team sees.
var readReview = lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "the review"}
