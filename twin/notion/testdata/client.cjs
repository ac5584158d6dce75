// Drives the stand-in with the vendor's own client:
// node client.cjs MODULES ADDRESS TOKEN DATA_SOURCE PAGE UNSHARED
const [modules, baseUrl, auth, source, page, unshared] = process.argv.slice(2);
const { Client, isFullPage, isFullBlock, collectPaginatedAPI, APIErrorCode } = require(modules + "/@notionhq/client");

const text = (content, url) => [{ type: "text", text: { content, link: url ? { url } : null } }];
const code = (promise) => promise.then(() => "", (e) => e.code);

(async () => {
  const notion = new Client({ auth, baseUrl, notionVersion: "2026-03-11", retry: false });
  const out = {};
  out.me = (await notion.users.me({})).type;
  const columns = (await notion.dataSources.retrieve({ data_source_id: source })).properties;
  out.columns = Object.keys(columns).sort();
  const made = await notion.pages.create({
    parent: { type: "data_source_id", data_source_id: source },
    properties: { Name: { title: text("A page") }, "External ID": { rich_text: text("key-1") } },
    children: [{ type: "paragraph", paragraph: { rich_text: text("First", "https://example.com/") } }],
  });
  out.full = isFullPage(made);
  const found = await notion.dataSources.query({
    data_source_id: source, page_size: 2, filter: { property: "External ID", rich_text: { equals: "key-1" } },
  });
  out.found = found.results.map((p) => p.id === made.id);
  const many = Array.from({ length: 100 }, (_, i) => ({
    type: "toggle", toggle: { rich_text: text("Toggle " + i), children: [{ type: "quote", quote: { rich_text: text("Quote " + i) } }] },
  }));
  const first = (await notion.blocks.children.list({ block_id: made.id })).results[0];
  await notion.blocks.children.append({ block_id: made.id, children: many, position: { type: "after_block", after_block: { id: first.id } } });
  await notion.blocks.children.append({ block_id: made.id, children: [many[0]], position: { type: "start" } });
  const all = await collectPaginatedAPI(notion.blocks.children.list, { block_id: made.id, page_size: 40 });
  out.blocks = all.length;
  out.allFull = all.every(isFullBlock);
  out.order = [all[0].toggle.rich_text[0].plain_text, all[1].paragraph.rich_text[0].href, all[101].toggle.rich_text[0].plain_text];
  out.below = (await notion.blocks.children.list({ block_id: all[0].id })).results[0].quote.rich_text[0].plain_text;
  await notion.blocks.update({ block_id: first.id, paragraph: { rich_text: text("Changed") } });
  out.changed = (await notion.blocks.retrieve({ block_id: first.id })).paragraph.rich_text[0].plain_text;
  await notion.blocks.delete({ block_id: all[0].id });
  out.left = (await collectPaginatedAPI(notion.blocks.children.list, { block_id: made.id })).length;
  out.comments = (await notion.comments.list({ block_id: first.id })).results.length;
  await notion.pages.update({ page_id: made.id, in_trash: true });
  out.trashed = (await notion.dataSources.query({ data_source_id: source })).results.length;
  out.read = (await notion.pages.retrieve({ page_id: page.replaceAll("-", "") })).properties.title.title[0].plain_text;
  out.codes = [
    await code(notion.pages.retrieve({ page_id: unshared })),
    await code(notion.blocks.children.append({ block_id: page, children: [...many, many[0]] })),
    await code(notion.blocks.children.append({ block_id: page, children: [{ type: "paragraph", paragraph: { rich_text: text("x".repeat(2001)) } }] })),
    await code(new Client({ auth: "other", baseUrl, notionVersion: "2026-03-11" }).users.me({})),
  ];
  console.log(JSON.stringify(out));
})().catch((e) => { console.error(e); process.exit(1); });
