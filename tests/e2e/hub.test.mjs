// The phone's hub and compute workers, as the pages load them, in Node threads
// against a router that this test plays by hand.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { build, root } from '../lib/demo.mjs';

const modules = path.join(root, 'web', 'package.json');
const require = createRequire(modules);
const { WebSocketServer } = require('ws');
const { Packr } = require('msgpackr');
const packr = new Packr({ useRecords: false });

const file = path.join(build.replace(/\/asan$/, ''), 'web', 'worker.wasm');
const module = new WebAssembly.Module(fs.readFileSync(file));
const [WELCOME, GOODBYE, ERROR, SUBSCRIBE, CALL, RESULT, REGISTER,
  UNREGISTER, INVOCATION, INTERRUPT, YIELD] =
  [2, 6, 8, 32, 48, 50, 64, 66, 68, 69, 70];

/** Answers what every session asks; the rest is awaited by the tests. */
class Router extends EventEmitter {
  async listen() {
    this.server = new WebSocketServer({ port: 0, host: '127.0.0.1',
      handleProtocols: (set) => [...set][0] });
    this.server.on('connection', (socket) => {
      this.socket = socket;
      socket.on('message', (data) => this.heard(packr.unpack(data)));
      socket.on('close', () => this.emit('closed'));
    });
    await once(this.server, 'listening');
    return `ws://127.0.0.1:${this.server.address().port}/ws`;
  }

  send(...message) { this.socket.send(packr.pack(message)); }

  heard(message) {
    const [type, request, , uri, , kwargs] = message;
    if (type === 1) {
      this.send(WELCOME, 77, { roles: { dealer: {}, broker: {} } });
    } else if (type === REGISTER) {
      this.registration = request + 1000;
      this.send(65, request, this.registration);
    } else if (type === UNREGISTER) {
      this.emit('leaving');
      this.send(67, request);
    } else if (type === SUBSCRIBE) {
      this.subscription = request + 2000;
      this.send(33, request, this.subscription);
    } else if (type === GOODBYE) {
      this.send(GOODBYE, {}, 'wamp.close.goodbye_and_out');
    } else if (type === CALL) {
      this.emit(uri, kwargs);
      this.answer(request, uri);
    }
    this.emit(type, message);
  }

  answer(request, uri) {
    const me = { donor: 7, name: 'blue fox', rank: 3, of: 9,
      verified_us: 5_000_000_000, pending_us: 1, frozen: false, chunks: 2,
      gains: 1, devices: 4 };
    if (uri === 'donor.rename')
      this.send(ERROR, CALL, request, {}, 'wamp.error.invalid_argument',
        ['too long']);
    else
      this.send(RESULT, request, {}, [], uri === 'donor.join' ?
        { donor: 7, token: 'secret', pass: 'p7', name: 'blue fox' } : me);
  }

  invoke(invocation, change = {}) {
    this.send(INVOCATION, invocation, this.registration, {}, [], {
      job: 'j', kind: 'pi', lease: 500 + invocation, from: 3, count: 6,
      seed: 7, budget_ms: 2000, input: piInput(5000, 100), ...change });
  }
}

function piInput(position, block) {
  const input = Buffer.alloc(9);
  input[0] = 1;
  input.writeUInt32LE(position, 1);
  input.writeUInt32LE(block, 5);
  return input;
}

/** The first message of the hub that is like that. */
function said(type, like = () => true) {
  return new Promise((resolve) => {
    const listener = (message) => {
      if (message.type !== type || !like(message)) return;
      hub.off('message', listener);
      resolve(message);
    };
    hub.on('message', listener);
  });
}

/** The same chunk, computed in this thread by the same module. */
function alone(input, from, count) {
  const wasm = new WebAssembly.Instance(module, {}).exports;
  wasm._initialize();
  const at = wasm.in(2 + input.length);
  const bytes = new Uint8Array(wasm.memory.buffer, at, 2 + input.length);
  bytes.set(Buffer.concat([Buffer.from('pi'), input]));
  assert.equal(wasm.compute_begin(2, input.length, from, count, 0, -1), 0);
  while (wasm.compute_slice() < count);
  assert.equal(wasm.compute_end(), 0);
  return Buffer.from(wasm.memory.buffer, wasm.compute_output(),
    wasm.compute_output_len());
}

const router = new Router();
const workers = [];
let hub;

function startWorker(name) {
  const shim = path.join(root, 'tests', 'lib', 'webworker.mjs');
  const worker = new Worker(pathToFileURL(shim), { workerData: { modules,
    script: pathToFileURL(path.join(root, 'web', name)).href } });
  workers.push(worker);
  return worker;
}

