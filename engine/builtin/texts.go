package builtin

import "throughline/hedge"

// texts are the sentences that the engine writes itself, in one language. Names
// and numbers stand where %s and %d do.
type texts struct {
	Limits string // what this engine can and can't do, for the reader of a document
	Date   string // how a day is written, as time.Format takes it
	AE     string // the role, where no name is known

	// What items say of people; %s is the name with the title.
	Champion, Ally, Neutral, Blocker, Unstated, Enthusiast, Reluctant string

	Vendor     string // %s is the other vendor's product
	SaidBefore string // of a milestone's earlier day; %s is the day

	// Of a stretch: why it is listed, by signal, what stands for a condition that
	// nobody said, and what to do next; %s is the AE.
	Hedged, Conditional, Open, Doubted, Corrected string
	Condition, NextStep                           string
	Arranged, Weaker                              string // why a candidate was left; %d is how many were taken

	// Questions to the AE.
	AskChampion, AskPain, AskUseCase, AskWorkaround, AskStretch, AskVendor, AskRisk string
	AskDay                                                                          string // %d is the day
	AskStance                                                                       string // %s is the person
	AskKickoff, AskCSM                                                              string
}

// reason says in plain words why a promise is listed.
func (t *texts) reason(s hedge.Signal) string {
	switch s {
	case hedge.Conditional:
		return t.Conditional
	case hedge.Deferred, hedge.Unanswered:
		return t.Open
	case hedge.InternalDoubt:
		return t.Doubted
	case hedge.Corrected:
		return t.Corrected
	}
	return t.Hedged
}

