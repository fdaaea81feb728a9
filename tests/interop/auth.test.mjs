// Autobahn|JS and wampy prove who they are, by each method that they have,
// with the right secret and a wrong one; cookies; an authenticator and an
// authorizer of either.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import autobahn from 'autobahn';
import tweetnacl from 'tweetnacl';
import ws from 'ws';
import { Wampy } from 'wampy';
import * as wampyCra from 'wampy/wampcra.js';
import * as wampySign from 'wampy/cryptosign.js';
import { tempDir } from '../lib/demo.mjs';
import { config, OTHER_SEED, publicKey, SECRET, SEED } from './auth_config.mjs';
import { startRouter } from './router.mjs';

const dir = tempDir();
const WebSocket = ws.WebSocket ?? ws;
const routers = [];
let plain, dynamic;

async function start(name, json) {
  const file = path.join(dir, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify(json));
  const router = await startRouter({ config: file });
  routers.push(router);
  return router;
}

before(async () => {
  plain = await start('plain', config({ cookie: {},
    anonymous: { type: 'static', role: 'guest' } }));
  dynamic = await start('dynamic', config({
    anonymous: { type: 'dynamic', authenticator: 'com.example.anyone' },
    wampcra: { type: 'dynamic', authenticator: 'com.example.secret' },
  }, [{ name: 'asked', authorizer: 'com.example.may' }]));
});

after(async () => {
  for (const router of routers) assert.equal(await router.stop(), 0);
  fs.rmSync(dir, { recursive: true });
});

/** Joined and left again; resolves to WELCOME's details, rejects with the
 * reason. */
function autobahnJoin(url, options, keep = false) {
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({ url, realm: 'realm1',
      max_retries: 0, on_internal_error: () => {}, ...options });
    connection.onopen = (session, details) => {
      if (!keep) connection.close();
      resolve(keep ? { session, connection, details } : details);
    };
    connection.onclose = (_, details) => {
      reject(new Error(details.reason));
      return true;
    };
    connection.open();
  });
}

const refused = (promise, reason = 'wamp.error.authentication_denied') =>
  assert.rejects(promise, (error) => {
    assert.match(String(error.message), new RegExp(reason));
    return true;
  });

const cra = (secret) => (_session, _method, extra) =>
  autobahn.auth_cra.sign(extra.salt ?
    autobahn.auth_cra.derive_key(secret, extra.salt, extra.iterations,
      extra.keylen) : secret, extra.challenge);

function keyPair(seed) {
  return tweetnacl.sign.keyPair.fromSeed(Buffer.from(seed, 'hex'));
}

const byAutobahn = {
  ticket: (authid, secret) => ({ authmethods: ['ticket'], authid,
    onchallenge: () => secret }),
  wampcra: (authid, secret) => ({ authmethods: ['wampcra'], authid,
    onchallenge: cra(secret) }),
  cryptosign: (authid, seed) => ({ authmethods: ['cryptosign'], authid,
    authextra: { pubkey: publicKey(seed) },
    onchallenge: (_session, _method, extra) =>
      autobahn.auth_cryptosign.sign_challenge(keyPair(seed), extra) }),
};

const users = [['ticket', 'tina', SECRET, 'wrong'],
  ['wampcra', 'joe', SECRET, 'wrong'], ['wampcra', 'ada', SECRET, 'wrong'],
  ['cryptosign', 'kim', SEED, OTHER_SEED]];

for (const [method, authid, right, wrong] of users) {
  test(`Autobahn|JS: ${authid} by ${method}`, async () => {
    const details = await autobahnJoin(plain.url,
      byAutobahn[method](authid, right));
    assert.equal(details.authid, authid);
    assert.equal(details.authrole, 'user');
    assert.equal(details.authmethod, method);
    assert.equal(details.authprovider, 'static');
    await refused(autobahnJoin(plain.url, byAutobahn[method](authid, wrong)));
    await refused(autobahnJoin(plain.url,
      byAutobahn[method]('nobody', right)));
  });
}

