package survey

import (
	"fmt"
	"strings"
	"time"

	"throughline"
)

// Languages are those that respondents are asked in, by ISO 639-1; any other deal
// is asked in the first of them.
var Languages = []string{"en", "de", "fr", "es"}

// words is what mail and pages say in one language. The question and the ends of
// its scale are the Net Promoter System's (F. Reichheld, "The One Number You Need
// to Grow", Harvard Business Review, December 2003): "How likely is it that you
// would recommend [company X] to a friend or colleague?"; of the kickoff is only
// what stands before it.
type words struct {
	Language string

	Subject, Again string // of the mail, of the reminder; %s is the seller
	Hello          string // %s is the name
	HelloAll       string // where there is no name
	Kickoff        string // %s is its date
	Question       string // %s is the seller
	Low, High      string
	How            string // what a click does
	ChangedLater   string
	Once           string // of the reminder
	Foot, Stop     string

	Scale, Comment, Send        string
	Thanks, Kept                string // Kept: %d is the score
	Stopping, StopNow, Stopped  string
	NotOurs, Expired, TryAgain  string
	ChooseScore, CommentTooLong string

	date func(time.Time) string
}

// in finds the words of a language.
func in(language string) words {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	if w, ok := vocabulary[base]; ok {
		return w
	}
	return vocabulary[Languages[0]]
}

// question is the question of a survey, without its introduction.
func (w words) question(s throughline.Survey) string { return fmt.Sprintf(w.Question, seller(s)) }

func months(names string, form string) func(time.Time) string {
	list := strings.Fields(names)
	return func(t time.Time) string { return fmt.Sprintf(form, t.Day(), list[t.Month()-1]) }
}

