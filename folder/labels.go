package folder

import (
	"bufio"
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

//go:embed words/labels.txt
var labelWords string

// What stands before a colon, by meaning, in the languages that are read. The
// sets are in lower case.
var (
	labels         = readWords(labelWords)
	genericLabels  = wordSet(labels["generic"])  // speakers who are nobody in particular
	fieldLabels    = wordSet(labels["field"])    // no speaker: "Note", "Owner"
	attendeeLabels = wordSet(labels["attendee"]) // who took part
	dateLabels     = wordSet(labels["date"])
	titleLabels    = wordSet(labels["title"])
	authorLabels   = wordSet(labels["author"])
	titleJobWords  = wordSet(labels["job"])     // words of a job title rather than a name
	pronouns       = wordSet(labels["pronoun"]) // of people who talk to each other
	monthNumbers   = monthsOf(labels["month"])  // name to number

	sharedNames     = phrases(labels["shared"])      // documents that both sides see
	sharedPhrases   = phrases(labels["shared with"]) // that a document was given to the other side
	internalPhrases = phrases(labels["internal"])    // that it was not
)

// readWords reads lists of words by section: "[section]" above its entries, one
// a line; "#" begins a comment.
func readWords(text string) map[string][]string {
	out := map[string][]string{}
	section := ""
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		default:
			out[section] = append(out[section], line)
		}
	}
	return out
}

func wordSet(words []string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[strings.ToLower(w)] = true
	}
	return out
}

// monthsOf reads lines of twelve names.
func monthsOf(lines []string) map[string]int {
	out := map[string]int{}
	for _, line := range lines {
		for i, name := range strings.Fields(line) {
			out[name] = i%12 + 1
		}
	}
	return out
}

// isLabel reports whether a word that stands before a colon is known to be no
// speaker.
func isLabel(s string) bool {
	s = strings.ToLower(s)
	return fieldLabels[s] || attendeeLabels[s] || dateLabels[s] || titleLabels[s] || authorLabels[s]
}

// phrases are found in text as whole words, in any letter case.
func phrases(list []string) *regexp.Regexp {
	quoted := make([]string, len(list))
	for i, p := range list {
		quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(p), " ", `[\s_-]+`)
	}
	slices.SortFunc(quoted, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile(`(?i)(?:^|[^\pL\pM\d])(?:` + strings.Join(quoted, "|") + `)(?:$|[^\pL\pM\d])`)
}
