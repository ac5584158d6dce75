// Drives the stand-in with jsforce, the client that others wrote for the real
// service, and prints what it got as JSON. Arguments: the directory of the
// packages, the stand-in's address, an opportunity, a version of a file.
const path = require('node:path');
const [modules, login, opportunity, version] = process.argv.slice(2);
const jsforce = require(path.join(modules, 'jsforce'));

async function bytes(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

async function main() {
  const conn = new jsforce.Connection({
    loginUrl: login,
    oauth2: { clientId: 'id', clientSecret: 'secret', loginUrl: login },
    version: '68.0',
  });
  await conn.authorize({ grant_type: 'client_credentials' });
  const out = {};

  const opp = await conn.sobject('Opportunity').retrieve(opportunity);
  out.name = opp.Name;

  const described = await conn.sobject('Opportunity').describe();
  out.label = described.fields.find((f) => f.name === 'Loss_Risk__c').label;

  // Conditions as the client itself writes them, quotes and dates included.
  const found = await conn.sobject('Opportunity').find(
    { Name: { $in: ["O'Neill & Sons", 'x'] }, IsWon: true, SystemModstamp: { $gte: jsforce.SfDate.toDateTimeLiteral('2026-01-01T00:00:00Z') } },
    ['Id', 'Name'],
  ).sort({ CloseDate: -1 }).limit(5);
  out.found = found.map((r) => r.Name);

  const pages = await conn.query("SELECT Id, CreatedBy.Name FROM Note WHERE ParentId = '" + opportunity + "' ORDER BY Id", { autoFetch: true, maxFetch: 100 });
  out.notes = pages.records.length;
  out.total = pages.totalSize;

  const composite = await conn.requestPost('/services/data/v68.0/composite', {
    allOrNone: false,
    compositeRequest: [
      { method: 'GET', url: '/services/data/v68.0/sobjects/Opportunity/' + opportunity, referenceId: 'a' },
      { method: 'GET', url: '/services/data/v68.0/query?q=SELECT+Id+FROM+Nope', referenceId: 'b' },
    ],
  });
  out.composite = composite.compositeResponse.map((r) => r.httpStatusCode);

  out.file = await bytes(conn.sobject('ContentVersion').record(version).blob('VersionData'));

  for (const [name, soql] of [['field', 'SELECT Nope FROM Opportunity'], ['type', 'SELECT Id FROM Nope']]) {
    try {
      await conn.query(soql);
      out[name] = 'no error';
    } catch (e) {
      out[name] = e.errorCode || e.name;
    }
  }

  // Writes as the client makes them: a file, a version of it, its other link, a
  // field, and what is refused.
  const made = await conn.sobject('ContentVersion').create({
    Title: 'Handoff', PathOnClient: 'handoff.html', VersionData: Buffer.from('<p>Plän</p>').toString('base64'), FirstPublishLocationId: opportunity,
  });
  const first = await conn.sobject('ContentVersion').retrieve(made.id);
  await conn.sobject('ContentVersion').create({ Title: 'Handoff', PathOnClient: 'handoff.html', VersionData: Buffer.from('two').toString('base64'), ContentDocumentId: first.ContentDocumentId });
  const versions = await conn.sobject('ContentVersion').find({ ContentDocumentId: first.ContentDocumentId }, ['VersionNumber', 'IsLatest']).sort('VersionNumber');
  out.versions = versions.map((v) => [v.VersionNumber, v.IsLatest]);
  const links = await conn.query("SELECT LinkedEntityId, ContentDocument.LatestPublishedVersion.PathOnClient FROM ContentDocumentLink WHERE ContentDocumentId = '" + first.ContentDocumentId + "'");
  out.links = links.records.map((l) => [l.LinkedEntityId === opportunity, l.ContentDocument.LatestPublishedVersion.PathOnClient]);
  out.made = [made.success, await bytes(conn.sobject('ContentVersion').record(made.id).blob('VersionData'))];
  const updated = await conn.sobject('Opportunity').update({ Id: opportunity, Loss_Risk__c: 'Low' });
  out.updated = [updated.success, (await conn.sobject('Opportunity').retrieve(opportunity)).Loss_Risk__c];
  const note = await conn.sobject('ContentNote').create({ Title: 'Note', Content: Buffer.from('<p>Hi</p>').toString('base64') });
  out.note = note.success;
  out.refused = [];
  for (const write of [
    () => conn.sobject('Opportunity').update({ Id: opportunity, Nope__c: 'x' }),
    () => conn.sobject('Opportunity').update({ Id: opportunity, SystemModstamp: '2026-01-01T00:00:00Z' }),
    () => conn.sobject('ContentDocumentLink').create({ ContentDocumentId: first.ContentDocumentId, LinkedEntityId: opportunity, ShareType: 'V' }),
  ]) {
    try {
      await write();
      out.refused.push('no error');
    } catch (e) {
      out.refused.push(e.errorCode || e.name);
    }
  }

  // A task, which is closed by its status, and goes to the recycle bin.
  const task = await conn.sobject('Task').create({ WhatId: opportunity, Subject: 'Live', ActivityDate: '2026-07-08', Description: 'By July.' });
  const tasks = async () => (await conn.query("SELECT Subject, ActivityDate, IsClosed, CompletedDateTime, Owner.Email FROM Task WHERE WhatId = '" + opportunity + "' AND IsDeleted = false")).records;
  out.task = [task.success, (await tasks()).map((r) => [r.Subject, r.ActivityDate, r.IsClosed, r.CompletedDateTime])];
  await conn.sobject('Task').update({ Id: task.id, Status: 'Completed' });
  out.closed = (await tasks()).map((r) => [r.IsClosed, r.CompletedDateTime !== null]);
  await conn.sobject('Task').destroy(task.id);
  out.binned = [(await tasks()).length, (await conn.query("SELECT IsDeleted FROM Task WHERE Id = '" + task.id + "'", { scanAll: true })).records.map((r) => r.IsDeleted)];
  for (const write of [
    () => conn.sobject('Task').update({ Id: task.id, Subject: 'x' }),
    () => conn.sobject('Task').create({ WhatId: '006000000000999AAA', Subject: 'x' }),
    () => conn.sobject('Task').create({ WhatId: opportunity, Subject: 'x', IsClosed: true }),
  ]) {
    try {
      await write();
      out.refused.push('no error');
    } catch (e) {
      out.refused.push(e.errorCode || e.name);
    }
  }
  out.describedTask = (await conn.sobject('Task').describe()).fields.filter((f) => ['Subject', 'IsClosed', 'ActivityDate'].includes(f.name)).map((f) => [f.name, f.type, f.updateable]);

  const usage = conn.limitInfo && conn.limitInfo.apiUsage;
  out.usage = usage ? usage.used > 0 && usage.limit : null;

  const stale = new jsforce.Connection({ instanceUrl: conn.instanceUrl, accessToken: 'stale', version: '68.0' });
  try {
    await stale.query('SELECT Id FROM Opportunity');
  } catch (e) {
    out.stale = e.errorCode || e.name;
  }
  console.log(JSON.stringify(out));
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
