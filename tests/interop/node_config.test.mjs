// Nodes in Crossbar's words, opened: what its workers share, its paths, what
// stands in the environment, and principals that join another realm than they
// ask for. Also that --check refuses what start refuses, in the same words.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import autobahn from 'autobahn';
import { build, freePort, tempDir, until } from '../lib/demo.mjs';

const dir = tempDir();
const file = path.join(dir, 'config.json');
after(() => fs.rmSync(dir, { recursive: true }));

const everything = { uri: '', match: 'prefix', allow: { call: true,
  register: true, publish: true, subscribe: true } };
const realm = (name) => ({ name, roles: [{ name: 'anonymous',
  permissions: [everything] }] });

function write(config) {
  fs.writeFileSync(file, JSON.stringify({ version: 2, controller: {},
    ...config }));
}

/** Runs fn while the router runs; it is told what the router has said. */
async function withRouter(config, env, fn) {
  write(config);
  const router = spawn(path.join(build, 'router'), ['--config', file],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  router.stderr.on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => router.on('close', resolve));
  process.on('exit', () => router.kill('SIGKILL'));
  await until('the router', () => /listening/.test(said));
  try {
    await fn(() => said);
  } finally {
    router.kill('SIGTERM');
    assert.equal(await ended, 0);
  }
}

/** Joins, and gives the session with its WELCOME's details. */
function join(url, name, options = {}) {
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({ url, realm: name,
      max_retries: 0, ...options });
    connection.onopen = (session, details) =>
      resolve({ session, details, close: () => connection.close() });
    connection.onclose = (reason, details) => {
      reject(new Error(details.reason ?? reason));
    };
    connection.open();
  });
}

const ticket = (authid) => ({ authmethods: ['ticket'], authid,
  onchallenge: () => 's3cret' });

// --- workers, paths, ports ---------------------------------------------------

test('two workers share a realm; each path of a WebSocket leads to it',
  async () => {
    const port = await freePort();
    const unix = path.join(dir, 'r.sock');
    const paths = { '/': { type: 'static', directory: 'pages' },
      lost: { type: 'static', directory: 'nowhere' },
      ws: { type: 'websocket' },
      more: { type: 'path', paths: { ws: { type: 'websocket' } } } };
    const web = { type: 'web', paths, endpoint: { type: 'tcp',
      interface: '127.0.0.1', port: '$TALK_PORT', shared: true } };
    fs.mkdirSync(path.join(dir, 'pages'), { recursive: true });
    fs.writeFileSync(path.join(dir, 'pages', 'index.html'),
      '<script src="https://example.org/x.js"></script>');
    await withRouter({ workers: [
      { type: 'router', realms: [{ ...realm('r1'), rlinks: [] }],
        transports: [web] },
      { type: 'container' },
      { type: 'router', realms: [realm('r1')], transports: [web,
        { type: 'rawsocket', endpoint: { type: 'unix', path: unix } }] },
    ] }, { TALK_PORT: String(port) }, async (said) => {
      const one = await join(`ws://127.0.0.1:${port}/ws`, 'r1');
      const other = await join(`ws://127.0.0.1:${port}/more/ws`, 'r1');
      await one.session.register('com.example.here', () => 'here');
      assert.equal(await other.session.call('com.example.here'), 'here');
      one.close();
      other.close();
      await assert.rejects(join(`ws://127.0.0.1:${port}/more`, 'r1'));
      assert.equal(said().match(/listening/g).length, 2);
      assert.match(said(), /workers\[1\]: warning: .* container/);
      assert.match(said(), /paths\.lost\.directory: warning: .*nowhere/);
      const page = await fetch(`http://127.0.0.1:${port}/`);
      assert.equal(page.headers.get('content-security-policy'), null);
      assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
      const lost = await fetch(`http://127.0.0.1:${port}/lost/x`);
      assert.equal(lost.status, 404);
      await lost.text();
    });
  });

test('of a range the first free port is taken', async () => {
  const taken = net.createServer();
  const port = await new Promise((resolve) => {
    const listen = (p) => taken.listen(p, '127.0.0.1', () =>
      resolve(taken.address().port));
    listen(0);
  });
  const last = Math.min(port + 20, 65535);
  await withRouter({ realms: [realm('r1')], transports: [
    { type: 'websocket', endpoint: { type: 'tcp', interface: '127.0.0.1',
      portrange: [port, last] } }] }, {}, async (said) => {
    const [, got] = said().match(/listening on ws:\/\/127\.0\.0\.1:(\d+)/);
    assert.ok(Number(got) > port && Number(got) <= last, got);
    for (const where of ['', 'ws', 'any/other']) // no paths are configured
      (await join(`ws://127.0.0.1:${got}/${where}`, 'r1')).close();
  });
  taken.close();
});

