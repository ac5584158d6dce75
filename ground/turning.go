package ground

import "strings"

// turning lists the words that turn the meaning of the clause they stand in:
// negations, modal verbs, and the words that restrict a statement or make it
// less than sure. An elision must not pass over one of them within a sentence of
// which it quotes a part, or "we … support it" would be proven by "we do not
// support it". The languages are put together, as a sentence may mix them and
// the language of a source is not always known: a word too many only refuses an
// elision, which then can be quoted in full. Only single words stand here, in
// lower case; after "peut-être" it is enough to know "peut".
var turning = map[string][]string{
	"en": strings.Fields(`
		no not never none nor neither nobody nothing nowhere without cannot cant dont wont
		can could may might must shall should will would need ought able unable
		if unless until except only hardly barely rarely seldom almost nearly less fewer
		fail fails failed refuse refuses refused deny denies denied stop stops stopped
		maybe perhaps possibly probably likely unlikely hopefully supposedly theoretically depends depending provided assuming`),
	"fr": strings.Fields(`
		ne pas plus jamais rien aucun aucune personne nul nulle ni non sans guère
		peut peux peuvent pouvons pouvez pourra pourrait pourraient pourrions pourriez
		doit dois doivent devons devez devra devrait devraient devrions devriez faut faudra faudrait
		si sauf seulement uniquement moins presque sinon tant
		probablement éventuellement possiblement normalement théoriquement espérons`),
	"de": strings.Fields(`
		nicht nichts nie niemals niemand kein keine keinen keinem keiner keines ohne weder noch kaum
		kann kannst können könnt könnte könnten muss müssen müsste müssten soll sollen sollte sollten
		darf dürfen dürfte dürften mag möchte möchten wird werden würde würden
		wenn falls sofern außer nur lediglich fast weniger
		vielleicht wahrscheinlich vermutlich eventuell möglicherweise hoffentlich theoretisch wohl`),
	"es": strings.Fields(`
		no nunca jamás nada nadie ningún ninguno ninguna ni tampoco sin
		puede puedo pueden podemos podrá podría podrían podríamos debe deben debemos debería deberían deberíamos
		si salvo excepto solo sólo solamente únicamente casi menos apenas
		quizá quizás probablemente posiblemente ojalá seguramente teóricamente depende`),
}

var turningWords = func() map[string]bool {
	all := map[string]bool{}
	for _, list := range turning {
		for _, w := range list {
			all[normal(w)] = true
		}
	}
	return all
}()

// turns reports whether a word, as proofs compare it, turns the meaning of its
// clause. Beside the words of the table these are contractions: "isn't", "we'll",
// "we'd", "n'est", "s'il", "jusqu'à".
func turns(norm string) bool {
	return turningWords[norm] ||
		strings.HasSuffix(norm, "n't") || strings.HasSuffix(norm, "'ll") || strings.HasSuffix(norm, "'d") ||
		strings.HasPrefix(norm, "n'") || strings.HasPrefix(norm, "s'il") || strings.HasPrefix(norm, "jusqu'")
}
