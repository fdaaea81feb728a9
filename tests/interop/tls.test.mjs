// TLS with others' clients: pages and sessions, certificates that are swapped
// while it runs, clients' certificates, and who speaks no TLS at all.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import autobahn from 'autobahn';
import { build, freePort, tempDir, until } from '../lib/demo.mjs';
import { Authority } from './certificates.mjs';

const dir = tempDir();
const LOCAL = 'DNS:localhost,IP:127.0.0.1';
const connections = [];
let authority;
let stranger;
let server;
let kim;
let eve;
let port;
let plainPort;
let router;
let log = '';

const everything = [{ uri: '', match: 'prefix', allow: { call: true,
  register: true, publish: true, subscribe: true } }];
const role = (name) => ({ name, permissions: everything });

function config() {
  const who = { anonymous: { type: 'static', role: 'anonymous' },
    tls: { type: 'static', principals: {
      kim: { 'certificate-sha1': kim.sha1, role: 'member' } } } };
  const web = (endpoint) => ({ type: 'web', endpoint, paths: {
    ws: { type: 'websocket', auth: who },
    me: { type: 'json', value: { here: true } } } });
  return { version: 2,
    realms: [{ name: 'realm1', roles: [role('anonymous'), role('member')] }],
    transports: [
      web({ type: 'tcp', interface: '127.0.0.1', port: plainPort }),
      web({ type: 'tcp', interface: '127.0.0.1', port,
        tls: { certificate: 'live.pem', key: 'live.key',
          ca_certificates: ['authority.pem'], dhparam: 'dh.pem' } })] };
}

function install({ certificate, keyFile }) {
  fs.copyFileSync(certificate, path.join(dir, 'live.pem'));
  fs.copyFileSync(keyFile, path.join(dir, 'live.key'));
}

before(async () => {
  authority = new Authority(dir, 'authority');
  stranger = new Authority(dir, 'stranger');
  server = authority.issue('server', 'router', LOCAL);
  kim = authority.issue('kim', 'kim');
  eve = stranger.issue('eve', 'kim');
  port = await freePort();
  plainPort = await freePort();
  install(server);
  fs.writeFileSync(path.join(dir, 'c.json'), JSON.stringify(config()));
  router = spawn(path.join(build, 'router'), ['--config',
    path.join(dir, 'c.json')], { stdio: ['ignore', 'ignore', 'pipe'] });
  router.stderr.on('data', (data) => { log += data; });
  await until('the router', () => log.includes('listening on wss://'));
});

after(async () => {
  for (const connection of connections) {
    try { connection.close(); } catch { /* closed by its test */ }
  }
  const ended = new Promise((resolve) => router.on('close', resolve));
  router.kill('SIGTERM');
  assert.equal(await ended, 0);
  fs.rmSync(dir, { recursive: true });
});

/**
 * @param {object} own a certificate and its key, or neither
 * @param {object} options more of the connection's
 */
function join(own = {}, options = {}, url = `wss://localhost:${port}/ws`) {
  const agent = url.startsWith('wss') ? new https.Agent({ ca: authority.pem,
    cert: own.cert, key: own.key }) : undefined;
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({ realm: 'realm1',
      max_retries: 0, transports: [{ type: 'websocket', url, agent }],
      ...options });
    connections.push(connection);
    connection.onopen = (session) => resolve(session);
    connection.onclose = (reason, details) => {
      reject(new Error(`${reason} ${details?.reason}`));
    };
    connection.open();
  });
}

const asKim = { authmethods: ['tls'], authid: 'kim',
  onchallenge: () => { throw new Error('challenged'); } };

/** A TLS connection; rejects when it is not made. */
function connect(options = {}) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.pem,
      servername: 'localhost', ...options });
    socket.on('secureConnect', () => resolve(socket));
    socket.on('error', reject);
  });
}

async function fingerprint() {
  const socket = await connect();
  const found = socket.getPeerCertificate().fingerprint256;
  socket.destroy();
  return found;
}

function page(url, ca) {
  return new Promise((resolve, reject) => {
    https.get(url, { ca, agent: false }, (response) => {
      let body = '';
      response.on('data', (data) => { body += data; });
      response.on('end', () => resolve({ response, body }));
    }).on('error', reject);
  });
}

async function hangUp(text) {
  const lines = log.length;
  router.kill('SIGHUP');
  await until('SIGHUP to be told', () => log.slice(lines).includes(text));
}

/** The socket's end: what it got before, and whether it was an error. */
const end = (socket) => new Promise((resolve) => {
  const got = [];
  let error = null;
  socket.on('data', (data) => got.push(data));
  socket.on('error', (e) => { error = e.code; });
  socket.on('close', () => resolve({ got: Buffer.concat(got), error }));
});

test('pages and sessions over TLS, of a listed authority', async () => {
  const { response, body } = await page(`https://localhost:${port}/me`,
    authority.pem);
  assert.equal(response.statusCode, 200);
  assert.deepEqual(JSON.parse(body), { here: true });
  const join_ = await page(`https://127.0.0.1:${port}/join.json`,
    authority.pem);
  assert.match(JSON.parse(join_.body).url,
    new RegExp(`^https://[^/]*:${port}/$`));
  await assert.rejects(page(`https://localhost:${port}/me`, stranger.pem));
  const session = await join();
  await session.register('t.tls.echo', ([value]) => value);
  const long = 'x'.repeat(300000);
  assert.equal(await session.call('t.tls.echo', [long]), long);
});

