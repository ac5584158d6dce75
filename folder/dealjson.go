package folder

import (
	"encoding/json"

	"throughline"
)

// dealReader reads deal.json: who sells, who buys, the AE, the CSM, the dates.
type dealReader struct{}

func newDealReader() reader { return dealReader{} }

type dealFile struct {
	ID          text                 `json:"id"`
	Name        text                 `json:"name"`
	Seller      *throughline.Company `json:"seller"`
	Customer    *throughline.Company `json:"customer"`
	Amount      text                 `json:"amount"`
	Currency    text                 `json:"currency"`
	CloseDate   text                 `json:"close_date"`
	KickoffDate text                 `json:"kickoff_date"`
	AE          dealPerson           `json:"ae"`
	CSM         dealPerson           `json:"csm"`
	Team        []dealPerson         `json:"team"`
	Contacts    []dealPerson         `json:"contacts"`
}

type dealPerson struct {
	Name  text `json:"name"`
	Email text `json:"email"`
	Title text `json:"title"`
	Role  text `json:"role"`
}

func (p dealPerson) mention(side throughline.Side, role string) mention {
	if role == "" {
		role = string(p.Role)
	}
	return mention{system: "deal.json", name: string(p.Name), email: string(p.Email), title: string(p.Title), side: side, role: role}
}

func (dealReader) take(f *file, c *collector) bool {
	if !looksJSON(f.data) {
		return false
	}
	var probe struct {
		Schema   json.RawMessage `json:"schema"`
		Seller   json.RawMessage `json:"seller"`
		Customer json.RawMessage `json:"customer"`
	}
	if decode(f, &probe) != nil || probe.Schema != nil || probe.Seller == nil || probe.Customer == nil {
		return false
	}
	var d dealFile
	if err := decode(f, &d); err != nil {
		c.problem(jsonProblem(f, "deal.json", err))
		return true
	}
	fs := facts{
		id: string(d.ID), name: string(d.Name), amount: string(d.Amount), currency: string(d.Currency),
		close: anytime(string(d.CloseDate)), kickoff: anytime(string(d.KickoffDate)),
		ae: d.AE.mention(throughline.SideSeller, "AE"), csm: d.CSM.mention(throughline.SideSeller, "CSM"),
	}
	if d.Seller != nil {
		fs.seller = *d.Seller
	}
	if d.Customer != nil {
		fs.customer = *d.Customer
	}
	c.stated = fs
	for _, m := range []mention{fs.ae, fs.csm} {
		if !m.none() {
			c.mentions = append(c.mentions, m)
		}
	}
	for _, p := range d.Team {
		c.mentions = append(c.mentions, p.mention(throughline.SideSeller, ""))
	}
	for _, p := range d.Contacts {
		c.mentions = append(c.mentions, p.mention(throughline.SideCustomer, ""))
	}
	return true
}

func (dealReader) done(*collector) {}
