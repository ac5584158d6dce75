package vitally

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"throughline/connect"
)

const opAccount = "find the customer's account"

// placeholder is what stands for a part of an external id in [Config.AccountBy].
var placeholder = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9_]*)\}`)

// external is the account's external id, as the configuration makes it.
func (c *Client) external(deal connect.Record) (string, error) {
	missing := ""
	id := placeholder.ReplaceAllStringFunc(c.cfg.AccountBy, func(name string) string {
		value := strings.TrimSpace(part(deal, strings.Trim(name, "{}")))
		if value == "" && missing == "" {
			missing = name
		}
		return value
	})
	switch {
	case missing == "{account}":
		return "", &connect.Error{Vendor: Vendor, Op: opAccount, Message: "the deal's record names no account", Advice: "set the account on the deal in the CRM"}
	case missing != "":
		return "", &connect.Error{
			Vendor: Vendor, Op: opAccount, Message: "the deal's record has nothing for " + missing,
			Advice: "fill it in the CRM, or change account_by under vitally in the configuration",
		}
	case strings.Trim(id, ".") == "": // it would name another address
		return "", &connect.Error{Vendor: Vendor, Op: opAccount, Message: "the external id is only dots", Advice: "change account_by under vitally in the configuration"}
	}
	return id, nil
}

// part is what a name in braces stands for.
func part(deal connect.Record, name string) string {
	switch name {
	case "account":
		return deal.Account
	case "id":
		return deal.ID
	case "customer":
		return deal.Customer
	case "domain":
		if len(deal.Domains) == 0 {
			return ""
		}
		return deal.Domains[0]
	}
	return deal.Fields[name]
}

// account is Vitally's own id of the customer's account.
func (c *Client) account(ctx context.Context, deal connect.Record) (string, error) {
	external, err := c.external(deal)
	if err != nil {
		return "", err
	}
	var account struct {
		ID         string `json:"id"`
		ExternalID string `json:"externalId"`
	}
	_, err = c.http.Do(ctx, connect.Request{Op: opAccount, Path: "accounts/" + url.PathEscape(external)}, &account)
	switch {
	case answered(err, http.StatusNotFound):
		return "", &connect.Error{
			Vendor: Vendor, Op: opAccount, Status: http.StatusNotFound, Message: fmt.Sprintf("there is no account with the external id that %s gives for the deal", c.cfg.AccountBy),
			Advice: "have Vitally take its accounts over from the CRM, or set account_by under vitally in the configuration to what your accounts' external ids are; an account's external id can't be changed later",
		}
	case err != nil:
		return "", err
	case account.ID == "" || account.ExternalID != external && account.ID != external:
		return "", &connect.Error{Vendor: Vendor, Op: opAccount, Message: "the answer is another account", Advice: "nothing was written; please report this"}
	}
	return account.ID, nil
}
