package throughline

// Audience is who reads a document. What each may see is decided in one place,
// render.For.
type Audience string

// The audiences, from the one who sees all to the one who sees least.
const (
	AudienceTeam     Audience = "team"
	AudienceCompany  Audience = "company"
	AudienceCustomer Audience = "customer"
)

// Audiences lists the audiences.
var Audiences = []Audience{AudienceTeam, AudienceCompany, AudienceCustomer}

// Valid reports whether a is one of the audiences.
func (a Audience) Valid() bool {
	return a == AudienceTeam || a == AudienceCompany || a == AudienceCustomer
}
