// WAMP by HTTP: the bridges of the types publisher and caller, asked by plain
// fetch, with Autobahn|JS on the other side.
import assert from 'node:assert/strict';
import { createHmac, randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import autobahn from 'autobahn';
import { ANY, Peer } from './raw.mjs';
import { startRouter } from './router.mjs';

const all = { call: true, register: true, publish: true, subscribe: true };
const signed = { key: 'app', secret: 'a secret of some length' };
const at = (type, role, options) => ({ type, realm: 'realm1', role, options });
const config = {
  version: 2,
  realms: [{
    name: 'realm1',
    roles: [
      { name: 'anonymous',
        permissions: [{ uri: '', match: 'prefix', allow: all }] },
      { name: 'bridge', permissions: [{ uri: 'com.open.', match: 'prefix',
        allow: { call: true, publish: true } }] },
    ],
  }],
  transports: [{
    type: 'web',
    endpoint: { type: 'tcp', port: 8080 },
    paths: {
      ws: { type: 'websocket',
        options: { allowed_origins: ['https://friend.example'] } },
      publish: at('publisher', 'bridge'),
      call: at('caller', 'bridge'),
      'signed/publish': at('publisher', 'bridge', signed),
      'signed/call': at('caller', 'bridge', signed),
      'small': at('publisher', 'bridge', { post_body_limit: 100 }),
      'tls': at('publisher', 'bridge', { require_tls: true }),
      'far': at('publisher', 'bridge', { require_ip: ['10.1.0.0/16'] }),
      'near': at('publisher', 'bridge',
        { require_ip: ['10.1.0.0/16', '127.0.0.0/255.0.0.0'] }),
    },
  }],
};

let dir;
let router;
let base;
let connection;
let session;

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'manyhands-bridge-'));
  const file = path.join(dir, 'config.json');
  await writeFile(file, JSON.stringify(config));
  router = await startRouter({ config: file });
  base = router.url.replace('ws:', 'http:').replace('/ws', '');
  connection = new autobahn.Connection({ url: router.url, realm: 'realm1' });
  session = await new Promise((resolve) => {
    connection.onopen = resolve;
    connection.open();
  });
});
after(async () => {
  connection?.close();
  await router?.stop();
  await rm(dir, { recursive: true });
});

