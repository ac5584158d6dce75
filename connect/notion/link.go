package notion

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	bareID   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	dashedID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// asID is an id as the vendor's answers have it, with hyphens.
func asID(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch {
	case dashedID.MatchString(s):
		return s, true
	case bareID.MatchString(s):
		return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], true
	}
	return "", false
}

// PageID is the id of the page that a web address opens, where it is one of
// Notion's. An address of a database in which a page is open names the page in its
// query; else the id stands at the end of the path, after the page's title.
func PageID(address string) (id string, ok bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !notions(u.Hostname()) {
		return "", false
	}
	if id, ok := asID(u.Query().Get("p")); ok {
		return id, true
	}
	last := strings.TrimRight(u.Path, "/")
	last = last[strings.LastIndexByte(last, '/')+1:]
	if n := len(last); n > 36 && last[n-37] == '-' {
		if id, ok := asID(last[n-36:]); ok {
			return id, true
		}
	}
	if id, ok := asID(last); ok {
		return id, true
	}
	if n := len(last); n > 32 && last[n-33] == '-' {
		return asID(last[n-32:])
	}
	return "", false
}

// notions reports whether a host is one at which pages of Notion's are opened.
func notions(host string) bool {
	host = strings.ToLower(host)
	for _, domain := range []string{"notion.so", "notion.site", "notion.com"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}
