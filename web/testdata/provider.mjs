// An OpenID provider for tests: oidc-provider of npm, with people of its own.
// Arguments: the directory node_modules, the client's redirect URI, and whether the
// ID token holds the address ("inside"), or only the answer about the account does.
// It prints its issuer, and ends when its standard input does. POST /test/ahead?
// seconds=N puts its clock ahead.
import http from 'node:http'
import { pathToFileURL } from 'node:url'

const [modules, redirect, where] = process.argv.slice(2)
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`))

let ahead = 0
const now = Date.now
Date.now = () => now() + ahead * 1000

const people = {
  csm: { email: 'CSM@example.com', email_verified: true },
  ae: { email: 'ae@example.com', email_verified: true },
  colleague: { email: 'colleague@example.com', email_verified: true },
  elsewhere: { email: 'csm@example.com.elsewhere.example', email_verified: true },
  below: { email: 'csm@mail.example.com', email_verified: true },
  unverified: { email: 'csm@example.com', email_verified: false },
  unsaid: { email: 'csm@example.com' },
  edge: { email: 'csm@example.com', xms_edov: '1' },
  nameless: { email_verified: true },
  twofold: { email: 'csm@example.com@elsewhere.example', email_verified: true },
  listed: { email: 'csm@example.com, x@example.com', email_verified: true },
}

const server = http.createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'throughline', client_secret: 'a secret of the tests', redirect_uris: [redirect], grant_types: ['authorization_code'], response_types: ['code'] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified', 'xms_edov'] },
    conformIdTokenClaims: where !== 'inside',
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    pkce: { required: () => true },
    cookies: { keys: ['of the tests'] },
  })
  const answer = provider.callback()
  server.on('request', (req, res) => {
    const url = new URL(req.url, issuer)
    if (req.method === 'POST' && url.pathname === '/test/ahead') {
      ahead = Number(url.searchParams.get('seconds'))
      res.end()
      return
    }
    answer(req, res)
  })
  console.log(issuer)
})
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