const post = (where, body, headers = {}) => fetch(`${base}/${where}`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** The query of a signed request, as crossbarconnect makes it. */
function sign(body, change = {}) {
  const fields = { key: signed.key, timestamp: new Date().toISOString(),
    seq: 1, nonce: randomInt(2 ** 47), ...change };
  const signature = createHmac('sha256', change.secret ?? signed.secret)
    .update(`${fields.key}${fields.timestamp}${fields.seq}${fields.nonce}`)
    .update(body).digest('base64').replaceAll('+', '-').replaceAll('/', '_');
  delete fields.secret;
  return new URLSearchParams({ ...fields, signature });
}

async function refused(response, status, pattern) {
  assert.equal(response.status, status);
  const { error, args, kwargs } = await response.json();
  assert.match(error, pattern);
  assert.deepEqual([args, kwargs], [[], {}]);
}

async function nextEvent(topic, fn) {
  let subscription;
  const event = new Promise((resolve, reject) => {
    session.subscribe(topic, (args, kwargs, details) =>
      resolve({ args, kwargs, details }))
      .then((s) => { subscription = s; return fn(); })
      .then(() => setTimeout(reject, 5000, new Error('no event')).unref(),
        reject);
  });
  const got = await event;
  await session.unsubscribe(subscription);
  return got;
}

test('an event is published, and its publication known', async () => {
  let answer;
  const event = await nextEvent('com.open.topic', async () => {
    const response = await post('publish', { topic: 'com.open.topic',
      args: ['Hello, wörld', 23], kwargs: { a: [1.5, null] } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'),
      'application/json; charset=UTF-8');
    answer = await response.json();
  });
  assert.deepEqual(event.args, ['Hello, wörld', 23]);
  assert.deepEqual(event.kwargs, { a: [1.5, null] });
  assert.deepEqual(answer, { id: event.details.publication });
});

test('options say who hears it', async () => {
  let heard = 0;
  const subscription = await session.subscribe('com.open.some', () => heard++);
  for (const exclude of [[session.id], []]) {
    const response = await post('publish', { topic: 'com.open.some',
      options: { exclude } });
    assert.equal(response.status, 200);
    await response.json();
  }
  await session.call('wamp.session.count'); // whatever was sent has come
  assert.equal(heard, 1);
  const wrong = await post('publish', { topic: 'com.open.some',
    options: { exclude: 'me' } });
  assert.equal((await wrong.json()).error, 'wamp.error.invalid_argument');
  await session.unsubscribe(subscription);
});

test('a call has its result, or its error', async () => {
  const registrations = [
    await session.register('com.open.add', ([a, b]) => a + b),
    await session.register('com.open.both', (args, kwargs) =>
      new autobahn.Result(args, kwargs)),
    await session.register('com.open.bad', () => {
      throw new autobahn.Error('com.open.error', ['why'], { more: 1 });
    }),
  ];
  const call = async (procedure, more) => {
    const response = await post('call', { procedure, ...more });
    assert.equal(response.status, 200);
    return response.json();
  };
  assert.deepEqual(await call('com.open.add', { args: [2, 3] }),
    { args: [5] });
  assert.deepEqual(await call('com.open.both', { args: [1], kwargs: { b: 2 } }),
    { args: [1], kwargs: { b: 2 } });
  assert.deepEqual(await call('com.open.bad'),
    { error: 'com.open.error', args: ['why'], kwargs: { more: 1 } });
  assert.equal((await call('com.open.none')).error,
    'wamp.error.no_such_procedure');
  assert.equal((await call('com.closed.add')).error,
    'wamp.error.not_authorized');
  await Promise.all(registrations.map((r) => session.unregister(r)));
});

test('many calls at a time, and one that takes too long', async () => {
  const waiting = [];
  const slow = await session.register('com.open.slow', ([n]) =>
    new Promise((resolve) => waiting.push(() => resolve(n))));
  const answers = [];
  for (let i = 0; i < 20; i++) {
    answers.push(post('call', { procedure: 'com.open.slow', args: [i] }));
  }
  while (waiting.length < 20) await new Promise((r) => setTimeout(r, 10));
  waiting.reverse().forEach((go) => go());
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(await (await answers[i]).json(), { args: [i] });
  }
  const late = await post('call', { procedure: 'com.open.slow', args: [1],
    options: { timeout: 50 } });
  assert.equal(late.status, 504);
  assert.equal((await late.json()).error, 'wamp.error.timeout');
  await session.unregister(slow);
});

test('who asked and went away has its call canceled', async () => {
  const callee = await (await Peer.connect({ port: router.port })).join();
  await callee.register('com.open.gone');
  const aborted = new AbortController();
  fetch(`${base}/call`, { method: 'POST', signal: aborted.signal,
    body: '{"procedure":"com.open.gone"}',
    headers: { 'Content-Type': 'application/json' } }).catch(() => {});
  const [, invocation] = await callee.hears([68, ANY, ANY, {}]);
  aborted.abort();
  await callee.hears([69, invocation, { mode: 'killnowait' }]);
  callee.send([8, 68, invocation, {}, 'wamp.error.canceled']);
  const response = await post('publish', { topic: 'com.open.topic' });
  assert.equal(response.status, 200);
  callee.close();
});

test('the bridge is a session of its role', async () => {
  const ids = await session.call('wamp.session.list', [['bridge']]);
  const of = await Promise.all(ids.map((id) =>
    session.call('wamp.session.get', [id])));
  assert.deepEqual([...new Set(of.map((s) => s.authid))].sort(),
    ['caller', 'publisher']);
  // Thrown out, it is back at its next use.
  await session.call('wamp.session.kill_by_authid', ['publisher']);
  const response = await post('publish', { topic: 'com.open.topic' });
  assert.equal(response.status, 200);
});

test('a signed request is heard once', async () => {
  const body = JSON.stringify({ topic: 'com.open.topic', args: ['ü'] });
  const query = sign(body);
  const event = await nextEvent('com.open.topic', async () => {
    assert.equal((await post(`signed/publish?${query}`, body)).status, 200);
  });
  assert.deepEqual(event.args, ['ü']);
  await refused(await post(`signed/publish?${query}`, body), 401, /before/);
  const again = await post(`signed/publish?${sign(body)}`, body);
  assert.equal(again.status, 200);
});

test('a wrong signature is not', async () => {
  const body = JSON.stringify({ procedure: 'wamp.session.count' });
  const ask = (query, more = '') => post(`signed/call?${query}`, body + more);
  await refused(await ask(sign(body, { secret: 'another' })), 401, /wrong/);
  await refused(await ask(sign(body), ' '), 401, /wrong/);
  await refused(await ask(sign(body, { key: 'who' })), 401, /unknown key/);
  await refused(await ask(''), 400, /no key/);
  for (const field of ['key', 'timestamp', 'seq', 'nonce', 'signature']) {
    const query = sign(body);
    query.delete(field);
    await refused(await ask(query), 400, new RegExp(`no ${field}`));
  }
  await refused(await ask(sign(body, { seq: 'x' })), 400, /seq/);
  await refused(await ask(sign(body, { nonce: '' })), 400, /nonce/);
  await refused(await ask(sign(body, { timestamp: 'now' })), 400, /timestamp/);
  for (const off of [-301e3, 301e3]) {
    const timestamp = new Date(Date.now() + off).toISOString();
    await refused(await ask(sign(body, { timestamp })), 400, /clock/);
  }
});

test('mistakes are told', async () => {
  await refused(await fetch(`${base}/publish`), 405, /POST/);
  await refused(await post('publish', '{"topic":'), 400, /JSON/);
  await refused(await post('publish', ''), 400, /JSON/);
  await refused(await post('publish', '[]'), 400, /object/);
  await refused(await post('publish', {}), 400, /topic: is missing/);
  await refused(await post('call', { topic: 'a' }), 400, /procedure/);
  await refused(await post('publish', { topic: 1 }), 400, /topic/);
  await refused(await post('publish', { topic: 'a\0b' }), 400, /topic/);
  await refused(await post('publish', { topic: 'a', args: {} }), 400, /args/);
  await refused(await post('publish', { topic: 'a', kwargs: [] }), 400,
    /kwargs/);
  await refused(await post('publish', { topic: 'a' },
    { 'Content-Type': 'text/plain' }), 400, /application\/json/);
  await refused(await post('publish', { topic: 'a' },
    { 'Content-Type': 'application/json; charset=latin1' }), 400, /utf-8/);
  await refused(await post('tls', { topic: 'a' }), 400, /TLS/);
  await refused(await post('far', { topic: 'a' }), 400, /address/);
  assert.equal((await post('near', { topic: 'com.open.a' })).status, 200);
  const topic = `com.open.${'x'.repeat(100)}`;
  assert.equal((await post('small', { topic })).status, 413);
  assert.equal((await post('publish', { topic })).status, 200);
  assert.equal((await post('elsewhere', { topic })).status, 405);
  const invalid = await post('publish', { topic: 'com.open. x' });
  assert.equal((await invalid.json()).error, 'wamp.error.invalid_uri');
});

test('only pages that may connect may ask', async () => {
  const friend = { Origin: 'https://friend.example' };
  await refused(await post('publish', { topic: 'com.open.a' },
    { Origin: 'https://evil.example' }), 403, /origin/);
  const response = await post('publish', { topic: 'com.open.a' }, friend);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('access-control-allow-origin'),
    friend.Origin);
  const asked = await fetch(`${base}/publish`, { method: 'OPTIONS',
    headers: { ...friend, 'Access-Control-Request-Headers': 'content-type',
      'Access-Control-Request-Method': 'POST' } });
  assert.equal(asked.status, 200);
  assert.equal(asked.headers.get('access-control-allow-headers'),
    'content-type');
  assert.match(asked.headers.get('access-control-allow-methods'), /POST/);
});
