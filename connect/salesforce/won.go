package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline/connect"
	"throughline/won"
)

// Overlap is how far a poll looks back before the moment asked for. A change is
// dated when it is made, but seen only when its transaction ends, which may take
// ten minutes (the longest that the platform lets one run).
const Overlap = 15 * time.Minute

var _ won.CRM = (*Org)(nil)

// Won are the opportunities that were changed between two moments (with an
// [Overlap] before the first) and stand as won, by IsWon, as the filter has it:
// in order of change. An edit of a won opportunity brings it back, and so does
// the overlap: [won.Starts] tells what is new. The gaps say what could not be read
// to date the wins. It takes one call when nothing was won, two for up to 800
// wins.
func (o *Org) Won(ctx context.Context, f won.Filter, since, until time.Time) ([]won.Win, []connect.Gap, error) {
	w, err := wonWish(f, "SystemModstamp >= "+moment(since.Add(-Overlap)), "SystemModstamp < "+moment(until))
	if err != nil {
		return nil, nil, err
	}
	wins, err := o.standing(ctx, w)
	if err != nil {
		return nil, nil, err
	}
	return o.dated(ctx, f, wins)
}

// WonByID are those of the opportunities that stand as won, as [Org.Won] has them.
// It takes one call for each 200 ids, and one for up to 800 wins.
func (o *Org) WonByID(ctx context.Context, f won.Filter, ids []string) ([]won.Win, []connect.Gap, error) {
	var wins []won.Win
	for some := range slices.Chunk(ids, historyBatch) {
		w, err := wonWish(f, "Id IN "+quotes(some))
		if err != nil {
			return nil, nil, err
		}
		more, err := o.standing(ctx, w)
		if err != nil {
			return nil, nil, err
		}
		wins = append(wins, more...)
	}
	slices.SortStableFunc(wins, func(a, b won.Win) int { return a.Changed.Compare(b.Changed) })
	return o.dated(ctx, f, wins)
}

// NotWon are those of the opportunities that do not stand as won: moved back, or
// lost after all. It takes one call for each 200 ids.
func (o *Org) NotWon(ctx context.Context, ids []string) ([]string, error) {
	var out []string
	for some := range slices.Chunk(ids, historyBatch) {
		w := wish{name: "reopened", object: "Opportunity", fields: []string{"Id"}, rest: "WHERE IsWon = false AND Id IN " + quotes(some)}
		first, err := o.alone(ctx, w)
		if err != nil {
			return nil, err
		}
		for rec, err := range o.rows(ctx, w.op(), first) {
			if err != nil {
				return nil, err
			}
			out = append(out, rec.text("Id"))
		}
	}
	return out, nil
}

// standing are the opportunities of a query as they stand, not dated yet.
func (o *Org) standing(ctx context.Context, w wish) ([]won.Win, error) {
	first, err := o.alone(ctx, w)
	if err != nil {
		return nil, err
	}
	var wins []won.Win
	for rec, err := range o.rows(ctx, w.op(), first) {
		if err != nil {
			return nil, err
		}
		amount, _ := rec["Amount"].(float64)
		wins = append(wins, won.Win{
			ID: rec.text("Id"), Name: rec.text("Name"), Account: rec.text("AccountId"), Owner: rec.text("OwnerId"), Stage: rec.text("StageName"),
			Type: rec.text("Type"), Amount: amount, CloseDate: rec.text("CloseDate"), Changed: when(rec.text("SystemModstamp")),
		})
	}
	return wins, nil
}

// dated are the wins that count, with the moments they were made at.
func (o *Org) dated(ctx context.Context, f won.Filter, wins []won.Win) ([]won.Win, []connect.Gap, error) {
	if len(wins) == 0 {
		return nil, nil, nil
	}
	gaps, err := o.date(ctx, wins)
	if err != nil {
		return nil, nil, err
	}
	wins = slices.DeleteFunc(wins, func(w won.Win) bool { return !f.Counts(w) })
	return wins, gaps, nil
}

var winFields = []string{"Id", "Name", "AccountId", "OwnerId", "StageName", "Type", "Amount", "CloseDate", "SystemModstamp"}

