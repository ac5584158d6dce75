package salesforce

import "maps"

// OnChange has a function called with every record that is made or changed from
// now on, as it is then. It must not call the stand-in.
func (s *Server) OnChange(f func(object string, rec Record)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onChange = append(s.onChange, f)
}

func (s *Server) changed(object string, rec Record) {
	for _, f := range s.onChange {
		f(object, maps.Clone(rec))
	}
}

// Valid reports whether a token opens the org.
func (s *Server) Valid(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.tokens[token]
	return ok && s.Now().Before(until)
}
