package kickoff

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"throughline/lexicon"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// lexicons are the cues by ISO 639-1 language, parsed once.
var lexicons = sync.OnceValues(func() (map[string]*lexicon.Lexicon, error) {
	names, err := fs.Glob(lexiconFiles, "lexicon/*.txt")
	if err != nil {
		return nil, fmt.Errorf("listing the lexicons: %w", err)
	}
	all := map[string]*lexicon.Lexicon{}
	for _, name := range names {
		f, err := lexiconFiles.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading lexicon %s: %w", name, err)
		}
		l, err := lexicon.Parse(name, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(path.Base(name), ".txt")] = l
	}
	return all, nil
})

// lexiconOf is the lexicon of a language; English where it is not known or has
// none.
func lexiconOf(code string) (*lexicon.Lexicon, error) {
	all, err := lexicons()
	if err != nil {
		return nil, err
	}
	code, _, _ = strings.Cut(strings.ToLower(code), "-")
	if l := all[code]; l != nil {
		return l, nil
	}
	return all["en"], nil
}

// The sections of the lexicons.
const (
	cueNumber     = "number"
	cueSmall      = "small"
	cueOwner      = "owner"
	cueConfirming = "confirming"
	cueRequest    = "request"
	cuePart       = "part"

	cueGoals    = "goals"
	cueProblems = "problems"
	cueNowadays = "nowadays"
	cuePeople   = "people"

	cueHowMany = "howmany"
	cueHowLong = "howlong"
	cueWhen    = "when"
	cueWho     = "who"
	cueWhich   = "which"
	cueHow     = "how"
)

// cueNames are the sections that every lexicon has.
var cueNames = []string{
	cueNumber, cueSmall, cueOwner, cueConfirming, cueGoals, cueProblems, cueNowadays, cuePeople,
	cueHowMany, cueHowLong, cueWhen, cueWho, cueWhich, cueHow, cueRequest, cuePart,
}

// cueQuestions are the sections of what a question begins with.
var cueQuestions = []string{cueOwner, cueGoals, cueProblems, cueNowadays, cuePeople, cueHowMany, cueHowLong, cueWhen, cueWho, cueWhich, cueHow}
