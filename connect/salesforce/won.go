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
)

// Overlap is how far a poll looks back before the moment asked for. A change is
// dated when it is made, but seen only when its transaction ends, which may take
// ten minutes (the longest that the platform lets one run).
const Overlap = 15 * time.Minute

// A Filter says which won opportunities count. What is empty lets all through.
type Filter struct {
	RecordTypes []string // developer names: "New_Business"
	Types       []string // values of the field Type: "New Customer", "Renewal"
	// Pipelines are values of PipelineField, by default ForecastCategoryName.
	PipelineField string
	Pipelines     []string
	MinAmount     float64 // in the opportunity's own currency
	// From is a moment before which nothing counts as won: that of installation,
	// so that editing an old deal starts nothing.
	From time.Time
}

// A Win is an opportunity that stands as won.
type Win struct {
	ID, Name, Account, Owner string // Account and Owner by id
	Stage, Type              string
	Amount                   float64
	CloseDate                string // "2026-09-28"
	Changed                  time.Time

	Start
	// Events are the opportunity's moves, for [Starts].
	Events []Event
	// Undated says that the history does not tell when it was won; WonAt is then
	// the close date, and the last of Events that it stands as won at Changed.
	Undated bool
}

// Won are the opportunities that were changed between two moments (with an
// [Overlap] before the first) and stand as won, by IsWon, as the filter has it:
// in order of change. An edit of a won opportunity brings it back, and so does
// the overlap: [Starts] tells what is new. The gaps say what could not be read
// to date the wins. It takes one call when nothing was won, two for up to 800
// wins.
func (o *Org) Won(ctx context.Context, f Filter, since, until time.Time) ([]Win, []Gap, error) {
	w, err := f.wish("SystemModstamp >= "+moment(since.Add(-Overlap)), "SystemModstamp < "+moment(until))
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
func (o *Org) WonByID(ctx context.Context, f Filter, ids []string) ([]Win, []Gap, error) {
	var wins []Win
	for some := range slices.Chunk(ids, historyBatch) {
		w, err := f.wish("Id IN " + quotes(some))
		if err != nil {
			return nil, nil, err
		}
		more, err := o.standing(ctx, w)
		if err != nil {
			return nil, nil, err
		}
		wins = append(wins, more...)
	}
	slices.SortStableFunc(wins, func(a, b Win) int { return a.Changed.Compare(b.Changed) })
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
func (o *Org) standing(ctx context.Context, w wish) ([]Win, error) {
	first, err := o.alone(ctx, w)
	if err != nil {
		return nil, err
	}
	var wins []Win
	for rec, err := range o.rows(ctx, w.op(), first) {
		if err != nil {
			return nil, err
		}
		amount, _ := rec["Amount"].(float64)
		wins = append(wins, Win{
			ID: rec.text("Id"), Name: rec.text("Name"), Account: rec.text("AccountId"), Owner: rec.text("OwnerId"), Stage: rec.text("StageName"),
			Type: rec.text("Type"), Amount: amount, CloseDate: rec.text("CloseDate"), Changed: when(rec.text("SystemModstamp")),
		})
	}
	return wins, nil
}

// dated are the wins that count, with the moments they were made at.
func (o *Org) dated(ctx context.Context, f Filter, wins []Win) ([]Win, []Gap, error) {
	if len(wins) == 0 {
		return nil, nil, nil
	}
	gaps, err := o.date(ctx, wins)
	if err != nil {
		return nil, nil, err
	}
	wins = slices.DeleteFunc(wins, func(w Win) bool { return !w.MovedBack.IsZero() || w.WonAt.Before(f.From) })
	return wins, gaps, nil
}

var winFields = []string{"Id", "Name", "AccountId", "OwnerId", "StageName", "Type", "Amount", "CloseDate", "SystemModstamp"}

// wish is the query of the won opportunities for which the conditions hold.
func (f Filter) wish(conditions ...string) (wish, error) {
	where := append([]string{"IsWon = true"}, conditions...)
	if len(f.RecordTypes) > 0 {
		where = append(where, "RecordType.DeveloperName IN "+quotes(f.RecordTypes))
	}
	if len(f.Types) > 0 {
		where = append(where, "Type IN "+quotes(f.Types))
	}
	if len(f.Pipelines) > 0 {
		field := f.pipelineField()
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

func (f Filter) pipelineField() string { return cmp.Or(f.PipelineField, "ForecastCategoryName") }

// Fields are the opportunity's fields whose change may make it count as won, as
// change events name them.
func (f Filter) Fields() []string {
	fields := []string{"StageName"}
	if len(f.RecordTypes) > 0 {
		fields = append(fields, "RecordTypeId")
	}
	if len(f.Types) > 0 {
		fields = append(fields, "Type")
	}
	if len(f.Pipelines) > 0 {
		fields = append(fields, f.pipelineField())
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
func (o *Org) date(ctx context.Context, wins []Win) ([]Gap, error) {
	var gaps []Gap
	var won map[string]bool
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
		won = wonStages(stages)
		history := map[string][]Record{}
		for _, w := range wishes[1:] {
			rows, g := o.records(ctx, w, got, refused)
			gaps = append(gaps, g...)
			for _, r := range rows {
				history[r.text("OpportunityId")] = append(history[r.text("OpportunityId")], r)
			}
		}
		for i := range some {
			some[i].settle(history[some[i].ID], won)
		}
	}
	return gaps, ctx.Err()
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

// settle dates a win by the opportunity's history. A stage that the org no longer
// has counts as won only where the opportunity is in it now.
func (w *Win) settle(history []Record, wonStage map[string]bool) {
	for _, row := range history {
		won, known := wonStage[row.text("StageName")]
		if !known {
			won = row.text("StageName") == w.Stage
		}
		w.Events = append(w.Events, Event{Opportunity: w.ID, At: when(row.text("CreatedDate")), ID: row.text("Id"), Won: won})
	}
	if starts := Starts(w.Events); len(starts) > 0 {
		w.Start = starts[len(starts)-1]
		return
	}
	closed, err := time.Parse(time.DateOnly, w.CloseDate)
	if err != nil {
		closed = w.Changed
	}
	w.Start, w.Undated = Start{Opportunity: w.ID, WonAt: closed}, true
	// All that is known for certain is that it stood as won when it was last changed.
	w.Events = append(w.Events, Event{Opportunity: w.ID, At: w.Changed, Won: true})
}
