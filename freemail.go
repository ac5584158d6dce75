package throughline

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

// FreeMail reports whether a mail domain, in lower case, gives addresses to anybody:
// who writes from it is of no company that it tells.
func FreeMail(domain string) bool {
	if freeMail[domain] {
		return true
	}
	name, rest, _ := strings.Cut(domain, ".")
	return freeMailByCountry[name] && (rest == "com" || len(rest) == 2 || strings.HasPrefix(rest, "co.") || strings.HasPrefix(rest, "com."))
}