async function wampyJoin(options, url = plain.url, keep = false) {
  const client = new Wampy(url, { realm: 'realm1', ws: WebSocket,
    autoReconnect: false, ...options });
  const details = await client.connect();
  if (keep) return client;
  await client.disconnect();
  return details;
}

test('Autobahn|JS: nobody by anonymous', async () => {
  const details = await autobahnJoin(plain.url, {});
  assert.equal(details.authrole, 'guest');
  assert.equal(details.authmethod, 'anonymous');
});

test('wampy: nobody by anonymous', async () => {
  const details = await wampyJoin({});
  assert.equal(details.authrole, 'guest');
  assert.equal(details.authmethod, 'anonymous');
});

const byWampy = {
  ticket: (authid, secret) => ({ authid, authmethods: ['ticket'],
    onChallenge: () => secret }),
  wampcra: (authid, secret) => ({ authid, authmethods: ['wampcra'],
    authMode: 'auto', authPlugins: { wampcra: wampyCra.sign(secret) } }),
  cryptosign: (authid, seed) => ({ authid, authmethods: ['cryptosign'],
    authextra: { pubkey: publicKey(seed) }, authMode: 'auto',
    authPlugins: { cryptosign: wampySign.sign(seed) } }),
};

for (const [method, authid, right, wrong] of users) {
  test(`wampy: ${authid} by ${method}`, async () => {
    const details = await wampyJoin(byWampy[method](authid, right));
    assert.equal(details.authid, authid);
    assert.equal(details.authmethod, method);
    await assert.rejects(wampyJoin(byWampy[method](authid, wrong)),
      (error) => error.errorUri === 'wamp.error.authentication_denied');
  });
}

/* --- cookies ------------------------------------------------------------- */

/** Says HELLO, and what challenges are to be answered with. */
function rawJoin(headers, methods, answer) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(plain.url, 'wamp.2.json', { headers });
    let cookie;
    socket.on('upgrade', (response) => {
      cookie = response.headers['set-cookie']?.[0];
    });
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify([1, 'realm1',
      { roles: { caller: {} }, authmethods: methods, authid: 'tina' }])));
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message[0] === 4) {
        socket.send(JSON.stringify([5, answer, {}]));
        return;
      }
      resolve({ message, cookie });
      socket.close();
    });
  });
}

const REFUSED = 'wamp.error.no_matching_auth_method';

test('a cookie is who proved it, and nobody before', async () => {
  const first = await rawJoin({}, ['cookie']);
  assert.equal(first.message[2], REFUSED);
  assert.match(first.cookie, /^cbtid=[0-9a-f]{32}; HttpOnly; SameSite=Strict/);
  const forged = { cookie: `cbtid=${'0'.repeat(32)}` };
  const second = await rawJoin(forged, ['cookie', 'ticket'], SECRET);
  assert.equal(second.message[0], 2);
  assert.equal(second.message[2].authmethod, 'ticket');
  const third = await rawJoin({ cookie: second.cookie.split(';')[0] },
    ['cookie']);
  assert.equal(third.message[0], 2);
  assert.equal(third.message[2].authmethod, 'cookie');
  assert.equal(third.message[2].authid, 'tina');
  assert.equal(third.cookie, undefined);
  assert.equal((await rawJoin(forged, ['cookie'])).message[2], REFUSED);
});

test('pages of other origins get nothing by a cookie', async () => {
  const { cookie } = await rawJoin({}, ['ticket'], SECRET);
  await assert.rejects(rawJoin({ cookie: cookie.split(';')[0],
    origin: 'http://evil.example' }, ['cookie']), /403/);
});

/* --- procedures that decide ---------------------------------------------- */

const asTina = () => autobahnJoin(dynamic.url, byAutobahn.ticket('tina',
  SECRET), true);

