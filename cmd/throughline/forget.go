package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/survey"
)

func newForget(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "forget --deal ID | --person EMAIL",
		Short: "Erase what is kept of a deal or a person, and the copies that were published",
		Long: "With --deal, erases all that is kept of the deal's runs: handoffs, quotes, raw text, what people said of it, calls in the\n" +
			"index; and removes the copies that were published. With --person, erases the person's words, address and name from every\n" +
			"handoff that has them, the raw text of those deals, and the person from the index of calls; copies are removed, and\n" +
			"published again without the person where the handoff is still in use. A first or last name that stands alone goes too,\n" +
			"unless somebody or something else of the deal has it, which is told.\n\n" +
			"Without --yes it only tells what there is. What it can't remove it lists with its address, and ends with 1. Mails and\n" +
			"direct messages that were sent stay with those who have them. The systems that the deal was collected from are not\n" +
			"touched: erase there first, or a handoff that is drafted later has the words again.",
		Example: "  throughline forget --deal 006Hs00001abcdeIAA\n" +
			"  throughline forget --person someone@example.com --yes",
		Args: noArguments,
	}
	deal := cmd.Flags().String("deal", "", "the deal's record in the CRM: its `ID`, or the address of its page")
	person := cmd.Flags().String("person", "", "the person's `EMAIL` address")
	name := cmd.Flags().String("name", "", "the person's `NAME`, where no handoff has it beside the address")
	yes := cmd.Flags().Bool("yes", false, "erase it; there is no way back")
	setup := addSetupFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if (*deal == "") == (*person == "") {
			return usageError{errors.New("name either a deal with --deal, or a person with --person")}
		}
		c, n, err := setup.kept(cmd.Context())
		if err != nil {
			return err
		}
		defer n.close()
		rules, err := c.rules(n)
		if err != nil {
			return err
		}
		f := &forgetting{env: e, n: n, db: n.db, service: &lifecycle.Service{Rules: rules, Store: n.db, Now: e.now}, by: c.me(), yes: *yes}
		if *deal != "" {
			id, err := opportunityID(*deal)
			if err != nil {
				return err
			}
			return f.deal(cmd.Context(), id)
		}
		a, err := netmail.ParseAddress(*person)
		if err != nil {
			return usageError{errors.New("--person is an email address, such as someone@example.com")}
		}
		return f.person(cmd.Context(), strings.ToLower(a.Address), *name)
	}
	return cmd
}

// A forgetting is one erasure.
type forgetting struct {
	env     env
	n       *connections
	db      *store.DB
	service *lifecycle.Service
	by      string
	yes     bool
	left    int // copies that are still there
}

// deal erases a deal.
func (f *forgetting) deal(ctx context.Context, id string) error {
	runs, err := f.db.RunsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, run := range runs {
		if err := f.env.tell("%s  %s: %s, %s\n", run.ID, printable(run.Deal.Name), strings.ReplaceAll(string(run.Stage), "_", " "), counted(run.Version, "version", "versions")); err != nil {
			return err
		}
		if err := f.copies(ctx, run.ID); err != nil {
			return err
		}
		if !f.yes {
			continue
		}
		if err := f.db.Forget(ctx, run.ID); err != nil {
			return err
		}
	}
	var calls int64
	if f.yes {
		if calls, err = f.db.ForgetCallsOf(ctx, id); err != nil {
			return err
		}
	}
	return f.done(fmt.Sprintf("%s and %s in the index", counted(len(runs), "run", "runs"), counted(int(calls), "call", "calls")))
}

