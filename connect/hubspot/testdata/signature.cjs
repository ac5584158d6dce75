// Signs a request with the vendor's own client and asks it whether it takes a
// signature. Arguments: the directory of the packages, the request as JSON.
const path = require('node:path');
const [modules, given] = process.argv.slice(2);
const { Signature } = require(path.join(modules, '@hubspot/api-client'));
const r = JSON.parse(given);
const options = { clientSecret: r.secret, url: r.url, requestBody: r.body, timestamp: Number(r.timestamp) };
console.log(JSON.stringify({
  signature: Signature.getSignature(r.method, 'v3', options),
  valid: Signature.isValid({ method: r.method, signatureVersion: 'v3', signature: r.signature, ...options }),
}));
