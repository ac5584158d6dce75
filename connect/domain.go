package connect

import "strings"

// freeMail are providers of private addresses, whose domains tell no company.
var freeMail = map[string]bool{
	"gmail.com": true, "googlemail.com": true, "icloud.com": true, "me.com": true, "mac.com": true, "aol.com": true, "msn.com": true, "ymail.com": true,
	"proton.me": true, "protonmail.com": true, "pm.me": true, "fastmail.com": true, "zoho.com": true, "mail.com": true,
	"comcast.net": true, "att.net": true, "verizon.net": true, "btinternet.com": true,
	"gmx.de": true, "gmx.net": true, "gmx.at": true, "gmx.ch": true, "web.de": true, "t-online.de": true, "freenet.de": true, "bluewin.ch": true,
	"orange.fr": true, "free.fr": true, "wanadoo.fr": true, "laposte.net": true, "sfr.fr": true, "libero.it": true, "virgilio.it": true, "tin.it": true, "alice.it": true,
	"wp.pl": true, "onet.pl": true, "o2.pl": true, "interia.pl": true, "ziggo.nl": true, "kpnmail.nl": true, "telefonica.net": true, "sapo.pt": true,
	"uol.com.br": true, "bol.com.br": true, "terra.com.br": true,
}

// freeMailByCountry are providers that have a domain in each country.
var freeMailByCountry = map[string]bool{"yahoo": true, "hotmail": true, "outlook": true, "live": true}

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
	name, rest, dotted := strings.Cut(s, ".")
	if !dotted || strings.ContainsAny(s, " <>()[]\"'") || freeMail[s] {
		return ""
	}
	if freeMailByCountry[name] && (rest == "com" || len(rest) == 2 || strings.HasPrefix(rest, "co.") || strings.HasPrefix(rest, "com.")) {
		return ""
	}
	return s
}
