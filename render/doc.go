// Package render makes the documents that people and tools read of a handoff:
// Markdown, one self-contained HTML page, and JSON.
//
// It also holds the one function that decides who sees what, [For]. Every
// renderer calls it itself, so that no caller can forget to:
//
//	audience   sees
//	team       everything: the five sections, questions, contradictions, what was
//	           left out, sources, usage
//	company    section 1 without stances and without why the champion bought
//	           (champion and committee are names, titles and CRM roles as the deal
//	           records them, without quotes); sections 4 and 5; no quote that is
//	           there as a doubt; the deal's head, what wrote the document, whether it
//	           was reviewed, why there is little to go on, and the list of sources,
//	           of emails only when and how long; what was corrected in review as
//	           corrected, and nothing that was said to be no commitment
//	customer   pains, use cases, workarounds, milestones and risks of which every
//	           quote comes from a passage that at least two of the customer's people
//	           saw or heard, worded by those quotes alone; the companies' names, the
//	           dates, the AE and CSM, who is quoted; never section 2 or 3, a stance, a
//	           reason, a question, a contradiction, a source's title or address
//
// Each audience's view is built from nothing by naming what goes in. A field
// added to the vocabulary is therefore seen by the team and by nobody else until
// somebody decides otherwise here.
//
// Whatever stands in a handoff was written by others, customers and models
// among them: it is data, and is escaped for the language it is printed in.
package render
