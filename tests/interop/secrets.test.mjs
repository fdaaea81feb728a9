// Whatever is proved, rightly or wrongly, by whichever method: no secret is in
// what the router prints, tells others, or says of a mistake in its
// configuration.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, freePort, tempDir, until } from '../lib/demo.mjs';
import { config, publicKey, SECRET, SEED } from './auth_config.mjs';
import { allRoles, ANY, Peer } from './raw.mjs';

const dir = tempDir();
const BRIDGE_SECRET = 'bridges are signed with this';
const DYNAMIC = 'what an authenticator is asked about';
const GUESS = 'a guess that is wrong';
const NONCE = Buffer.alloc(16, 7).toString('base64');
const cookies = [];
let port;
let router;
let printed = '';
const heard = [];

function whole() {
  const all = config({ cookie: {} });
  const { auth } = all.transports[0].paths.ws;
  auth.anonymous = { type: 'static', role: 'user' };
  all.transports[0].endpoint.port = port;
  all.transports[0].paths.call = { type: 'caller', realm: 'realm1',
    role: 'user', options: { key: 'app', secret: BRIDGE_SECRET } };
  return all;
}

/** All that must not be seen, as text. */
function secrets() {
  const { auth } = whole().transports[0].paths.ws;
  const { sam } = auth.scram.principals;
  return [SECRET, SEED, BRIDGE_SECRET, DYNAMIC, GUESS,
    auth.wampcra.users.ada.secret, sam['stored-key'], sam['server-key'],
    Buffer.from(sam['stored-key'], 'hex').toString('base64'),
    Buffer.from(sam['server-key'], 'hex').toString('base64'), ...cookies];
}

function hasNone(text, where) {
  for (const secret of secrets())
    assert.ok(!text.includes(secret), `${where}: ${secret}`);
}

