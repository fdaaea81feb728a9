// What the talk showed, by programs of our own: one callee of concurrency 2
// and one of 3, twenty calls at once, through a router that was given the
// realms and transports of such a demo in Crossbar's words. With TALK_DIR
// naming a checkout of the examples of that time, the originals run too, as
// they are and with their own configurations; only where to listen is ours.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import autobahn from 'autobahn';
import { launch } from '../e2e/browser.mjs';
import { build, freePort, sleep, tempDir, until } from '../lib/demo.mjs';
import { startRouter } from './router.mjs';

const python = '/usr/bin/python3';
const PROCEDURE = 'com.example.compute';

function config(port, queued) {
  const allow = { call: true, register: true, publish: true, subscribe: true };
  const queue = { type: 'memory',
    'call-queue': [{ uri: PROCEDURE, match: 'exact', limit: 1000 }] };
  return { version: 2,
    realms: [{ name: 'realm1', roles: [{ name: 'anonymous',
      permissions: [{ uri: '', match: 'prefix', allow, cache: true,
        disclose: { caller: false, publisher: false } }] }],
    ...(queued ? { store: queue } : {}) }],
    transports: [{ type: 'web', endpoint: { type: 'tcp', port },
      paths: { ws: { type: 'websocket' } } }] };
}

async function withRouter(queued, fn) {
  const [dir, port] = [tempDir(), await freePort()];
  const file = path.join(dir, 'config.json');
  fs.writeFileSync(file, JSON.stringify(config(port, queued)));
  const router = spawn(path.join(build, 'router'), ['--config', file],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  router.stderr.on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => router.on('close', resolve));
  await until('the router', () => /listening/.test(said));
  try {
    await fn(`ws://127.0.0.1:${port}/ws`);
  } finally {
    router.kill('SIGTERM');
    assert.equal(await ended, 0);
    fs.rmSync(dir, { recursive: true });
  }
}

function join(url) {
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({ url, realm: 'realm1',
      max_retries: 0 });
    connection.onopen = (session) => resolve({ session, connection });
    connection.onclose = (reason) => reject(new Error(reason));
    connection.open();
  });
}

/** A callee that takes a while for each call, and sees how many it has. */
async function callee(url, concurrency) {
  const { session, connection } = await join(url);
  const seen = { now: 0, most: 0, order: [], concurrency, connection };
  await session.register(PROCEDURE, async ([number]) => {
    seen.order.push(number);
    seen.most = Math.max(seen.most, ++seen.now);
    await sleep(200);
    seen.now--;
    return number;
  }, { invoke: 'roundrobin', concurrency });
  return seen;
}

async function stage(url, fn) {
  const callees = [await callee(url, 3), await callee(url, 2)];
  const { session, connection } = await join(url);
  await fn(session, callees);
  for (const each of [...callees, { connection }]) each.connection.close();
}

test('twenty calls over concurrency 2 and 3 are queued, in order', () =>
  withRouter(true, (url) => stage(url, async (session, callees) => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const results = await Promise.all(numbers.map((i) =>
      session.call(PROCEDURE, [i])));
    assert.deepEqual(results, numbers);
    for (const { most, concurrency, order } of callees) {
      assert.equal(most, concurrency, 'all slots are used, and no more');
      // Between two callees nothing tells which call was sent first.
      assert.deepEqual(order, [...order].sort((a, b) => a - b),
        'first come, first served');
    }
    assert.deepEqual(callees.flatMap(({ order }) => order)
      .sort((a, b) => a - b), numbers, 'each once');
  })));

test('without a queue the sixth call is refused', () =>
  withRouter(false, (url) => stage(url, async (session, callees) => {
    const calls = Array.from({ length: 8 }, (_, i) =>
      session.call(PROCEDURE, [i]));
    const results = await Promise.allSettled(calls);
    const refused = results.filter((r) => r.status === 'rejected');
    assert.equal(refused.length, 3);
    for (const { reason } of refused)
      assert.equal(reason.error, 'crossbar.error.max_concurrency_reached');
    assert.deepEqual(results.slice(0, 5).map((r) => r.value),
      [0, 1, 2, 3, 4]);
    assert.deepEqual(callees.map(({ most }) => most), [3, 2]);
  })));

// --- the originals ---------------------------------------------------------

const talk = process.env.TALK_DIR;
const skip = !talk;
const here = path.dirname(fileURLToPath(import.meta.url));

const programs = [];

/** Runs fn with a router of a configuration of theirs, as it is. */
async function withTheirs(config, fn) {
  const router = await startRouter({ config: path.join(talk, config) });
  try {
    await fn(router);
  } finally {
    await Promise.all(programs.splice(0).map(({ stop }) => stop()));
    assert.equal(await router.stop(), 0);
  }
}

