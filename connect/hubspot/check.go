package hubspot

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"throughline/connect"
)

// A probe is a call that tells whether the token has a scope.
type probe struct {
	scope, purpose string
	call           connect.Request
	optional       bool
	// absent says that the record that the call names is never there, so that
	// "not found" means that the scope is.
	absent bool
}

// Check tries what reading deals needs, and where handoffs are published what that
// needs: for each scope one call, and whether the properties that the configuration
// names are there. Nothing is written: for the right to write, a record is changed
// that is never there.
func (p *Portal) Check(ctx context.Context) []connect.Permission {
	var out []connect.Permission
	for _, one := range p.probes() {
		one.call.Op = "check permissions"
		_, err := p.client.Do(ctx, one.call, nil)
		if e := asError(err); err != nil && one.absent && e.Status == http.StatusNotFound {
			err = nil
		}
		out = append(out, connect.Permission{Name: one.scope, For: one.purpose, Err: err, Optional: one.optional})
		if err != nil && (asError(err).Status == http.StatusUnauthorized || asError(err).Status == 0) {
			return out // all the others would say the same
		}
	}
	return append(out, p.lacking(ctx)...)
}

// probes are the calls. Their scopes are those that the vendor's documents name; an
// answer that names others is told with the error.
func (p *Portal) probes() []probe {
	one := url.Values{"limit": {"1"}}
	list := func(scope, kind, purpose string) probe {
		return probe{scope: scope, purpose: purpose, call: connect.Request{Path: p.path("objects", kind), Query: one}}
	}
	change := func(scope, kind, purpose string) probe {
		return probe{scope: scope, purpose: purpose, absent: true, call: connect.Request{
			Method: http.MethodPatch, Path: p.path("objects", kind+"/0"), Body: map[string]any{"properties": map[string]string{}}, Repeatable: true,
		}}
	}
	out := []probe{
		list("crm.objects.deals.read", "deals", "deals, and which were won"),
		{scope: "crm.schemas.deals.read", purpose: "pipelines: which stages count as won", call: connect.Request{Path: p.path("pipelines", "deals")}},
		list("crm.objects.companies.read", "companies", "the customer"),
		list("crm.objects.contacts.read", "contacts", "the customer's people, and notes, tasks, calls and meetings"),
		list("sales-email-read", "emails", "emails"),
		{scope: "crm.objects.owners.read", purpose: "the seller's people", call: connect.Request{Path: strings.TrimSuffix(p.path("owners", ""), "/"), Query: one}},
		{scope: "files", purpose: "files attached to the deal", absent: true, call: connect.Request{Path: "/files/" + filesVersion + "/files/0/signed-url"}},
	}
	if p.cfg.Writing != nil {
		purpose := "publishing the handoff as a note"
		if p.cfg.Writing.Tasks {
			purpose += ", and tasks for milestones"
		}
		out = append(out, change("crm.objects.contacts.write", "notes", purpose))
		if len(p.cfg.Writing.Fields) > 0 {
			out = append(out, change("crm.objects.deals.write", "deals", "setting the deal's properties"))
		}
	}
	return out
}

// lacking are the properties that the configuration names and that are not there, or
// can't hold what they are for; and a pipeline without a stage that counts as won.
func (p *Portal) lacking(ctx context.Context) []connect.Permission {
	var out []connect.Permission
	miss := func(name, purpose, message, advice string) {
		out = append(out, connect.Permission{Name: name, For: purpose, Err: refused("check permissions", message, advice)})
	}
	all, err := p.fetchProperties(ctx, "deals")
	if err != nil {
		return nil // the scope stands in the list
	}
	find := func(name string) int { return slices.IndexFunc(all, func(f property) bool { return f.Name == name }) }
	for _, f := range []struct{ name, purpose string }{{p.cfg.AEField, "who the AE is"}, {p.cfg.CSMField, "who the CSM is"}, {p.cfg.KickoffField, "when the kickoff is"}} {
		if f.name != "" && !strings.Contains(f.name, ".") && find(f.name) < 0 {
			miss("the property "+f.name, f.purpose, "deals have no property "+f.name, "put its internal name right in the configuration, or make it")
		}
	}
	if p.cfg.Writing != nil {
		example := map[Value]string{ValueLink: "https://example.com", ValueStatus: "published", ValueVersion: "1", ValuePublished: "2026-01-02T03:04:05.000Z", ValueSummary: "x"}
		for _, value := range slices.Sorted(maps.Keys(p.cfg.Writing.Fields)) {
			name, why := p.cfg.Writing.Fields[value], "deals have no such property"
			if i := find(name); i >= 0 {
				_, why = all[i].holding(value, example[value])
			}
			if why != "" {
				miss("the property "+name, "showing the handoff's "+string(value), name+": "+why, "make it in HubSpot (Settings > Properties, of deals) with a type that fits, or leave it out of the configuration")
			}
		}
	}
	pipelines, err := p.fetchPipelines(ctx)
	if err == nil && !slices.Contains(slices.Collect(maps.Values(wonStages(pipelines))), true) {
		miss("a stage that is won", "which deals were won", "no pipeline has a stage that is closed with a probability of 100%", "set the probability of the stage for won deals to Won in HubSpot (Settings > Objects > Deals > Pipelines)")
	}
	return out
}
