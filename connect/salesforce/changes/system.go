package changes

import (
	_ "embed" // the notes
	"fmt"

	"throughline/connect"
	"throughline/won"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: "Salesforce change events",
	For:    "the trigger within seconds, beside the polling",
	Reads:  []string{"of changes of opportunities, which records, what kind of change, and which fields"},
	Needs: []string{
		"in Setup > Change Data Capture, Opportunity selected (five objects are free; more need the vendor's add-on). `throughline check` names what is missing",
		"View All Records on Opportunity for the app's user",
		fmt.Sprintf("the way out to `%s` (`%s` for data that must stay in the EU)", DefaultEndpoint, EUEndpoint),
		"the token that REST uses, and no other",
	},
	Limits: []string{
		"events are kept for 72 hours. After a longer pause the place is no longer known: it goes on at the oldest event, and a poll covers what was missed",
		fmt.Sprintf("deliveries in 24 hours, per subscriber: 50,000 (Performance, Unlimited), 25,000 (Enterprise), 10,000 (Developer); where they are used up, it waits %s at a time",
			connect.Plain(limitWait)),
	},
	Calls: []connect.Calls{{
		For:   "an answer with events that count",
		Count: "one for each 200 opportunities, and one more where any of them is won; the events' schema is asked for once, over gRPC",
	}},
	Facts: []connect.Fact{
		{What: "service, messages and numbers of fields", Source: "confirmed: the code is generated from the vendor's protocol (CC0), and a test compares both"},
		{
			What: fmt.Sprintf("at most %d events asked for at a time, more to be asked for within 60 seconds, something sent every 270 seconds, events kept for 72 hours",
				mostEvents),
			Source: "confirmed by the vendor's documents",
		},
		{What: "how bitmaps name fields", Source: "confirmed by the vendor's documents and its own program in Python"},
		{
			What: fmt.Sprintf("`subscription.fetch.replayid.corrupted` for a place that is too old or broken, `%s`, `%s`, `%s`, `service.unavailable`",
				codeAuth, codeLimit, codeTopic),
			Source: "confirmed by the vendor's documents; other codes are taken by their gRPC status",
		},
		{
			What:        "which gRPC status goes with which code, and that a missing permission is PERMISSION_DENIED, NOT_FOUND, or a topic with `can_subscribe` false",
			Source:      "each of them is dealt with, and names both the selection in Setup and the permission where it can be either",
			Unconfirmed: true,
		},
		{
			What:        "that streams fall silent without an error",
			Source:      fmt.Sprintf("seen by others' programs: one is given up after %s (`Silence`)", connect.Plain(DefaultSilence)),
			Unconfirmed: true,
		},
		{
			What:   "the schema of OpportunityChangeEvent",
			Source: "written for the stand-in after the vendor's documents; the connector takes whatever schema the org gives",
		},
	},
	Notes: connect.Filled(notes, map[string]any{"first_wait": firstWait, "longest_wait": longestWait, "again": won.Relisten}),
}
