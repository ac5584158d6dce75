package hubspot

import (
	_ "embed"
	"fmt"
	"strings"

	"throughline/connect"
)

//go:embed about.md
var notes string

// About says what the connector is to those who choose, connect and run it.
var About = connect.About{
	System: Vendor,
	For:    "the CRM: the deal's records; a deal won as the trigger; the handoff as a note, tasks and properties of the deal",
	Reads: []string{
		"the deal with its properties and the history of its stage, its company, contacts with their roles",
		"notes, tasks, logged calls, meetings and emails",
		"attached files",
		"which deals were won",
		"with `tasks`, what became of the milestones' tasks",
	},
	Writes: []string{
		"where the configuration has handoffs published here, one note of the deal for each handoff",
		"with `tasks`, a task for each milestone that has a due date, owned by the CSM; properties of the deal, if named",
	},
	Needs: []string{
		"a Service Key, or the static token of an app in a HubSpot project, as `HUBSPOT_TOKEN`",
		"scopes for reading: `crm.objects.deals.read`, `crm.schemas.deals.read`, `crm.objects.companies.read`, `crm.objects.contacts.read` (also for notes, tasks, calls and meetings), `sales-email-read`, `crm.objects.owners.read`, `files`",
		"scopes for writing: `crm.objects.contacts.write`; with properties `crm.objects.deals.write`. `throughline check` names what is missing",
		"for webhooks, an app in a HubSpot project, its client secret as `HUBSPOT_CLIENT_SECRET`, and subscriptions to deals at the public address",
	},
	Limits: []string{
		fmt.Sprintf("100 calls in 10 seconds for a token in the smallest edition: we make %d a second and %d at once; searches go at a pace of their own, %d a second, of the 5 that an account has", perSecond, burst, searchPerSecond),
		fmt.Sprintf("where the account turns calls away, everybody waits %s or %s, as its policy is named; where the day's calls are used up, it is tried again after %s", connect.Plain(rollingWait), connect.Plain(secondWait), connect.Plain(dailyWait)),
		fmt.Sprintf("files up to %s each, %d of a deal, %s in all; %s records of a type", connect.Plain(connect.Size(defaultMaxFile)), defaultMaxFiles, connect.Plain(connect.Size(mostFiles)), connect.Plain(mostOfType)),
		fmt.Sprintf("%s characters of a note; %s of a task's title", connect.Plain(mostNote), connect.Plain(mostSubject)),
	},
	Calls: []connect.Calls{
		{For: "a deal", Count: fmt.Sprintf("four (the deal, its company, contacts, their labels), one for each type of activity that it has, at most five, one for each further %d records of a type, and two for each file", perBatch)},
		{For: "what changes seldom", Count: fmt.Sprintf("four (properties of deals and companies, pipelines, owners), five where somebody left; kept for %s", connect.Plain(KeptFor))},
		{For: "polling for won deals", Count: fmt.Sprintf("one search where nothing was won; else one for each %d changed, and one for each %d to date them; pipelines, as above", perPage, withHistory)},
		{For: "a webhook", Count: fmt.Sprintf("one for each %d deals", withHistory)},
		{For: "publishing a handoff", Count: fmt.Sprintf("three (the deal, its notes, the note written), and one for each further %d notes; with tasks two more, three where some are made and others changed; with properties one more; owners and properties as above. What is as it should be is not written", perBatch)},
		{For: "telling them what became of their milestones", Count: fmt.Sprintf("two to look, as below, and one for each %d that are changed", perBatch)},
		{For: "following a handoff's tasks", Count: fmt.Sprintf("two, and one for each further %d tasks of the deal; owners as above", perBatch)},
		{For: "a handoff removed", Count: "four, and one for each task"},
		{For: "checking permissions", Count: "nine; two more where handoffs are published"},
	},
	Facts: []connect.Fact{
		{What: "the dated versions of the API and how long they are supported; Service Keys and apps in projects; that old private apps can't be made any more", Source: "confirmed by the vendor's documents and change log"},
		{What: "paths and forms of objects, search, batches, associations, properties, pipelines, owners and signed addresses of files", Source: "confirmed by the vendor's documents, which are not licensed to be kept here; the vendor's client for Node also drives the stand-in in a test"},
		{What: "the numbers of the types of association: note to deal 214, task to deal 216", Source: "confirmed by the vendor's client"},
		{What: "signature v3: what is signed, which escapes are decoded, 5 minutes", Source: "confirmed by the vendor's documents; a test holds it to the vendor's client, which leaves the decoding to its user"},
		{What: "webhooks: less than 100 events, 5 seconds, up to 10 repeats in 24 hours, no order, `eventId` not unique", Source: "confirmed by the vendor's documents"},
		{What: "limits: 100 to 250 calls in 10 seconds, 5 searches a second, 10,000 results, 200 a page, 100 of a batch, 65,536 characters of a note", Source: "confirmed by the vendor's documents"},
		{What: "how the policies of a 429 are named", Source: "seen in others' reports; one that is not known is waited for as for 10 seconds", Unconfirmed: true},
		{What: "that a batch with a property's history holds 50 records", Source: "the documents say that history makes it less, not how much", Unconfirmed: true},
		{What: "the form of sorts in a search as an object, as others send them", Source: "the vendor's description has text; should it be refused, searches fail and say so", Unconfirmed: true},
		{What: "how a refusal names the scopes that are missing (`requiredGranularScopes`)", Source: "seen in others' reports and programs; where none is named, the check names the one in the documents", Unconfirmed: true},
		{What: "that a scope is judged before a record is looked for, by which the check tries writing to a record that is not there", Unconfirmed: true},
		{What: "that the deal's associations tell of a note as soon as it is made", Source: "search is known to lag; each look that follows a lost answer waits 2 seconds or more", Unconfirmed: true},
		{What: "that notes keep `p`, `ul`, `li`, `strong`, `em`, `a` and `br`", Source: "what HubSpot's own editor writes; a reference is found again whatever elements stand around it", Unconfirmed: true},
		{What: "that the association without \"_unlabeled\" in its name is that of the primary company", Source: "where none is named so, the first company is taken", Unconfirmed: true},
		{What: "that `hs_email_headers`, `hs_email_message_id` and `hs_email_thread_id` are filled", Source: "the first is documented, the others are seen in others' programs; where they are missing, the other properties are used", Unconfirmed: true},
		{What: "when a task was completed (`hs_task_completion_date`)", Source: "seen in others' programs; where it is not there, it is when the task was changed last", Unconfirmed: true},
		{What: "the time zone of a task's date", Source: "its day is taken in UTC: one that people set to a time near midnight may count for the day beside it", Unconfirmed: true},
		{What: "files under the newest version of the API", Source: "the documents show " + filesVersion + ", which is used for files alone", Unconfirmed: true},
		{What: "whether old private apps always sign with v3, and whether a repeat has a new time", Source: "a request without v3, or with an old time, is refused; polling finds what it told of", Unconfirmed: true},
		{What: "who manages the AE or the CSM", Source: "not available: owners name no manager. Managers see what the company does, unless they are among serve.admins"},
		{What: "the time zone of a close date", Source: "its day is taken in UTC", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{
		"records": mostOfType, "kinds": "`." + strings.Join(readable, " .") + "`", "file": connect.Size(defaultMaxFile), "files": defaultMaxFiles, "all_files": connect.Size(mostFiles),
		"owners": fewOwners, "overlap": Overlap, "holds": signatureHolds, "answer": hookAnswer, "note": mostNote, "tries": tries, "path": HookPath,
	}),
}
