package chorus

import (
	_ "embed" // the notes
	"fmt"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: Vendor,
	For:    "what was said on recorded calls",
	Reads: []string{
		"the deal's recorded meetings and dialer calls, without private ones: when, who took part, on which CRM records",
		"what was said on them",
	},
	Needs: []string{
		"an API token, as `CHORUS_API_TOKEN` (Chorus: Personal Settings, by the user whose token it is)",
		"a role of that user which permits the API, and data access to the recordings of the teams that sell; a Chorus administrator sets both",
		"the database, for the index of calls",
	},
	Limits: []string{
		fmt.Sprintf("the vendor publishes no limit: %g calls a second of our own (`per_second`), for all that the process does with the token; `Retry-After` is kept to where an answer has it", DefaultPerSecond),
		fmt.Sprintf("%d engagement ids in a request; others saw %d engagements in a page of an answer", IDsPerRequest, RecordsPerPage),
		fmt.Sprintf("the index of calls is synced at most once in %s", connect.Plain(callindex.DefaultEvery)),
	},
	Calls: []connect.Calls{
		{
			For: "keeping the index of calls",
			Count: fmt.Sprintf("two lists, of meetings and of dialer calls; of each, one for each %d in the window and one that finds the end; at most %d syncs a day",
				RecordsPerPage, 24*time.Hour/callindex.DefaultEvery),
		},
		{For: "a deal, with the index up to date", Count: fmt.Sprintf("one for each %d calls, and one for each call; one more where a call is no longer shown; none for a deal without calls", IDsPerRequest)},
		{For: "checking its permissions", Count: "three; two where no meeting took place in the last 30 days"},
	},
	Facts: []connect.Fact{
		{What: "paths, parameters and forms of answers", Source: "confirmed by the vendor's OpenAPI file of version 26.33.08, which tests hold every exchange with the stand-in to; of the list of engagements it has an example only"},
		{What: "the token stands in `Authorization` without a word before it; private recordings are not returned; 404 can mean that", Source: "confirmed by the vendor's documents"},
		{What: "`min_date`, `max_date` and `engagement_type` are kept to; an engagement's id is the conversation's; `snippet_time` is in seconds; `speaker_type` is `rep`, `cust` or `customer`; a wrong token is answered with 401", Source: "seen by others' programs, not stated by the vendor", Unconfirmed: true},
		{What: "that `account_id` and `opportunity_id` of an engagement are the CRM's", Source: "so others' programs use them; where they were not, calls would be found by who took part only where both are empty", Unconfirmed: true},
		{What: "how a list ends: others saw a `continuation_key` on each page, and an empty page after the last", Source: "a list ends with the first page that has no engagements or no key", Unconfirmed: true},
		{What: "whether a key is enough to go on, or the rest of the request must be sent again", Source: "all of it is sent again", Unconfirmed: true},
		{What: "whether a request by id is bounded in time", Source: "it is sent with the time of the calls, a day more on both sides", Unconfirmed: true},
		{What: "what a role without the API is answered", Source: "403 is taken for that; 401 asks for a new token", Unconfirmed: true},
		{What: "rate limits, and whether 429 and `Retry-After` come", Source: "the pace is our own; both are kept to", Unconfirmed: true},
		{What: "how late a transcript may be", Source: fmt.Sprintf("it is waited for %s (`Wait`)", connect.Plain(DefaultWait)), Unconfirmed: true},
		{What: "what the webhook `recording_done` posts, its signature and repeats", Source: "it is not used", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{
		"history": callindex.DefaultHistory, "look_back": callindex.DefaultLookBack, "wait": DefaultWait,
		"before": callindex.DefaultBefore, "after": callindex.DefaultAfter, "every": callindex.DefaultEvery,
	}),
}
