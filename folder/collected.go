package folder

import "throughline"

// collectedReader reads collected.json, in which package collect says what the
// connected systems could not give. It holds nothing of the deal itself.
type collectedReader struct{}

func newCollectedReader() reader { return collectedReader{} }

// collectedSchema is what package collect calls its file.
const collectedSchema = "throughline.collected/v1"

type (
	collectedFile struct {
		Gaps []collectedGap `json:"gaps"`
	}
	collectedGap struct {
		System   text `json:"system"`
		What     text `json:"what"`
		Pending  bool `json:"pending"`
		Optional bool `json:"optional"`
	}
)

func (collectedReader) take(f *file, c *collector) bool {
	if !looksJSON(f.data) {
		return false
	}
	var probe struct {
		Schema text `json:"schema"`
	}
	if decode(f, &probe) != nil || probe.Schema != collectedSchema {
		return false
	}
	var got collectedFile
	if err := decode(f, &got); err != nil {
		c.problem(jsonProblem(f, "what was gathered", err))
		return true
	}
	for _, g := range got.Gaps {
		switch {
		case g.Optional:
			continue
		case g.Pending:
			g.What += "; it may still come, so gather the deal again later"
		}
		// The system stands for the file that could not be had from it.
		c.problem(throughline.Problem{File: string(g.System), What: string(g.What)})
	}
	return true
}

func (collectedReader) done(*collector) {}
