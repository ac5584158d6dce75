package hubspot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline/connect"
)

// KeptFor is how long what changes seldom is kept: which properties there are,
// pipelines, owners.
const KeptFor = 15 * time.Minute

// known is what is kept, by what it is.
type known struct {
	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	at    time.Time
	value any
}

// remembered gives what is kept of something, or fetches it.
func remembered[T any](p *Portal, what string, fetch func() (T, error)) (T, error) {
	p.known.mu.Lock()
	defer p.known.mu.Unlock()
	now := p.cfg.Now()
	if k, ok := p.known.kept[what]; ok && now.Sub(k.at) < KeptFor {
		if value, ok := k.value.(T); ok {
			return value, nil
		}
	}
	value, err := fetch()
	if err != nil {
		return value, err
	}
	if p.known.kept == nil {
		p.known.kept = map[string]kept{}
	}
	p.known.kept[what] = kept{now, value}
	return value, nil
}

// A property is a property's definition.
type property struct {
	Name    string `json:"name"`
	Label   string `json:"label"`
	Type    string `json:"type"` // string, number, enumeration, date, datetime, bool
	Defined bool   `json:"hubspotDefined"`
	Refers  string `json:"referencedObjectType"` // OWNER where it holds an owner's id
	Options []struct {
		Label string `json:"label"`
		Value string `json:"value"`
	} `json:"options"`
	Modification struct {
		ReadOnly bool `json:"readOnlyValue"`
	} `json:"modificationMetadata"`
}

// propertiesOf are the definitions of a type of object.
func (p *Portal) propertiesOf(ctx context.Context, kind string) ([]property, error) {
	return remembered(p, "properties "+kind, func() ([]property, error) { return p.fetchProperties(ctx, kind) })
}

func (p *Portal) fetchProperties(ctx context.Context, kind string) ([]property, error) {
	var answer struct {
		Results []property `json:"results"`
	}
	_, err := p.client.Do(ctx, connect.Request{Op: "read the properties of " + kind, Path: p.path("properties", kind)}, &answer)
	return answer.Results, err
}

// A pipeline is a way that deals go.
type pipeline struct {
	ID     string  `json:"id"`
	Label  string  `json:"label"`
	Stages []stage `json:"stages"`
}

type stage struct {
	ID       string `json:"id"`
	Label    string `json:"label"`
	Metadata struct {
		Closed      string `json:"isClosed"`
		Probability string `json:"probability"`
	} `json:"metadata"`
}

// won reports whether a stage counts as won: it ends the deal, for certain.
func (s stage) won() bool {
	return strings.EqualFold(s.Metadata.Closed, "true") && (s.Metadata.Probability == "1.0" || s.Metadata.Probability == "1")
}

func (p *Portal) pipelines(ctx context.Context) ([]pipeline, error) {
	return remembered(p, "pipelines", func() ([]pipeline, error) { return p.fetchPipelines(ctx) })
}

func (p *Portal) fetchPipelines(ctx context.Context) ([]pipeline, error) {
	var answer struct {
		Results []pipeline `json:"results"`
	}
	_, err := p.client.Do(ctx, connect.Request{Op: "read the pipelines", Path: p.path("pipelines", "deals")}, &answer)
	return answer.Results, err
}

// wonStages says of each stage whether it counts as won.
func wonStages(pipelines []pipeline) map[string]bool {
	out := map[string]bool{}
	for _, pl := range pipelines {
		for _, s := range pl.Stages {
			out[s.ID] = s.won()
		}
	}
	return out
}

// An owner is a user who may own records.
type owner struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

func (o owner) name() string { return strings.TrimSpace(o.FirstName + " " + o.LastName) }

// ownersPerPage is the most that a page may hold.
const ownersPerPage = "500"

// owners are the account's users, those who left only where asked for.
func (p *Portal) owners(ctx context.Context, left bool) ([]owner, error) {
	return remembered(p, fmt.Sprintf("owners, left: %v", left), func() ([]owner, error) {
		var out []owner
		for o, err := range connect.Pages(ctx, func(ctx context.Context, cursor string) ([]owner, string, error) {
			var answer struct {
				Results []owner `json:"results"`
				Paging  paging  `json:"paging"`
			}
			q := url.Values{"limit": {ownersPerPage}, "archived": {fmt.Sprint(left)}}
			if cursor != "" {
				q.Set("after", cursor)
			}
			_, err := p.client.Do(ctx, connect.Request{Op: "read the owners", Path: strings.TrimSuffix(p.path("owners", ""), "/"), Query: q}, &answer)
			return answer.Results, answer.Paging.Next.After, err
		}) {
			if err != nil {
				return nil, err
			}
			out = append(out, o)
		}
		return out, nil
	})
}

// people finds owners by id or email address. Those who left are only asked for
// where somebody is not found.
func (p *Portal) people(ctx context.Context, ids, emails []string) ([]owner, error) {
	var out []owner
	missing := slices.Clone(ids)
	for _, left := range []bool{false, true} {
		if left && len(missing) == 0 {
			break
		}
		all, err := p.owners(ctx, left)
		if err != nil {
			return out, err
		}
		for _, o := range all {
			named := slices.Contains(missing, o.ID)
			if named || slices.ContainsFunc(emails, func(e string) bool { return o.Email != "" && strings.EqualFold(e, o.Email) }) {
				out = append(out, o)
				missing = slices.DeleteFunc(missing, func(id string) bool { return id == o.ID })
			}
		}
	}
	return out, nil
}

// inOrder puts owners in the order of their ids, each once.
func inOrder(owners []owner) []owner {
	slices.SortFunc(owners, func(a, b owner) int { return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(owners, func(a, b owner) bool { return a.ID == b.ID })
}

// cut reports whether an error is the end of the context rather than an answer.
func cut(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled)
}
