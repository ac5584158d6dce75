package claude

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"throughline"
)

//go:embed prompts/*.md
var promptFiles embed.FS

// Prompts are the prompt files, by name within the folder.
func Prompts() fs.FS {
	sub, err := fs.Sub(promptFiles, "prompts")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// PromptVersion names the prompts that an answer was given to: the beginning of
// a hash over all files.
func PromptVersion() string {
	h := sha256.New()
	names, _ := fs.Glob(promptFiles, "prompts/*.md")
	slices.Sort(names)
	for _, n := range names {
		data, _ := promptFiles.ReadFile(n)
		_, _ = fmt.Fprintf(h, "%s %d\n", n, len(data)) // a hash takes everything
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func prompt(name string) string {
	data, err := promptFiles.ReadFile("prompts/" + name + ".md")
	if err != nil {
		panic("no prompt " + name) // names stand in this package
	}
	return strings.TrimSpace(string(data))
}

// sectionPrompt is the name of a section's prompt file.
func sectionPrompt(s throughline.Section) string {
	switch s {
	case throughline.SectionDealShape:
		return "deal_shape"
	case throughline.SectionContext:
		return "context"
	case throughline.SectionPoliticalMap:
		return "political_map"
	case throughline.SectionMilestones:
		return "milestones"
	}
	return "risks"
}