// --- realms that are assigned ------------------------------------------------

test('a principal joins its realm, an authenticator says which', async () => {
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}/`;
  await withRouter({ realms: [realm('r1'), realm('r2')], transports: [
    { type: 'websocket', endpoint: { type: 'tcp', interface: '127.0.0.1',
      port },
    auth: {
      anonymous: { type: 'static', authid: 'everybody' },
      ticket: { type: 'static', principals: { kim: { realm: 'r2',
        ticket: '${TALK_TICKET}', role: 'anonymous' } } },
      wampcra: { type: 'dynamic', authenticator: 'com.example.auth',
        'authenticator-realm': 'r1', 'authenticator-role': 'trusted' },
    } }] }, { TALK_TICKET: 's3cret' }, async () => {
    const kim = await join(url, 'r1', ticket('kim'));
    assert.equal(kim.details.realm, 'r2');
    assert.equal(kim.details.authid, 'kim');
    const judge = await join(url, 'r1');
    assert.equal(judge.details.authid, 'everybody');
    const asked = [];
    await judge.session.register('com.example.auth', (args) => {
      asked.push(args);
      return { role: 'anonymous', realm: 'r2', secret: 's3cret',
        extra: { desk: 7 } };
    });
    const sam = await join(url, 'r1', { authmethods: ['wampcra'],
      authid: 'sam', authextra: { device: 'x' },
      onchallenge: (session, method, { challenge }) =>
        autobahn.auth_cra.sign('s3cret', challenge) });
    assert.equal(sam.details.realm, 'r2');
    assert.deepEqual(sam.details.authextra, { desk: 7 });
    const [[requested, authid, details]] = asked;
    assert.deepEqual([requested, authid], ['r1', 'sam']);
    assert.deepEqual(details.authextra, { device: 'x' });
    // They are where WELCOME says that they are.
    await kim.session.register('com.example.in.r2', () => 2);
    assert.equal(await sam.session.call('com.example.in.r2'), 2);
    await assert.rejects(() => judge.session.call('com.example.in.r2'),
      ({ error }) => error === 'wamp.error.no_such_procedure');
    for (const each of [kim, judge, sam]) each.close();
  });
});

// --- --check and start -------------------------------------------------------

const deep = path.join(dir, ...Array.from({ length: 17 }, () => 'd'));

const flags = {
  'pages that are not there': ['--web', 'nowhere/at/all'],
  'a listener without its certificate': ['--listen', 'wss://127.0.0.1:1/ws'],
  'a certificate that is none': ['--cert', 'package.json', '--key', 'x'],
};

for (const [what, more] of Object.entries(flags)) {
  test(`--check and start refuse ${what}`, () => {
    const [checked, started] = [['--check'], []].map((first) => spawnSync(
      path.join(build, 'router'), ['--open', ...first, ...more],
      { encoding: 'utf8', timeout: 10000 }));
    assert.equal(checked.status, 2);
    assert.equal(started.status, 2);
    assert.equal(checked.stderr, started.stderr);
  });
}

const refused = {
  'a folder that is no folder': { type: 'web', paths: { a: { type: 'static',
    directory: 'config.json' } } },
  'folders that are too deep': { type: 'web', paths: { a: { type: 'static',
    directory: '.' } } },
  'a certificate that is not there': { type: 'websocket',
    endpoint: { type: 'tcp', port: 1,
      tls: { certificate: 'none', key: 'x' } } },
  'an interface that is no address': { type: 'websocket',
    endpoint: { type: 'tcp', port: 1, interface: 'localhost' } },
  'a socket whose name is too long': { type: 'rawsocket',
    endpoint: { type: 'unix', path: 'x'.repeat(120) } },
  'a port that the environment lacks': { type: 'websocket',
    endpoint: { type: 'tcp', port: '$TALK_NO_PORT' } },
};

for (const [what, transport] of Object.entries(refused)) {
  test(`--check and start refuse ${what}`, () => {
    fs.mkdirSync(deep, { recursive: true });
    write({ realms: [realm('r1')], transports: [
      { endpoint: { type: 'tcp', port: 1 }, ...transport }] });
    const [checked, started] = [['--check'], []].map((first) => spawnSync(
      path.join(build, 'router'), ['--config', file, ...first],
      { encoding: 'utf8', timeout: 10000 }));
    assert.equal(checked.status, 2);
    assert.equal(started.status, 2);
    assert.equal(checked.stderr, started.stderr);
    assert.match(checked.stderr, /config\.json: transports\[0\]\.[^ ]+: /);
  });
}
