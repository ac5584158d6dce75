package throughline

// Kind is what an item of the handoff is about. The kinds are fixed: readers,
// scorers and other tools rely on them.
type Kind string

// The kinds, by section.
const (
	KindChampion       Kind = "champion"        // who drove the purchase: title, role, why they bought
	KindCommittee      Kind = "committee"       // a person who took part in the decision, and where they landed
	KindPain           Kind = "pain"            // a problem that drove the deal, in the customer's words
	KindUseCase        Kind = "use_case"        // a specific use promised or agreed in the sale
	KindWorkaround     Kind = "workaround"      // what the customer does today instead
	KindStretch        Kind = "stretch"         // a promise backed only under a condition: context the CSM needs to deliver
	KindEnthusiast     Kind = "enthusiast"      // privately keener than in the group
	KindReluctant      Kind = "reluctant"       // said yes against their preference
	KindAdjacentVendor Kind = "adjacent_vendor" // a competing vendor used for a neighbouring function
	KindMilestone      Kind = "milestone"       // what the customer would see by about day 30, 60, 90
	KindRisk           Kind = "risk"            // an implementation risk raised in the sale
)

// Kinds lists every kind in the order in which a handoff shows them.
var Kinds = []Kind{
	KindChampion, KindCommittee, KindPain, KindUseCase, KindWorkaround,
	KindStretch,
	KindEnthusiast, KindReluctant, KindAdjacentVendor,
	KindMilestone,
	KindRisk,
}

// Section is one of the five sections, 1 to 5.
type Section int

// The five sections. Their names are fixed, see [Section.Title].
const (
	SectionDealShape Section = iota + 1
	SectionContext
	SectionPoliticalMap
	SectionMilestones
	SectionRisks
)

// Sections lists the five sections in order.
var Sections = []Section{SectionDealShape, SectionContext, SectionPoliticalMap, SectionMilestones, SectionRisks}

// Title is the section's fixed name.
func (s Section) Title() string {
	switch s {
	case SectionDealShape:
		return "Deal shape"
	case SectionContext:
		return "Context the CSM needs to deliver"
	case SectionPoliticalMap:
		return "Political map"
	case SectionMilestones:
		return "30/60/90"
	case SectionRisks:
		return "Implementation risks"
	}
	return ""
}

// Section is the section in which items of the kind stand; 0 for no kind of
// ours.
func (k Kind) Section() Section {
	switch k {
	case KindChampion, KindCommittee, KindPain, KindUseCase, KindWorkaround:
		return SectionDealShape
	case KindStretch:
		return SectionContext
	case KindEnthusiast, KindReluctant, KindAdjacentVendor:
		return SectionPoliticalMap
	case KindMilestone:
		return SectionMilestones
	case KindRisk:
		return SectionRisks
	}
	return 0
}

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { return k.Section() != 0 }

// AboutPerson reports whether items of the kind are about one person of the
// customer's, who must then be named.
func (k Kind) AboutPerson() bool {
	switch k {
	case KindChampion, KindCommittee, KindEnthusiast, KindReluctant:
		return true
	}
	return false
}

// Title is the kind as a heading shows it.
func (k Kind) Title() string {
	switch k {
	case KindChampion:
		return "Champion"
	case KindCommittee:
		return "Committee"
	case KindPain:
		return "Pains"
	case KindUseCase:
		return "Use cases"
	case KindWorkaround:
		return "Today's workarounds"
	case KindStretch:
		return "Promises that need something to be true"
	case KindEnthusiast:
		return "Privately keener"
	case KindReluctant:
		return "Agreed against their preference"
	case KindAdjacentVendor:
		return "Neighbouring vendors"
	case KindMilestone:
		return "Milestones"
	case KindRisk:
		return "Risks"
	}
	return string(k)
}

// Stance is where a committee member landed.
type Stance string

// The stances.
const (
	StanceAlly    Stance = "ally"
	StanceNeutral Stance = "neutral"
	StanceBlocker Stance = "blocker"
)

// Valid reports whether s is one of the stances.
func (s Stance) Valid() bool {
	return s == StanceAlly || s == StanceNeutral || s == StanceBlocker
}

// Area is the field of an implementation risk.
type Area string

// The areas.
const (
	AreaTechnical        Area = "technical"
	AreaSecurity         Area = "security"
	AreaChangeManagement Area = "change_management"
	AreaLegal            Area = "legal"
	AreaResourcing       Area = "resourcing"
	AreaCommercial       Area = "commercial"
)

// Areas lists the areas.
var Areas = []Area{AreaTechnical, AreaSecurity, AreaChangeManagement, AreaLegal, AreaResourcing, AreaCommercial}

// Valid reports whether a is one of the areas.
func (a Area) Valid() bool {
	for _, b := range Areas {
		if a == b {
			return true
		}
	}
	return false
}

// Label says how an item is known.
type Label string

// The labels: said in so many words, put together from several passages, or to
// be asked of the AE.
const (
	LabelStated   Label = "stated"
	LabelInferred Label = "inferred"
	LabelAskAE    Label = "ask_ae"
)

// Anchor is the day from which a milestone counts.
type Anchor string

// The anchors.
const (
	FromClose    Anchor = "close"
	FromKickoff  Anchor = "kickoff"
	FromGoLive   Anchor = "go_live"
	FromCalendar Anchor = "calendar" // a date or season was named
)

// Valid reports whether a is one of the anchors.
func (a Anchor) Valid() bool {
	return a == FromClose || a == FromKickoff || a == FromGoLive || a == FromCalendar
}
