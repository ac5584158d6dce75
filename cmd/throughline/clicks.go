package main

import (
	"context"
	"errors"
	"strings"

	"throughline"
	"throughline/connect"
	"throughline/connect/slack"
	"throughline/lifecycle"
)

// errNotTheirs says that somebody clicked who has no part in the deal.
var errNotTheirs = errors.New("the handoff is for its CSM and the company's own people to accept or return")

// returnChoices are the reasons as people choose them.
var returnChoices = []slack.Choice{
	{Code: string(lifecycle.ReasonMissingContext), Label: "Context that I need is not there"},
	{Code: string(lifecycle.ReasonUnclear), Label: "Something can't be acted on as it stands"},
	{Code: string(lifecycle.ReasonIncorrect), Label: "Something is not as I know it"},
	{Code: string(lifecycle.ReasonWrongCSM), Label: "Another CSM takes this account"},
}

// click takes what somebody clicked or wrote in Slack. Who that is, Slack says; what
// the button is about is only a name, which is looked up.
func (w *wired) click(ctx context.Context, in slack.Interaction) error {
	about := in.Value
	if in.View != nil {
		about = in.View.About
	}
	run, err := w.db.Run(ctx, about)
	if err != nil {
		return err
	}
	if !w.mayAct(run, in.User.Email) {
		return errNotTheirs
	}
	switch {
	case in.View != nil:
		return w.form(ctx, run, in)
	case in.Action == slack.ActionAccept:
		return w.accept(ctx, run, in)
	case in.Action == slack.ActionReturn:
		return w.connections.slack.Open(ctx, in.Trigger, slack.ReturnForm(run.ID, returnChoices))
	case in.Action == slack.ActionNote:
		return w.connections.slack.Open(ctx, in.Trigger, slack.NoteForm(run.ID))
	}
	return nil // a button of a newer version
}

// accept takes the CSM's word on the version that the button stood beside. Where
// another came out since, as while Slack could not be written to, it says so and
// accepts nothing.
func (w *wired) accept(ctx context.Context, run lifecycle.Run, in slack.Interaction) error {
	err := w.service.AcceptVersion(ctx, run.ID, in.User.Email, in.Version)
	if !errors.Is(err, lifecycle.ErrMovedOn) {
		return err
	}
	page, err := w.links.Page(ctx, run)
	if err != nil {
		return err
	}
	return w.connections.slack.Open(ctx, in.Trigger, slack.NewerForm(run.PublishedVersion, page))
}

// form takes what somebody wrote.
func (w *wired) form(ctx context.Context, run lifecycle.Run, in slack.Interaction) error {
	text := strings.TrimSpace(in.View.Values[slack.FieldText])
	switch in.View.Form {
	case slack.FormReturn:
		return w.service.Return(ctx, run.ID, in.User.Email, lifecycle.Reason(in.View.Values[slack.FieldReason]), text)
	case slack.FormNote:
		return w.service.Review(ctx, run.ID, lifecycle.Review{
			Version: run.Version, By: in.User.Email, Role: "CSM", Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkAdded, Text: text}},
		})
	}
	return nil
}

// mayAct reports whether somebody may accept or return a run's handoff: its CSM, the
// configured owner, or somebody of the company that sells. Of a person without an
// address nothing is known.
func (w *wired) mayAct(run lifecycle.Run, email string) bool {
	email = strings.ToLower(email)
	if email == "" {
		return false
	}
	if email == strings.ToLower(run.CSM.Email) || email == w.service.Rules.Owner.Email {
		return true
	}
	domain := connect.CompanyDomain(email)
	for _, own := range []string{w.config.Seller.Domain, run.AE.Email, run.CSM.Email} {
		// The addresses of public mail services are nobody's company.
		if d := connect.CompanyDomain(own); d != "" && (domain == d || strings.HasSuffix(domain, "."+d)) {
			return true
		}
	}
	return false
}
