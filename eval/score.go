package eval

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"throughline"
)

// quotesRead is how many of an item's quotes count: its first, which are its
// strongest. With more, quoting everything would prove everything.
const quotesRead = 4

// points say how well an item tells a fact, in quarters.
type points int

// The points there are.
const (
	halfPoints   points = 2 // the wrong stance of a committee member, the wrong day of a milestone
	threePoints  points = 3 // of a stretch, the promise or the doubt alone
	fullPoints   points = 4
	pointsOfFact        = float64(fullPoints)
)

// A told is an item of a handoff beside the places of its quotes.
type told struct {
	*throughline.Item
	quotes [][]place // of each of its first quotes
	places []place   // of all of those
	fact   int       // the gold item it was matched with; -1 for none
	points points
	repeat bool // tells a fact that a better item tells already
	spared bool // a repeat that is neither right nor wrong
}

// A pair is an item that tells a fact, before it is known whether it tells it best.
type pair struct {
	fact, item int
	points     points
	seen       int // quotes of the fact that the item has, at most 9
}

// Score holds a handoff against the annotation.
//
// Items and facts of a kind are matched one to one, best first. An item tells a
// fact when a quote of the one is near a quote of the other; of a kind that is
// about a person, when both are about the same; a neighbouring vendor, also when
// the item names it. An item that tells what a better one tells already is
// neither right nor wrong, as long as such repeats are at most a tenth of the
// items (two are always let pass).
func (d *Deal) Score(h *throughline.Handoff) Result {
	r := Result{Deal: d.ID, Items: len(h.Items), Gold: len(d.Gold.Items), Cost: costOf(h.Usage)}
	items := make([]told, len(h.Items))
	for i := range h.Items {
		items[i] = d.read(&h.Items[i], &r)
	}
	found := d.match(items)
	r.Repeats = spare(items)
	d.tally(&r, items, found)
	for i, t := range d.Gold.Traps {
		if d.trapped(i, items) {
			r.Trapped = append(r.Trapped, Finding{t.Kind, t.Quote.Quote, t.Why})
		}
	}
	for i, s := range d.Gold.Superseded {
		if d.stale(i, items) {
			r.Outdated = append(r.Outdated, Finding{s.Kind, s.Old.Quote, s.Fact})
		}
	}
	r.Traps, r.TrapsOf = len(r.Trapped), len(d.Gold.Traps)
	r.Stale, r.StaleOf = len(r.Outdated), len(d.Gold.Superseded)
	r.finish()
	return r
}

// read finds an item's quotes, and counts those that stand nowhere.
func (d *Deal) read(it *throughline.Item, r *Result) told {
	t := told{Item: it, fact: -1}
	for n, e := range it.Evidence {
		found := d.index.find(e.Quote)
		r.Quotes++
		if len(found) == 0 {
			r.NotVerbatim++
		}
		if n < quotesRead {
			t.quotes = append(t.quotes, found)
			t.places = append(t.places, found...)
		}
	}
	if len(t.places) == 0 {
		r.Unproven++
	}
	return t
}

// match gives each item at most one fact and each fact at most one item, best
// first, and tells of each fact how well it was told.
func (d *Deal) match(items []told) []points {
	var pairs []pair
	for f := range d.Gold.Items {
		for i := range items {
			if p, ok := d.pair(f, i, &items[i]); ok {
				items[i].repeat = true
				pairs = append(pairs, p)
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.points, a.points), cmp.Compare(b.seen, a.seen), cmp.Compare(a.fact, b.fact), cmp.Compare(a.item, b.item))
	})
	found := make([]points, len(d.Gold.Items))
	for _, p := range pairs {
		it := &items[p.item]
		if found[p.fact] == 0 && it.points == 0 {
			found[p.fact] = p.points
			it.points, it.fact, it.repeat = p.points, p.fact, false
		}
	}
	return found
}

// pair tells whether an item tells a fact, and how well.
func (d *Deal) pair(fact, item int, t *told) (pair, bool) {
	f := &d.Gold.Items[fact]
	p := pair{fact: fact, item: item, points: fullPoints}
	if t.Kind != f.Kind {
		return p, false
	}
	if f.Kind.AboutPerson() {
		if f.Kind == throughline.KindCommittee && t.Stance != f.Stance {
			p.points = halfPoints
		}
		return p, len(t.places) > 0 && samePerson(t.Person, f.Person)
	}
	for _, quote := range d.facts[fact] {
		if anyNear(t.places, quote) {
			p.seen++
		}
	}
	if p.seen == 0 && f.Kind == throughline.KindAdjacentVendor && len(t.places) > 0 && t.names(f.Vendor) {
		p.seen = 1
	}
	switch {
	case f.Kind == throughline.KindMilestone && t.Day != f.Day:
		p.points = halfPoints
	case f.Kind == throughline.KindStretch && len(f.Evidence) > 1 && p.seen < 2:
		p.points = threePoints
	}
	told := p.seen > 0
	p.seen = min(p.seen, 9)
	return p, told
}

