package web

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A limit is how often one address may ask for something.
type limit string

const (
	limitSignIn limit = "sign-in"
	limitLinks  limit = "links" // pages that who has a link opens without signing in
	limitForms  limit = "forms"
	limitAPI    limit = "api"
)

// paces are how often each may be asked for: at once, and one more after each while.
// Many people may share an address, and a page asks for what it needs by itself.
var paces = map[limit]struct {
	burst int
	every time.Duration
}{
	limitSignIn: {burst: 20, every: 6 * time.Second},
	limitLinks:  {burst: 120, every: time.Second},
	limitForms:  {burst: 120, every: time.Second},
	limitAPI:    {burst: 300, every: 100 * time.Millisecond},
}

// missCost is what a wrong token or link costs on top: guessing comes to its end
// sooner than use.
const missCost = 4

// mostAddresses bounds how many addresses are remembered of each limit.
const mostAddresses = 10_000

// limits remember who asked how often.
type limits struct {
	mu sync.Mutex
	by map[limit]map[netip.Prefix]*rate.Limiter
}

// of is the limiter of an address.
func (l *limits) of(what limit, address netip.Prefix, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.by[what]
	if one := known[address]; one != nil {
		return one
	}
	if len(known) >= mostAddresses {
		for a, one := range known {
			if one.TokensAt(now) >= float64(one.Burst()) { // it is as if it had never asked
				delete(known, a)
			}
		}
	}
	if known == nil || len(known) >= mostAddresses {
		known = map[netip.Prefix]*rate.Limiter{}
		if l.by == nil {
			l.by = map[limit]map[netip.Prefix]*rate.Limiter{}
		}
		l.by[what] = known
	}
	pace := paces[what]
	one := rate.NewLimiter(rate.Every(pace.every), pace.burst)
	known[address] = one
	return one
}

// limited answers who asks too often with that alone.
func (s *Server) limited(what func(*http.Request) limit, h http.Handler) http.Handler {
	tooOften := s.page(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(paces[what(r)].every.Seconds()))))
		return problem{http.StatusTooManyRequests, "This was asked for too often from your network in a short while, and nothing was done. Wait a minute, then go back and try again."}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := what(r)
		if kind != "" && !s.limits.of(kind, s.address(r), s.wall()).AllowN(s.wall(), 1) {
			tooOften.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// missed charges an address for a wrong token or link.
func (s *Server) missed(r *http.Request, what limit) {
	now := s.wall()
	s.limits.of(what, s.address(r), now).ReserveN(now, missCost)
}

// wall is the time by which limits are counted.
func (s *Server) wall() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// teamLimit is the limit of a request to the team's pages: who has signed in reads
// without one.
func teamLimit(r *http.Request) limit {
	switch {
	case r.URL.Path == "/signin" && r.Method == http.MethodGet:
		return "" // shows a button, and asks nobody
	case r.URL.Path == "/signin" || strings.HasPrefix(r.URL.Path, "/signin/"):
		return limitSignIn
	case strings.HasPrefix(r.URL.Path, "/api/"):
		return limitAPI
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return limitForms
	}
	return ""
}

// publicLimit is that of a request to the pages of links.
func publicLimit(r *http.Request) limit {
	switch {
	case strings.HasPrefix(r.URL.Path, "/assets/"):
		return ""
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return limitForms
	}
	return limitLinks
}

// address is the network that a request comes from: an IPv4 address, or the /64 of an
// IPv6 address, of which one subscriber has all. What a header says counts only where
// a proxy of ours is known to write it; then it is the last entry, which that proxy
// saw itself.
func (s *Server) address(r *http.Request) netip.Prefix {
	said := r.RemoteAddr
	if s.ClientHeader != "" {
		if all := strings.Split(strings.Join(r.Header.Values(s.ClientHeader), ","), ","); strings.TrimSpace(all[len(all)-1]) != "" {
			said = strings.TrimSpace(all[len(all)-1])
		}
	}
	ip, err := netip.ParseAddr(strings.Trim(said, "[]"))
	if err != nil {
		port, err := netip.ParseAddrPort(said)
		if err != nil {
			return netip.Prefix{} // all that can't be told apart are one
		}
		ip = port.Addr()
	}
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	prefix, _ := ip.Prefix(bits) // the bits fit
	return prefix
}
