package hubspot

// For tests of the package from outside.
var (
	Sign          = sign
	SignedAddress = signedAddress
)
