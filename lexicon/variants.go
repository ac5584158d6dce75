package lexicon

import (
	"fmt"
	"strings"
)

// maxVariants bounds how many plain phrases one entry may stand for.
const maxVariants = 64

// variants lists the plain phrases that an entry stands for: an optional group
// "(x)?" with and without it, a group with an alternative of several words once
// for each alternative, and words that an apostrophe divides ("c'est") also
// written as one, as captions without apostrophes have them.
func variants(phrase string) ([]string, error) {
	parts, err := divide(phrase)
	if err != nil {
		return nil, err
	}
	all := []string{""}
	for _, part := range parts {
		choices := choices(part)
		if len(all)*len(choices) > maxVariants {
			return nil, fmt.Errorf("stands for more than %d phrases", maxVariants)
		}
		var next []string
		for _, head := range all {
			for _, c := range choices {
				next = append(next, strings.TrimSpace(head+" "+c))
			}
		}
		all = next
	}
	for _, p := range all {
		if g := glued(p); g != p {
			all = append(all, g)
		}
	}
	return all, nil
}

// divide cuts a phrase at blanks that stand outside of groups.
func divide(phrase string) ([]string, error) {
	var parts []string
	for rest := strings.TrimSpace(phrase); rest != ""; rest = strings.TrimSpace(rest) {
		end := strings.IndexByte(rest, ' ')
		if rest[0] == '(' {
			if end = strings.IndexByte(rest, ')'); end < 0 {
				return nil, fmt.Errorf("%q lacks its closing bracket", rest)
			}
			end++
			if end < len(rest) && rest[end] == '?' {
				end++
			}
		}
		if end < 0 {
			end = len(rest)
		}
		parts = append(parts, rest[:end])
		rest = rest[end:]
	}
	return parts, nil
}

// choices are the ways to write one part. Alternatives of one word each stay one
// group, which matches faster than a phrase for each.
func choices(part string) []string {
	if part[0] != '(' {
		return []string{part}
	}
	group, optional := strings.CutSuffix(part, "?")
	var single, cs []string
	for _, a := range strings.Split(strings.Trim(group, "()"), "|") {
		if len(Tokens(a)) > 1 {
			cs = append(cs, a)
		} else {
			single = append(single, a)
		}
	}
	if single != nil {
		cs = append(cs, "("+strings.Join(single, "|")+")")
	}
	if optional {
		cs = append(cs, "")
	}
	return cs
}

// glued drops the apostrophes at which folding divides a word.
func glued(phrase string) string {
	fields := strings.Fields(phrase)
	for i, f := range fields {
		if f[0] == '(' || f[0] == '<' || len(Tokens(f)) < 2 {
			continue
		}
		fields[i] = strings.NewReplacer("'", "", "’", "").Replace(f)
	}
	return strings.Join(fields, " ")
}
