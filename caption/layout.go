package caption

import (
	"regexp"
	"strconv"
	"strings"
)

// A Region is a part of the picture in which cues scroll.
type Region struct {
	ID             string
	Width          float64 // percent
	Lines          float64 // any size that the file gives
	AnchorX        float64 // percent, as the three below
	AnchorY        float64
	ViewportX      float64
	ViewportY      float64
	ScrollsUpwards bool
}

// A Layout is where a cue is shown, as its settings say.
type Layout struct {
	Region        *Region  // nil for none
	Vertical      string   // "", "rl" or "lr"
	Line          *float64 // nil for auto
	LineAlign     string   // start, center or end
	SnapToLines   bool     // Line counts lines; else it is percent
	Position      *float64 // percent; nil for auto
	PositionAlign string   // auto, line-left, center or line-right
	Size          float64  // percent
	Align         string   // start, center, end, left or right
}

// Layout reads the settings of a cue of the track: "parse the WebVTT cue
// settings". Settings that can't be read are skipped, as the standard says.
func (t *Track) Layout(c Cue) Layout {
	l := Layout{LineAlign: "start", SnapToLines: true, PositionAlign: "auto", Size: 100, Align: "center"}
	for _, s := range settings(c.Settings) {
		switch s.name {
		case "region":
			l.Region = t.region(s.value)
		case "vertical":
			l.setVertical(s.value)
		case "line":
			l.setLine(s.value)
		case "position":
			l.setPosition(s.value)
		case "size":
			l.setSize(s.value)
		case "align":
			l.setAlign(s.value)
		}
	}
	return l
}

// region is the last region of that name.
func (t *Track) region(id string) *Region {
	for i := len(t.Regions) - 1; i >= 0; i-- {
		if t.Regions[i].ID == id {
			return &t.Regions[i]
		}
	}
	return nil
}

// There are no vertical regions: a vertical cue drops out of its region, as
// does one with a line or a size of its own.

func (l *Layout) setVertical(value string) {
	if value == "rl" || value == "lr" {
		l.Vertical = value
	}
	if l.Vertical != "" {
		l.Region = nil
	}
}

var linePosition = regexp.MustCompile(`^-?\d+(?:\.\d+)?$`)

func (l *Layout) setLine(value string) {
	position, align, aligned := strings.Cut(value, ",")
	n, percent := percentage(position)
	if !percent {
		var err error
		if n, err = strconv.ParseFloat(position, 64); !linePosition.MatchString(position) || err != nil {
			return
		}
	}
	switch {
	case align == "start" || align == "center" || align == "end":
		l.LineAlign = align
	case aligned:
		return
	}
	l.Line, l.SnapToLines, l.Region = &n, !percent, nil
}

func (l *Layout) setPosition(value string) {
	position, align, aligned := strings.Cut(value, ",")
	n, ok := percentage(position)
	if !ok {
		return
	}
	switch {
	case align == "line-left" || align == "center" || align == "line-right":
		l.PositionAlign = align
	case aligned:
		return
	}
	l.Position = &n
}

func (l *Layout) setSize(value string) {
	n, ok := percentage(value)
	if !ok {
		return
	}
	l.Size = n
	if n != 100 {
		l.Region = nil
	}
}

func (l *Layout) setAlign(value string) {
	switch value {
	case "start", "center", "end", "left", "right":
		l.Align = value
	}
}

// parseRegion is "collect WebVTT region settings".
func parseRegion(text string) Region {
	r := Region{Width: 100, Lines: 3, AnchorY: 100, ViewportY: 100}
	for _, s := range settings(text) {
		switch s.name {
		case "id":
			r.ID = s.value
		case "width":
			if n, ok := percentage(s.value); ok {
				r.Width = n
			}
		case "lines":
			if n, err := strconv.ParseFloat(s.value, 64); err == nil && strings.Trim(s.value, "0123456789") == "" {
				r.Lines = n
			}
		case "regionanchor":
			if x, y, ok := point(s.value); ok {
				r.AnchorX, r.AnchorY = x, y
			}
		case "viewportanchor":
			if x, y, ok := point(s.value); ok {
				r.ViewportX, r.ViewportY = x, y
			}
		case "scroll":
			r.ScrollsUpwards = r.ScrollsUpwards || s.value == "up"
		}
	}
	return r
}

func point(s string) (x, y float64, ok bool) {
	left, right, _ := strings.Cut(s, ",")
	x, okX := percentage(left)
	y, okY := percentage(right)
	return x, y, okX && okY
}

var percent = regexp.MustCompile(`^\d+(?:\.\d+)?%$`)

// percentage is "parse a percentage string": 0 to 100.
func percentage(s string) (float64, bool) {
	if !percent.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	return n, err == nil && n <= 100
}

type setting struct{ name, value string }

// settings splits "name:value name:value"; what has no name or no value is left
// out.
func settings(s string) []setting {
	var all []setting
	for _, token := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(asciiSpace, r) }) {
		if name, value, ok := strings.Cut(token, ":"); ok && name != "" && value != "" {
			all = append(all, setting{name, value})
		}
	}
	return all
}
