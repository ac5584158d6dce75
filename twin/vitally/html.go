package vitally

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// kept are the elements that notes and descriptions may have, with the attribute
// that each keeps.
var kept = map[atom.Atom]string{
	atom.A: "href", atom.Img: "src", atom.P: "", atom.Div: "", atom.Br: "", atom.Ul: "", atom.Ol: "", atom.Li: "",
	atom.B: "", atom.U: "", atom.I: "", atom.Strong: "", atom.Em: "", atom.Code: "",
}

// subset strips what the API does not keep of HTML: other elements, of which the
// text stays, other attributes, and all of what is no text.
func subset(source string) string {
	var out strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(source))
	hidden := 0 // how deep within script or style
	for {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			if hidden == 0 {
				out.WriteString(html.EscapeString(tokens.Token().Data))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			t := tokens.Token()
			if t.DataAtom == atom.Script || t.DataAtom == atom.Style {
				hidden += map[html.TokenType]int{html.StartTagToken: 1, html.EndTagToken: -1}[kind]
				continue
			}
			attribute, ok := kept[t.DataAtom]
			if !ok {
				continue
			}
			t.Attr = only(t.Attr, attribute)
			out.WriteString(t.String())
		}
	}
}

func only(attributes []html.Attribute, key string) []html.Attribute {
	var out []html.Attribute
	for _, a := range attributes {
		if key != "" && a.Key == key && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
			out = append(out, a)
		}
	}
	return out
}
