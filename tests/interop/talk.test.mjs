// What the talk showed, by programs of our own: one callee of concurrency 2
// and one of 3, twenty calls at once, through a router that was given the
// realms and transports of such a demo in Crossbar's words. With TALK_DIR
// naming a checkout of the examples of that time, the originals run too.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import autobahn from 'autobahn';
import { build, freePort, sleep, tempDir, until } from '../lib/demo.mjs';

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

const talk = process.env.TALK_DIR &&
  path.join(process.env.TALK_DIR, 'scaling-microservices');

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

function program(args) {
  const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const running = { child, said: '',
    ended: new Promise((resolve) => child.on('close', resolve)) };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => { running.said += text; });
  return running;
}

for (const [name, queued, second] of [['queued', true, 2],
  ['simple', false, 5]]) {
  test(`the original of ${name}`, { skip: !talk }, () =>
    withRouter(queued, async (url) => {
      const dir = path.join(talk, name);
      const containers = [3, second].map((concurrency) =>
        program(['-c', CONTAINER, dir, String(concurrency), url]));
      for (const container of containers)
        await until('a callee', () => /ready/.test(container.said));
      const client = program([path.join(dir, 'client.py'), '--router', url]);
      await client.ended;
      const [, took] = client.said.match(/run-time \(wallclock\): (\S+)/);
      console.log(`# ${name}: ${Number(took).toFixed(2)} s`);
      if (queued)
        assert.equal(client.said.match(/'call_no'/g).length, 20);
      else
        assert.match(client.said, /maximum concurrency reached/);
      for (const container of containers) {
        container.child.kill('SIGTERM');
        await container.ended;
        assert.match(container.said, /invocations/, 'it has had its share');
      }
    }));
}
