package connect

import (
	"slices"
	"strings"

	"throughline"
)

// CompanyDomain is the domain of an email address or a web address, in lower case
// and without "www."; empty where there is none, or where it is a provider's of
// private addresses and so tells no company.
func CompanyDomain(address string) string {
	s := strings.ToLower(strings.TrimSpace(address))
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	s, _, _ = strings.Cut(s, ":")
	s = strings.TrimPrefix(s, "www.")
	if !strings.Contains(s, ".") || strings.ContainsAny(s, " <>()[]\"'") || throughline.FreeMail(s) {
		return ""
	}
	return s
}

// OfCompany reports whether an email address or a web address is of the company with
// the domain, or of a part of it with a domain below that.
func OfCompany(address, domain string) bool {
	own, theirs := CompanyDomain(domain), CompanyDomain(address)
	return own != "" && (theirs == own || strings.HasSuffix(theirs, "."+own))
}

// CustomerDomains are the domains of companies that addresses tell, each once, but
// for those of the seller, whose domain is given.
func CustomerDomains(addresses []string, seller string) []string {
	var out []string
	for _, a := range addresses {
		if domain := CompanyDomain(a); domain != "" && !OfCompany(a, seller) && !slices.Contains(out, domain) {
			out = append(out, domain)
		}
	}
	return out
}
