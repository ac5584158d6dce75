package vitally

import (
	_ "embed" // the notes
	"fmt"

	"throughline/connect"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: Vendor,
	For:    "the handoff as a note where CSMs work; milestones as tasks",
	Reads:  []string{"with `tasks`, what became of the milestones' tasks"},
	Writes: []string{
		"where the configuration has handoffs published here, one note of the customer's account for each handoff",
		"with `tasks`, a task for each milestone, with its due date, assigned to the CSM",
	},
	Needs: []string{
		"an API key, as `VITALLY_API_KEY`: the Secret Token in Vitally under Settings > Integrations > Vitally REST API, which an administrator turns on",
		fmt.Sprintf("the region: `%s`, with the subdomain at which people sign in, or `%s`", RegionUS, RegionEU),
		fmt.Sprintf("accounts whose external id is the CRM's id of the customer; `account_by` names another (default `%s`)", AccountByCRM),
		"if handoffs are to have one, a note category, by its name or id, as `category`",
	},
	Limits: []string{
		fmt.Sprintf("%s requests in any minute for a key; we make %d a second", connect.Plain(PerMinute), PerSecond),
		fmt.Sprintf("%s of a note, %d characters of a subject and of a task's name; these limits are ours, the vendor states none", connect.Plain(connect.Size(mostHTML)), mostLine),
	},
	Calls: []connect.Calls{
		{For: "a handoff published", Count: "three (the account, its notes, the note written), and one for each further 100 notes of the account; the note category is asked for once"},
		{For: "its milestones", Count: "one for each 100 tasks of the account, one for each task that is made or changed, and one to learn once who the CSM is in Vitally"},
		{For: "the same again", Count: "two, three with tasks"},
		{For: "telling them what became of their milestones", Count: "as many to look as to follow, and one for each that is changed"},
		{For: "following a handoff's tasks", Count: "two (the account, its tasks), one for each further 100 tasks of the account, and one where it is not known yet whose a task is"},
		{For: "a handoff removed", Count: "three, and one for each task"},
		{For: "checking its permissions", Count: "three, five with tasks, one more with a category"},
	},
	Facts: []connect.Fact{
		{
			What:   "hosts by region; the key as user name of basic authentication; 1,000 requests in a sliding minute; `RateLimit-Reset` as the seconds until there is room again; pages by `limit`, `from` and `next`",
			Source: "confirmed by the vendor's documents",
		},
		{What: "the elements that are kept of HTML: `a`, `img`, `p`, `div`, `br`, `ul`, `ol`, `li`, `b`, `u`, `i`, `strong`, `em`, `code`", Source: "confirmed by the vendor's documents"},
		{What: "the fields of notes and tasks, and that an external id is set only when one is made", Source: "confirmed by the vendor's documents"},
		{
			What:   "that an account is read by its external id, that the lists of an account's notes and tasks hold all of them in the order in which they were made, and that tags which are not sent again are lost",
			Source: "others' copies of the vendor's documents; that the account is the one asked for is checked before anything is written", Unconfirmed: true,
		},
		{
			What:   "what making a note or a task answers whose external id is there: a refusal, or, for a task, its change",
			Source: "what is there is read before and after, so that either ends with one", Unconfirmed: true,
		},
		{What: "whether an archived note or task keeps its external id, and shows in a list with `archived=true`", Source: "both are allowed for", Unconfirmed: true},
		{What: "finding a note or task by its external id with `source`", Source: "not used: it names the integration that made the record, and ours is none", Unconfirmed: true},
		{What: "that fields which a change does not name stay, but for tags", Unconfirmed: true},
		{What: "that a task is opened again by a `completedAt` of null", Unconfirmed: true},
		{What: "that `/admins` tells ids and email addresses", Source: "without it tasks are assigned to nobody", Unconfirmed: true},
		{What: "that a note or task without what it must have is refused with 400 and not made, by which the check tries writing", Unconfirmed: true},
		{What: "what is answered to a key that may not do something", Source: "taken to be 401 or 403", Unconfirmed: true},
		{What: "that `dueDate` is given as a day or as a moment", Source: "both are taken; a moment's day is taken in UTC", Unconfirmed: true},
		{What: "the address at which a person opens a note or a task", Source: "none is told", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{"quotes": mostTaskQuotes, "size": connect.Size(mostHTML), "tries": tries}),
}