// person erases a person.
func (f *forgetting) person(ctx context.Context, email, name string) error {
	ids, err := f.db.Mentioning(ctx, email)
	if err != nil {
		return err
	}
	who := &erased{email: email, names: nonEmpty(name)}
	for _, id := range ids {
		if err := f.names(ctx, id, who); err != nil {
			return err
		}
	}
	for _, n := range who.names { // who is named in places without an address
		more, err := f.db.Mentioning(ctx, n)
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range ids {
		if err := f.personIn(ctx, id, who); err != nil {
			return err
		}
	}
	calls := 0
	if f.yes {
		if calls, err = f.db.ForgetCaller(ctx, email); err != nil {
			return err
		}
		if err := f.db.ForgetSignedIn(ctx, email); err != nil {
			return err
		}
		key, err := f.db.Secret(ctx, surveyKey)
		if err != nil {
			return err
		}
		if _, err := f.db.ForgetRespondent(ctx, (&survey.Links{Key: key}).Respondent(email)); err != nil {
			return err
		}
	}
	return f.done(fmt.Sprintf("%s (%s) in %s and %s of the index", email, strings.Join(who.names, ", "), counted(len(ids), "run", "runs"), counted(calls, "call", "calls")))
}

// nonEmpty are those of the texts that are not blank.
func nonEmpty(all ...string) []string {
	var out []string
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// names adds the names that a run's handoffs have beside the address.
func (f *forgetting) names(ctx context.Context, run string, who *erased) error {
	return f.documents(ctx, run, func(h *throughline.Handoff) {
		for _, p := range slices.Concat(h.Deal.People, noted(h.Deal.AE), noted(h.Deal.CSM)) {
			if strings.EqualFold(p.Email, who.email) && strings.Contains(p.Name, " ") && !slices.Contains(who.names, p.Name) {
				who.names = append(who.names, p.Name)
			}
		}
	})
}

// documents looks at each version of a run's handoff.
func (f *forgetting) documents(ctx context.Context, run string, look func(*throughline.Handoff)) error {
	r, err := f.db.Run(ctx, run)
	if err != nil {
		return err
	}
	for v := 1; v <= r.Version; v++ {
		h, err := f.db.Document(ctx, run, v)
		if errors.Is(err, lifecycle.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		look(h)
	}
	return nil
}

func noted(p *throughline.PersonNote) []throughline.PersonNote {
	if p == nil {
		return nil
	}
	return []throughline.PersonNote{*p}
}

func (f *forgetting) personIn(ctx context.Context, id string, who *erased) error {
	run, err := f.db.Run(ctx, id)
	if err != nil {
		return err
	}
	if err := f.env.tell("%s  %s\n", run.ID, printable(run.Deal.Name)); err != nil {
		return err
	}
	people, companies := []string{run.AE.Name, run.CSM.Name}, []string{run.Deal.Customer}
	if err := f.documents(ctx, id, func(h *throughline.Handoff) {
		more, of := peopleOf(h)
		people, companies = append(people, more...), append(companies, of...)
	}); err != nil {
		return err
	}
	if left := who.in(people, companies); len(left) > 0 {
		if err := f.env.tell("  where it stands alone, %s is left: somebody or something else of the deal has it too\n", printable(strings.Join(left, ", "))); err != nil {
			return err
		}
	}
	if err := f.copies(ctx, id); err != nil || !f.yes {
		return err
	}
	if err := f.db.Rewrite(ctx, id, who.rewrite); err != nil {
		return err
	}
	if err := f.db.ForgetArchive(ctx, id); err != nil {
		return err
	}
	if err := f.db.ForgetToward(ctx, id, who.email); err != nil {
		return err
	}
	return f.service.Reissue(ctx, id, f.by, "a person was erased from it")
}

// copies removes what was published of a run, and lists what can't be removed.
func (f *forgetting) copies(ctx context.Context, run string) error {
	copies, err := f.db.Copies(ctx, run)
	if err != nil {
		return err
	}
	for _, c := range copies {
		said := "would be removed"
		if f.yes {
			said = f.remove(ctx, c)
		}
		if err := f.env.tell("  %s: %s: %s\n", c.Destination, known(c.URL), said); err != nil {
			return err
		}
	}
	if !f.yes {
		return nil
	}
	return f.db.ForgetCopies(ctx, run)
}

// remove says what became of a copy.
func (f *forgetting) remove(ctx context.Context, c store.Copy) string {
	for _, conn := range f.n.all {
		name := strings.ToLower(conn.name)
		if conn.remove == nil || c.Destination != name && c.Destination != lifecycle.AgendaOf(name) {
			continue
		}
		if err := conn.remove(ctx, c.ID); err != nil {
			f.left++
			return "STILL THERE, remove it by hand: " + printable(problemOf(err))
		}
		return "removed"
	}
	f.left++
	return "STILL THERE, remove it by hand: it is not connected any more"
}

func (f *forgetting) done(what string) error {
	if !f.yes {
		return f.env.tell("Found: %s. Nothing was erased: --yes does that.\n", what)
	}
	if err := f.env.tell("Erased: %s.\n", what); err != nil {
		return err
	}
	if f.left > 0 {
		return fmt.Errorf("%s to be removed by hand, at the addresses above", counted(f.left, "copy is", "copies are"))
	}
	return nil
}

// An erased person, by address and names.
type erased struct {
	email string
	names []string
	forms []form // in the deal at hand
}

const erasedMark = "[erased]"

// rewrite is a kept text without the person: what they said goes, and what stands
// on nothing else; where they are named stands a mark.
func (p *erased) rewrite(table, body string) (string, error) {
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return "", err
	}
	mark := erasedMark
	if table == "runs" {
		mark = "" // addresses there are written to
	}
	v, _ = p.without("", v, mark)
	raw, err := json.Marshal(v)
	return string(raw), err
}

// is reports whether a value names the person and nobody else.
func (p *erased) is(v any) bool {
	s, _ := v.(string)
	return strings.EqualFold(s, p.email) || p.isName(s)
}

// without is the JSON value of a field without the person; false for one that goes
// as a whole: something that they said or that is about them, or an item of which no
// quote is left.
func (p *erased) without(field string, v any, mark string) (any, bool) {
	switch v := v.(type) {
	case string:
		return p.masked(v, mark, slices.Contains(ourWords, strings.ToLower(field))), true
	case []any:
		out := []any{}
		for _, one := range v {
			if kept, ok := p.without(field, one, mark); ok {
				out = append(out, kept)
			}
		}
		return out, true
	case map[string]any:
		for _, key := range []string{"speaker", "person", "name", "email", "by", "By"} {
			if p.is(v[key]) {
				return nil, false
			}
		}
		had, _ := v["evidence"].([]any)
		for key, one := range v {
			kept, ok := p.without(key, one, mark)
			if !ok {
				delete(v, key)
				continue
			}
			v[key] = kept
		}
		if now, _ := v["evidence"].([]any); len(had) > 0 && len(now) == 0 {
			return nil, false
		}
		return v, true
	}
	return v, true
}
