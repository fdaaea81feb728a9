// Features of sessions: how they end and begin again, and the meta API; told
// as those in rpc.mjs are.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tempDir, until } from '../../lib/demo.mjs';
import { Authority } from '../certificates.mjs';
import { startRouter } from '../router.mjs';
import { fails, gate } from './peer.mjs';

/** The first result of a meta procedure. */
const asks = (peer) => async (procedure, ...args) =>
  (await peer.call(`wamp.${procedure}`, args).answer).args[0];

async function listen(peer, ...names) {
  const heard = [];
  for (const name of names)
    await peer.subscribe(`wamp.${name}`, ({ args }) =>
      heard.push([name.split('.')[1], ...args]));
  return heard;
}

async function sessionMeta({ a, b, join }) {
  const ask = asks(b);
  const heard = await listen(a, 'session.on_join', 'session.on_leave');
  assert.ok(await ask('session.count') >= 2);
  const ids = await ask('session.list');
  assert.ok(ids.includes(a.id) && ids.includes(b.id));
  const seconds = await ask('session.list', ['two']);
  assert.ok(seconds.includes(b.id) && !seconds.includes(a.id));
  const { session, authid, authrole, authmethod } =
    await ask('session.get', a.id);
  assert.deepEqual({ session, authid, authrole, authmethod },
    { session: a.id, authid: 'ada', authrole: 'one', authmethod: 'ticket' });
  const c = await join('cyd');
  const { id } = c;
  await c.leave();
  await until('the events', () => heard.length === 2);
  assert.equal(heard[0][1].session, id);
  assert.equal(heard[0][1].authid, 'cyd');
  assert.deepEqual(heard[1], ['on_leave', id, 'cyd', 'three']);
  await fails(ask('session.get', id), 'wamp.error.no_such_session');
}

async function registrationMeta({ a, b, uri }) {
  const ask = asks(b);
  const heard = await listen(b, 'registration.on_create',
    'registration.on_register', 'registration.on_unregister',
    'registration.on_delete');
  const { id, end } = await a.register(uri, () => {}, { match: 'prefix' });
  assert.equal(await ask('registration.lookup', uri, { match: 'prefix' }), id);
  assert.equal(await ask('registration.match', `${uri}.x`), id);
  assert.deepEqual((await ask('registration.list')).prefix, [id]);
  const { uri: of, match, invoke } = await ask('registration.get', id);
  assert.deepEqual([of, match, invoke], [uri, 'prefix', 'single']);
  assert.deepEqual(await ask('registration.list_callees', id), [a.id]);
  assert.equal(await ask('registration.count_callees', id), 1);
  await end();
  await until('the events', () => heard.length === 4);
  assert.deepEqual(heard.map(([name, session, what]) =>
    [name, session, what.id ?? what]), ['on_create', 'on_register',
    'on_unregister', 'on_delete'].map((name) => [name, a.id, id]));
}

async function subscriptionMeta({ a, b, uri }) {
  const ask = asks(b);
  const heard = await listen(b, 'subscription.on_create',
    'subscription.on_subscribe', 'subscription.on_unsubscribe',
    'subscription.on_delete');
  const { id, end } = await a.subscribe(uri, () => {});
  assert.equal(await ask('subscription.lookup', uri), id);
  assert.deepEqual(await ask('subscription.match', uri), [id]);
  assert.ok((await ask('subscription.list')).exact.includes(id));
  assert.equal((await ask('subscription.get', id)).uri, uri);
  assert.deepEqual(await ask('subscription.list_subscribers', id), [a.id]);
  assert.equal(await ask('subscription.count_subscribers', id), 1);
  await end();
  const mine = () => heard.filter(([, session]) => session === a.id);
  await until('the events', () => mine().length === 4);
  assert.deepEqual(mine().map(([name, , what]) => [name, what.id ?? what]),
    ['on_create', 'on_subscribe', 'on_unsubscribe', 'on_delete']
      .map((name) => [name, id]));
}

/* --- how a session ends --------------------------------------------------- */

async function goodbye({ a }) {
  const { how, reason } = await a.leave();
  assert.deepEqual([how, reason], ['closed', 'wamp.close.goodbye_and_out']);
}

async function killed({ a, b }) {
  await b.call('wamp.session.kill', [a.id],
    { reason: 't.reason.odd', message: 'out' }).answer;
  assert.equal((await a.closed).reason, 't.reason.odd');
  assert.ok((await b.call('wamp.session.count').answer).args[0] >= 1);
}