// wonWish is the query of the won opportunities for which the conditions hold.
func wonWish(f won.Filter, conditions ...string) (wish, error) {
	where := append([]string{"IsWon = true"}, conditions...)
	if len(f.RecordTypes) > 0 {
		where = append(where, "RecordType.DeveloperName IN "+quotes(f.RecordTypes))
	}
	if len(f.Types) > 0 {
		where = append(where, "Type IN "+quotes(f.Types))
	}
	if len(f.Pipelines) > 0 {
		field := pipelineField(f)
		if !apiName.MatchString(field) {
			return wish{}, &connect.Error{Vendor: vendor, Op: "query Opportunity", Message: fmt.Sprintf("%q is no field name", field), Advice: "put the field's API name into the configuration, such as Pipeline__c"}
		}
		where = append(where, field+" IN "+quotes(f.Pipelines))
	}
	if f.MinAmount > 0 {
		where = append(where, "Amount >= "+strconv.FormatFloat(f.MinAmount, 'f', -1, 64))
	}
	return wish{
		name: "won", object: "Opportunity", fields: winFields,
		rest: "WHERE " + strings.Join(where, " AND ") + " ORDER BY SystemModstamp, Id",
	}, nil
}

func pipelineField(f won.Filter) string { return cmp.Or(f.PipelineField, "ForecastCategoryName") }

// Fields are the opportunity's fields whose change may make it count as won by the
// filter, as change events name them.
func Fields(f won.Filter) []string {
	fields := []string{"StageName"}
	if len(f.RecordTypes) > 0 {
		fields = append(fields, "RecordTypeId")
	}
	if len(f.Types) > 0 {
		fields = append(fields, "Type")
	}
	if len(f.Pipelines) > 0 {
		fields = append(fields, pipelineField(f))
	}
	if f.MinAmount > 0 {
		fields = append(fields, "Amount")
	}
	return fields
}

// One call asks for the stages, and for the history of up to four times 200
// opportunities.
const (
	historyBatch   = 200
	historyBatches = 4
)

var stagesWish = wish{name: "stages", object: "OpportunityStage", fields: []string{"MasterLabel", "ApiName", "IsWon"}, rest: "ORDER BY SortOrder"}

// date finds out when each win was made, from the opportunities' history.
func (o *Org) date(ctx context.Context, wins []won.Win) ([]connect.Gap, error) {
	var gaps []Gap
	for some := range slices.Chunk(wins, historyBatch*historyBatches) {
		wishes := []wish{stagesWish}
		for batch := range slices.Chunk(some, historyBatch) {
			ids := make([]string, len(batch))
			for i, w := range batch {
				ids[i] = w.ID
			}
			wishes = append(wishes, wish{
				name: fmt.Sprintf("history%d", len(wishes)), object: "OpportunityHistory", fields: []string{"Id", "OpportunityId", "StageName", "CreatedDate"},
				rest: "WHERE OpportunityId IN " + quotes(ids) + " ORDER BY CreatedDate, Id",
			})
		}
		got, refused, err := o.ask(ctx, "read when opportunities were won", wishes)
		if err != nil {
			return nil, err
		}
		stages, g := o.records(ctx, wishes[0], got, refused)
		gaps = append(gaps, g...)
		isWon := wonStages(stages)
		history := map[string][]Record{}
		for _, w := range wishes[1:] {
			rows, g := o.records(ctx, w, got, refused)
			gaps = append(gaps, g...)
			for _, r := range rows {
				history[r.text("OpportunityId")] = append(history[r.text("OpportunityId")], r)
			}
		}
		for i := range some {
			some[i].Date(moves(some[i].ID, some[i].Stage, history[some[i].ID], isWon))
		}
	}
	return plainGaps(gaps), ctx.Err()
}

// wonStages says of each stage of the org whether it counts as won, by API name,
// which records hold, or by label where no API name is so.
func wonStages(stages []Record) map[string]bool {
	out := map[string]bool{}
	for _, field := range []string{"MasterLabel", "ApiName"} {
		for _, s := range stages {
			if name := s.text(field); name != "" {
				out[name], _ = s["IsWon"].(bool)
			}
		}
	}
	return out
}

// moves are what the history tells of an opportunity that is in a stage now. A stage
// that the org no longer has counts as won only where the opportunity is in it now.
func moves(id, stage string, history []Record, wonStage map[string]bool) []won.Event {
	var out []won.Event
	for _, row := range history {
		isWon, known := wonStage[row.text("StageName")]
		if !known {
			isWon = row.text("StageName") == stage
		}
		out = append(out, won.Event{Deal: id, At: when(row.text("CreatedDate")), ID: row.text("Id"), Won: isWon})
	}
	return out
}
