package notion

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
	For:    "pages that a deal's record links to; the handoff and its kickoff's agenda as pages",
	Reads: []string{
		fmt.Sprintf("pages that the CRM record links to (`notion.so`, `notion.site`, `notion.com`): %d of them, %s blocks and %d levels each", mostPages, connect.Plain(mostRead), mostNested),
	},
	Writes: []string{
		"where the configuration has handoffs published here, one page for each handoff, of native blocks, in one data source, with properties",
		"beside it one page for the agenda of its kickoff, with a to-do for each talking point",
	},
	Needs: []string{
		fmt.Sprintf("the access token of a connection (Notion: Settings > Connections), as `NOTION_TOKEN`, with the capabilities *%s*, *%s*, *%s* and *%s*; "+
			"*Read user information* tells who wrote a page", readContent, insertContent, updateContent, readComments),
		"databases and pages shared with the connection: open them, ••• > Connections",
		"for publishing, one data source (a database's table), whose id Notion shows in the database's settings under Manage data sources",
		fmt.Sprintf("in it, a property `%s` of the type Text (`ExternalID` names another)", DefaultExternalID),
	},
	Limits: []string{
		fmt.Sprintf("%d requests a minute; we make %d a second", 60*perSecond, perSecond),
		fmt.Sprintf("%d blocks below another in a request, two levels, %s characters of a text and of an address; 1,000 blocks and 500 KB in a request, of which we use %s and %s",
			mostArray, connect.Plain(mostContent), connect.Plain(mostBlocks), connect.Plain(connect.Size(mostBytes))),
	},
	Calls: []connect.Calls{
		{For: "a handoff published", Count: "four, one for each 100 blocks, one to say that it is complete; one to learn once who the connection is"},
		{For: "the agenda of its kickoff", Count: "four likewise, and as below for the same again and for a new version or another day"},
		{For: "the same again", Count: "two, and one for each further 100 blocks"},
		{
			For: "a new version",
			Count: "as many as read the page (one for each 100 blocks and one for each item with evidence), and one for each stretch of new blocks, each changed and each deleted block; " +
				"before deleting, one or more for its comments",
		},
		{For: "a page that a record links to", Count: "two, one for each further 100 blocks, one for each block with others below it, one for the author"},
		{For: "checking its permissions", Count: "six"},
	},
	Facts: []connect.Fact{
		{
			What:   fmt.Sprintf("`Notion-Version` %s, paths, forms of requests and answers", DefaultVersion),
			Source: "confirmed: tests hold every exchange with the stand-in to the vendor's OpenAPI file, and the vendor's client runs against the stand-in",
		},
		{
			What: fmt.Sprintf("limits: %d children, 2 levels, 1,000 blocks, 500 KB, %s characters of a text and of an address, %d requests a minute",
				mostArray, connect.Plain(mostContent), 60*perSecond),
			Source: "confirmed by the vendor's documents; characters are counted as UTF-16 units, the stricter reading",
		},
		{
			What:   "a write answered with 503 may be stored; `additional_data.committed_resource_id` is used, and blocks are read back instead of trusting `committed_child_ids`",
			Source: "confirmed by the vendor's documents",
		},
		{What: "`rate_limit_reason` `public_api_request_blocked` is not waited for", Source: "confirmed by the vendor's documents"},
		{What: "a change of a to-do's text leaves its tick as it is", Source: "confirmed by the vendor's documents: what a change omits stays"},
		{What: "how soon a query finds a page that was made", Source: fmt.Sprintf("%s (`Settle`)", connect.Plain(DefaultSettle)), Unconfirmed: true},
		{
			What:        fmt.Sprintf("that a capability is judged before a request's content, by which the check tries *%s* with a page that can't be made", insertContent),
			Unconfirmed: true,
		},
		{What: fmt.Sprintf("that an empty change of a data source needs *%s* and changes nothing, by which the check tries it", updateContent), Unconfirmed: true},
		{What: "what deleting a block answers that is in the trash already", Source: "400 and 404 count as done where the block is seen to be gone", Unconfirmed: true},
		{What: "that the vendor keeps an address of a link as it was sent", Source: "else such blocks are rewritten with each version", Unconfirmed: true},
	},
	Notes: connect.Filled(notes, map[string]any{"external_id": DefaultExternalID, "settle": DefaultSettle}),
}
