package web

import (
	"net/http"
	"time"
)

// AssetPath is where a file that pages load is served.
func AssetPath(name string) string { return assetPaths[name] }

// Line is text in one line, as an address is kept.
func Line(s string) string { return line(s) }

// Standing is where a quote stands in what was collected last.
var Standing = standing

// Own is the path of a page of ours, to go on to after signing in.
func Own(to string) string { return own(to) }

// Admitted is the address that claims sign in.
func (p *Provider) Admitted(claims map[string]any) (string, error) { return p.admitted(claims) }

// Address is the network that a request comes from.
func (s *Server) Address(r *http.Request) string { return s.address(r).String() }

// MostAddresses bounds how many addresses are remembered.
const MostAddresses = mostAddresses

// Asked counts a wrong token of a request's address, and says how many addresses are
// remembered.
func (s *Server) Asked(r *http.Request) int {
	s.missed(r, limitSignIn)
	return len(s.limits.by[limitSignIn])
}

// The pictures of a handoff.
var (
	PoliticalMap = newMap
	Timeline     = newTimeline
)

// APIRoutes are the API's routes, with the scope that each needs.
func (s *Server) APIRoutes() map[string]string {
	out := map[string]string{}
	for _, r := range s.apiRoutes() {
		out[r.method+" "+r.path] = r.scope
	}
	return out
}

// APIPace is how often an address may ask the API: at once, and one more after each
// while.
func APIPace() (burst int, every time.Duration) { return paces[limitAPI].burst, paces[limitAPI].every }