test('one realm for who comes with and without TLS', async () => {
  const secure = await join();
  const plain = await join({}, {}, `ws://127.0.0.1:${plainPort}/ws`);
  await secure.register('t.tls.both', ([a, b]) => a + b);
  assert.equal(await plain.call('t.tls.both', [2, 3]), 5);
});

test('the programs of the house trust whom --ca names', () => {
  const load = (...args) => spawnSync(path.join(build, 'wampload'),
    ['--seconds', '1', '--json', '--payload', '100000', ...args],
    { encoding: 'utf8' });
  for (const url of [`wss://localhost:${port}/ws`, `rss://127.0.0.1:${port}`]) {
    const good = load('--router', url, '--ca', authority.certificate);
    assert.equal(good.status, 0, good.stderr);
    const bad = load('--router', url, '--ca', stranger.certificate);
    assert.equal(bad.status, 2);
    assert.match(bad.stderr, /its certificate: /);
  }
  const system = load('--router', `wss://localhost:${port}/ws`);
  assert.equal(system.status, 2);
  assert.match(system.stderr, /its certificate: /);
  const worker = spawnSync(path.join(build, 'worker'), ['--router',
    `wss://localhost:${port}/ws`, '--ca', server.keyFile],
  { encoding: 'utf8' });
  assert.equal(worker.status, 2);
  assert.match(worker.stderr, /server\.key: not a PEM certificate/);
});

test('TLS 1.2 is spoken, TLS 1.1 is not', async () => {
  const socket = await connect({ maxVersion: 'TLSv1.2' });
  assert.equal(socket.getProtocol(), 'TLSv1.2');
  socket.destroy();
  await assert.rejects(connect({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0' }));
});

test('a client is who its certificate says', async () => {
  const session = await join(kim, asKim);
  const me = await session.call('wamp.session.get', [session.id]);
  assert.equal(me.authid, 'kim');
  assert.equal(me.authrole, 'member');
  assert.equal(me.authmethod, 'tls');
});

test('no certificate, or a stranger\'s, is no login', async () => {
  await assert.rejects(join({}, asKim));
  await assert.rejects(join(server, asKim)); // not the one that is listed
  await assert.rejects(join(eve, asKim));
  const others = await join(); // and nobody else is kept out
  assert.ok(others.id);
});

test('a new certificate counts for new connections', async () => {
  const old = await join();
  await old.register('t.tls.old', () => 'still here');
  assert.equal(await fingerprint(), server.sha256);
  const next = authority.issue('next', 'router', LOCAL);
  install(next);
  await hangUp('the certificate was read again');
  assert.equal(await fingerprint(), next.sha256);
  const fresh = await join();
  assert.equal(await fresh.call('t.tls.old'), 'still here');

  fs.writeFileSync(path.join(dir, 'live.pem'), 'not a certificate\n');
  await hangUp('the old certificate stays');
  assert.match(log, /live\.pem: not a PEM certificate/);
  assert.equal(await fingerprint(), next.sha256);
  install({ certificate: server.certificate, keyFile: next.keyFile });
  await hangUp('the old certificate stays');
  assert.match(log, /live\.key: not the key of the certificate .*live\.pem/);
  assert.equal(await fingerprint(), next.sha256);
  assert.equal(await fresh.call('t.tls.old'), 'still here');

  install(server);
  await hangUp('the certificate was read again');
  assert.equal(await fingerprint(), server.sha256);
});

test('who speaks no TLS on its port is closed', async () => {
  for (const words of ['GET /ws HTTP/1.1\r\nHost: x\r\n\r\n',
    Buffer.from([0x7f, 0xf1, 0, 0]), Buffer.alloc(5000, 'x')]) {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(words));
    const { got, error } = await end(socket);
    assert.equal(error, null);
    // At most an alert, as TLS has it; no HTTP.
    assert.ok(got.length <= 7, got.toString('latin1'));
  }
  const socket = tls.connect({ port: plainPort, host: '127.0.0.1' });
  const { error } = await end(socket);
  assert.ok(error, 'a port without TLS takes none');
  assert.ok((await join()).id);
});

test('--check tries the files', () => {
  const check = (change) => {
    const all = config();
    change(all.transports[1].endpoint.tls);
    fs.writeFileSync(path.join(dir, 'checked.json'), JSON.stringify(all));
    return spawnSync(path.join(build, 'router'), ['--check', '--config',
      path.join(dir, 'checked.json')], { encoding: 'utf8' });
  };
  const good = check(() => {});
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stderr, /endpoint\.tls: warning: .*dhparam/);
  for (const [change, wanted] of [
    [(t) => { t.key = 'kim.key'; }, /kim\.key: not the key of the certif/],
    [(t) => { t.certificate = 'gone.pem'; }, /gone\.pem: No such file/],
    [(t) => { t.chain_certificates = ['live.key']; },
      /live\.key: not a PEM certificate/],
    [(t) => { t.ca_certificates = ['live.key']; },
      /live\.key: not a PEM certificate/],
    [(t) => { t.ciphers = 'ROT13'; }, /ciphers ROT13: /]]) {
    const bad = check(change);
    assert.equal(bad.status, 2);
    assert.match(bad.stderr, /transports\[1\]\.endpoint\.tls: /);
    assert.match(bad.stderr, wanted);
  }
});
