// Drives the stand-in with the client that the vendor wrote for the real service, and
// prints what it got as JSON. Arguments: the directory of the packages, the stand-in's
// address, a deal.
const path = require('node:path');
const [modules, basePath, deal] = process.argv.slice(2);
const { Client } = require(path.join(modules, '@hubspot/api-client'));
const hubspot = new Client({ accessToken: 'pat-1', basePath });

async function main() {
  const out = {};
  const deals = hubspot.crm.deals;

  const got = await deals.basicApi.getById(deal, ['dealname', 'nothing_in_it'], ['dealstage'], ['contacts', 'notes']);
  out.name = got.properties.dealname;
  out.empty = got.properties.nothing_in_it;
  out.stages = got.propertiesWithHistory.dealstage.map((h) => h.value);
  out.contacts = got.associations.contacts.results.length;
  out.updated = got.updatedAt instanceof Date;

  const search = (after) => deals.searchApi.doSearch({
    filterGroups: [{ filters: [
      { propertyName: 'hs_is_closed_won', operator: 'EQ', value: 'true' },
      { propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: '0' },
    ] }],
    sorts: ['hs_object_id'], properties: ['dealname'], limit: 2, after,
  });
  const first = await search(0);
  const second = await search(first.paging.next.after);
  out.total = first.total;
  out.found = [...first.results, ...second.results].map((r) => r.properties.dealname);

  const batch = await deals.batchApi.read({ inputs: [{ id: deal }, { id: '404' }], properties: ['dealname'], propertiesWithHistory: [] });
  out.batch = [batch.results.length, batch.numErrors];

  const tied = await hubspot.crm.associations.v4.batchApi.getPage('deals', 'contacts', { inputs: [{ id: deal }] });
  out.labels = tied.results[0].to.map((t) => t.associationTypes.map((a) => a.label ?? ''));
  const list = await hubspot.crm.associations.v4.basicApi.getPage('deals', deal, 'contacts', undefined, 1);
  out.list = [list.results.length, list.paging !== undefined];

  const properties = await hubspot.crm.properties.coreApi.getAll('deals');
  out.label = properties.results.find((p) => p.name === 'loss_risk').label;
  const pipelines = await hubspot.crm.pipelines.pipelinesApi.getAll('deals');
  out.won = pipelines.results[0].stages.filter((s) => s.metadata.isClosed === 'true' && s.metadata.probability === '1.0').map((s) => s.id);
  const owners = await hubspot.crm.owners.ownersApi.getPage('ann@vendor.example');
  out.owners = owners.results.map((o) => o.firstName);

  const made = await hubspot.crm.objects.notes.basicApi.create({
    properties: { hs_timestamp: '2026-06-01T09:00:00Z', hs_note_body: '<p>Plän</p>' },
    associations: [{ to: { id: deal }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 214 }] }],
  });
  await hubspot.crm.objects.notes.basicApi.update(made.id, { properties: { hs_note_body: '<p>Plan</p>' } });
  out.note = (await hubspot.crm.objects.notes.basicApi.getById(made.id, ['hs_note_body'], undefined, ['deals'])).properties.hs_note_body;
  const tasks = await hubspot.crm.objects.tasks.batchApi.create({ inputs: [{
    properties: { hs_timestamp: '2026-07-01T09:00:00Z', hs_task_subject: 'Do', hs_task_status: 'NOT_STARTED' },
    associations: [{ to: { id: deal }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 216 }] }],
  }] });
  out.tasks = tasks.results.length;
  await hubspot.crm.objects.notes.basicApi.archive(made.id);

  out.refused = [];
  for (const call of [
    () => hubspot.crm.objects.notes.basicApi.getById(made.id),
    () => hubspot.crm.objects.notes.basicApi.create({ properties: { hs_note_body: 'no time' } }),
    () => deals.basicApi.update(deal, { properties: { no_such: '1' } }),
    () => deals.searchApi.doSearch({ filterGroups: [], sorts: [], properties: [], limit: 200, after: 9900 }),
    () => hubspot.crm.companies.basicApi.getPage(),
    () => new Client({ accessToken: 'pat-2', basePath }).crm.deals.basicApi.getPage(),
  ]) {
    try {
      await call();
      out.refused.push('taken');
    } catch (e) {
      out.refused.push(`${e.code} ${e.body.category}`);
    }
  }

  const signed = await hubspot.files.filesApi.getSignedUrl(process.argv[5]);
  out.file = [signed.name, signed.extension, await (await fetch(signed.url)).text()];
  console.log(JSON.stringify(out));
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
