package totango

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
	For:    "where the handoff lives on the customer's account: a touchpoint, and tasks for milestones",
	Reads:  []string{"with `tasks`, what became of the milestones' tasks"},
	Writes: []string{
		"where the configuration has handoffs published here, a touchpoint on the customer's account",
		"with `tasks`, a task for each milestone",
	},
	Needs: []string{
		"the API token of a global admin (Totango: profile > Integrations > API Token Key; making a new one ends the old one), as `TOTANGO_TOKEN`",
		"the region of the organisation's data, `us` or `eu`",
		"the account in Totango by the CRM's id, or an attribute of accounts that holds it (`attribute`)",
		"with `tasks`, the id of a flow (`flow`); `throughline check` lists them",
	},
	Limits: []string{
		"100 calls a minute and token; we make " + fmt.Sprintf("%d at once and then %d a minute", burst, int(60*perSecond)),
		fmt.Sprintf("%s characters a touchpoint, of which those beyond U+FFFF count twice; %s for a task's description, which is our own limit", connect.Plain(MostContent), connect.Plain(MostContent/2)),
		fmt.Sprintf("%s events in a page of the search; %d pages of an account are looked through", connect.Plain(mostHits), mostPages),
	},
	Calls: []connect.Calls{
		{For: "publishing a handoff", Count: "four: to find the account, to look twice, and to write; one more for each task"},
		{For: "the same again", Count: fmt.Sprintf("two, and one for each further %s events of the account", connect.Plain(mostHits))},
		{For: "a new version", Count: "three, and one for each task that is new or changes"},
		{For: "a write of which it is not known whether it was stored", Count: fmt.Sprintf("up to %d more, to look", looks)},
		{For: "telling them what became of their milestones", Count: "as many to look as to follow, and one for each that is changed"},
		{For: "following a handoff's tasks", Count: fmt.Sprintf("two, and one for each further %s events of the account", connect.Plain(mostHits))},
		{For: "checking its permissions", Count: "six, of which one tries to make a task on an account that there is not"},
	},
	Facts: []connect.Fact{
		{What: "addresses of both regions, the header `app-token`, 100 calls a minute and token", Source: "the vendor's support pages"},
		{What: "a touchpoint's fields, and that its text has up to 12,000 characters and no HTML", Source: "the vendor's support pages (Touchpoints API)"},
		{What: "a task's fields, of which the flow is required; changing one; 400 with \"Account not found\"", Source: "the vendor's support pages (Tasks API)"},
		{What: "searching accounts and events by a form's field `query`; that the search of events counts pages, and takes `account_id`", Source: "the vendor's support pages (Search API, accounts and events)"},
		{What: "that 429 comes with `Retry-After`", Source: "others' description; without it we wait a growing time", Unconfirmed: true},
		{What: "that the search knows an account's own id as `identifier`", Source: "seen in others' programs for users; what is found must have exactly the id. An attribute can be named instead", Unconfirmed: true},
		{What: "the forms of the searches' answers: `response.accounts.hits[].name` is the account's id; `response.events.hits[]` with `note_content` and `task_content`", Source: "seen in others' programs; an answer in another form is an error, and nothing is written", Unconfirmed: true},
		{What: "how long after a change the search of events shows it", Source: "`Settle` and `Doubt` allow for it", Unconfirmed: true},
		{What: "that the answer to a new touchpoint has its id under `note`, and that to a new task the task's `id`", Source: "seen in others' programs. The vendor's page has \"Success\" for a task; either is taken, and an id that is not told is looked for", Unconfirmed: true},
		{What: "what a change of a touchpoint must name", Source: "the fields of a new one, and `note_id` and `event_id`, as others' programs send them", Unconfirmed: true},
		{What: "in what form a single touchpoint is read", Source: "our line is looked for in all texts of the answer", Unconfirmed: true},
		{What: "in what form flows and types are listed", Source: "an id counts as listed where any text of the answer is it", Unconfirmed: true},
		{What: "whether Totango's pages keep line breaks, or take a text for HTML", Source: "the layout needs line breaks; a `<` that could open a tag is changed", Unconfirmed: true},
		{What: "what a status of a task may be besides `open`", Source: "any other is a person's, and such a task is left alone; `closed`, `completed`, `complete` and `done` count as completed", Unconfirmed: true},
		{What: "that a change of a task takes `status` alone, `open` or `closed`", Source: "the fields of a new task; what is not sent is taken to stay", Unconfirmed: true},
		{What: "that the events of a task tell its date, to whom it is assigned, and that it was deleted (`due_date`, `assignee`, `action`)", Source: "taken to be told as status and description are; what is not told stays empty", Unconfirmed: true},
		{What: "how long a title and a description may be", Source: fmt.Sprintf("%d characters for titles", mostTitle), Unconfirmed: true},
		{What: "the address at which a person opens a touchpoint", Source: "none is given", Unconfirmed: true},
		{What: "how a task is deleted", Source: "by DELETE, as touchpoints are; where that is refused, the tasks are named", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{
		"most_content": MostContent, "most_tasks": mostTasks, "settle": DefaultSettle, "looks": looks, "doubt": DefaultDoubt,
	}),
}
