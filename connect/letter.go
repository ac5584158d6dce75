package connect

// A Letter is a mail that is sent as it stands, both as text and as HTML, to somebody
// who may be outside the company.
type Letter struct {
	Key     string // the same for every try to send it, as [Publication.Key]
	To      string // email address
	Subject string // one line
	Text    string // with lines that end in \n
	HTML    string
	// Header is what it says in its head beside the usual, by name. A name that mail
	// itself needs, such as From, is refused.
	Header map[string]string
}
