package hubspot

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline/connect"
	"throughline/won"
)

// Overlap is how far a poll looks back before the moment asked for. Search knows of
// a change only some time after it was made, and of some of the changes of a moment
// earlier than of others; the vendor promises nothing (search the CRM), and others
// saw rows come late.
const Overlap = 15 * time.Minute

// perPage is the most that a page of a search may hold. A search has 10,000 results
// at most; each page is therefore a search of its own, after the last id.
const perPage = 200

var _ won.CRM = (*Portal)(nil)

// Won are the deals that were changed between two moments (with an [Overlap] before
// the first) and stand as won, by hs_is_closed_won, as the filter has it: in order
// of change. An edit of a won deal brings it back, and so does the overlap:
// [won.Starts] tells what is new. It takes one search where nothing was won; else one
// for each 200 changed, and one call for each 50 to date them.
func (p *Portal) Won(ctx context.Context, f won.Filter, since, until time.Time) ([]won.Win, []connect.Gap, error) {
	c, gaps, err := p.conditions(ctx, f)
	if err != nil || c == nil {
		return nil, gaps, err
	}
	var ids []string
	for last := "0"; ; {
		filters := append([]map[string]any{
			{"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"},
			{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": strconv.FormatInt(since.Add(-Overlap).UnixMilli(), 10)},
			{"propertyName": "hs_object_id", "operator": "GT", "value": last},
		}, c.filters()...)
		found, err := p.search(ctx, filters)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range found {
			if r.ID != "" && when(r.text("hs_lastmodifieddate")).Before(until) {
				ids = append(ids, r.ID)
			}
		}
		if len(found) < perPage {
			break
		}
		next := found[len(found)-1].ID
		if next == last {
			return nil, nil, refused("search won deals", "the search goes in a circle", "please report this as a fault in Throughline")
		}
		last = next
	}
	return p.dated(ctx, f, c, ids, gaps)
}

// search asks for the first page of deals for which all filters hold.
func (p *Portal) search(ctx context.Context, filters []map[string]any) ([]Record, error) {
	body := map[string]any{
		"filterGroups": []any{map[string]any{"filters": filters}}, "sorts": []any{map[string]string{"propertyName": "hs_object_id", "direction": "ASCENDING"}},
		"properties": []string{"hs_lastmodifieddate"}, "limit": perPage, "after": "0",
	}
	var answer struct {
		Results []Record `json:"results"`
	}
	_, err := p.searcher.Do(ctx, connect.Request{Op: "search won deals", Method: http.MethodPost, Path: p.path("objects", "deals/search"), Body: body, Repeatable: true}, &answer)
	return answer.Results, err
}

// WonByID are those of the deals that stand as won, as [Portal.Won] has them. It
// takes one call for each 50 ids.
func (p *Portal) WonByID(ctx context.Context, f won.Filter, ids []string) ([]won.Win, []connect.Gap, error) {
	c, gaps, err := p.conditions(ctx, f)
	if err != nil || c == nil {
		return nil, gaps, err
	}
	return p.dated(ctx, f, c, valid(ids), gaps)
}

// valid are the ids that records can have, each once.
func valid(ids []string) []string {
	var out []string
	for _, id := range ids {
		if recordID.MatchString(id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// NotWon are those of the deals that do not stand as won: moved back, or lost after
// all. One that was merged stands as the deal that it was merged into. It takes one
// call for each 100 ids.
func (p *Portal) NotWon(ctx context.Context, ids []string) ([]string, error) {
	ids = valid(ids)
	found, err := p.batch(ctx, "ask whether deals are still won", "deals", ids, []string{"hs_is_closed_won", "hs_merged_object_ids"}, nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, id := range ids {
		for _, r := range found {
			if r.is(id) && r.text("hs_is_closed_won") != "true" {
				out = append(out, id)
				break
			}
		}
	}
	return out, nil
}

// is reports whether a record is the one with the id, or what became of it.
func (r Record) is(id string) bool {
	return r.ID == id || slices.Contains(strings.Split(r.text("hs_merged_object_ids"), ";"), id)
}

// About tells about deals by id, with one call for each 100 of them.
func (p *Portal) About(ctx context.Context, _ won.Filter, ids []string) (map[string]won.About, []connect.Gap, error) {
	out := map[string]won.About{}
	d := &Deal{}
	ae := cmp.Or(p.cfg.AEField, "hubspot_owner_id")
	var names []string
	for _, f := range []string{ae, p.cfg.CSMField, "pipeline", "hs_merged_object_ids"} {
		if f != "" && !strings.Contains(f, ".") { // what stands on the company would be a call for each deal
			names = append(names, f)
		}
	}
	ids = valid(ids)
	found, err := p.batch(ctx, "read about deals", "deals", ids, names, nil)
	if err != nil {
		return nil, nil, err
	}
	if d.pipelines, err = p.pipelines(ctx); err != nil {
		if err := d.gap(ctx, "what pipelines are called", err); err != nil {
			return nil, nil, err
		}
	}
	var owners []string
	for _, r := range found {
		owners = append(owners, valid([]string{r.text(ae), r.text(p.cfg.CSMField)})...)
	}
	if d.Owners, err = p.people(ctx, valid(owners), nil); err != nil {
		if err := d.gap(ctx, "who AE and CSM are", err); err != nil {
			return nil, nil, err
		}
	}
	for _, id := range ids {
		for _, r := range found {
			if r.is(id) {
				out[id] = won.About{AE: d.whose(r, ae), CSM: d.whose(r, p.cfg.CSMField), Pipeline: pipelineLabel(d.pipelines, r.text("pipeline"))}
			}
		}
	}
	return out, d.Gaps, nil
}

// whose is the name of the owner in a property of the deal; an address where that
// stands there.
func (d *Deal) whose(r Record, field string) string {
	who := r.text(field)
	if o, ok := d.ownerOf(who); ok {
		return cmp.Or(o.name(), o.Email)
	}
	if strings.Contains(who, "@") {
		return who
	}
	return ""
}

func pipelineLabel(all []pipeline, id string) string {
	for _, pl := range all {
		if pl.ID == id {
			return cmp.Or(pl.Label, id)
		}
	}
	return id
}

// conditions are what a filter means in the account.
type conditions struct {
	types, pipelines []string
	minimum          float64
	won              map[string]bool
}

// conditions translates the filter's labels into the account's own values. It is nil
// where nothing can fit, and the gaps say why.
func (p *Portal) conditions(ctx context.Context, f won.Filter) (*conditions, []connect.Gap, error) {
	c, d := &conditions{minimum: f.MinAmount}, &Deal{}
	if len(f.RecordTypes) > 0 {
		d.note("HubSpot has no record types, so the configured ones are passed over: name deal types (types) or pipelines instead, and take record_types out")
	}
	if f.PipelineField != "" && f.PipelineField != "pipeline" {
		d.note("HubSpot keeps a deal's pipeline in the property pipeline, so the configured pipeline_field is passed over: take it out")
	}
	pipelines, err := p.pipelines(ctx)
	switch {
	case err != nil && len(f.Pipelines) > 0:
		return nil, nil, err
	case err != nil:
		if err := d.gap(ctx, "which stages count as won", err); err != nil {
			return nil, nil, err
		}
	}
	c.won = wonStages(pipelines)
	for _, name := range f.Pipelines {
		i := slices.IndexFunc(pipelines, func(pl pipeline) bool { return pl.ID == name || strings.EqualFold(pl.Label, name) })
		if i < 0 {
			d.note("the account has no pipeline %q: put its name or id right in the configuration", name)
			continue
		}
		c.pipelines = append(c.pipelines, pipelines[i].ID)
	}
	if len(f.Types) > 0 {
		if c.types, err = p.dealTypes(ctx, f.Types); err != nil {
			return nil, nil, err
		}
	}
	if len(f.Pipelines) > 0 && len(c.pipelines) == 0 {
		return nil, d.Gaps, nil
	}
	return c, d.Gaps, nil
}

// dealTypes are the values of dealtype, of values or of what they are called.
func (p *Portal) dealTypes(ctx context.Context, names []string) ([]string, error) {
	all, err := p.propertiesOf(ctx, "deals")
	if err != nil {
		return nil, err
	}
	out := slices.Clone(names)
	for i, name := range out {
		for _, one := range all {
			if one.Name != "dealtype" {
				continue
			}
			for _, o := range one.Options {
				if strings.EqualFold(o.Label, name) || o.Value == name {
					out[i] = o.Value
				}
			}
		}
	}
	return out, nil
}

// filters are the conditions as a search takes them.
func (c *conditions) filters() []map[string]any {
	var out []map[string]any
	if len(c.types) > 0 {
		out = append(out, map[string]any{"propertyName": "dealtype", "operator": "IN", "values": c.types})
	}
	if len(c.pipelines) > 0 {
		out = append(out, map[string]any{"propertyName": "pipeline", "operator": "IN", "values": c.pipelines})
	}
	if c.minimum > 0 {
		out = append(out, map[string]any{"propertyName": "amount", "operator": "GTE", "value": strconv.FormatFloat(c.minimum, 'f', -1, 64)})
	}
	return out
}

// hold reports whether the conditions hold of a deal as it is, which a search's index
// may not know yet.
func (c *conditions) hold(r Record) bool {
	return r.text("hs_is_closed_won") == "true" && (len(c.types) == 0 || slices.Contains(c.types, r.text("dealtype"))) &&
		(len(c.pipelines) == 0 || slices.Contains(c.pipelines, r.text("pipeline"))) && (c.minimum <= 0 || amount(r.text("amount")) >= c.minimum)
}

// amount is a number as HubSpot gives it; 0 where there is none.
func amount(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return n
}

var winProperties = strings.Fields("dealname dealstage pipeline dealtype amount closedate hubspot_owner_id hs_is_closed_won hs_lastmodifieddate")

// dated are those of the deals that stand as won and count, with the moments at which
// they were won.
func (p *Portal) dated(ctx context.Context, f won.Filter, c *conditions, ids []string, gaps []connect.Gap) ([]won.Win, []connect.Gap, error) {
	found, err := p.batch(ctx, "read when deals were won", "deals", ids, winProperties, []string{"dealstage"})
	if err != nil {
		return nil, nil, err
	}
	var wins []won.Win
	undated := 0
	for _, r := range found {
		if !c.hold(r) || slices.ContainsFunc(wins, func(w won.Win) bool { return w.ID == r.ID }) { // merged deals are told as what they became
			continue
		}
		w := winOf(r, c.won)
		if !f.Counts(w) {
			continue
		}
		if w.Undated {
			undated++
		}
		wins = append(wins, w)
	}
	if undated > 0 {
		gaps = append(gaps, connect.Gap{System: Vendor, What: fmt.Sprintf("the history of the stage does not tell when %d of the won deals were won; their close date is taken", undated)})
	}
	slices.SortStableFunc(wins, func(a, b won.Win) int { return cmp.Or(a.Changed.Compare(b.Changed), strings.Compare(a.ID, b.ID)) })
	return wins, gaps, nil
}