const unknownRealm = ({ join }) => fails(join('ada', { realm: 'nowhere' }),
  'wamp.error.no_such_realm');

/** With a router of the test's own, that may end. */
const ownRouter = (scenario) => async (context) => {
  const { client, way, file } = context;
  const started = [];
  const start = async (options) => {
    started.push(await startRouter({ config: file, ...options }));
    return started.at(-1);
  };
  const peers = [];
  const joins = async (router, user, options = {}) => {
    const peer = await client.join(router, way, { user, ...options });
    peers.push(peer);
    return peer;
  };
  try {
    await scenario({ ...context, start, joins });
  } finally {
    for (const peer of peers) peer.drop();
    for (const router of started) await router.stop();
  }
};

async function shutdown({ start, joins }) {
  const router = await start();
  const a = await joins(router, 'ada');
  assert.equal(await router.stop(), 0);
  assert.equal((await a.closed).reason, 'wamp.close.system_shutdown');
}

/** It believes the authority that it is told of, and nobody else's. */
async function overTls({ start, joins }) {
  const dir = tempDir();
  try {
    const authority = new Authority(dir, 'authority');
    const { certificate, keyFile } = authority.issue('server', 'router',
      'IP:127.0.0.1');
    const router = await start({ tls: true,
      more: ['--cert', certificate, '--key', keyFile] });
    await assert.rejects(joins(router, 'ada'));
    router.ca = authority.pem;
    const a = await joins(router, 'ada');
    const b = await joins(router, 'bob');
    await a.register('t.tls', ({ args: [text] }) => ({ args: [text.length] }));
    assert.deepEqual((await b.call('t.tls', ['x'.repeat(100000)]).answer).args,
      [100000]);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/* --- and begins again ----------------------------------------------------- */

async function serve(peer, got) {
  await peer.register('t.again', ({ args }) => ({ args }));
  await peer.subscribe('t.again', ({ args: [value] }) => got.push(value));
}

async function isServed(b, got) {
  const ask = asks(b);
  await until('what it serves', async () =>
    await ask('registration.lookup', 't.again') &&
    await ask('subscription.lookup', 't.again'));
  assert.deepEqual((await b.call('t.again', [7]).answer).args, [7]);
  await b.publish('t.again', ['event']);
  await until('the event', () => got.length);
  assert.deepEqual(got, ['event']);
}

/** The client keeps counting its requests, the router wants them from 1. */
async function isRefused(a) {
  const abort = await until('the ABORT', () => a.heard.find(([type]) =>
    type === 3));
  assert.equal(abort[2], 'wamp.error.protocol_violation');
  const hello = a.sent.findLastIndex(([type], i) => type === 1 &&
    a.sent[i + 2]?.[1]);
  const [type, request] = a.sent[hello + 2]; // behind its AUTHENTICATE
  assert.ok([32, 64].includes(type) && request > 1, `${type}, ${request}`);
}

async function reconnect({ start, joins, client }) {
  const router = await start();
  const [got, back] = [[], gate()];
  const a = await joins(router, 'ada', { again: back.open });
  const before = a.id;
  await serve(a, got);
  await router.kill();
  a.nudge?.();
  const second = await start({ port: router.port });
  await back.passed;
  if (client.countsOn) {
    await isRefused(a);
    return;
  }
  assert.notEqual(a.id, before);
  await serve(a, got);
  await isServed(await joins(second, 'bob'), got);
}

async function reopen({ start, joins }) {
  const router = await start();
  const got = [];
  const a = await joins(router, 'ada');
  await serve(a, got);
  await router.kill();
  a.nudge?.();
  await a.closed;
  const second = await start({ port: router.port });
  await a.reopen();
  await serve(a, got);
  await isServed(await joins(second, 'bob'), got);
}

export const session = [
  ['session meta API', sessionMeta],
  ['registration meta API', registrationMeta],
  ['subscription meta API', subscriptionMeta],
  ['goodbye', goodbye],
  ['killed by the meta API', killed],
  ['an unknown realm', unknownRealm],
  ['the router shuts down', ownRouter(shutdown)],
  ['over TLS', ownRouter(overTls), (way) => !/RawSocket/.test(way)],
  ['reconnect, by itself', ownRouter(reconnect)],
  ['reconnect, by the application', ownRouter(reopen)],
];
