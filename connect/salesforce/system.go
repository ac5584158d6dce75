package salesforce

import (
	_ "embed" // the notes
	"fmt"
	"strings"

	"throughline/connect"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: vendor,
	For:    "the CRM: the deal's records; a deal won as the trigger; the handoff as a file, a note, tasks and fields of the deal",
	Reads: []string{
		"the opportunity and its account with all fields, contacts, contact roles, the opportunity team, the history of stages and fields",
		"tasks, events and emails",
		"notes of both kinds and files",
		"which deals were won",
		"with `tasks`, what became of the milestones' tasks",
	},
	Writes: []string{
		"where the configuration has handoffs published here, a file of the opportunity and its account; a note beside it, if wanted; custom fields of the opportunity, if named",
		"with `tasks`, a task of the opportunity for each milestone, owned by the CSM",
	},
	Needs: []string{
		"an External Client App, either with a certificate and a user approved for it (`client_id`, `username`, `key_file`), or with a Run As user " +
			"(`client_id`, and the secret as `SALESFORCE_CLIENT_SECRET`)",
		"of that user: API Enabled; Read on Opportunity, Account, Contact, Task, Event, and their fields; View All on Opportunity, or deals shared with the user",
		"for writing: Create on ContentVersion and ContentDocumentLink (Salesforce Files); with the note, Create and Edit on ContentNote (Setup > Notes Settings); " +
			"with `tasks`, Edit Tasks; with fields, Edit on Opportunity and on those fields, and the deals shared for editing. `throughline check` names what is missing",
	},
	Limits: []string{
		fmt.Sprintf("the org's calls in 24 hours, which everybody shares: the vendor counts them and tells the count with each answer; where they are used up, it is tried again after %s",
			connect.Plain(quotaWait)),
		fmt.Sprintf("25 calls at the same time that take 20 seconds or more; we make %d a second at most", perSecond),
		fmt.Sprintf("files up to %s each, %d of a deal, %s in all; %d contacts of an account; %s records of an object",
			connect.Plain(connect.Size(DefaultMaxFile)), DefaultMaxFiles, connect.Plain(connect.Size(mostFiles)), mostContacts, connect.Plain(mostRows)),
	},
	Calls: []connect.Calls{
		{
			For: "a deal",
			Count: fmt.Sprintf("three, whatever its size, one for each further page of 2,000 records, one for each file and each note made in Lightning. "+
				"Beyond %[1]s users named in its records, one for each %[1]s. Where a field of a query is hidden, two more for that object", connect.Plain(userBatch*userBatches)),
		},
		{
			For: "polling for won deals",
			Count: fmt.Sprintf("one where nothing was won; else one for each 2,000 changed, and one for each %s to date them",
				connect.Plain(historyBatch*historyBatches)),
		},
		{
			For: "publishing a handoff",
			Count: fmt.Sprintf("two: to look, and to write the file, its links and the note; one more for each %d tasks that are made or changed, one more to set fields. One where all is there already. "+
				"Two more for each time that it is not clear whether a write was done, at most %d times", mostParts, tries),
		},
		{For: "telling them what became of their milestones", Count: "one to look, and one for each 25 that are changed"},
		{For: "following a handoff's tasks", Count: "two: the opportunity's tasks (one more for each further 2,000), and whose they are"},
		{For: "a handoff removed", Count: fmt.Sprintf("three (what the file is linked to, the tasks, the file deleted), and one for each %d tasks", mostParts)},
		{For: "checking permissions", Count: "one"},
		{For: "a token", Count: "one at the start and whenever a session has ended; tokens do not count against the org's quota"},
	},
	Facts: []connect.Fact{
		{
			What:   "both token flows, their errors; query and its pages; describe; errors and `Sforce-Limit-Info`; VersionData",
			Source: "confirmed by the vendor's documents; the stand-in is also driven by jsforce in a test",
		},
		{
			What:   "a composite request counts as one call; 25 parts, 5 of them queries; no blobs in it",
			Source: `confirmed by the vendor's documents ("Send Multiple Requests Using Composite")`,
		},
		{What: "that `describe` may stand in a composite request", Source: `the documents allow "all sObject resources" but blobs; not tried`, Unconfirmed: true},
		{
			What:        "that a note made in Lightning is downloaded as its version's VersionData (its content stands in no query's answer)",
			Source:      "the documents say that a ContentNote is built on ContentVersion; not tried",
			Unconfirmed: true,
		},
		{
			What:        "how the daily quota's error differs from that of concurrent requests",
			Source:      fmt.Sprintf(`by its text ("Concurrent"), seen by others; the daily one is taken to last %s before a new try`, connect.Plain(quotaWait)),
			Unconfirmed: true,
		},
		{
			What:   "fields of objects that many orgs lack (opportunity team, field history)",
			Source: `a refusal counts as an optional gap: "not there" and "hidden" can't be told apart`,
		},
		{
			What:        "that a user's manager stands in the query of users as `Manager.Email`: who manages the AE or the CSM sees the whole handoff",
			Source:      "the vendor's Object Reference, User; not tried. Where it is hidden, managers see what the company does, until they are named in serve.admins",
			Unconfirmed: true,
		},
		{
			What:   "Einstein Activity Capture mail",
			Source: `is in EmailMessage only with "Sync Email as Salesforce Activity"; else it can't be queried, and is not read`,
		},
		{
			What: "creating a file by JSON with its content in base64, to 37.5 MB; `FirstPublishLocationId`; ContentDocumentLink and its `ShareType`; " +
				"ContentNote's `Content` in base64 of HTML",
			Source: "confirmed by the vendor's documents; jsforce makes such files, versions and notes on the stand-in",
		},
		{
			What:        `that a file may be created in a composite request, and referred to by its later parts, and that "all or none" takes a file back`,
			Source:      "others do so (with ContentVersion read back for its ContentDocumentId, as here); not tried",
			Unconfirmed: true,
		},
		{What: "that `TaskStatus` tells which statuses of tasks close one (`ApiName`, `IsClosed`, `IsDefault`)", Source: "the vendor's Object Reference; not tried. Where it can't be read, `Completed` and `Not Started` are used", Unconfirmed: true},
		{What: "`ContentDocument.LatestPublishedVersion` in a query of ContentDocumentLink", Source: "seen in others' code; not tried", Unconfirmed: true},
		{
			What:   "`PathOnClient` can be filtered by, and is set only when a version is made; `FirstPublishLocationId` only with the first version",
			Source: "confirmed by the vendor's Object Reference",
		},
		{
			What:   "that files which a user sees only through a record are found by their links, and those of their own by any query",
			Source: "confirmed by the vendor's Object Reference; let one user do all the publishing, or a new one can't add versions to the old one's files",
		},
		{
			What:   "that two processes which publish the same key in the same moment can make two files",
			Source: "so it is: within a process it can't happen, and jobs run once at a time. The older one counts from then on",
		},
		{
			What:   "the fields of Task, its comment's 32,000 characters; that it is closed by its status; that queryAll finds archived and deleted tasks",
			Source: "confirmed by the vendor's Object Reference and documents; jsforce makes, changes, finds and deletes such tasks on the stand-in",
		},
		{What: "`CompletedDateTime`", Source: "seen in others' queries; where it is hidden, a task counts as completed when it was changed last", Unconfirmed: true},
		{
			What:        "which error tells that HTML files are barred",
			Source:      "HTML_FILE_UPLOAD_NOT_ALLOWED stands among the vendor's codes, not said to be the one for files",
			Unconfirmed: true,
		},
	},
	Notes: connect.Filled(notes, map[string]any{
		"login": DefaultLogin, "contacts": mostContacts, "kinds": "`." + strings.Join(readable, " .") + "`", "file": connect.Size(DefaultMaxFile), "files": DefaultMaxFiles,
		"all_files": connect.Size(mostFiles), "overlap": Overlap,
	}),
}