test('an authenticator of Autobahn|JS lets in whom it likes', async () => {
  await refused(autobahnJoin(dynamic.url, { authmethods: ['anonymous'] }),
    'wamp.error.authentication_failed');
  const { session, connection } = await asTina();
  const seen = [];
  await session.register('com.example.anyone', (args) => {
    seen.push(args);
    return 'guest';
  });
  await session.register('com.example.secret', ([, authid]) => {
    if (authid !== 'joe') throw new autobahn.Error('com.example.unknown');
    return { role: 'user', secret: SECRET, extra: { colour: 'red' } };
  });
  const details = await autobahnJoin(dynamic.url,
    { authmethods: ['anonymous'] });
  assert.equal(details.authrole, 'guest');
  assert.equal(details.authprovider, 'dynamic');
  assert.equal(seen[0][0], 'realm1');
  assert.equal(seen[0][2].authmethod, 'anonymous');
  const joe = await autobahnJoin(dynamic.url, byAutobahn.wampcra('joe',
    SECRET));
  assert.equal(joe.authrole, 'user');
  assert.deepEqual(joe.authextra, { colour: 'red' });
  await refused(autobahnJoin(dynamic.url, byAutobahn.wampcra('joe', 'no')));
  await refused(autobahnJoin(dynamic.url, byAutobahn.wampcra('eve', SECRET)));
  connection.close();
});

test('an authorizer of Autobahn|JS decides, and order is kept', async () => {
  const { session, connection } = await asTina();
  const seen = [];
  await session.register('com.example.anyone', () => 'asked');
  await session.register('com.example.echo', ([value]) => value);
  const other = await autobahnJoin(dynamic.url,
    { authmethods: ['anonymous'] }, true);
  const call = (uri) => Promise.resolve(other.session.call(uri, [uri]));
  await assert.rejects(call('com.example.echo'),
    (error) => error.error === 'wamp.error.authorization_failed');
  await session.register('com.example.may', ([who, uri, action]) => {
    seen.push([who.authrole, uri, action]);
    return uri === 'com.example.echo' ? { allow: true, cache: true } : false;
  });
  const calls = [call('com.example.echo'), call('com.example.no'),
    call('com.example.echo')];
  assert.equal(await calls[0], 'com.example.echo');
  await assert.rejects(calls[1],
    (error) => error.error === 'wamp.error.not_authorized');
  assert.equal(await calls[2], 'com.example.echo');
  assert.deepEqual(seen, [['asked', 'com.example.echo', 'call'],
    ['asked', 'com.example.no', 'call']]);
  other.connection.close();
  connection.close();
});

test('an authenticator of wampy lets in whom it likes', async () => {
  const tina = await wampyJoin(byWampy.ticket('tina', SECRET), dynamic.url,
    true);
  await tina.register('com.example.anyone', () => ({ argsList: ['guest'] }));
  await tina.register('com.example.secret', ({ argsList: [, authid] }) => {
    if (authid !== 'joe') throw { error: 'com.example.unknown' };
    return { argsList: [{ role: 'user', secret: SECRET }] };
  });
  assert.equal((await wampyJoin({}, dynamic.url)).authrole, 'guest');
  const joe = await wampyJoin(byWampy.wampcra('joe', SECRET), dynamic.url);
  assert.equal(joe.authrole, 'user');
  assert.equal(joe.authprovider, 'dynamic');
  await assert.rejects(wampyJoin(byWampy.wampcra('eve', SECRET), dynamic.url),
    (error) => error.errorUri === 'wamp.error.authentication_denied');
  await tina.disconnect();
});

test('an authorizer of wampy decides', async () => {
  const tina = await wampyJoin(byWampy.ticket('tina', SECRET), dynamic.url,
    true);
  await tina.register('com.example.anyone', () => ({ argsList: ['asked'] }));
  await tina.register('com.example.echo', ({ argsList }) => ({ argsList }));
  await tina.register('com.example.may', ({ argsList: [who, uri, action] }) =>
    ({ argsList: [who.authrole === 'asked' && action === 'call' &&
      uri === 'com.example.echo'] }));
  const asked = await wampyJoin({}, dynamic.url, true);
  const { argsList } = await asked.call('com.example.echo', [7]);
  assert.deepEqual(argsList, [7]);
  await assert.rejects(asked.call('com.example.no'),
    (error) => error.errorUri === 'wamp.error.not_authorized');
  await asked.disconnect();
  await tina.disconnect();
});
