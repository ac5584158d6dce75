package folder

// ownReason is why an earlier handoff proves nothing.
const ownReason = "Throughline's own earlier handoff"

// notEvidence says why a text may prove nothing: it is our own earlier output,
// or another tool's summary. It is judged on the title or subject, the head
// (the first lines) and the sender; empty for evidence.
func notEvidence(title, head, sender string) string { return "" }
