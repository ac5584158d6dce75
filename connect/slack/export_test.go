package slack

import "encoding/hex"

// Signature is a body's signature as the header has it.
func Signature(secret, stamp, body string) string {
	return "v0=" + hex.EncodeToString(sign(secret, stamp, []byte(body)))
}
