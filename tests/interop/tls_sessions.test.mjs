// Sessions over TLS, said by hand: RawSocket in each serializer, batches,
// tickets, certificates, cookies, pages' origins, a bridge that wants TLS, and
// connections that are cut.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { build, freePort, tempDir, until } from '../lib/demo.mjs';
import { BatchedPeer } from './batched.mjs';
import { Authority } from './certificates.mjs';
import { allRoles, ANY, Peer, serializers, upgrade } from './raw.mjs';

const dir = tempDir();
const SECRET = 'over TLS only';
const NAMES = ['json', 'msgpack', 'cbor'];
let authority;
let kim;
let router;
let port;

const everything = [{ uri: '', match: 'prefix', allow: { call: true,
  register: true, publish: true, subscribe: true } }];
const role = (name) => ({ name, permissions: everything });

const config = () => ({
  version: 2,
  realms: [{ name: 'realm1', roles: [role('anonymous'), role('member')] }],
  transports: [{ type: 'web',
    endpoint: { type: 'tcp', interface: '127.0.0.1', port,
      tls: { certificate: 'server.pem', key: 'server.key',
        ca_certificates: ['authority.pem'] } },
    paths: {
      ws: { type: 'websocket', auth: {
        anonymous: { type: 'static', role: 'anonymous' },
        ticket: { type: 'static', principals: {
          tina: { ticket: SECRET, role: 'member' } } },
        tls: { type: 'static', principals: {
          kim: { 'certificate-sha1': kim.sha1, role: 'member' } } },
        cookie: {} } },
      call: { type: 'caller', realm: 'realm1', role: 'member',
        options: { require_tls: true } },
    } }],
});

