package outbound

import (
	_ "embed" // the notes
	"fmt"

	"throughline/connect"
)

//go:embed about.md
var notes string

// About says what this connector is.
var About = connect.About{
	System: "Salesforce outbound messages",
	For:    "the trigger within seconds, without code and without Change Data Capture",
	Reads:  []string{"of a message, the organisation's id and the ids of its opportunities; a session id that it may hold is never read"},
	Needs: []string{
		"in Setup > Outbound Messages, one for the object Opportunity, with the endpoint `PUBLIC_URL/salesforce/outbound/SECRET`; of its fields, Id is enough",
		"an automation that sends it when an opportunity becomes closed and won, or is changed in what makes it count",
		"`SALESFORCE_OUTBOUND_SECRET`, the SECRET: 24 to 128 letters, digits, hyphens and underscores",
		"`salesforce.organization_id`, and `serve.public_listen` behind your own TLS",
	},
	Limits: []string{
		fmt.Sprintf("up to %d notifications in a message, which is acknowledged as a whole", mostNotifications),
		fmt.Sprintf("the vendor waits for 60 seconds; it has its answer within %s", connect.Plain(answerWithin)),
		"what is not acknowledged is sent again for 24 hours, up to two hours apart, and then dropped: polling finds it",
		fmt.Sprintf("a message of more than %s is turned away: choose no long text fields for it", connect.Plain(connect.Size(mostBody))),
	},
	Calls: []connect.Calls{{
		For:   "a message",
		Count: "one, and one more where any of its opportunities is won",
	}},
	Facts: []connect.Fact{
		{What: "the form of messages and answers", Source: "confirmed by the vendor's documents and the WSDL described there"},
		{What: "60 seconds, 24 hours, up to 100 notifications, that messages come late, repeatedly and out of order and are not signed", Source: "confirmed by the vendor's documents"},
		{
			What:        "that an answer with another status than 200, or with `Ack` false, has the message sent again",
			Source:      "both are answered together where something could not be dealt with",
			Unconfirmed: true,
		},
	},
	Notes: connect.Filled(notes, map[string]any{"pattern": Pattern}),
}
