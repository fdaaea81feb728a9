// What the router answers to plain HTTP besides pages.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../lib/demo.mjs';
import { Peer } from './raw.mjs';
import { startRouter } from './router.mjs';

let router;
let base;

before(async () => {
  router = await startRouter();
  base = router.url.replace('ws:', 'http:').replace('/ws', '');
});
after(() => router.stop());

test('/health says how it is', async () => {
  const response = await fetch(`${base}/health`);
  assert.equal(response.status, 200);
  const health = await response.json();
  assert.equal(health.status, 'ok');
  assert.equal(health.sessions, 0);
  assert.ok(Number.isInteger(health.uptime));
});

test('/metrics is what Prometheus reads', async () => {
  const response = await fetch(`${base}/metrics`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'),
    'text/plain; version=0.0.4; charset=utf-8');
  const families = new Set();
  for (const line of (await response.text()).split('\n').slice(0, -1)) {
    const type = /^# TYPE (\w+) (counter|gauge)$/.exec(line);
    if (type) {
      assert.ok(!families.has(type[1]), `${type[1]} comes twice`);
      families.add(type[1]);
    } else if (!line.startsWith('# HELP ')) {
      const sample = /^(\w+)(\{.*\})? [0-9.e+]+$/.exec(line);
      assert.ok(sample && families.has(sample[1]), line);
    }
  }
  assert.ok(families.has('manyhands_sessions'));
});

test('a proxy on this machine does not make its clients local', async () => {
  for (const headers of [[['X-Forwarded-For', '10.1.2.3']],
    [['X-Forwarded-For', '10.1.2.3'], ['X-Forwarded-For', '10.1.2.4']],
    [['Forwarded', 'for=10.1.2.3']], [['X-Real-IP', '10.1.2.3']]]) {
    for (const path of ['health', 'metrics']) {
      const response = await fetch(`${base}/${path}`, { headers });
      assert.equal(response.status, 403, JSON.stringify(headers));
    }
  }
});

// --- what the configuration puts there ---------------------------------------

/** The status with which a WebSocket of this page's origin is answered. */
async function knock(port, where, origin) {
  const request = http.request({ port, path: where, headers: {
    Connection: 'Upgrade', Upgrade: 'websocket',
    'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Protocol': 'wamp.2.json',
    'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
    Origin: origin } });
  request.end();
  const status = await new Promise((resolve, reject) => {
    request.on('response', (response) => resolve(response.statusCode));
    request.on('upgrade', () => resolve(101));
    request.on('error', reject);
  });
  request.destroy();
  return status;
}

describe('a configured router', () => {
  let dir, configured, universal, socket, at;

  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'manyhands-web-'));
    universal = await freePort();
    socket = path.join(dir, 'router.sock');
    const permissions = [{ uri: '', match: 'prefix', allow: { call: true,
      register: true, publish: true, subscribe: true } }];
    const file = path.join(dir, 'config.json');
    await writeFile(path.join(dir, 'index.html'), '<p>a page</p>');
    await writeFile(file, JSON.stringify({
      version: 2,
      realms: [{ name: 'realm1',
        roles: [{ name: 'anonymous', permissions }] }],
      transports: [
        { type: 'web', endpoint: { type: 'tcp', port: 0 }, paths: {
          '/': { type: 'static', directory: '.' },
          ws: { type: 'websocket', options: { allowed_origins: [
            'https://friend.example', 'http://*.many.example'] } },
          old: { type: 'redirect', url: '/elsewhere?a=1' },
          data: { type: 'json', value: { a: [1, 'ü'] } },
          info: { type: 'nodeinfo' },
          deep: { type: 'path', paths: { er: { type: 'json', value: 7 } } },
        } },
        { type: 'universal',
          endpoint: { type: 'tcp', interface: '127.0.0.1', port: universal },
          rawsocket: { serializers: ['cbor'] },
          websocket: { socket: { type: 'websocket',
            serializers: ['json', 'cbor'] } },
          web: { paths: { 'who': { type: 'nodeinfo' } } } },
        { type: 'rawsocket', endpoint: { type: 'unix', path: 'router.sock' } },
      ],
    }));
    configured = await startRouter({ config: file,
      more: ['--public-url', 'https://hands.example/join/'] });
    at = `http://127.0.0.1:${configured.port}`;
  });
  after(async () => {
    assert.equal(await configured?.stop(), 0);
    await rm(dir, { recursive: true });
  });

  test('a redirect', async () => {
    const response = await fetch(`${at}/old`, { redirect: 'manual' });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), '/elsewhere?a=1');
  });

  test('JSON, also below another path', async () => {
    const response = await fetch(`${at}/data`);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.deepEqual(await response.json(), { a: [1, 'ü'] });
    assert.equal(await (await fetch(`${at}/deep/er`)).json(), 7);
    assert.equal((await fetch(`${at}/deep`)).status, 404);
  });

  test('pages, and what runs there', async () => {
    assert.equal(await (await fetch(at)).text(), '<p>a page</p>');
    assert.match(await (await fetch(`${at}/info`)).text(), /manyhands/);
    assert.equal((await fetch(`${at}/info`, { method: 'POST' })).status, 405);
  });

  test('--public-url is what is shown, and its pages may connect', async () => {
    assert.deepEqual(await (await fetch(`${at}/join.json`)).json(),
      { url: 'https://hands.example/join/' });
    const { port } = configured;
    for (const [origin, status] of [['https://hands.example', 101],
      ['http://hands.example', 403], ['https://friend.example', 101],
      ['http://a.many.example', 101], ['http://many.example', 403],
      ['https://a.many.example', 403], ['null', 403],
      [`http://127.0.0.1:${port}`, 101]])
      assert.equal(await knock(port, '/ws', origin), status, origin);
  });

  test('one endpoint for all', async () => {
    const a = await (await Peer.connect({ port: universal, way: 'raw',
      serializer: 'cbor' })).join();
    const b = await (await Peer.connect({ port: universal, path: '/socket',
      serializer: 'json' })).join();
    await a.register('com.universal');
    const call = b.ask(48, {}, 'com.universal', [1]);
    const invocation = await a.hears([68, Number.isInteger, Number.isInteger,
      {}, [1]]);
    a.send([70, invocation[1], {}, [2]]);
    await b.hears([50, call, {}, [2]]);
    a.close();
    b.close();
    const who = await fetch(`http://127.0.0.1:${universal}/who`);
    assert.match(await who.text(), /manyhands/);
    // What it is not configured for is not spoken.
    await assert.rejects(Peer.connect({ port: universal, way: 'raw',
      serializer: 'msgpack' }).then((peer) => peer.join()));
    assert.equal(await knock(universal, '/ws',
      `http://127.0.0.1:${universal}`), 404);
  });

  test('a unix socket', async () => {
    const a = await (await Peer.connect({ file: socket, way: 'raw',
      serializer: 'msgpack' })).join();
    const b = await (await Peer.connect({ port: configured.port })).join();
    await b.subscribe('com.unix');
    a.ask(16, {}, 'com.unix', ['over a file']);
    await b.hears([36, Number.isInteger, Number.isInteger, {},
      ['over a file']]);
    a.close();
    b.close();
  });
});
