package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	slackapi "github.com/slack-go/slack"
	"golang.org/x/text/unicode/norm"

	"throughline/connect"
)

// DefaultPatterns are the names that a deal's channel has where the configuration
// says nothing: "deal-" with the customer's name, or with their domain's.
//
// In a pattern, {customer} is the customer's name, {deal} the deal's, {id} the id
// of its record, {domain} the first part of a domain of the customer's
// ("buyer" of buyer.example), and * any run of characters. Names are put in as
// Slack writes them: lower case, accents gone, and one hyphen for what is neither
// letter nor digit. A customer's name is tried whole, and without the legal form
// at its end (Inc, GmbH). Patterns are tried in order, and each form of one; the
// first that some channel is named by counts, letter case aside. It must be
// named by a single channel, archived ones aside where another is not.
var DefaultPatterns = []string{"deal-{customer}", "deal-{domain}"}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// checkPattern refuses a pattern that would match channels of all deals.
func checkPattern(p string) error {
	found := placeholder.FindAllString(p, -1)
	for _, name := range found {
		if !slices.Contains([]string{"{customer}", "{deal}", "{id}", "{domain}"}, name) {
			return fmt.Errorf("slack: the pattern %q has the placeholder %s; there are {customer}, {deal}, {id} and {domain}", p, name)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("slack: the pattern %q has no placeholder, so that it would name the same channel for every deal; there are {customer}, {deal}, {id} and {domain}", p)
	}
	return nil
}

// An unfound is why a deal has no channel that can be told. Its text names what
// was tried, which is for a gap, not for a log.
type unfound struct{ what, advice string }

// errNoChannel stands for an unfound in errors.
var errNoChannel = errors.New("the deal's channel can't be told")

// err is the unfound without names.
func (u *unfound) err() *connect.Error {
	return &connect.Error{Vendor: Vendor, Op: "find the deal channel", Err: errNoChannel, Advice: u.advice}
}

func (u *unfound) gap() connect.Gap {
	return connect.Gap{System: Vendor, What: u.what + " " + strings.ToUpper(u.advice[:1]) + u.advice[1:] + "."}
}

// dealChannels are the channels of a deal, the deal channel first: those that the
// configuration names for it, else those that its record names, else the one that
// a pattern matches; and those that further patterns match. Gaps say of which
// further ones it can't be told.
func (c *Client) dealChannels(ctx context.Context, r *connect.Record) ([]slackapi.Channel, []connect.Gap, error) {
	named, missing, err := c.named(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	if missing != nil {
		return nil, []connect.Gap{missing.gap()}, missing.err()
	}
	if len(named) == 0 {
		ch, u, err := c.matching(ctx, c.cfg.Patterns, r)
		switch {
		case err != nil:
			return nil, nil, err
		case u != nil:
			return nil, []connect.Gap{u.gap()}, u.err()
		case ch == nil:
			u := c.nothing(r)
			return nil, []connect.Gap{u.gap()}, u.err()
		}
		named = append(named, *ch)
	}
	var gaps []connect.Gap
	for _, p := range c.cfg.Also {
		ch, u, err := c.matching(ctx, []string{p}, r)
		switch {
		case err != nil:
			return nil, nil, err
		case u != nil:
			gaps = append(gaps, u.gap())
		case ch != nil && !slices.ContainsFunc(named, func(n slackapi.Channel) bool { return n.ID == ch.ID }):
			named = append(named, *ch)
		}
	}
	return named, gaps, nil
}

// dealChannel is the one that is written to.
func (c *Client) dealChannel(ctx context.Context, r *connect.Record) (*slackapi.Channel, error) {
	all, _, err := c.dealChannels(ctx, r)
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// named are the channels that the configuration, else the record's field, names.
func (c *Client) named(ctx context.Context, r *connect.Record) ([]slackapi.Channel, *unfound, error) {
	names, from := c.cfg.Channels[r.ID], "the configuration"
	if len(names) == 0 && c.cfg.Field != "" {
		names = strings.FieldsFunc(r.Fields[c.cfg.Field], func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) })
		from = "the field " + c.cfg.Field
	}
	var out []slackapi.Channel
	for _, name := range names {
		ref, ok := parseRef(name)
		if !ok {
			return nil, &unfound{
				what:   fmt.Sprintf("What %s says of the deal's channel is no channel's name, id or address.", from),
				advice: "put the channel's name, id or address there, and nothing else",
			}, nil
		}
		ch, err := c.lookUp(ctx, ref)
		if err != nil {
			return nil, nil, err
		}
		if ch == nil {
			return nil, &unfound{
				what:   fmt.Sprintf("The app sees no channel %q, which %s names.", ref.name, from),
				advice: "check the name, and if the channel is private, invite the app in it (/invite and its name)",
			}, nil
		}
		if !slices.ContainsFunc(out, func(n slackapi.Channel) bool { return n.ID == ch.ID }) {
			out = append(out, *ch)
		}
	}
	return out, nil, nil
}

// A ref names one channel, by id or by name.
type ref struct{ id, name string }

var (
	channelID   = regexp.MustCompile(`^[CG][A-Z0-9]{8,20}$`)
	channelName = regexp.MustCompile(`^[\pL\pM\pN_-]{1,80}$`)
	channelTag  = regexp.MustCompile(`^<#([CG][A-Z0-9]{8,20})(?:\|[^<>]*)?>$`)
)

// parseRef reads a channel's name ("#deal-buyer"), id ("C0123456789"), or address
// ("https://example.slack.com/archives/C0123456789/p…", "slack://channel?id=…").
func parseRef(s string) (ref, bool) {
	s = strings.TrimSpace(s)
	if m := channelTag.FindStringSubmatch(s); m != nil {
		return ref{id: m[1]}, true
	}
	if u, err := url.Parse(s); err == nil && u.Scheme != "" {
		for part := range strings.SplitSeq(u.Path, "/") {
			if channelID.MatchString(part) {
				return ref{id: part}, true
			}
		}
		if id := u.Query().Get("id"); channelID.MatchString(id) {
			return ref{id: id}, true
		}
		return ref{}, false
	}
	if channelID.MatchString(s) {
		return ref{id: s}, true
	}
	name := strings.ToLower(strings.TrimPrefix(s, "#"))
	return ref{name: name}, channelName.MatchString(name)
}

// lookUp is the channel that is meant; nil where the app sees none of that name.
func (c *Client) lookUp(ctx context.Context, r ref) (*slackapi.Channel, error) {
	if r.id != "" {
		return c.info(ctx, "look the deal channel up", r.id)
	}
	all, err := c.conversations(ctx)
	if err != nil {
		return nil, err
	}
	for _, ch := range all {
		if strings.EqualFold(ch.Name, r.name) {
			return &ch, nil
		}
	}
	return nil, nil
}

// matching is the channel that the first of the patterns that matches any does
// match; nil where none does.
func (c *Client) matching(ctx context.Context, patterns []string, r *connect.Record) (*slackapi.Channel, *unfound, error) {
	all, err := c.conversations(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range patterns {
		for _, form := range forms(p, r) {
			found := match(all, form)
			switch len(found) {
			case 0:
				continue
			case 1:
				return &found[0], nil, nil
			}
			var names []string
			for _, ch := range found {
				names = append(names, "#"+ch.Name)
			}
			slices.Sort(names)
			return nil, &unfound{
				what:   fmt.Sprintf("%d channels match %q, the name of the deal's channel: %s. None was read.", len(found), form, strings.Join(names[:min(len(names), 5)], ", ")),
				advice: c.naming(),
			}, nil
		}
	}
	return nil, nil, nil
}

// match are the channels named by a form; archived ones only where no other is.
func match(all []slackapi.Channel, form string) []slackapi.Channel {
	var open, archived []slackapi.Channel
	for _, ch := range all {
		if ok, err := path.Match(form, strings.ToLower(ch.Name)); !ok || err != nil {
			continue
		}
		if ch.IsArchived {
			archived = append(archived, ch)
		} else {
			open = append(open, ch)
		}
	}
	if len(open) > 0 {
		return open
	}
	return archived
}

// nothing says which names no channel has.
func (c *Client) nothing(r *connect.Record) *unfound {
	var tried []string
	for _, p := range c.cfg.Patterns {
		for _, form := range forms(p, r) {
			tried = append(tried, "#"+form)
		}
	}
	what := "The deal's record tells nothing of which its channel's name could be made."
	if len(tried) > 0 {
		what = "The app sees no channel named " + strings.Join(tried, " or ") + "."
	}
	return &unfound{what: what, advice: "if the channel is private, invite the app in it (/invite and its name); if it is called otherwise, " + c.naming()}
}

func (c *Client) naming() string {
	if c.cfg.Field != "" {
		return "name it in the field " + c.cfg.Field + " of the deal's record"
	}
	return "name it under channels in the configuration, or set field to the field of the deal's record that holds it"
}

// forms are the names that a pattern means for a deal, none where the record
// lacks what it needs.
func forms(pattern string, r *connect.Record) []string {
	out := []string{strings.ToLower(strings.NewReplacer("[", "", "]", "", "?", "", `\`, "", "#", "").Replace(pattern))}
	put := func(name string, values []string) {
		if !strings.Contains(pattern, name) {
			return
		}
		var filled []string
		for _, form := range out {
			for _, v := range values {
				if v != "" && !slices.Contains(filled, strings.ReplaceAll(form, name, v)) {
					filled = append(filled, strings.ReplaceAll(form, name, v))
				}
			}
		}
		out = filled
	}
	var domains []string
	for _, d := range r.Domains {
		first, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(d), "www."), ".")
		domains = append(domains, slug(first))
	}
	put("{customer}", []string{slug(r.Customer), slug(withoutLegalForm(r.Customer))})
	put("{deal}", []string{slug(r.Name)})
	put("{id}", []string{slug(r.ID)})
	put("{domain}", domains)
	for i, form := range out {
		const longest = 80 // of a channel's name
		if rs := []rune(form); len(rs) > longest && !strings.Contains(form, "*") {
			out[i] = strings.TrimRight(string(rs[:longest]), "-")
		}
	}
	return out
}

// slug is a text as a channel's name would have it.
func slug(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(norm.NFC.String(b.String()), "-")
}

// legalForms are what companies' names end in by law, not by name.
var legalForms = []string{
	"inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "plc", "corp", "corporation", "co", "company", "gmbh", "ag", "se", "kg", "ug", "ohg",
	"sa", "sas", "sarl", "srl", "spa", "sl", "bv", "nv", "ab", "as", "oy", "aps", "pty", "pte", "kk",
}

func withoutLegalForm(name string) string {
	words := strings.Fields(name)
	for len(words) > 1 {
		last := strings.ToLower(strings.NewReplacer(".", "", ",", "", "(", "", ")", "").Replace(words[len(words)-1]))
		if !slices.Contains(legalForms, last) && last != "" && last != "&" {
			break
		}
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}

// external reports whether another organisation is in a channel, or was invited
// to it. Workspaces of one Enterprise Grid organisation are one company.
func external(ch *slackapi.Channel) bool {
	return shared(ch) || ch.IsPendingExtShared || len(ch.PendingShared) > 0
}

// shared reports whether another organisation is in a channel already.
func shared(ch *slackapi.Channel) bool {
	return ch.IsExtShared || ch.IsShared && !ch.IsOrgShared
}
