package ground

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSentences(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{ // the sentences divided by |
		{"none", "", ""},
		{"white space", " \n\t ", ""},
		{"one without an end", "we do it", "we do it"},
		{"marks", "We do. Do we? We do! And… So it is.", "We do.|Do we?|We do!|And…|So it is."},
		{"lower case after a point", "It is approx. fine. and so on", "It is approx. fine. and so on"},
		{"a trailing-off that goes on", "We could… maybe do it. Yes.", "We could… maybe do it.|Yes."},
		{"a letter before the point is taken for an initial", "It takes 1.5 s. Then 3.0 more.", "It takes 1.5 s. Then 3.0 more."},
		{"numbers", "It takes 1.5 weeks. Then 3.0 more.", "It takes 1.5 weeks.|Then 3.0 more."},
		{"titles", "Dr. Miller met Mrs. Jones. She agreed.", "Dr. Miller met Mrs. Jones.|She agreed."},
		{"initials", "J. Doe signed. B. Roe did not.", "J. Doe signed.|B. Roe did not."},
		{"I is a word", "So do I. We agree.", "So do I.|We agree."},
		{"no is a word", "They said no. We asked again.", "They said no.|We asked again."},
		{"German", "Das geht z.B. Montags, d.h. Herr Dr. Weiß kommt. Gut.", "Das geht z.B. Montags, d.h. Herr Dr. Weiß kommt.|Gut."},
		{"French", "M. Dupont et Mme. Petit sont là. Très bien !", "M. Dupont et Mme. Petit sont là.|Très bien !"},
		{"Spanish", "¿Puede Ud. Venir? ¡Claro! La Sra. Ruiz también.", "¿Puede Ud. Venir?|¡Claro!|La Sra. Ruiz también."},
		{"Chinese", "我们可以。四周内上线！「好。」是。", "我们可以。|四周内上线！|「好。」|是。"},
		{"quotation marks", "“We do.” She nodded. (Fine!) \"Good.\" Yes.", "“We do.”|She nodded.|(Fine!)|\"Good.\"|Yes."},
		{"lines", "One line\nand another\r\n\r\n- a point\n", "One line|and another|- a point"},
		{"addresses", "Write to a.b@example.com. See www.example.com for more. Bye.", "Write to a.b@example.com.|See www.example.com for more.|Bye."},
		{"many marks", "What?!... No.", "What?!...|No."},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range Sentences(c.text) {
				got = append(got, c.text[s.Start:s.End])
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "|")); diff != "" {
				t.Errorf("sentences (-want +got):\n%s", diff)
			}
		})
	}
}
