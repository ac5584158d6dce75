package notion

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"throughline/connect"
)

// A writer makes blocks on a page what they should be.
type writer struct {
	c   *Client
	bot string // whose blocks are ours
}

// sync makes our blocks below parent, of which have are there, those wanted, and
// in their order. It returns the ids of the blocks wanted.
func (w *writer) sync(ctx context.Context, parent string, want []*block, have []*standing) ([]string, error) {
	var ours []*standing
	for _, s := range have {
		if s.createdBy == w.bot {
			ours = append(ours, s)
		}
	}
	match := paired(want, ours)
	ids := make([]string, len(want))
	kept := map[string]bool{}
	for i, s := range match {
		if s == nil {
			continue
		}
		ids[i], kept[s.id] = s.id, true
		if s.key() != want[i].key() {
			if err := w.rewrite(ctx, s.id, want[i]); err != nil {
				return nil, err
			}
		}
	}
	if err := w.insert(ctx, parent, want, ids, len(have) == 0); err != nil {
		return nil, err
	}
	for _, s := range ours {
		if !kept[s.id] {
			if err := w.drop(ctx, s); err != nil {
				return nil, err
			}
		}
	}
	for i, s := range match {
		if s != nil && (s.hasChildren || len(want[i].children) > 0) {
			if err := w.syncBelow(ctx, s.id, want[i].children); err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}

func (w *writer) syncBelow(ctx context.Context, id string, want []*block) error {
	have, err := w.c.children(ctx, id)
	if err != nil {
		return err
	}
	_, err = w.sync(ctx, id, want, have)
	return err
}

// paired finds for each block wanted the one that stands for it, nil where none
// does: those that say the same, in the same order, as many as can be; and between
// them, one of the same kind that says much the same.
func paired(want []*block, have []*standing) []*standing {
	wantKeys, haveKeys := make([]string, len(want)), make([]string, len(have))
	for i, b := range want {
		wantKeys[i] = b.key()
	}
	for i, s := range have {
		haveKeys[i] = s.key()
	}
	out := make([]*standing, len(want))
	nextWant, nextHave := 0, 0
	between := func(i, j int) {
		from := nextHave
		for a := nextWant; a < i; a++ {
			for b := from; b < j; b++ {
				if want[a].kind == have[b].kind && alike(plain(want[a].text), plain(have[b].text)) {
					out[a], from = have[b], b+1
					break
				}
			}
		}
		nextWant, nextHave = i+1, j+1
	}
	for _, p := range common(wantKeys, haveKeys) {
		between(p[0], p[1])
		out[p[0]] = have[p[1]]
	}
	between(len(want), len(have))
	return out
}

// common is a longest common subsequence, as pairs of places.
func common(a, b []string) [][2]int {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var out [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// alike reports whether two texts share at least half of the words of the longer.
func alike(a, b string) bool {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	left := map[string]int{}
	as, bs := words(a), words(b)
	for _, word := range as {
		left[word]++
	}
	shared := 0
	for _, word := range bs {
		if left[word] > 0 {
			left[word]--
			shared++
		}
	}
	return shared > 0 && 2*shared >= max(len(as), len(bs))
}

// insert adds the blocks that have no id yet, each after the one before it, and
// notes their ids.
func (w *writer) insert(ctx context.Context, parent string, want []*block, ids []string, empty bool) error {
	for i := 0; i < len(want); {
		if ids[i] != "" {
			i++
			continue
		}
		after := ""
		if i > 0 {
			after = ids[i-1]
		}
		batch := w.batch(want[i:], ids[i:])
		made, err := w.add(ctx, parent, after, batch, empty)
		if err != nil {
			return err
		}
		empty = false
		for n, id := range made {
			ids[i+n] = id
			if !batch[n].whole {
				if err := w.syncBelow(ctx, id, want[i+n].children); err != nil {
					return err
				}
			}
		}
		i += len(made)
	}
	return nil
}

// batch is as many of the first blocks without an id as one request takes; at
// least one.
func (w *writer) batch(want []*block, ids []string) []payload {
	var out []payload
	blocks, bytes := 0, 0
	for i, b := range want {
		if ids[i] != "" || len(out) == mostArray {
			break
		}
		p := b.sent()
		if len(out) > 0 && (blocks+p.blocks > mostBlocks || bytes+p.bytes > mostBytes) {
			break
		}
		out = append(out, p)
		blocks, bytes = blocks+p.blocks, bytes+p.bytes
	}
	return out
}

// add makes blocks and returns their ids.
func (w *writer) add(ctx context.Context, parent, after string, batch []payload, empty bool) ([]string, error) {
	children := make([]map[string]any, 0, len(batch))
	for _, p := range batch {
		children = append(children, p.body)
	}
	body := map[string]any{"children": children}
	switch {
	case after != "":
		body["position"] = map[string]any{"type": "after_block", "after_block": map[string]any{"id": after}}
	case !empty:
		body["position"] = map[string]any{"type": "start"}
	}
	var told struct {
		Results []struct {
			ID string `json:"id"`
		} `json:"results"`
	}
	err := w.c.call(ctx, insertContent, connect.Request{
		Op: "add blocks to the page", Method: http.MethodPatch, Path: "/v1/blocks/" + parent + "/children", Body: body,
	}, &told)
	if err != nil {
		return nil, err
	}
	if len(told.Results) < len(batch) {
		return nil, &connect.Error{
			Vendor: Vendor, Op: "add blocks to the page", Temporary: true, Message: "the answer names fewer blocks than were added", Advice: "try again",
		}
	}
	ids := make([]string, 0, len(batch))
	for _, one := range told.Results[:len(batch)] {
		ids = append(ids, one.ID)
	}
	return ids, nil
}

// rewrite gives a block another text in its place.
func (w *writer) rewrite(ctx context.Context, id string, b *block) error {
	return w.c.call(ctx, updateContent, connect.Request{
		Op: "change a block of the page", Method: http.MethodPatch, Path: "/v1/blocks/" + id, Repeatable: true,
		Body: map[string]any{b.kind: b.content()},
	}, nil)
}

// retired begins the text of a block that is out of date and bears what people
// wrote.
const retired = "No longer in the handoff: "

// drop deletes one of our blocks that is not wanted any more, unless people have
// commented on it or added something inside.
func (w *writer) drop(ctx context.Context, s *standing) error {
	if strings.HasPrefix(plain(s.text), retired) {
		return nil
	}
	theirs, err := w.peoples(ctx, s)
	if err != nil {
		return err
	}
	if theirs {
		text := append([]run{{text: retired, bold: true}}, s.text...)
		if len(text) > mostArray {
			text = text[:mostArray]
		}
		return w.rewrite(ctx, s.id, &block{kind: s.kind, color: "gray", text: text})
	}
	err = w.c.call(ctx, updateContent, connect.Request{
		Op: "delete a block of the page", Method: http.MethodDelete, Path: "/v1/blocks/" + s.id, Repeatable: true,
	}, nil)
	if answered(err, http.StatusNotFound) || answered(err, http.StatusBadRequest) && w.gone(ctx, s.id) {
		return nil // an earlier try deleted it
	}
	return err
}

func (w *writer) gone(ctx context.Context, id string) bool {
	var told struct {
		InTrash bool `json:"in_trash"`
	}
	err := w.c.call(ctx, readContent, connect.Request{Op: "read a block", Path: "/v1/blocks/" + id}, &told)
	return told.InTrash || answered(err, http.StatusNotFound)
}

// peoples reports whether people have commented on a block or on one below it, or
// added one below it. Where the connection may not read comments, there may be
// some.
func (w *writer) peoples(ctx context.Context, s *standing) (bool, error) {
	if s.createdBy != w.bot {
		return true, nil
	}
	commented, err := w.c.commented(ctx, s.id)
	if err != nil || commented {
		return commented, err
	}
	if !s.hasChildren {
		return false, nil
	}
	below, err := w.c.children(ctx, s.id)
	if err != nil {
		return false, err
	}
	for _, child := range below {
		if theirs, err := w.peoples(ctx, child); err != nil || theirs {
			return theirs, err
		}
	}
	return false, nil
}

func (c *Client) commented(ctx context.Context, id string) (bool, error) {
	var told struct {
		Results []struct{} `json:"results"`
	}
	err := c.call(ctx, readComments, connect.Request{
		Op: "look for comments", Path: "/v1/comments", Query: url.Values{"block_id": {id}, "page_size": {"1"}},
	}, &told)
	if answered(err, http.StatusForbidden) {
		return true, nil
	}
	return len(told.Results) > 0, err
}

// children are the blocks below a page or block, in order.
func (c *Client) children(ctx context.Context, id string) ([]*standing, error) {
	fetch := func(ctx context.Context, cursor string) ([]blockAnswer, string, error) {
		query := url.Values{"page_size": {"100"}}
		if cursor != "" {
			query.Set("start_cursor", cursor)
		}
		var told struct {
			Results []blockAnswer `json:"results"`
			More    bool          `json:"has_more"`
			Next    string        `json:"next_cursor"`
		}
		err := c.call(ctx, readContent, connect.Request{Op: "read blocks", Path: "/v1/blocks/" + id + "/children", Query: query}, &told)
		if !told.More {
			told.Next = ""
		}
		return told.Results, told.Next, err
	}
	var out []*standing
	for b, err := range connect.Pages(ctx, fetch) {
		if err != nil {
			return nil, err
		}
		out = append(out, b.standing())
	}
	return out, nil
}
