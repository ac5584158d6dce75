// Signs requests with the vendor's own client and asks it whether it takes a
// signature of each. Arguments: the directory of the packages, the requests as JSON.
const path = require('node:path');
const [modules, given] = process.argv.slice(2);
const { Signature } = require(path.join(modules, '@hubspot/api-client'));

const answers = JSON.parse(given).map((r) => {
  const options = { clientSecret: r.secret, url: r.url, requestBody: r.body, timestamp: Number(r.timestamp) };
  return {
    signature: Signature.getSignature(r.method, 'v3', options),
    valid: Signature.isValid({ method: r.method, signatureVersion: 'v3', signature: r.signature, ...options }),
  };
});
console.log(JSON.stringify(answers));
