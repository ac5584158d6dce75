package folder

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"throughline"
)

func namesOf(d *throughline.Deal) string {
	var names []string
	for _, p := range d.People {
		names = append(names, fmt.Sprintf("%s <%s> %s", p.Name, p.Email, p.Side))
	}
	return strings.Join(names, "; ")
}

// mailOf is a mail between the people given, "Name <address>" each.
func mailOf(id, from, to, text string) string {
	return "From: " + from + "\nTo: " + to + "\nDate: Mon, 02 Mar 2026 10:00:00 +0000\nMessage-ID: <" + id + "@x>\nSubject: Hello\n\n" + text + "\n"
}

const sidesKnown = `{"seller":{"company":"Vendor","domain":"vendor.example"},"customer":{"company":"Buyer","domain":"buyer.example"}}`

func TestTwoPeopleOfOneName(t *testing.T) {
	d := readFiles(t, map[string]string{
		"deal.json": sidesKnown,
		"1.eml":     mailOf("1", "Ann Lee <ann@vendor.example>", "Ann Lee <ann.lee@buyer.example>", "We have the same name."),
		"talk.vtt":  "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann Lee>Hello there.\n\n00:03.000 --> 00:04.000\n<v Bo Ek>Hi.\n\n00:05.000 --> 00:06.000\n<v Ann Lee>How are you?\n\n00:07.000 --> 00:08.000\n<v Bo Ek>Well.\n",
	})
	if len(d.People) != 3 {
		t.Errorf("people: %s; want two of one name, and Bo", namesOf(d))
	}
	if p := d.Passage("c1.1"); p.Speaker != nil || p.Name != "Ann Lee" {
		t.Errorf("which Ann Lee speaks is not known, yet %+v does, shown as %q", p.Speaker, p.Name)
	}
}

func TestInitials(t *testing.T) {
	for _, tt := range []struct {
		name, speaker, want string
		mails               []string
	}{
		{"one Ann", "Ann L.", "Ann Lee", []string{mailOf("1", "Ann Lee <ann@vendor.example>", "Bo Ek <bo@buyer.example>", "Hi")}},
		{"two with the initial", "Ann L.", "Ann L.", []string{mailOf("1", "Ann Lee <ann@vendor.example>", "Ann Loos <bo@buyer.example>", "Hi")}},
		{"another initial", "Ann R.", "Ann R.", []string{mailOf("1", "Ann Lee <ann@vendor.example>", "Bo Ek <bo@buyer.example>", "Hi")}},
		{"the name stays whole", "Cy Ng", "Ann Lee", []string{
			mailOf("1", "Ann Lee <ann@vendor.example>", "Cy Ng <cy@vendor.example>", "Hi"), mailOf("2", "Ann L. <ann@vendor.example>", "Cy Ng <cy@vendor.example>", "Hi"),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"deal.json": sidesKnown, "talk.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v " + tt.speaker + ">Hello there.\n\n00:03.000 --> 00:04.000\n<v Bo Ek>Hi.\n"}
			for i, m := range tt.mails {
				files[fmt.Sprintf("%d.eml", i)] = m
			}
			d := readFiles(t, files)
			if d.Person(tt.want) == nil || d.Passage("c1.1").Speaker == nil {
				t.Errorf("people: %s; the speaker %+v", namesOf(d), d.Passage("c1.1").Speaker)
			}
			if tt.name == "the name stays whole" {
				if p := d.Person("Ann Lee"); p.Name != "Ann Lee" {
					t.Errorf("Ann is called %q", p.Name)
				}
			} else if got := d.Passage("c1.1").Speaker.Name; got != tt.want {
				t.Errorf("%s is %s, want %s", tt.speaker, got, tt.want)
			}
		})
	}
}

// TestFirstNameOfAnotherSource has an unknown Ann in one source, who is not the
// only Ann of the next.
func TestFirstNameOfAnotherSource(t *testing.T) {
	c := newCast()
	c.add(mention{name: "Ann Lee", email: "a@b.example"})
	c.add(mention{name: "Ann Roe", email: "r@b.example"})
	lee := c.byEmail["a@b.example"].p
	c.resolve(mention{name: "Ann"}, nil)
	if got := c.resolve(mention{name: "Ann"}, []*throughline.Person{lee}); got != lee {
		t.Errorf("the only Ann of the second source is %+v", got)
	}
	if got := c.resolve(mention{name: "Ann", side: throughline.SideCustomer}, nil); got == lee {
		t.Error("of two Anns one was taken")
	}
}

func TestSidesAreTheSameEachTime(t *testing.T) {
	files := map[string]string{
		"calls.json": `{"calls":[{"metaData":{"id":"7","title":"x","started":"2026-03-02T15:00:00Z"},"parties":[
  {"emailAddress":"ann@vendor.example","name":"Ann Lee","speakerId":"1","affiliation":"Internal"},{"emailAddress":"al@vendor-labs.example","name":"Al Fox","speakerId":"4","affiliation":"Internal"},
  {"emailAddress":"bo@eu.vendor.example","name":"Bo Ek","speakerId":"2","affiliation":"External"},{"emailAddress":"di@buyer.example","name":"Di Mori","speakerId":"3","affiliation":"External"},
  {"emailAddress":"ed@consult.example","name":"Ed Ray","speakerId":"5","affiliation":"External"},{"emailAddress":"flo@hotmail.co.uk","name":"Flo Day","speakerId":"6","affiliation":"External"},
  {"emailAddress":"gus@hotmail.co.uk","name":"Gus Hay","speakerId":"8"},
  {"emailAddress":"cy@de.eu.vendor.example","name":"Cy Ng"}]}]}`,
		"t.json": `{"callTranscripts":[{"callId":"7","transcript":[{"speakerId":"2","sentences":[{"start":1,"end":2,"text":"Hello."}]}]}]}`,
	}
	first := ""
	for range 40 {
		d := readFiles(t, files)
		for _, s := range d.Sources { // a passage's source leads back to it
			for _, p := range s.Passages {
				p.Source = nil
			}
		}
		out, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(out)
		}
		if string(out) != first {
			t.Fatalf("the same folder read twice differs:\n%s\n%s", first, out)
		}
	}
	d := readFiles(t, files)
	for name, want := range map[string]throughline.Side{
		"Ann Lee": throughline.SideSeller, "Bo Ek": throughline.SideCustomer, "Cy Ng": throughline.SideCustomer, "Ed Ray": throughline.SideCustomer,
		"Flo Day": throughline.SideCustomer, "Gus Hay": throughline.SideUnknown,
	} {
		if p := d.Person(name); p == nil || p.Side != want {
			t.Errorf("%s is %+v, want the side %q", name, p, want)
		}
	}
}

// TestBestInformedSystemTellsTheSide has Gong call a colleague external whom the
// CRM knows as a user.
func TestBestInformedSystemTellsTheSide(t *testing.T) {
	d := readFiles(t, map[string]string{
		"calls.json": `{"calls":[{"metaData":{"id":"7","title":"x"},"parties":[{"emailAddress":"cy@freelance.example","name":"Cy Ng","speakerId":"1","affiliation":"External"}]}]}`,
		"t.json":     `{"callTranscripts":[{"callId":"7","transcript":[{"speakerId":"1","sentences":[{"start":1,"end":2,"text":"Hello."}]}]}]}`,
		"users.json": `{"attributes":{"type":"User"},"Id":"005","Name":"Cy Ng","Email":"cy@freelance.example"}`,
	})
	if p := d.Person("Cy Ng"); p == nil || p.Side != throughline.SideSeller {
		t.Errorf("Cy is %+v", p)
	}
}