// names reports whether an item speaks of a vendor.
func (t *told) names(vendor string) bool {
	v := plain(vendor)
	return v != "" && strings.Contains(plain(t.Vendor+" "+t.Text), v)
}

// samePerson compares names, of which either may be a first or a last name alone,
// and which may differ in what stands between.
func samePerson(a, b string) bool {
	as, bs := strings.Fields(plain(a)), strings.Fields(plain(b))
	switch {
	case len(as) == 0 || len(bs) == 0:
		return false
	case len(as) == 1:
		return slices.Contains(bs, as[0])
	case len(bs) == 1:
		return slices.Contains(as, bs[0])
	}
	return as[0] == bs[0] && as[len(as)-1] == bs[len(bs)-1]
}

// spare lets the first repeats pass, and counts them all.
func spare(items []told) int {
	allowed := max(2, len(items)/10)
	repeats := 0
	for i := range items {
		if items[i].repeat {
			repeats++
			items[i].spared = repeats <= allowed
		}
	}
	return repeats
}

// tally counts what was found and what was right, by kind and in all.
func (d *Deal) tally(r *Result, items []told, found []points) {
	r.Kinds = map[throughline.Kind]*KindResult{}
	of := func(k throughline.Kind) *KindResult {
		if r.Kinds[k] == nil && k.Valid() {
			r.Kinds[k] = &KindResult{}
		}
		return r.Kinds[k]
	}
	for i, f := range d.Gold.Items {
		hit := float64(found[i]) / pointsOfFact
		r.Sums.Gold++
		r.Sums.Hit += hit
		if f.Importance == Must {
			r.Sums.Must++
			r.Sums.MustHit += hit
		}
		if k := of(f.Kind); k != nil {
			k.Gold++
			k.Hit += hit
		}
		if hit == 0 {
			r.Missed = append(r.Missed, Finding{Kind: f.Kind, Text: f.Fact, Note: f.Importance})
		}
	}
	for _, t := range items {
		good := float64(t.points) / pointsOfFact
		k := of(t.Kind)
		if k != nil {
			k.Out++
		}
		if t.spared {
			continue
		}
		r.Sums.Judged++
		r.Sums.Good += good
		if k != nil {
			k.Judged++
			k.Good += good
		}
		switch {
		case good == 0:
			r.Wrong = append(r.Wrong, Finding{Kind: t.Kind, Text: t.Text})
		case t.points < fullPoints:
			f := &d.Gold.Items[t.fact]
			r.Partly = append(r.Partly, Finding{Kind: f.Kind, Text: f.Fact, Note: t.lacks(f)})
		}
	}
}

// lacks says why an item got part of the points.
func (t *told) lacks(f *Fact) string {
	switch f.Kind {
	case throughline.KindCommittee:
		return fmt.Sprintf("the stance is %s, the item says %s", f.Stance, cmp.Or(string(t.Stance), "none"))
	case throughline.KindMilestone:
		return fmt.Sprintf("the day is %d, the item says %d", f.Day, t.Day)
	}
	return "the promise or the doubt alone"
}

// trapped reports whether an item quotes a trap as the thing it only looks like:
// an item that tells no fact quotes half of it or more, or one that does leans on
// it with most of its quotes.
func (d *Deal) trapped(trap int, items []told) bool {
	for _, t := range items {
		if t.Kind != d.Gold.Traps[trap].Kind {
			continue
		}
		into := 0
		for _, quote := range t.quotes {
			if sharesHalf(quote, d.traps[trap]) {
				into++
			}
		}
		if into > 0 && (t.points == 0 || 2*into > len(t.quotes)) {
			return true
		}
	}
	return false
}

// sharesHalf reports whether some place of the one shares with some place of the
// other at least half of the shorter.
func sharesHalf(ps, qs []place) bool {
	for _, p := range ps {
		for _, q := range qs {
			if p.source == q.source && 2*p.overlap(q) >= min(p.chars(), q.chars()) {
				return true
			}
		}
	}
	return false
}

// stale reports whether a superseded statement is shown as current: an item that
// tells no fact quotes half of it or more, and nothing near what replaced it.
func (d *Deal) stale(superseded int, items []told) bool {
	at := d.superseded[superseded]
	for _, t := range items {
		if t.Kind != d.Gold.Superseded[superseded].Kind || t.points > 0 {
			continue
		}
		if quotesHalf(t.places, at.old) && !anyNear(t.places, at.new) {
			return true
		}
	}
	return false
}

// quotesHalf reports whether some place covers at least half of a place of the old.
func quotesHalf(ps, old []place) bool {
	for _, p := range ps {
		for _, q := range old {
			if p.source == q.source && 2*p.overlap(q) >= q.chars() {
				return true
			}
		}
	}
	return false
}