function program(command, args, options = {}) {
  const child = spawn(command, args,
    { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const running = { said: '',
    ended: new Promise((resolve) => child.on('close', resolve)),
    stop: () => { child.kill('SIGTERM'); return running.ended; } };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => { running.said += text; });
  programs.push(running);
  return running;
}

const count = (text, pattern) => text.match(pattern)?.length ?? 0;

// --- scaling-microservices ---------------------------------------------------

// What a container of Crossbar's does: the class, with its `extra`.
const CONTAINER = `
import sys, txaio
txaio.use_twisted()
sys.path.insert(0, sys.argv[1])
from autobahn.twisted.wamp import ApplicationRunner
import compute
txaio.start_logging(level='info')
ApplicationRunner(sys.argv[3], 'realm1', extra={
    'concurrency': int(sys.argv[2])}).run(compute.ComputeKernel)`;

/** The containers that the configuration names, then the client. */
async function scaled(name, url) {
  const dir = path.join(talk, 'scaling-microservices', name);
  const { workers } = JSON.parse(fs.readFileSync(
    path.join(dir, '.crossbar', 'config.json')));
  const containers = workers.filter(({ type }) => type === 'container')
    .map(({ components: [{ extra }] }) => program(python, ['-c', CONTAINER,
      dir, String(extra.concurrency), url]));
  for (const container of containers)
    await until('a callee', () => /ready/.test(container.said));
  const client = program(python, [path.join(dir, 'client.py'), '--router',
    url]);
  await client.ended;
  for (const container of containers) {
    await container.stop();
    assert.match(container.said, /invocations/, 'it has had its share');
  }
  const [, took] = client.said.match(/run-time \(wallclock\): (\S+)/);
  console.log(`# ${name}: ${Number(took).toFixed(2)} s`);
  return client.said;
}

// "20 / 5 * 2 = 8, so we expect to wait 8s for everything to finish"; that it
// is not less is what five at once means.
test('the original of queued: all twenty, in four rounds', { skip }, () =>
  withTheirs('scaling-microservices/queued/.crossbar/config.json',
    async ({ url }) => {
      const said = await scaled('queued', url);
      assert.equal(count(said, /'call_no'/g), 20);
      const [, took] = said.match(/run-time \(wallclock\): (\S+)/);
      assert.ok(Number(took) >= 8, took);
    }));

// "when a 5th call comes in, this call will be immediately denied with
// 'maximum concurrency reached'": the client calls until it is, and the calls
// before are answered.
test('the original of simple: calls until one is denied', { skip }, () =>
  withTheirs('scaling-microservices/simple/.crossbar/config.json',
    async ({ url }) => {
      const said = await scaled('simple', url);
      assert.match(said, /stopping to issue calls - maximum concurrency/);
      const issued = count(said, /issueing call/g);
      const answered = count(said, /'call_no'/g);
      assert.ok(answered >= 8, 'both callees\' slots were in use');
      assert.ok(answered < issued, 'and one call was denied');
      const numbers = [...said.matchAll(/'call_no': (\d+)/g)]
        .map(([, number]) => Number(number)).sort((a, b) => a - b);
      assert.deepEqual(numbers.slice(0, 8), [1, 2, 3, 4, 5, 6, 7, 8]);
    }));

// --- all configurations ------------------------------------------------------

// What is no configuration of a router of today, or asks for what is not here.
const REFUSED = [
  [/^work\/votegame\//, /^processes: unknown key/],
  [/^hello\/_hello_from_depr.*\/(browser|nodejs)\//,
    /realms\[0\]\.name: not a valid URI/],
  [/^xbr\/teststack1\/master\//, /^workers\[0\]\.type: is missing/],
  [/^benchmark\/websocket\//, /^transports: at least one is wanted/],
  [/^containers\/max_message_size\/.*-router\.json$/,
    /^transports: at least one is wanted/],
  [/^authentication\/tls\/static\/.*config_shared/,
    /^transports\[1\]\.endpoint: .* port 8080 already/],
];

/** What --check says, without warnings and the file's name. */
function mistakes(file) {
  const run = spawnSync(path.join(build, 'router'), ['--check', '--config',
    path.join(talk, file)], { encoding: 'utf8',
    env: { ...process.env, MYSECRET: 'x', MYTICKET: 'x' } });
  const lines = run.stderr.replaceAll(`${path.join(talk, file)}: `, '')
    .split('\n').filter((line) => line && !/(^|: )warning: /.test(line));
  assert.equal(run.status, lines.length ? 2 : 0, `${file}: ${run.stderr}`);
  return lines;
}

test('the configurations of all examples', { skip }, () => {
  const files = fs.readdirSync(talk, { recursive: true }).filter((file) =>
    /(^|\/)(config[^/]*|\.crossbar\/[^/]*)\.json$/.test(file) &&
    !/(^|\/)node_modules\//.test(file)).sort();
  let refused = 0;
  for (const file of files) {
    const said = mistakes(file);
    refused += said.length > 0;
    const [, reason] = REFUSED.find(([name]) => name.test(file)) ?? [];
    if (reason ? !reason.test(said[0]) : said.length)
      assert.fail(`${file}: ${said.join('; ')}`);
  }
  console.log(`# ${files.length - refused} of ${files.length} load`);
});

// --- the travelling salesman -------------------------------------------------

const SALESMAN = 'demos/salesman';
const NODES = 5; // as many as the orchestrator calls at once, no queue is there
const BATCHES = 152; // from temperature 1 down to 0.01, by 3 % each

/** A Node.js program of the demo, with the packages that we have. Its other
 * orchestrator is for pages only: in Node.js it hides `process` from itself. */
const salesman = (file, url) => program(process.execPath,
  [path.join(talk, SALESMAN, file), url],
  { env: { ...process.env, NODE_PATH: path.join(here, 'node_modules') } });

/** A tab of the demo. What is not the router's is knockout, from our
 * packages; the page does without the rest. */
async function tab(browser, router, page) {
  const knockout = path.join(here, 'node_modules', 'knockout', 'build',
    'output', 'knockout-latest.js');
  const opened = await (await browser.newContext()).newPage();
  opened.said = '';
  opened.on('console', (line) => { opened.said += `${line.text()}\n`; });
  await opened.route((url) => url.port !== String(router.port), (route) =>
    (/knockout/.test(route.request().url()) ?
      route.fulfill({ path: knockout, contentType: 'text/javascript' }) :
      route.abort()));
  await opened.goto(`http://127.0.0.1:${router.port}/${page}`);
  return opened;
}

/** A compute node in a tab: it registers when it is told to. */
async function tabNode(browser, router) {
  const node = await tab(browser, router, 'index.html');
  await until('a session', () => /TSP connected/.test(node.said));
  await node.click('text=Register Local Compute Node');
  return node;
}

/** One in Node.js registers at once. */
async function nodeNode(router) {
  const node = salesman('web/js/compute_tsp.js', router.url);
  await until('a session', () => /session\.id/.test(node.said));
  return node;
}

async function salesmanInTabs(router, browser, tabs) {
  const nodes = [];
  for (let i = 0; i < NODES; i++)
    nodes.push(await (i < tabs ? tabNode(browser, router) :
      nodeNode(router)));
  const orchestrator = await tab(browser, router, 'backend.html');
  await until('a route', () => /^computed /m.test(orchestrator.said), 120000);
  assert.match(orchestrator.said, /^getNumberOfCallees 5$/m);
  assert.equal(count(orchestrator.said, /^temps /gm), BATCHES);
  for (const node of nodes) {
    await node.stop?.();
    assert.equal(count(node.said, /^computeTsp called$/gm), BATCHES,
      'the policy is roundrobin');
  }
  for (const node of nodes.slice(0, tabs))
    assert.equal(await node.textContent('[data-bind$="numberOfCities"]'),
      '50', 'it was told of the new state');
}

for (const tabs of [NODES, 2])
  test(`the original salesman, ${tabs} of ${NODES} nodes in browser tabs`,
    { skip }, () => withTheirs(`${SALESMAN}/.crossbar/config.json`,
      async (router) => {
        const browser = await launch();
        try {
          await salesmanInTabs(router, browser, tabs);
        } finally {
          await browser.close();
        }
      }));

// Its orchestrator joins another realm than all of its compute nodes, so that
// one of ours answers it.
test('the original of the Node.js orchestrator', { skip }, () =>
  withTheirs(`${SALESMAN}/.crossbar/config_node_orchestrator.json`,
    async ({ url }) => {
      const orchestrator = salesman('node/orchestrator.js', url);
      await until('its subscription', () =>
        /not registered, subscribe/.test(orchestrator.said));
      const { session, connection } = await join(url);
      let calls = 0;
      await session.register('io.crossbar.demo.tsp.compute_tsp',
        (args, { startRoute }) => {
          calls++;
          return { route: startRoute, length: 1000 };
        });
      await until('a route', () => /^computed \[/m.test(orchestrator.said),
        120000);
      assert.match(orchestrator.said, /registration for computeTsp received/);
      assert.match(orchestrator.said, /\] 1000 original length was /);
      assert.equal(calls, 30 * BATCHES);
      connection.close();
    }));