// textsOf has the texts for each language that has a lexicon.
var textsOf = map[string]*texts{
	"en": {
		Limits: "Written by rules, without a language model. It quotes well and finds what people say in usual words; " +
			"it misses what is only implied, and it can take a remark for more than it was. Read the quotes, not the headings.",
		Date: "2 January 2006", AE: "the AE",
		Champion:   "%s drove the purchase on the customer's side.",
		Ally:       "%s took part in the decision and landed in favour.",
		Neutral:    "%s took part in the decision and landed neutral.",
		Blocker:    "%s took part in the decision and stood against it.",
		Unstated:   "%s took part in the decision; nothing read says where they stand, so take them as neutral and ask.",
		Enthusiast: "%s is keener in private than in the group. Told aside: don't repeat it in front of others.",
		Reluctant:  "%s agreed against their own preference. What they would have done is in the words below.",
		Vendor:     "The customer uses %s next to this and means to keep it. For what, is in the quote.",
		SaidBefore: "Said before for %s.",

		Hedged:      "said with a hedge: find out how firm it is before planning on it",
		Conditional: "promised under a condition",
		Open:        "an answer was promised, and none was found in what was read",
		Doubted:     "doubted among the team",
		Corrected:   "put right by a colleague later: make sure the customer has the later word",
		Condition:   "Not said in so many words; the AE can tell what has to be true.",
		NextStep:    "Ask %s what holds today, and agree the condition with the customer at the kickoff.",
		Arranged:    "about when to meet",
		Weaker:      "weaker than the %d taken; this engine takes that many in a deal of this length",

		AskChampion:   "Who drove the purchase on the customer's side, and why did they buy?",
		AskPain:       "What problem made the customer act now? Nothing read says it in the customer's words.",
		AskUseCase:    "Which specific uses were agreed? None was found that names what, for whom and how often.",
		AskWorkaround: "How does the customer do this today?",
		AskStretch:    "Was anything promised that needs something to be true first?",
		AskVendor:     "Does a team at the customer use another vendor's product next to ours? None was found.",
		AskRisk:       "What could hold the implementation up? No risk was raised in what was read.",
		AskDay:        "What was the customer told they would see by about day %d?",
		AskStance:     "Where did %s land? Nothing read says it.",
		AskKickoff:    "When is the kickoff?",
		AskCSM:        "Who is the CSM?",
	},
	"fr": {
		Limits: "Rédigé par des règles, sans modèle de langage. Les citations sont exactes et les tournures usuelles sont reconnues ; " +
			"ce qui n'est que sous-entendu échappe, et une remarque peut être prise pour plus qu'elle n'était. Lisez les citations, pas les titres.",
		Date: "02/01/2006", AE: "l'AE",
		Champion:   "%s a porté l'achat côté client.",
		Ally:       "%s a pris part à la décision ; position finale : favorable.",
		Neutral:    "%s a pris part à la décision ; position finale : neutre.",
		Blocker:    "%s a pris part à la décision ; position finale : défavorable.",
		Unstated:   "%s a pris part à la décision ; rien de ce qui a été lu ne dit sa position : à considérer comme neutre, et à demander.",
		Enthusiast: "%s y tient plus en privé que devant le groupe. Dit à part : ne pas le répéter devant les autres.",
		Reluctant:  "%s a accepté contre sa propre préférence. Ce qui aurait été son choix est dit dans les citations.",
		Vendor:     "Le client utilise %s à côté et compte le garder. Pour quoi, la citation le dit.",
		SaidBefore: "Annoncé d'abord pour le %s.",

		Hedged:      "dit avec une réserve : vérifier si c'est ferme avant de planifier dessus",
		Conditional: "promis sous condition",
		Open:        "une réponse a été promise, et aucune n'a été trouvée dans ce qui a été lu",
		Doubted:     "mis en doute dans l'équipe",
		Corrected:   "rectifié plus tard par un collègue : s'assurer que le client a la dernière version",
		Condition:   "Pas dite en toutes lettres ; l'AE peut dire ce qui doit être vrai.",
		NextStep:    "Demander à %s ce qui tient aujourd'hui, et convenir de la condition avec le client au kickoff.",
		Arranged:    "il s'agit d'un rendez-vous",
		Weaker:      "moins nette que les %d retenues ; ce moteur en retient autant pour un dossier de cette longueur",

		AskChampion:   "Qui a porté l'achat côté client, et pourquoi ont-ils acheté ?",
		AskPain:       "Quel problème a fait agir le client maintenant ? Rien de ce qui a été lu ne le dit avec ses mots.",
		AskUseCase:    "Quels usages précis ont été convenus ? Aucun n'a été trouvé qui dise quoi, pour qui et à quelle fréquence.",
		AskWorkaround: "Comment le client fait-il aujourd'hui ?",
		AskStretch:    "A-t-on promis quelque chose qui suppose qu'autre chose soit vrai d'abord ?",
		AskVendor:     "Une équipe du client utilise-t-elle le produit d'un autre éditeur à côté du nôtre ? Aucun n'a été trouvé.",
		AskRisk:       "Qu'est-ce qui pourrait retarder la mise en œuvre ? Aucun risque n'a été soulevé dans ce qui a été lu.",
		AskDay:        "Qu'a-t-on dit au client qu'il verrait vers le jour %d ?",
		AskStance:     "Quelle est la position de %s ? Rien de ce qui a été lu ne le dit.",
		AskKickoff:    "Quand a lieu le kickoff ?",
		AskCSM:        "Qui est le CSM ?",
	},
	"es": {
		Limits: "Escrito por reglas, sin modelo de lenguaje. Cita bien y encuentra lo que se dice con las palabras de siempre; " +
			"se le escapa lo que solo se da a entender, y puede tomar un comentario por más de lo que era. Lea las citas, no los títulos.",
		Date: "02/01/2006", AE: "el AE",
		Champion:   "%s impulsó la compra por parte del cliente.",
		Ally:       "%s participó en la decisión y acabó a favor.",
		Neutral:    "%s participó en la decisión y se mantuvo neutral.",
		Blocker:    "%s participó en la decisión y estuvo en contra.",
		Unstated:   "%s participó en la decisión; nada de lo leído dice su postura, así que conviene tomarla por neutral y preguntar.",
		Enthusiast: "%s tiene más ganas en privado que delante del grupo. Dicho aparte: no repetirlo delante de otros.",
		Reluctant:  "%s aceptó en contra de su propia preferencia. Lo que habría hecho está en las citas.",
		Vendor:     "El cliente usa %s al lado y piensa conservarlo. Para qué, lo dice la cita.",
		SaidBefore: "Antes se dijo para el %s.",

		Hedged:      "dicho con reservas: averiguar si es firme antes de planificar con ello",
		Conditional: "prometido con una condición",
		Open:        "se prometió una respuesta y no se encontró ninguna en lo leído",
		Doubted:     "puesto en duda dentro del equipo",
		Corrected:   "corregido después por un compañero: asegurarse de que el cliente tiene la última versión",
		Condition:   "No se dijo con esas palabras; el AE puede decir qué tiene que cumplirse.",
		NextStep:    "Preguntar a %s qué vale hoy, y acordar la condición con el cliente en el kickoff.",
		Arranged:    "se trata de cuándo reunirse",
		Weaker:      "menos clara que las %d elegidas; este motor elige ese número en una operación de esta extensión",

		AskChampion:   "¿Quién impulsó la compra por parte del cliente, y por qué compraron?",
		AskPain:       "¿Qué problema hizo que el cliente actuara ahora? Nada de lo leído lo dice con sus palabras.",
		AskUseCase:    "¿Qué usos concretos se acordaron? No se encontró ninguno que diga qué, para quién y cada cuánto.",
		AskWorkaround: "¿Cómo lo hace el cliente hoy?",
		AskStretch:    "¿Se prometió algo para lo que antes tenga que cumplirse otra cosa?",
		AskVendor:     "¿Algún equipo del cliente usa el producto de otro proveedor junto al nuestro? No se encontró ninguno.",
		AskRisk:       "¿Qué podría retrasar la implantación? En lo leído no se mencionó ningún riesgo.",
		AskDay:        "¿Qué se le dijo al cliente que vería hacia el día %d?",
		AskStance:     "¿Cuál es la postura de %s? Nada de lo leído lo dice.",
		AskKickoff:    "¿Cuándo es el kickoff?",
		AskCSM:        "¿Quién es el CSM?",
	},
	"de": {
		Limits: "Nach Regeln geschrieben, ohne Sprachmodell. Es zitiert zuverlässig und findet, was in üblichen Worten gesagt wird; " +
			"was nur angedeutet wird, entgeht ihm, und es kann eine Bemerkung für mehr nehmen, als sie war. Lesen Sie die Zitate, nicht die Überschriften.",
		Date: "02.01.2006", AE: "Der AE",
		Champion:   "%s hat den Kauf auf Kundenseite vorangetrieben.",
		Ally:       "%s war an der Entscheidung beteiligt und ist dafür.",
		Neutral:    "%s war an der Entscheidung beteiligt und ist neutral.",
		Blocker:    "%s war an der Entscheidung beteiligt und ist dagegen.",
		Unstated:   "%s war an der Entscheidung beteiligt; nichts Gelesenes sagt, wie die Haltung ist: als neutral nehmen und nachfragen.",
		Enthusiast: "%s ist unter vier Augen begeisterter als in der Runde. Vertraulich gesagt: nicht vor anderen wiederholen.",
		Reluctant:  "%s hat gegen die eigene Präferenz zugestimmt. Was stattdessen gewollt war, steht in den Zitaten.",
		Vendor:     "Der Kunde nutzt daneben %s und will dabei bleiben. Wofür, steht im Zitat.",
		SaidBefore: "Vorher für den %s genannt.",

		Hedged:      "mit Vorbehalt gesagt: klären, wie fest es ist, bevor damit geplant wird",
		Conditional: "unter einer Bedingung zugesagt",
		Open:        "eine Antwort wurde zugesagt, und im Gelesenen fand sich keine",
		Doubted:     "im Team bezweifelt",
		Corrected:   "später von einer Kollegin oder einem Kollegen richtiggestellt: sicherstellen, dass der Kunde den letzten Stand hat",
		Condition:   "Nicht ausdrücklich gesagt; der AE kann sagen, was dafür gelten muss.",
		NextStep:    "%s kann sagen, was heute gilt; die Bedingung dann beim Kickoff mit dem Kunden vereinbaren.",
		Arranged:    "es geht um einen Termin",
		Weaker:      "schwächer als die %d aufgenommenen; so viele nimmt diese Engine bei einem Deal dieser Länge",

		AskChampion:   "Wer hat den Kauf auf Kundenseite vorangetrieben, und warum wurde gekauft?",
		AskPain:       "Welches Problem hat den Kunden jetzt handeln lassen? Nichts Gelesenes sagt es in seinen Worten.",
		AskUseCase:    "Welche konkreten Anwendungen wurden vereinbart? Es fand sich keine, die sagt, was, für wen und wie oft.",
		AskWorkaround: "Wie macht der Kunde das heute?",
		AskStretch:    "Wurde etwas zugesagt, wofür erst etwas anderes gelten muss?",
		AskVendor:     "Nutzt ein Team des Kunden neben unserem das Produkt eines anderen Anbieters? Es fand sich keines.",
		AskRisk:       "Was könnte die Einführung aufhalten? Im Gelesenen wurde kein Risiko genannt.",
		AskDay:        "Was wurde dem Kunden gesagt, das er etwa bis Tag %d sieht?",
		AskStance:     "Wie steht %s dazu? Nichts Gelesenes sagt es.",
		AskKickoff:    "Wann ist der Kickoff?",
		AskCSM:        "Wer ist der CSM?",
	},
}