before(async () => {
  port = await freePort();
  const file = path.join(dir, 'config.json');
  fs.writeFileSync(file, JSON.stringify(whole()));
  router = spawn(path.join(build, 'router'), ['--config', file], {
    env: { ...process.env, MANYHANDS_LOG: 'debug' },
    stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [router.stdout, router.stderr])
    stream.on('data', (data) => { printed += data; });
  await until('the router', () => printed.includes('listening on'));
});

after(async () => {
  const ended = new Promise((resolve) => router.on('close', resolve));
  router.kill('SIGTERM');
  assert.equal(await ended, 0);
  fs.rmSync(dir, { recursive: true });
});

const hmac = (key, text) =>
  crypto.createHmac('sha256', key).update(text).digest();

function scramProof(password, { salt, iterations, nonce }) {
  const salted = crypto.pbkdf2Sync(password, Buffer.from(salt, 'base64'),
    iterations, 32, 'sha256');
  const key = hmac(salted, 'Client Key');
  const stored = crypto.createHash('sha256').update(key).digest();
  const message = `n=sam,r=${NONCE},r=${nonce},s=${salt},i=${iterations},` +
    `c=biws,r=${nonce}`;
  const mask = hmac(stored, message);
  return Buffer.from(key.map((byte, i) => byte ^ mask[i])).toString('base64');
}

function signature(seed, { challenge }) {
  const key = crypto.createPrivateKey({ format: 'der', type: 'pkcs8',
    key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex') });
  return crypto.sign(null, Buffer.from(challenge, 'hex'), key)
    .toString('hex') + challenge;
}

const methods = {
  ticket: { authid: 'tina', right: SECRET, prove: (secret) => secret },
  wampcra: { authid: 'joe', right: SECRET, prove: (secret, { challenge }) =>
    hmac(secret, challenge).toString('base64') },
  'wampcra, salted': { authid: 'ada', right: SECRET,
    prove: (secret, { challenge, salt, iterations, keylen }) =>
      hmac(crypto.pbkdf2Sync(secret, salt, iterations, keylen, 'sha256')
        .toString('base64'), challenge).toString('base64') },
  'wamp-scram': { authid: 'sam', right: SECRET, extra: { nonce: NONCE },
    prove: scramProof },
  cryptosign: { authid: 'kim', right: SEED,
    extra: { pubkey: publicKey(SEED) }, wrong: '33'.repeat(32),
    prove: signature },
};

async function come(method, { authid, extra = {}, prove }, secret) {
  const peer = await Peer.connect({ port });
  peer.send([1, 'realm1', { roles: allRoles, authid, authextra: extra,
    authmethods: [method] }]);
  const [type, , details] = await peer.next();
  assert.equal(type, 4);
  peer.send([5, prove(secret, details), {}]);
  return peer;
}

test('what is proved stays with who proved it', async () => {
  const watcher = await (await Peer.connect({ port })).join();
  await watcher.subscribe('wamp.session.on_join');
  for (const [name, how] of Object.entries(methods)) {
    const method = name.split(',')[0];
    const peer = await come(method, how, how.right);
    const welcome = await peer.hears([2, ANY, { authid: how.authid }]);
    heard.push(welcome, await watcher.hears([36, ANY, ANY, {}, ANY, ANY]));
    const get = watcher.ask(48, {}, 'wamp.session.get', [welcome[1]]);
    heard.push(await watcher.hears([50, get, {}, ANY, ANY]));
    cookies.push(...(/cbtid=([0-9a-f]+)/.exec(peer.answer)?.slice(1) ?? []));
    peer.close();
    const wrong = await come(method, how, how.wrong ?? GUESS);
    heard.push(await wrong.hears([3, ANY,
      'wamp.error.authentication_denied']));
    await wrong.ends();
  }
  assert.equal(cookies.length, Object.keys(methods).length);
  watcher.close();
});

test('a cookie is shown to nobody', async () => {
  const peer = await Peer.connect({ port });
  peer.close();
  const back = await Peer.connect({ port,
    headers: `Cookie: cbtid=${cookies[0]}\r\n` });
  back.send([1, 'realm1', { roles: allRoles, authmethods: ['cookie'] }]);
  heard.push(await back.hears([2, ANY, { authid: 'tina',
    authmethod: 'cookie' }]));
  back.close();
});

test('a bridge does not repeat what it was asked with', async () => {
  const body = '{"procedure":"wamp.session.count"}';
  const ask = async (secret) => {
    const fields = ['app', new Date().toISOString(), '1',
      String(crypto.randomInt(2 ** 40))];
    const sign = hmac(secret, fields.join('') + body).toString('base64url');
    const query = new URLSearchParams({ key: fields[0], timestamp: fields[1],
      seq: fields[2], nonce: fields[3], signature: `${sign}=` });
    const response = await fetch(`http://127.0.0.1:${port}/call?${query}`, {
      method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
    heard.push(await response.text());
    return response.status;
  };
  assert.equal(await ask(BRIDGE_SECRET), 200);
  assert.equal(await ask(GUESS), 401);
});

test('none of it was told or printed', async () => {
  for (const where of ['metrics', 'health', 'join.json'])
    heard.push(await (await fetch(`http://127.0.0.1:${port}/${where}`))
      .text());
  assert.ok(heard.length > 20);
  hasNone(JSON.stringify(heard), 'told');
  router.kill('SIGHUP');
  hasNone(printed, 'printed');
});

test('a mistake is told without the secret', () => {
  const change = (fn) => {
    const all = whole();
    fn(all.transports[0].paths.ws.auth, all.transports[0].paths.call.options);
    const file = path.join(dir, 'wrong.json');
    fs.writeFileSync(file, JSON.stringify(all));
    const run = spawnSync(path.join(build, 'router'), ['--check', '--config',
      file], { encoding: 'utf8' });
    assert.equal(run.status, 2, run.stderr);
    hasNone(run.stderr + run.stdout, '--check');
  };
  change((auth) => { auth.ticket.principals.tina.ticket = [SECRET]; });
  change((auth) => { auth.ticket.principals.tina.role = 7; });
  change((auth) => { auth.ticket.principals.tina.more = SECRET; });
  change((auth) => { auth.wampcra.users.joe.secret = { a: SECRET }; });
  change((auth) => { auth.wampcra.users.ada.iterations = -1; });
  change((auth) => { auth.scram.principals.sam['stored-key'] += 'x'; });
  change((auth) => { auth.scram.principals.sam.salt = 'no'; });
  change((auth) => {
    auth.cryptosign.principals.kim.authorized_keys = [`${SEED}0`];
  });
  change((_, bridge) => { delete bridge.key; });
  change((_, bridge) => { bridge.secret = [BRIDGE_SECRET]; });
});
