package rendertest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"throughline"
	"throughline/render/rendertest"
)

// A recorder is a test that takes down what fails.
type recorder struct {
	testing.TB
	said []string
}

type ended struct{}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(ended{})
}

// wall is what Wall says of a way to show a handoff.
func wall(t *testing.T, a throughline.Audience, show func(*throughline.Handoff) string) string {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != (ended{}) {
				panic(p)
			}
		}()
		rendertest.Wall(r, a, show)
	}()
	return strings.Join(r.said, "\n")
}

func TestWallFindsWhatComesThrough(t *testing.T) {
	customer := func(h *throughline.Handoff) string { return h.Deal.Customer.Name }
	for _, c := range []struct {
		name string
		a    throughline.Audience
		show func(*throughline.Handoff) string
		want string // in what is said; nothing is where empty
	}{
		{"nothing", throughline.AudienceCompany, customer, ""},
		{"what may be seen", throughline.AudienceCompany, func(h *throughline.Handoff) string { return customer(h) + h.Deal.AE.Email }, ""},
		{"a person's address", throughline.AudienceCustomer, func(h *throughline.Handoff) string { return customer(h) + h.Deal.AE.Email }, "Deal.AE.Email comes through to customer"},
		{"one item's reason", throughline.AudienceCompany, func(h *throughline.Handoff) string {
			for _, it := range h.Items {
				if it.Kind == throughline.KindChampion {
					return customer(h) + it.Why
				}
			}
			return customer(h)
		}, "Items[].Why comes through to company: Items["},
		{"a fixed set's value", throughline.AudienceCompany, func(h *throughline.Handoff) string { return customer(h) + string(h.Items[0].Stance) }, "Items[].Stance comes through"},
		{"what no handoff of the example has", throughline.AudienceCustomer, func(h *throughline.Handoff) string {
			all, err := json.Marshal(h)
			if err != nil {
				t.Fatal(err)
			}
			return string(all)
		}, "Problems[].What comes through"},
		{"the AE's wording", throughline.AudienceCustomer, remark(customer, 1, throughline.KindUseCase), "Items[].Remarks[].Text comes through to customer, where items are worded"},
		{"the CSM's wording", throughline.AudienceCustomer, remark(customer, 2, throughline.KindUseCase), ""},
		{"the CSM's wording, to the company", throughline.AudienceCompany, remark(customer, 2, throughline.KindUseCase), "Items[].Remarks[].Text comes through to company"},
		{"the CSM's earlier wording", throughline.AudienceCustomer, remark(customer, 3, throughline.KindUseCase), "Items[].Remarks[].Text comes through to customer, where items are worded"},
		{"the wording of what the customer may not see", throughline.AudienceCustomer, remark(customer, 2, throughline.KindStretch), "Items[].Remarks[].Text comes through to customer, where items are worded"},
		{"nothing at all", throughline.AudienceCompany, func(*throughline.Handoff) string { return "" }, "not even the customer's name"},
		{"an audience that sees all", throughline.AudienceTeam, customer, "sees all, or is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := wall(t, c.a, c.show)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// remark shows, beside what else is shown, the last remark but some of the items of a
// kind, where items are worded.
func remark(show func(*throughline.Handoff) string, back int, kind throughline.Kind) func(*throughline.Handoff) string {
	return func(h *throughline.Handoff) string {
		shown := show(h)
		for _, it := range h.Items {
			if n := len(it.Remarks); it.Kind == kind && n >= 3 {
				shown += " " + it.Remarks[n-back].Text
			}
		}
		return shown
	}
}

// TestWallChangesNothing: the handoff is again as it was after each showing.
func TestWallChangesNothing(t *testing.T) {
	planted := 0
	rendertest.Wall(t, throughline.AudienceCompany, func(h *throughline.Handoff) string {
		fields := map[string]bool{}
		for _, s := range rendertest.Texts(h) {
			if strings.HasPrefix(s.Value.String(), rendertest.Planted) {
				planted++
				fields[s.Field] = true
			}
		}
		if len(fields) > 1 {
			t.Errorf("texts stand in %v at once", fields)
		}
		return h.Deal.Customer.Name
	})
	if planted < 100 {
		t.Errorf("%d texts were planted", planted)
	}
}
