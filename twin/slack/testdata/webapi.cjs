// Drives the stand-in with the vendor's own client and prints what it got as
// JSON. Arguments: the directory of the packages, the stand-in's address, a
// channel.
const path = require('node:path');
const [modules, address, channel] = process.argv.slice(2);
const { WebClient } = require(path.join(modules, '@slack/web-api'));

async function main() {
  const web = new WebClient('xoxb-1', { slackApiUrl: address, logLevel: 'error', retryConfig: { retries: 2, minTimeout: 1, maxTimeout: 2 } });
  const out = {};
  const self = await web.auth.test();
  out.self = self.bot_id;
  out.scopes = self.response_metadata.scopes.includes('chat:write');

  const posted = await web.chat.postMessage({
    channel,
    text: 'hello',
    blocks: [{ type: 'section', text: { type: 'plain_text', text: 'hello & <goodbye>' } }],
    metadata: { event_type: 'throughline_handoff', event_payload: { key: 'k', version: 1 } },
    unfurl_links: false,
  });
  out.bot = posted.message.bot_id;
  await web.chat.postMessage({ channel, thread_ts: posted.ts, text: 'a reply' });
  await web.chat.update({ channel, ts: posted.ts, text: 'hello again', blocks: [] });

  out.pages = [];
  for await (const page of web.paginate('conversations.history', { channel, limit: 2, include_all_metadata: true })) {
    out.pages.push(page.messages.map((m) => m.text));
    for (const m of page.messages) if (m.metadata) out.key = m.metadata.event_payload.key;
  }
  const thread = await web.conversations.replies({ channel, ts: posted.ts });
  out.thread = thread.messages.map((m) => m.text);
  out.channels = (await web.conversations.list({ types: 'public_channel,private_channel' })).channels.map((c) => c.name);
  const email = (await web.users.info({ user: (await web.conversations.members({ channel })).members[0] })).user.profile.email;
  const found = await web.users.lookupByEmail({ email });
  const direct = await web.conversations.open({ users: found.user.id });
  out.direct = direct.channel.id.startsWith('D');

  const refused = async (what) => {
    try {
      await what();
      return 'taken';
    } catch (e) {
      return e.data ? e.data.error : e.code;
    }
  };
  out.long = await refused(() => web.chat.postMessage({ channel, text: 'x', blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }] }));
  out.none = await refused(() => web.chat.postMessage({ channel: 'C0NONE0001', text: 'x' }));
  out.stranger = await refused(() => new WebClient('xoxb-2', { slackApiUrl: address, logLevel: 'error' }).auth.test());
  console.log(JSON.stringify(out));
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
