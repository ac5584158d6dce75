// Says what mail programs do not support of the HTML on standard input, by the data of
// caniemail.com, as JSON: for each feature that one of them lacks, the programs.
// Arguments: the directory node_modules, then the programs, as caniemail names them.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [modules, ...clients] = process.argv.slice(2)
const { caniemail } = await import(pathToFileURL(`${modules}/caniemail/dist/index.js`))

const lacking = {}
for (const [client, issues] of caniemail({ clients, html: readFileSync(0, 'utf8') }).issues.errors) {
  for (const { title } of issues) (lacking[title] ??= new Set()).add(client)
}
console.log(JSON.stringify(lacking, (_, value) => value instanceof Set ? [...value] : value))
