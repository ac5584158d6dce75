package throughline

// A Draft is what an engine proposes, before anything in it is proven. Nothing
// of a draft reaches a reader until [throughline/ground] has settled it.
type Draft struct {
	Engine         Engine
	Items          []DraftItem
	Contradictions []DraftContradiction
	Questions      []Question
	Candidates     Candidates
	LeftOut        []LeftOut // what the engine itself gave up
	Usage          Usage     // Candidates aside
}

// A DraftItem is an item with quotes that are still claims. Of the embedded
// item, ID, Section, Superseded and Evidence are the program's to fill.
type DraftItem struct {
	Item
	Quotes  []DraftQuote   // strongest first
	Earlier []DraftEarlier // what it replaced
}

// A DraftQuote claims that the words stand in a passage.
type DraftQuote struct {
	Ref  string // where the engine says it stands; may be empty
	Text string
	As   QuoteRole
}

// DraftEarlier claims that something was said before and holds no longer.
type DraftEarlier struct {
	Text   string
	Quotes []DraftQuote
}

// DraftContradiction claims that two or more statements do not go together.
type DraftContradiction struct {
	Text  string
	Sides []DraftSide // two or more
}

// DraftSide is one of the statements.
type DraftSide struct {
	Text   string
	Quotes []DraftQuote
}
