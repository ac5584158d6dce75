package survey

import "time"

// A Play is how far one handoff came that was published. It names nobody.
type Play struct {
	Won      time.Time
	Reviewed bool // by the AE
	// Kickoff is when that was or is to be; zero while it is not known.
	Kickoff               time.Time
	AcceptedBeforeKickoff bool
	Held                  bool // it is known to have been
	Points, Covered       int  // talking points to say, and those of them that came up; of a kickoff that was held
	Checked               bool // its recording was read
	Asked                 int  // questions asked there that the customer had answered in the sale
}

// Signs are the leading signs of adoption, while there are few answers yet: of the
// handoffs of one month in which deals were won.
type Signs struct {
	Month     Month `json:"month,omitempty"`
	Published int   `json:"published"`
	Reviewed  int   `json:"reviewed"`
	Kickoffs  int   `json:"kickoffs"` // whose time has come
	Accepted  int   `json:"accepted_before_kickoff"`
	Held      int   `json:"held"`
	Points    int   `json:"points"`
	Covered   int   `json:"points_covered"`
	Checked   int   `json:"kickoffs_checked"`
	Asked     int   `json:"questions_asked_again"`

	ReviewedRate *float64 `json:"reviewed_rate"` // 0 to 1; nil where there is nothing that it could be of
	AcceptedRate *float64 `json:"accepted_rate"` // of kickoffs
	CoveredRate  *float64 `json:"covered_rate"`  // of points
	AskedEach    *float64 `json:"asked_again_per_kickoff"`

	// Withheld says that what was said at so few kickoffs is not shown: see
	// [Report.Coarse].
	Withheld bool `json:"withheld,omitempty"`
}

// signs counts by month, with all of them first.
func signs(plays []Play, now time.Time) []Signs {
	byMonth := map[Month]Signs{}
	for _, p := range plays {
		for _, m := range []Month{"", month(p.Won)} {
			s := byMonth[m]
			s.Month = m
			s.Published++
			s.Reviewed += one(p.Reviewed)
			if !p.Kickoff.IsZero() && !p.Kickoff.After(now) {
				s.Kickoffs++
				s.Accepted += one(p.AcceptedBeforeKickoff)
			}
			if p.Held {
				s.Held++
				s.Points, s.Covered = s.Points+p.Points, s.Covered+p.Covered
			}
			if p.Checked {
				s.Checked, s.Asked = s.Checked+1, s.Asked+p.Asked
			}
			byMonth[m] = s
		}
	}
	var list []Signs
	for _, m := range sortedKeys(byMonth) {
		s := byMonth[m]
		s.ReviewedRate, s.AcceptedRate, s.CoveredRate, s.AskedEach = share(s.Reviewed, s.Published), share(s.Accepted, s.Kickoffs), share(s.Covered, s.Points), share(s.Asked, s.Checked)
		list = append(list, s)
	}
	return list
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
