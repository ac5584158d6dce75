package main

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"throughline"
)

// A form is one way in which a person may be named.
type form struct {
	text string
	// alone is a part of a name. It counts only as a word of its own, and says
	// nothing of a person in a field that holds one of our own words.
	alone bool
	// ordinary is an ordinary word too: it counts only with a capital letter, within
	// a sentence.
	ordinary bool
	at       *regexp.Regexp
}

// in says how the person may be named in a deal of these people and companies.
// Forms of the person's names that stand alone are looked for only where they can
// mean nobody and nothing else of the deal: neither another person nor a company has
// them in its name. Those that could are told as left.
func (p *erased) in(people, companies []string) (left []string) {
	p.forms = nil
	add := func(text string, alone bool) {
		if text == "" || slices.ContainsFunc(p.forms, func(f form) bool { return strings.EqualFold(f.text, text) }) {
			return
		}
		p.forms = append(p.forms, form{text, alone, alone && slices.Contains(ordinaryWords, strings.ToLower(text)), regexp.MustCompile(`(?i)` + regexp.QuoteMeta(text))})
	}
	add(p.email, false)
	for _, name := range p.names {
		add(name, false)
		if words := strings.Fields(name); len(words) > 1 {
			first, last := words[0], words[len(words)-1]
			for _, whole := range []string{first + " " + last, last + ", " + first, last + " " + first, initial(first) + ". " + last, initial(first) + "." + last} {
				add(whole, false)
			}
		}
	}
	if local, _, _ := strings.Cut(p.email, "@"); strings.ContainsAny(local, "._-") {
		add(local, false) // "owen.brandt", by which chats name people
	}
	others := slices.DeleteFunc(slices.Clone(people), p.isName)
	taken := wordsOf(append(others, companies...))
	for _, name := range p.names {
		words := strings.Fields(name)
		if len(words) < 2 {
			continue
		}
		for _, word := range []string{words[len(words)-1], words[0]} {
			switch {
			case utf8.RuneCountInString(strings.Trim(word, ".")) < 2:
			case slices.Contains(taken, strings.ToLower(word)):
				left = append(left, word)
			default:
				add(word, true)
			}
		}
	}
	slices.Sort(left)
	return slices.Compact(left)
}

func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	return string(r)
}

// wordsOf are the words of names, in small letters.
func wordsOf(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, strings.FieldsFunc(strings.ToLower(n), func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' && r != '’' })...)
	}
	return out
}

// isName reports whether a name is the person's.
func (p *erased) isName(name string) bool {
	return slices.ContainsFunc(p.names, func(n string) bool { return strings.EqualFold(n, strings.TrimSpace(name)) })
}

// masked is a text in which the person is not named. Of a field that holds one of our
// own words only whole names are masked.
func (p *erased) masked(s, mark string, ours bool) string {
	for _, f := range p.forms {
		if f.alone && ours {
			continue
		}
		s = f.masked(s, mark)
	}
	return s
}

func (f form) masked(s, mark string) string {
	var out strings.Builder
	done := 0
	for _, at := range f.at.FindAllStringIndex(s, -1) {
		if f.names(s, at[0], at[1]) {
			out.WriteString(s[done:at[0]] + mark)
			done = at[1]
		}
	}
	return out.String() + s[done:]
}

// names reports whether what was found names the person there.
func (f form) names(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	switch {
	case inWord(before), f.alone && inWord(after):
		return false
	case !f.ordinary:
		return true
	}
	first, _ := utf8.DecodeRuneInString(s[from:])
	earlier := strings.TrimRightFunc(s[:from], unicode.IsSpace)
	last, _ := utf8.DecodeLastRuneInString(earlier)
	return unicode.IsUpper(first) && earlier != "" && !strings.Contains(strings.TrimPrefix(s[:from], earlier), "\n") && (unicode.IsLetter(last) || unicode.IsDigit(last) || strings.ContainsRune(",;@", last))
}

// inWord reports whether a letter or digit stands there, so that a word goes on.
func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// ourWords are the fields that hold one of our own words, by their names in small
// letters: there "may" is no person, and "champion" is nobody's name.
var ourWords = []string{
	"schema", "status", "state", "language", "audience", "kind", "label", "area", "stance", "from", "to", "side", "match", "id", "ref", "refs", "source",
	"stage", "what", "kickofffrom", "returnreason", "print", "draftprint", "due", "day",
}

// ordinaryWords are names that are also words of English which a deal's texts may hold.
var ordinaryWords = strings.Fields(`
	abbey amber angel april art ash august autumn baker bell best bill bird bishop bliss bloom bond booker bow branch brook brooks brown buck bull burns bush butler
	carpenter carter case chance chandler chase chip christian church clay close cole cook cooper count cross crystal daisy dale dawn day dean dee dot drew duke earl
	east english faith farmer field fields finch fish fisher flint ford forest foster fox franco frank french fry gale gardener gene ginger glass glen gold good grace
	grant gray green guy hall hand hard harmony harper hart hatch hazel head heath heather high hill holly home hope hunt hunter iris ivy jack jade jasmine jay jean
	joy judge july june justice kay key king knight lake lance land lane law lily little long love low major march marina mark marsh mason mat max may melody mercy
	miles mill miller mills mine misty moon moss nick noble north olive page park parker patience pearl penny perry pet piper pitt pole poppy pope porter post potter
	power price prince rain ray read red reed rice rich rob robin rock rod rose rosemary ruby rush rusty sage sally sandy savage scarlet sharp shepherd short sierra
	singer skip sky small smart smith snow spring star steel stone storm street strong sue summer summers swan swift tanner taylor temple terry tracy trip turner van
	victor violet wade walker wall wallace ward waters way weaver webb wells west white will winter wise wolf wood woods worth young`)

// peopleOf are the names of a handoff's people, and of its companies.
func peopleOf(h *throughline.Handoff) (people, companies []string) {
	for _, p := range slices.Concat(h.Deal.People, noted(h.Deal.AE), noted(h.Deal.CSM)) {
		people = append(people, p.Name)
	}
	for _, it := range h.Items {
		people = append(people, it.Person)
		for _, e := range it.Evidence {
			people = append(people, e.Speaker)
		}
	}
	return people, []string{h.Deal.Customer.Name, h.Deal.Seller.Name, h.Deal.Seller.Product}
}
