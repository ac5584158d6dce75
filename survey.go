package throughline

import "time"

// A Survey is the one question that the customer's people of one kickoff are
// asked. It names nobody of the seller's: no figure made of surveys can be broken
// down by an AE.
type Survey struct {
	ID       string    `json:"id"`
	Deal     string    `json:"deal"`     // the deal's id
	Seller   string    `json:"seller"`   // the company that is asked about, or its product
	Language string    `json:"language"` // of the deal, ISO 639-1
	Kickoff  time.Time `json:"kickoff"`  // when it was held
	Closes   time.Time `json:"closes"`   // from then on, no answer is taken

	// AcceptedBeforeKickoff is whether the CSM had accepted a handoff when the
	// kickoff began.
	AcceptedBeforeKickoff bool `json:"accepted_before_kickoff"`
	// Adopted is whether the deal was won after Throughline came into use.
	Adopted bool `json:"adopted"`

	Respondents []Respondent `json:"respondents"`
}

// A Respondent is one of the customer's people whom a survey asks.
type Respondent struct {
	// ID stands for the address in answers and links. It is the same in every
	// survey, and does not tell the address.
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email"`
	Zone  string `json:"zone,omitempty"` // IANA name, "Europe/Berlin"; empty when not known

	AskedAt    *time.Time `json:"asked_at,omitempty"`    // nil before the mail was sent
	RemindedAt *time.Time `json:"reminded_at,omitempty"` // nil before the one reminder was sent
}

// An Answer is what one respondent said in one survey. There is at most one of
// each respondent in each survey.
type Answer struct {
	Survey     string    `json:"survey"`
	Deal       string    `json:"deal"`       // answers of the same deal are not independent of each other
	Respondent string    `json:"respondent"` // [Respondent.ID]; empty in an imported baseline
	Score      int       `json:"score"`      // 0 to 10
	Comment    string    `json:"comment,omitempty"`
	At         time.Time `json:"at"` // when it was given first

	// As they were in the survey.
	AcceptedBeforeKickoff bool `json:"accepted_before_kickoff"`
	Adopted               bool `json:"adopted"`
}

// The ends of the scale.
const (
	LowestScore  = 0
	HighestScore = 10
)

// Promoter reports whether the score is 9 or 10, as the Net Promoter System has it.
func (a Answer) Promoter() bool { return a.Score >= 9 && a.Score <= HighestScore }

// Detractor reports whether the score is 0 to 6, as the Net Promoter System has it.
func (a Answer) Detractor() bool { return a.Score >= LowestScore && a.Score <= 6 }