before(async () => {
  authority = new Authority(dir, 'authority');
  authority.issue('server', 'router', 'DNS:localhost,IP:127.0.0.1');
  kim = authority.issue('kim', 'kim');
  port = await freePort();
  const file = path.join(dir, 'config.json');
  fs.writeFileSync(file, JSON.stringify(config()));
  router = spawn(path.join(build, 'router'), ['--config', file],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  router.stderr.on('data', (data) => { log += data; });
  await until('the router', () => log.includes('listening on wss://'));
});

after(async () => {
  const ended = new Promise((resolve) => router.on('close', resolve));
  router.kill('SIGTERM');
  assert.equal(await ended, 0);
  fs.rmSync(dir, { recursive: true });
});

const secure = (own = {}) => ({ port, secure: { ca: authority.pem,
  cert: own.cert, key: own.key } });
const connect = (way, serializer, own) =>
  Peer.connect({ ...secure(own), way, serializer });

for (const serializer of NAMES) {
  test(`RawSocket over TLS, ${serializer}`, async () => {
    const callee = await (await connect('raw', serializer)).join();
    const caller = await (await connect('ws', 'json')).join();
    await callee.register(`t.rss.${serializer}`);
    const long = 'x'.repeat(100000); // of several records
    for (const value of ['', 'ü', long]) {
      const call = caller.ask(48, {}, `t.rss.${serializer}`, [value]);
      const [, id] = await callee.hears([68, ANY, ANY, {}, [value]]);
      callee.send([70, id, {}, [value]]);
      await caller.hears([50, call, {}, [value]]);
    }
    callee.close();
    caller.close();
  });

  test(`batches over TLS, ${serializer}`, async () => {
    const peer = await (await BatchedPeer.open(serializer, secure())).join();
    peer.sendAll(Array.from({ length: 50 }, (_, i) =>
      [32, i + 1, {}, `t.topic${i}`]));
    for (let i = 1; i <= 50; i++) await peer.hears([33, i, ANY]);
    assert.deepEqual(peer.sizes.slice(1), [50]);
    peer.close();
  });
}

const byTicket = (peer) => peer.send([1, 'realm1', { roles: allRoles,
  authmethods: ['ticket'], authid: 'tina' }]);

for (const way of ['ws', 'raw']) {
  test(`a ticket over TLS, ${way}`, async () => {
    const peer = await connect(way, 'msgpack');
    byTicket(peer);
    await peer.hears([4, 'ticket', {}]);
    peer.send([5, SECRET, {}]);
    await peer.hears([2, ANY, { authid: 'tina', authrole: 'member',
      authmethod: 'ticket' }]);
    peer.close();
    const wrong = await connect(way, 'msgpack');
    byTicket(wrong);
    await wrong.hears([4, 'ticket', {}]);
    wrong.send([5, `${SECRET}!`, {}]);
    await wrong.hears([3, ANY, 'wamp.error.authentication_denied']);
    await wrong.ends();
  });

  test(`a certificate is somebody, ${way}`, async () => {
    const hello = [1, 'realm1', { roles: allRoles, authmethods: ['tls'] }];
    const peer = await connect(way, 'cbor', kim);
    peer.send(hello);
    await peer.hears([2, ANY, { authid: 'kim', authmethod: 'tls' }]);
    peer.close();
    const nobody = await connect(way, 'cbor');
    nobody.send(hello);
    await nobody.hears([3, ANY, 'wamp.error.no_matching_auth_method']);
    await nobody.ends();
  });
}

// A session ends with its connection, whether TLS was ended before or not.
const ends = {
  'without an end of TLS': (_, socket) => socket.end(),
  'by a reset': (_, socket) => socket.resetAndDestroy(),
  'properly': (peer) => peer.socket.end(),
};
for (const [how, end] of Object.entries(ends)) {
  test(`a connection that ends ${how} is a session that left`, async () => {
    const watcher = await (await connect('ws', 'json')).join();
    await watcher.subscribe('wamp.session.on_leave');
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const peer = new Peer(tls.connect({ socket, ca: authority.pem,
      servername: 'localhost' }), 'raw', serializers.json);
    peer.write(Buffer.of(0x7f, 0xf1, 0, 0));
    await peer.handshake();
    await peer.join();
    end(peer, socket);
    await watcher.hears([36, ANY, ANY, {}, [peer.welcome[1], ANY, ANY], ANY]);
    await watcher.hearsNothing();
    socket.destroy();
    watcher.close();
  });
}

/** The bridge's status for this call, by https; `signal` gives it up. */
const call = (body, signal) => new Promise((resolve, reject) => {
  https.request({ port, host: '127.0.0.1', servername: 'localhost',
    path: '/call', method: 'POST', ca: authority.pem, agent: false, signal,
    headers: { 'Content-Type': 'application/json' } },
  (response) => {
    response.resume();
    resolve(response.statusCode);
  }).on('error', reject).end(JSON.stringify(body));
});

test('a bridge that wants TLS has it', async () => {
  assert.equal(await call({ procedure: 'wamp.session.count' }), 200);
});

test('who leaves it has the call canceled', async () => {
  const callee = await (await connect('ws', 'json')).join();
  await callee.register('t.tls.slow');
  const gone = new AbortController();
  const called = assert.rejects(call({ procedure: 't.tls.slow' },
    gone.signal));
  const [, id] = await callee.hears([68, ANY, ANY, {}]);
  gone.abort();
  await callee.hears([69, id, { mode: 'killnowait' }]);
  await called;
  callee.close();
});

/** The head of the answer to a page's WebSocket. */
function knock(origin, more = '') {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1',
      ca: authority.pem, servername: 'localhost' }, () => socket.write(
      upgrade(port, '/ws', 'wamp.2.json', `Origin: ${origin}\r\n${more}`)));
    let head = '';
    socket.on('data', (data) => {
      head += data.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      resolve(head);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('our own pages come by https here', async () => {
  for (const [origin, status] of [[`https://localhost:${port}`, 101],
    [`https://127.0.0.1:${port}`, 101], [`http://localhost:${port}`, 403],
    ['https://localhost', 403], [`wss://localhost:${port}`, 403]])
    assert.match(await knock(origin), new RegExp(`^HTTP/1.1 ${status} `),
      origin);
});

test('a cookie of a TLS connection is for TLS only', async () => {
  assert.match(await knock(`https://localhost:${port}`),
    /\r\nSet-Cookie: cbtid=[0-9a-f]{32};[^\r]*; Secure\r\n/);
});
