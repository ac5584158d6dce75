package web

import (
	"cmp"
	"slices"
	"strings"

	"throughline"
)

// A politicalMap is the picture of who decided: a row for each role, a lane for each
// stance, and beside a name what its person said apart from the group. Lengths are
// units of the drawing.
type politicalMap struct {
	Width, Height int
	Lanes         []mapLane
	Rows          []mapRow
	People        []mapPerson
}

type mapLane struct {
	Title    string
	Shape    string // "▲", so that no stance is told by its colour alone
	Class    string
	X, Width int
	Middle   int
}

type mapRow struct {
	Role, Short string
	Y, Height   int
	Text        int // the baseline of its name
}

// A mapPerson is somebody in the picture, and in the table beside it.
type mapPerson struct {
	Name, Title string
	Role        string
	Stance      string // in words; empty where none is known
	Class       string
	Shape       string
	Champion    bool
	Keener      bool
	Reluctant   bool
	Items       []string // ids of the items that say so

	ShortName, ShortTitle   string
	X, Y                    int
	TextX, NameY, TitleY    int
	PrivateY, Bottom        int
	MarkFrom, MarkTo, MarkY int // the arrow of what was said apart
}

// Private is what the person said apart from the group, in words.
func (p mapPerson) Private() string {
	switch {
	case p.Keener && p.Reluctant:
		return "keener in private at times, and agreed against their preference"
	case p.Keener:
		return "keener in private"
	case p.Reluctant:
		return "agreed against their preference"
	}
	return ""
}

// Measures of the map, in units of the drawing, of which there are as many as
// pixels on a wide screen.
const (
	mapWidth     = 860
	mapRoles     = 140 // the column with the roles' names
	mapHead      = 34
	mapName      = 40 // of somebody with a title
	mapPrivate   = 18 // the line of what was said apart
	mapGap       = 10
	mapIndent    = 22 // from the shape to the name
	unitsPerName = 9  // the width of a letter of a name, and of smaller text
	unitsPerNote = 7
)

// newMap draws the people of a view; nil where it tells nobody's stance.
func newMap(h *throughline.Handoff) *politicalMap {
	people := mapped(h)
	if !slices.ContainsFunc(people, func(p mapPerson) bool { return p.Stance != "" || p.Private() != "" }) {
		return nil
	}
	m := &politicalMap{Width: mapWidth, People: people}
	m.lanes()
	m.rows()
	return m
}

// mapped are the people whom items are about, in the order in which they come.
func mapped(h *throughline.Handoff) []mapPerson {
	var out []mapPerson
	for _, it := range h.Items {
		if !it.Kind.AboutPerson() || it.Person == "" {
			continue
		}
		i := slices.IndexFunc(out, func(p mapPerson) bool { return p.Name == flat(it.Person) })
		if i < 0 {
			i = len(out)
			out = append(out, mapPerson{Name: flat(it.Person)})
		}
		p := &out[i]
		p.Items = append(p.Items, it.ID)
		p.Title, p.Role = cmp.Or(p.Title, flat(it.Title)), cmp.Or(p.Role, flat(it.Role))
		switch it.Kind {
		case throughline.KindChampion:
			p.Champion = true
		case throughline.KindEnthusiast:
			p.Keener = true
		case throughline.KindReluctant:
			p.Reluctant = true
		}
		if it.Stance.Valid() {
			p.Stance, p.Class, p.Shape = string(it.Stance), string(it.Stance), stanceShapes[it.Stance]
		}
	}
	for i := range out {
		out[i].Role = cmp.Or(out[i].Role, "Role not recorded")
		out[i].Shape = cmp.Or(out[i].Shape, "○")
	}
	return out
}

// stanceShapes are those of the handoff's document.
var stanceShapes = map[throughline.Stance]string{throughline.StanceAlly: "▲", throughline.StanceNeutral: "●", throughline.StanceBlocker: "■"}

// lanes are the stances from against to for, and one for those of whom none is
// known, where there is anybody.
func (m *politicalMap) lanes() {
	stances := []throughline.Stance{throughline.StanceBlocker, throughline.StanceNeutral, throughline.StanceAlly}
	if slices.ContainsFunc(m.People, func(p mapPerson) bool { return p.Stance == "" }) {
		stances = append(stances, "")
	}
	width := (mapWidth - mapRoles) / len(stances)
	for i, s := range stances {
		x := mapRoles + i*width
		m.Lanes = append(m.Lanes, mapLane{
			Title: cmp.Or(string(s), "not known"), Shape: cmp.Or(stanceShapes[s], "○"), Class: string(s), X: x, Width: width, Middle: x + width/2,
		})
	}
}

// rows place everybody: in the row of their role and the lane of their stance, one
// below another.
func (m *politicalMap) rows() {
	var roles []string
	for _, p := range m.People {
		if !slices.Contains(roles, p.Role) {
			roles = append(roles, p.Role)
		}
	}
	y := mapHead
	for _, role := range roles {
		row := mapRow{Role: role, Short: short(role, mapRoles/unitsPerNote), Y: y, Text: y + mapGap + 14}
		bottoms := map[string]int{}
		for i := range m.People {
			p := &m.People[i]
			if p.Role != role {
				continue
			}
			at := cmp.Or(bottoms[p.Stance], y+mapGap)
			bottoms[p.Stance] = m.place(p, at) + mapGap
			row.Height = max(row.Height, bottoms[p.Stance]-y)
		}
		y += row.Height
		m.Rows = append(m.Rows, row)
	}
	m.Height = y
}

// place puts somebody at a height, and says where they end.
func (m *politicalMap) place(p *mapPerson, y int) int {
	lane := m.Lanes[slices.IndexFunc(m.Lanes, func(l mapLane) bool { return l.Class == p.Class })]
	p.X, p.Y = lane.X+mapGap, y
	p.TextX, p.NameY, p.TitleY = p.X+mapIndent, y+14, y+32
	room := lane.Width - mapIndent - 3*mapGap
	p.ShortName, p.ShortTitle = short(p.Name, room/unitsPerName), p.Title
	if p.Champion {
		p.ShortTitle = strings.TrimSuffix("champion · "+p.Title, " · ")
	}
	p.ShortTitle = short(p.ShortTitle, room/unitsPerNote)
	p.Bottom = y + mapName
	if p.ShortTitle == "" {
		p.Bottom -= mapPrivate
	}
	if p.Private() != "" {
		p.PrivateY = p.Bottom + 10
		p.MarkY, p.MarkFrom, p.MarkTo = p.PrivateY-4, p.X, p.X+mapIndent-8
		p.Bottom += mapPrivate
	}
	return p.Bottom
}

// short is a text within n letters, cut at a word where that leaves enough.
func short(s string, n int) string {
	letters := []rune(s)
	if len(letters) <= n {
		return s
	}
	cut := string(letters[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:-") + "…"
}