before(async () => {
  const url = await router.listen();
  const ports = [];
  for (let thread = 0; thread < 2; thread++) {
    const { port1, port2 } = new MessageChannel();
    startWorker('compute.js').postMessage(
      { type: 'start', module, port: port2 }, [port2]);
    ports.push(port1);
  }
  hub = startWorker('hub.js');
  hub.postMessage({ type: 'start', module, url, realm: 'realm1', token: null,
    name: 'Ana', code: 'c1', device: 'phone', threads: 2, ports }, ports);
});
after(async () => {
  await Promise.all(workers.map((worker) => worker.terminate()));
  router.server.close();
});

test('it joins, then registers, then tells the page', async () => {
  const state = said('state', ({ phase }) => phase === 'working');
  const me = said('me');
  const [kwargs] = await once(router, 'donor.join');
  assert.deepEqual(kwargs,
    { code: 'c1', name: 'Ana', device: 'phone', threads: 2 });
  const [register] = await once(router, REGISTER);
  assert.deepEqual(register.slice(2),
    [{ invoke: 'roundrobin', concurrency: 4 }, 'compute.chunk']);
  const { donor, token, name, threads } = await state;
  assert.deepEqual({ donor, token, name, threads },
    { donor: 7, token: 'secret', name: 'blue fox', threads: 2 });
  const { rank, verified_us } = await me;
  assert.deepEqual({ rank, verified_us },
    { rank: 3, verified_us: 5_000_000_000 });
});

test('a chunk is computed, sent and shown', async () => {
  const chunk = said('chunk');
  const done = said('done');
  router.invoke(1);
  const [message] = await once(router, YIELD);
  const { output, ...rest } = message[4];
  assert.deepEqual([message[1], rest],
    [1, { pass: 'p7', lease: 501, units: 6 }]);
  const wanted = alone(piInput(5000, 100), 3, 6);
  assert.deepEqual(Buffer.from(output), wanted);
  const shown = await chunk;
  assert.deepEqual([shown.kind, shown.from, shown.count, shown.seed],
    ['pi', 3, 6, 7]);
  assert.deepEqual(Buffer.from((await done).output), wanted);
});

test('an audit returns one piece', async () => {
  router.invoke(2, { units: 6, piece: 4 });
  const [message] = await once(router, YIELD);
  assert.deepEqual(Buffer.from(message[4].output),
    alone(piInput(5000, 100), 7, 1).subarray(1));
});

test('garbage is refused', async () => {
  router.invoke(3, { input: Buffer.from('nonsense') });
  const [message] = await once(router, ERROR);
  assert.deepEqual(message.slice(1, 5),
    [INVOCATION, 3, {}, 'wamp.error.invalid_argument']);
  assert.match(message[5][0], /input/);
});

test('a cancelled chunk ends between two slices', async () => {
  const dropped = said('dropped');
  const started = said('chunk');
  router.invoke(4, { input: piInput(100000000, 1 << 20), count: 64,
    budget_ms: 60000, units: 64 });
  await started;
  router.send(INTERRUPT, 4, { mode: 'kill' });
  const [message] = await once(router, ERROR);
  assert.equal(message[4], 'wamp.error.canceled');
  await dropped;
});

test('a refused name, a finished job', async () => {
  hub.postMessage({ type: 'rename', name: 'x'.repeat(40) });
  const refused = await said('refused');
  assert.deepEqual([refused.what, refused.text], ['rename', 'too long']);
  router.send(36, router.subscription, 9, {}, [],
    { job: 'j', kind: 'pi', answer: { digits: 'ABC', certain: 3 } });
  const finished = await said('finished');
  assert.deepEqual(finished.answer, { digits: 'ABC', certain: 3 });
});

test('hidden: off the list, and back when it is seen', async () => {
  router.once('leaving', () => router.invoke(5)); // crosses it on the way
  hub.postMessage({ type: 'visible', visible: false });
  const [message] = await once(router, ERROR);
  assert.equal(message[4], 'wamp.error.unavailable');
  hub.postMessage({ type: 'visible', visible: true });
  await once(router, REGISTER);
});

test('a lost connection: it comes back with its token', async () => {
  const offline = said('state', ({ phase }) => phase === 'offline');
  router.socket.terminate();
  await offline;
  const [kwargs] = await once(router, 'donor.join');
  assert.equal(kwargs.token, 'secret');
  await once(router, REGISTER);
  router.invoke(6);
  await once(router, YIELD);
});

test('stop: handed back, GOODBYE, closed', async () => {
  const stopped = said('stopped');
  const goodbye = once(router, GOODBYE);
  const started = said('chunk');
  router.invoke(7, { input: piInput(100000000, 1 << 20), count: 64,
    budget_ms: 60000, units: 64 });
  await started;
  hub.postMessage({ type: 'stop' });
  const [message] = await once(router, ERROR);
  assert.equal(message[4], 'wamp.error.unavailable');
  await goodbye;
  await stopped;
});
