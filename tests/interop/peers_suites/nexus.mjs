#!/usr/bin/env node
// The acceptance tests of nexus, judging our router: its own clients over
// WebSocket and RawSocket, TCP, TLS and unix sockets, in each serializer.
// NEXUS_DIR names a checkout; it is copied, and in the copy the tests are told
// not to start nexus but to connect to ours. Ends with `N passed, N failed`;
// what ours does otherwise, and why, is the list below: it must fail.
//
//   NEXUS_DIR=DIR tests/interop/peers_suites/nexus.mjs [SCHEME/SERIALIZER]...
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { build, freePort, tempDir, until } from '../../lib/demo.mjs';

const WAYS = ['ws', 'tcp', 'unix'].flatMap((scheme) =>
  ['json', 'msgpack', 'cbor'].map((name) => `${scheme}/${name}`))
  .concat('wss/json', 'wss/cbor', 'tcps/msgpack');
const TEST_SECONDS = 30;

const otherwise = {
  TestJoinRealmWithCRCookieAuth: 'asks for WELCOME.Details.authbycookie, ' +
    'which the test\'s own key store adds; ours says authmethod "cookie"',
  TestJoinRealmWithCRAuthBad: 'wants the words "invalid signature" in the ' +
    'ABORT\'s message, which is for people',
  TestAuthz: 'its authorizer is Go code in the router that rewrites a ' +
    'SUBSCRIBE\'s topic and the session\'s details',
  TestRPCSharedRoundRobin: 'expects the turn to begin anew when a callee ' +
    'leaves; the specification\'s "picked subsequently … looping back to the ' +
    'beginning of the list once the end has been reached" goes on',
  TestSessionKill: 'passes a Go function for its own session\'s id, which ' +
    'arrives as null: an invalid argument here, no_such_session there',
  TestSessionKillAll: 'wants wamp.close.normal when no reason is given, "if ' +
    'not provided the reason defaults to wamp.close.killed"',
  TestSessionModifyDetails: 'wamp.session.modify_details is nexus\'s own',
  TestWhitelistAttribute: 'eligible_org_id: the specification has sessions, ' +
    'authids and authroles',
  TestBlacklistAttribute: 'exclude_org_id, likewise',
};
/* Only a WebSocket has cookies. */
const fails = (name, scheme) => name in otherwise &&
  (name !== 'TestJoinRealmWithCRCookieAuth' || /^ws/.test(scheme));

const nexus = process.env.NEXUS_DIR;
if (!nexus || !fs.existsSync(path.join(nexus, 'test', 'main_test.go'))) {
  console.error('nexus.mjs: NEXUS_DIR: the folder of a checkout of nexus is ' +
    'wanted');
  process.exit(2);
}
const dir = tempDir();
const tests = path.join(dir, 'nexus', 'test');
const socket = path.join(dir, 'router.sock');

/** Without these the copy is another nexus than this was written for. */
function replace(text, from, to) {
  if (!text.includes(from))
    throw new Error(`main_test.go has no ${JSON.stringify(from)}`);
  return text.replace(from, to);
}

function compile() {
  fs.cpSync(nexus, path.join(dir, 'nexus'), { recursive: true,
    filter: (name) => path.basename(name) !== '.git' });
  const file = path.join(tests, 'main_test.go');
  let text = fs.readFileSync(file, 'utf8');
  text = replace(text, '\tswitch scheme {\n\tcase "":\n\t\tserType = ""\n',
    '\tswitch "" {\n\tcase "":\n');
  text = replace(text, '\ttcpAddr  = "127.0.0.1:8282"\n', '');
  text = replace(text, '\tunixAddr = "/tmp/nexustest_sock"\n', '');
  text = replace(text, '"nexus-wamp-cookie"', '"cbtid"');
  fs.writeFileSync(file, text);
  fs.writeFileSync(path.join(tests, 'where_test.go'), 'package test_test\n\n' +
    'import "os"\n\nvar tcpAddr = os.Getenv("ROUTER_TCP")\n' +
    'var unixAddr = os.Getenv("ROUTER_UNIX")\n');
  execFileSync('go', ['test', '-c', '-o', 'judge', '.'],
    { cwd: tests, stdio: 'inherit' });
}

function config(port, tlsPort) {
  const permissions = [{ uri: '', match: 'prefix', allow: { call: true,
    register: true, publish: true, subscribe: true } }];
  const realm = (name) => ({ name, roles: ['anonymous', 'user']
    .map((role) => ({ name: role, permissions })) });
  const secret = crypto.pbkdf2Sync('squeemishosafradge', 'salt123', 1000, 32,
    'sha256').toString('base64');
  const auth = {
    anonymous: { type: 'static', role: 'anonymous' },
    wampcra: { type: 'static', users: { jdoe: { secret, role: 'user',
      salt: 'salt123', iterations: 1000, keylen: 32 } } },
    cookie: {},
  };
  const web = (more) => ({ type: 'web', paths: { '/': { type: 'websocket',
    auth } }, endpoint: { type: 'tcp', interface: '127.0.0.1', ...more } });
  const tls = { certificate: path.join(tests, 'cert.pem'),
    key: path.join(tests, 'rsakey.pem') };
  return { version: 2,
    realms: [realm('nexus.test.realm'), realm('nexus.test.auth')],
    transports: [web({ port }), web({ port: tlsPort, tls }),
      { type: 'rawsocket', endpoint: { type: 'unix', path: socket }, auth }],
  };
}

const [port, tlsPort] = [await freePort(), await freePort()];
const totals = { passed: 0, failed: 0, otherwise: 0 };

function judge(way, name) {
  const [scheme, serializer] = way.split('/');
  const secure = /s$/.test(scheme) && scheme !== 'ws';
  const { status, stdout } = spawnSync(path.join(tests, 'judge'),
    [`-scheme=${scheme}`, `-serialize=${serializer}`,
      '-test.run', `^${name}$`, '-test.timeout', `${TEST_SECONDS}s`],
    { cwd: tests, encoding: 'utf8', timeout: 2000 * TEST_SECONDS,
      env: { ...process.env, ROUTER_UNIX: socket,
        ROUTER_TCP: `127.0.0.1:${secure ? tlsPort : port}` } });
  const failed = status !== 0;
  if (failed && fails(name, scheme)) {
    totals.otherwise++;
  } else if (!failed && !fails(name, scheme)) {
    totals.passed++;
  } else {
    totals.failed++;
    console.log(`${way} ${name}: ${failed ? stdout :
      'passed, but is said to do otherwise'}`);
  }
}

let router;
try {
  compile();
  const file = path.join(dir, 'router.json');
  fs.writeFileSync(file, JSON.stringify(config(port, tlsPort)));
  router = spawn(path.join(build, 'router'), ['--config', file],
    { stdio: ['ignore', 'ignore', 'inherit'] });
  await until('the router', () => fs.existsSync(socket));
  const names = execFileSync(path.join(tests, 'judge'), ['-test.list',
    '^Test'], { cwd: tests, encoding: 'utf8' }).match(/^Test\w+$/gm);
  for (const way of process.argv.length > 2 ? process.argv.slice(2) : WAYS)
    for (const name of names)
      judge(way, name);
  if (router.exitCode !== null || router.signalCode !== null)
    throw new Error('the router is gone');
} finally {
  router?.kill('SIGTERM');
  fs.rmSync(dir, { recursive: true, force: true });
}
for (const [name, why] of Object.entries(otherwise))
  console.log(`otherwise: ${name}: ${why}`);
console.log(`${totals.otherwise} otherwise`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed ? 1 : 0;