var vocabulary = map[string]words{
	"en": {
		Language: "en",
		Subject:  "One question about your kickoff with %s", Again: "Reminder: one question about your kickoff with %s",
		Hello: "Hello %s,", HelloAll: "Hello,",
		Kickoff:  "Your kickoff was on %s. With it in mind:",
		Question: "How likely is it that you would recommend %s to a friend or colleague?",
		Low:      "0 = not at all likely", High: "10 = extremely likely",
		How:          "Pick a number. It opens a page where you confirm it, and may add a comment.",
		ChangedLater: "Your answer counts once; you may change it for a day.",
		Once:         "We won't remind you again.",
		Foot:         "You get this mail because you were at the kickoff.", Stop: "Don't ask me again",
		Scale: "Your answer, from 0 to 10", Comment: "What is the main reason for your answer? (optional)", Send: "Send my answer",
		Thanks: "Thank you", Kept: "Your answer is kept: %d of 10.",
		Stopping: "Shall we stop asking you?", StopNow: "Don't ask me again", Stopped: "We won't ask you again.",
		NotOurs: "This link isn't complete. Open it from the mail once more.", Expired: "This question is closed. Thank you for coming back to it.",
		TryAgain:    "Your answer could not be kept just now. Please try again in a few minutes.",
		ChooseScore: "Choose a number from 0 to 10.", CommentTooLong: "The comment is too long: at most %d characters are kept.",
		date: months("January February March April May June July August September October November December", "%d %s"),
	},
	"de": {
		Language: "de",
		Subject:  "Eine Frage zu Ihrem Kickoff mit %s", Again: "Erinnerung: eine Frage zu Ihrem Kickoff mit %s",
		Hello: "Guten Tag %s,", HelloAll: "Guten Tag,",
		Kickoff:  "Ihr Kickoff war am %s. Wenn Sie daran denken:",
		Question: "Wie wahrscheinlich ist es, dass Sie %s einem Freund oder Kollegen weiterempfehlen?",
		Low:      "0 = äußerst unwahrscheinlich", High: "10 = äußerst wahrscheinlich",
		How:          "Wählen Sie eine Zahl. Sie öffnet eine Seite, auf der Sie die Antwort bestätigen und einen Kommentar anfügen können.",
		ChangedLater: "Ihre Antwort zählt einmal; einen Tag lang können Sie sie ändern.",
		Once:         "Wir erinnern Sie kein weiteres Mal.",
		Foot:         "Sie erhalten diese Mail, weil Sie am Kickoff teilgenommen haben.", Stop: "Nicht mehr fragen",
		Scale: "Ihre Antwort, von 0 bis 10", Comment: "Was ist der wichtigste Grund für Ihre Antwort? (freiwillig)", Send: "Antwort senden",
		Thanks: "Vielen Dank", Kept: "Ihre Antwort ist gespeichert: %d von 10.",
		Stopping: "Sollen wir Sie nicht mehr fragen?", StopNow: "Nicht mehr fragen", Stopped: "Wir fragen Sie nicht mehr.",
		NotOurs: "Dieser Link ist nicht vollständig. Öffnen Sie ihn bitte noch einmal aus der Mail.", Expired: "Diese Frage ist geschlossen. Danke, dass Sie darauf zurückgekommen sind.",
		TryAgain:    "Ihre Antwort konnte gerade nicht gespeichert werden. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
		ChooseScore: "Wählen Sie eine Zahl von 0 bis 10.", CommentTooLong: "Der Kommentar ist zu lang: höchstens %d Zeichen werden gespeichert.",
		date: months("Januar Februar März April Mai Juni Juli August September Oktober November Dezember", "%d. %s"),
	},
	"fr": {
		Language: "fr",
		Subject:  "Une question sur votre réunion de lancement avec %s", Again: "Rappel : une question sur votre réunion de lancement avec %s",
		Hello: "Bonjour %s,", HelloAll: "Bonjour,",
		Kickoff:  "Votre réunion de lancement a eu lieu le %s. En y repensant :",
		Question: "Quelle est la probabilité que vous recommandiez %s à un ami ou à un collègue ?",
		Low:      "0 = pas du tout probable", High: "10 = extrêmement probable",
		How:          "Choisissez un chiffre. Il ouvre une page où vous confirmez votre réponse et pouvez ajouter un commentaire.",
		ChangedLater: "Votre réponse compte une seule fois ; vous pouvez la modifier pendant une journée.",
		Once:         "Nous ne vous relancerons plus.",
		Foot:         "Vous recevez ce message parce que vous avez participé à la réunion de lancement.", Stop: "Ne plus me solliciter",
		Scale: "Votre réponse, de 0 à 10", Comment: "Quelle est la raison principale de votre réponse ? (facultatif)", Send: "Envoyer ma réponse",
		Thanks: "Merci", Kept: "Votre réponse est enregistrée : %d sur 10.",
		Stopping: "Souhaitez-vous ne plus être sollicité ?", StopNow: "Ne plus me solliciter", Stopped: "Nous ne vous solliciterons plus.",
		NotOurs: "Ce lien est incomplet. Ouvrez-le de nouveau depuis le message.", Expired: "Cette question est close. Merci d'y être revenu.",
		TryAgain:    "Votre réponse n'a pas pu être enregistrée. Veuillez réessayer dans quelques minutes.",
		ChooseScore: "Choisissez un chiffre de 0 à 10.", CommentTooLong: "Le commentaire est trop long : %d caractères au plus sont enregistrés.",
		date: months("janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "%d %s"),
	},
	"es": {
		Language: "es",
		Subject:  "Una pregunta sobre su reunión de inicio con %s", Again: "Recordatorio: una pregunta sobre su reunión de inicio con %s",
		Hello: "Hola, %s:", HelloAll: "Hola:",
		Kickoff:  "Su reunión de inicio fue el %s. Pensando en ella:",
		Question: "¿Qué probabilidad hay de que recomiende %s a un amigo o colega?",
		Low:      "0 = nada probable", High: "10 = sumamente probable",
		How:          "Elija un número. Abre una página en la que confirma su respuesta y puede añadir un comentario.",
		ChangedLater: "Su respuesta cuenta una vez; puede cambiarla durante un día.",
		Once:         "No se lo recordaremos más.",
		Foot:         "Recibe este mensaje porque estuvo en la reunión de inicio.", Stop: "No preguntarme más",
		Scale: "Su respuesta, de 0 a 10", Comment: "¿Cuál es la razón principal de su respuesta? (opcional)", Send: "Enviar mi respuesta",
		Thanks: "Gracias", Kept: "Su respuesta está guardada: %d de 10.",
		Stopping: "¿Dejamos de preguntarle?", StopNow: "No preguntarme más", Stopped: "No le preguntaremos más.",
		NotOurs: "Este enlace no está completo. Ábralo otra vez desde el mensaje.", Expired: "Esta pregunta está cerrada. Gracias por volver a ella.",
		TryAgain:    "No se ha podido guardar su respuesta. Vuelva a intentarlo en unos minutos.",
		ChooseScore: "Elija un número del 0 al 10.", CommentTooLong: "El comentario es demasiado largo: se guardan como máximo %d caracteres.",
		date: months("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", "%d de %s"),
	},
}
