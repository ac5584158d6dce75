package connect

// A Permission is one thing that a credential must be allowed to do, and whether
// it is: a row of what `throughline check` prints.
type Permission struct {
	Name string // the vendor's: the scope or setting to change
	For  string // what it serves
	Err  error  // why it is missing, with advice; nil where it is there
	// Optional says that many organisations have nothing that needs it, so that
	// its absence is no fault.
	Optional bool
}
