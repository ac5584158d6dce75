package connect

import (
	"regexp"

	"throughline"
)

// A Publication is a handoff on its way to where people read it.
type Publication struct {
	// Key is the same for every version of a deal's handoff and for every try to
	// publish it: 1 to 64 letters, digits, dots, hyphens and underscores. By it a
	// connector finds the copy that is there already.
	Key  string
	Deal Record
	// Handoff is whole; who publishes it shows what its audience may see, by
	// render.For.
	Handoff  *throughline.Handoff
	Audience throughline.Audience
	Link     string // opens the own page of what is published; empty where it has none
}

// Check says what is wrong with a publication, in words for an error's message; empty
// where nothing is. No audience is none known: who takes one for granted sets it first.
func (p Publication) Check() string {
	wrong := CheckKey(p.Key)
	switch {
	case wrong != "":
	case p.Handoff == nil:
		wrong = "there is no handoff"
	case !p.Audience.Valid():
		wrong = "the audience is not known"
	}
	return wrong
}

var keyForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// CheckKey says what is wrong with the key of a [Publication] or [Message]; empty where
// nothing is.
func CheckKey(key string) string {
	if keyForm.MatchString(key) {
		return ""
	}
	return "the key is not 1 to 64 letters, digits, dots, hyphens and underscores"
}

// A Copy is what stands in an outside system after something was written there.
type Copy struct {
	ID  string // the vendor's: of a page, a file, a message
	URL string // where a person opens it; empty where the vendor tells none
	// Made says that it was not there before this call; otherwise it was found
	// by its key, and changed where it differed.
	Made bool
}

// A Message goes to one person, by mail or as a direct message.
type Message struct {
	// Key is the same for every try to send the message, as [Publication.Key].
	Key        string
	To         string // email address
	Subject    string // one line
	Paragraphs []string
	Actions    []Action
}

// An Action is something that the person is asked to do: a button, or a link.
type Action struct {
	Label   string // "Review the draft"
	URL     string // opens a page; empty for a button that only chat can show
	ID      string // names a button's purpose, such as "accept"
	Value   string // what the button is about, such as a handoff's id
	Primary bool
}
