// scripts/run --tls: pages and socket over TLS, where a phone may keep its
// screen on; the demo's own parts by a unix socket; the host from any device.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { Demo, root, tempDir, until } from '../lib/demo.mjs';

let demo;
let browser;
let origin;

const state = (page) => page.evaluate(() => globalThis.manyhands?.state);
const certs = (...args) => spawnSync(path.join(root, 'scripts/certs'), args,
  { encoding: 'utf8' });

before(async () => {
  demo = await Demo.start({ jobs: ['pi:1000000000'], args: ['--tls'] });
  await demo.ready();
  origin = `https://127.0.0.1:${demo.port}`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  demo?.clean();
});

const get = (url, options) => new Promise((resolve, reject) => {
  https.get(url, options, (response) => {
    const protocol = response.socket.getProtocol();
    let body = '';
    response.on('data', (d) => { body += d; });
    response.on('end', () =>
      resolve({ status: response.statusCode, body, protocol }));
  }).on('error', reject);
});

test('who trusts its authority gets the pages', async () => {
  const ca = fs.readFileSync(path.join(demo.dir, 'tls', 'ca.crt'));
  const { status, body, protocol } = await get(`${origin}/join.json`, { ca });
  assert.equal(status, 200);
  assert.equal(protocol, 'TLSv1.3');
  assert.match(JSON.parse(body).url, /^https:/);
  await assert.rejects(get(`${origin}/`, {}),
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  assert.equal(
    fs.statSync(path.join(demo.dir, 'router.sock')).mode & 0o777, 0o600);
});

test('a phone computes and keeps its screen on', async () => {
  const phone = await openPage(browser, `${origin}/`,
    { ignoreHTTPSErrors: true, viewport: { width: 390, height: 844 } });
  assert.equal(await phone.evaluate(() => isSecureContext), true);
  await phone.evaluate(() => {
    const { wakeLock } = navigator;
    const request = wakeLock.request.bind(wakeLock);
    globalThis.locks = [];
    wakeLock.request = async (type) => {
      const lock = await request(type);
      globalThis.locks.push(lock);
      return lock;
    };
  });
  await phone.click('#join');
  await until('credit', async () => (await state(phone)).chunks > 0);
  await until('the lock', () => phone.evaluate(() =>
    globalThis.locks.some((lock) => !lock.released)));
  assert.equal(await phone.isVisible('#awake'), false);
  assert.deepEqual(phone.errors, []);
});

test('the host comes from any device', async () => {
  const [, fragment] = demo.hostUrl.split('#');
  const host = await openPage(browser, `${origin}/host#${fragment}`,
    { ignoreHTTPSErrors: true });
  await until('the status', async () =>
    (await state(host))?.status?.state === 'running');
  assert.deepEqual(host.errors, []);
});

test('certs: kept while it fits, made anew for another name', () => {
  const dir = tempDir();
  const fingerprint = () => execFileSync('openssl', ['x509', '-in',
    path.join(dir, 'server.crt'), '-noout', '-fingerprint', '-ext',
    'subjectAltName'], { encoding: 'utf8' });

  assert.equal(certs('--dir', dir).status, 0);
  const first = fingerprint();
  assert.match(first, /DNS:localhost, IP Address:127\.0\.0\.1/);
  assert.equal(certs('--dir', dir).status, 0);
  assert.equal(fingerprint(), first);
  assert.equal(certs('--dir', dir, 'demo.example').status, 0);
  assert.match(fingerprint(), /DNS:demo\.example/);
  execFileSync('openssl', ['verify', '-CAfile', path.join(dir, 'ca.crt'),
    path.join(dir, 'server.crt')]);
  assert.equal(fs.statSync(path.join(dir, 'ca.key')).mode & 0o777, 0o600);
  fs.rmSync(dir, { recursive: true });
});

test('certs: takes a pair, refuses what is none', () => {
  const [from, to] = [tempDir(), tempDir()];
  const file = (name) => path.join(from, name);
  certs('--dir', from);
  const refused = (text, ...args) => {
    const run = certs('--dir', to, ...args);
    assert.equal(run.status, 2, run.stdout);
    assert.match(run.stderr, text);
  };

  refused(/go together/, '--cert', file('server.crt'));
  refused(/not the key/, '--cert', file('server.crt'), '--key',
    file('ca.key'));
  refused(/in PEM/, '--cert', file('server.names'), '--key', file('ca.key'));
  refused(/can not be read/, '--cert', file('none'), '--key', file('ca.key'));
  refused(/unknown argument/, '--what');
  assert.equal(certs('--dir', to, '--cert', file('server.crt'), '--key',
    file('server.key')).status, 0);
  assert.deepEqual(fs.readFileSync(path.join(to, 'server.crt')),
    fs.readFileSync(file('server.crt')));
  assert.match(certs('--dir', to).stdout, /given is kept/);
  for (const dir of [from, to]) fs.rmSync(dir, { recursive: true });
});
