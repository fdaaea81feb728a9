// Each limit of router/CONFIG.md, found enforced over the live router: what is
// within it works, one more is refused by name, and what is given back is
// room again. That of the output is hostile.test.mjs's.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, tempDir } from '../lib/demo.mjs';
import { startRouter } from './router.mjs';
import { ANY, Bystanders, Peer, wsFrame, OP } from './raw.mjs';

const limits = { subscriptions: 20, patterns: 4, registrations: 10, calls: 8,
  held_bytes: 100000, message_bytes: 70000, retained: 5, retained_bytes: 9000,
  testaments: 3, testament_bytes: 5000 };
const LIMIT = 'manyhands.error.limit';
const BUSY = 'crossbar.error.max_concurrency_reached';
const RATE = 100;

const dir = tempDir();
const [widePort, slowPort, openPort, tinyPort, patientPort] = [
  await freePort(), await freePort(), await freePort(), await freePort(),
  await freePort()];
let router;

function config() {
  const permissions = [{ uri: '', match: 'prefix', allow: { call: true,
    register: true, publish: true, subscribe: true } }];
  const transport = (role, port, options = {}) => ({ type: 'websocket', options,
    endpoint: { type: 'tcp', interface: '127.0.0.1', port },
    auth: { anonymous: { type: 'static', role } } });
  return { version: 2,
    realms: [{ name: 'realm1',
      roles: [{ name: 'small', permissions, limits },
        { name: 'wide', permissions },
        { name: 'free', permissions, limits: Object.fromEntries(
          [...Object.keys(limits), 'output_bytes', 'rate', 'burst']
            .map((key) => [key, 0])) },
        { name: 'patient', permissions,
          limits: { output_bytes: 4000000, backpressure: true } },
        { name: 'slow', permissions, limits: { rate: RATE, burst: RATE } }],
      procedures: [
        { uri: 'busy.', match: 'prefix', invoke: 'roundrobin',
          concurrency_max: 1, queue: 4 },
        { uri: 'late.', match: 'prefix', queue: 50, wait: true },
        { uri: 'free.', match: 'prefix', queue: 100000, wait: true },
        { uri: 'own.', match: 'prefix', invoke: 'single', force: false }],
    }],
    transports: [transport('small', 1), transport('wide', widePort),
      transport('slow', slowPort), transport('free', openPort),
      transport('patient', patientPort),
      transport('wide', tinyPort, { max_message_size: 2000,
        auto_ping_interval: 200, auto_ping_timeout: 400 })] };
}

before(async () => {
  const file = path.join(dir, 'router.json');
  fs.writeFileSync(file, JSON.stringify(config()));
  router = await startRouter({ config: file });
});

after(async () => {
  assert.equal(await router.stop(), 0);
  fs.rmSync(dir, { recursive: true });
});

const small = async () =>
  (await Peer.connect({ port: router.port })).join();
const raw = async (port, path = '/') =>
  (await Peer.connect({ port, path, way: 'raw', serializer: 'cbor' })).join();
const wide = () => raw(widePort);

/** So many of these are accepted, all others refused. */
async function refusesAfter(peer, count, type, accepted, options, name, flood) {
  const got = [];
  for (let i = 0; i < flood; i++) {
    const id = peer.ask(type, options, name(i));
    const answer = await peer.next();
    if (i < count) {
      assert.deepEqual(answer.slice(0, 2), [accepted, id]);
      got.push(answer[2]);
    } else {
      assert.deepEqual(answer.slice(0, 5), [8, type, id, {}, LIMIT]);
    }
  }
  return got;
}

// Whoever feeds it waits, but not for a peer that is as good as dead. The
// kernel takes some megabytes first.
test('backpressure, and a subscriber that never reads', async () => {
  const deaf = await raw(patientPort);
  await deaf.subscribe('patient.flood');
  deaf.socket.pause();
  const publisher = await raw(patientPort);
  const all = 3000;
  for (let i = 0; i < all; i++)
    publisher.ask(16, {}, 'patient.flood', ['x'.repeat(10000)]);
  const id = publisher.ask(48, {}, 'wamp.session.count');
  assert.deepEqual(await publisher.next(40000), [50, id, {}, [1]]);
  publisher.close();
});

const tiny = async () => (await Peer.connect({ port: tinyPort })).join();

test("an endpoint's max_message_size", async () => {
  const peer = await tiny();
  peer.ask(48, {}, 'no.such.procedure', ['x'.repeat(1900)]);
  await peer.hears([8, 48, 1, {}, 'wamp.error.no_such_procedure', ANY]);
  peer.ask(48, {}, 'no.such.procedure', ['x'.repeat(2000)]);
  await peer.ends();
  assert.equal(peer.code, 1009);
  const other = await raw(tinyPort);
  assert.equal(other.answer[1] >> 4, 1); // 1,024 bytes
  other.close();
});

test("an endpoint's auto_ping_interval and auto_ping_timeout", async () => {
  const [alive, dead] = [await tiny(), await tiny()];
  dead.write = () => {}; // no PONG
  await dead.ends();
  await alive.hearsNothing();
  alive.close();
});

test('subscriptions', async () => {
  const peer = await small();
  const [first] = await refusesAfter(peer, 20, 32, 33, {}, (i) => `sub.${i}`,
    500);
  await peer.subscribe('sub.7'); // again is the same one
  peer.ask(34, first);
  await peer.hears([35, ANY]);
  await peer.subscribe('sub.new');
  peer.close();
});

test('registrations', async () => {
  const peer = await small();
  const [first] = await refusesAfter(peer, 10, 64, 65, {}, (i) => `reg.${i}`,
    500);
  peer.ask(66, first);
  await peer.hears([67, ANY]);
  await peer.register('reg.new');
  peer.close();
});

test('patterns, of both kinds together', async () => {
  const peer = await small();
  await peer.subscribe('pat.', { match: 'prefix' });
  await peer.subscribe('pat..x', { match: 'wildcard' });
  await peer.register('pat.', { match: 'prefix' });
  const last = await peer.register('pat..x', { match: 'wildcard' });
  await refusesAfter(peer, 0, 32, 33, { match: 'prefix' }, (i) => `pa${i}.`,
    50);
  await refusesAfter(peer, 0, 64, 65, { match: 'wildcard' },
    (i) => `pa${i}..`, 50);
  await peer.subscribe('pat.exact');
  peer.ask(66, last);
  await peer.hears([67, ANY]);
  await peer.subscribe('pa.', { match: 'prefix' });
  peer.close();
});

test('calls that are not over', async () => {
  const callee = await wide();
  await callee.register('open.calls');
  const caller = await small();
  const calls = Array.from({ length: 200 }, () =>
    caller.ask(48, {}, 'open.calls'));
  for (const id of calls.slice(8))
    await caller.hears([8, 48, id, {}, BUSY, ANY]);
  const open = [];
  for (let i = 0; i < 8; i++)
    open.push((await callee.hears([68, ANY, ANY, {}]))[1]);
  callee.send([70, open[3], {}]);
  await caller.hears([50, calls[3], {}]);
  caller.ask(48, {}, 'open.calls');
  await callee.hears([68, ANY, ANY, {}]);
  caller.ask(48, {}, 'open.calls');
  await caller.hears([8, 48, ANY, {}, BUSY, ANY]);
  caller.close();
  callee.close();
});

test('concurrency_max and queue', async () => {
  const callee = await wide();
  await callee.register('busy.one', { concurrency: 64 });
  const caller = await wide();
  const calls = Array.from({ length: 500 }, () =>
    caller.ask(48, {}, 'busy.one'));
  for (const id of calls.slice(5))
    await caller.hears([8, 48, id, {}, BUSY, ANY]);
  for (const id of calls.slice(0, 5)) {
    const call = await callee.hears([68, ANY, ANY, {}]);
    await callee.hearsNothing(); // one at a time
    callee.send([70, call[1], {}]);
    await caller.hears([50, id, {}]);
  }
  await callee.hearsNothing();
  caller.close();
  callee.close();
});

test('calls that wait for a callee to come', async () => {
  const caller = await wide();
  const calls = Array.from({ length: 300 }, (_, i) =>
    caller.ask(48, {}, 'late.comer', [i]));
  for (const id of calls.slice(50))
    await caller.hears([8, 48, id, {}, BUSY, ANY]);
  const callee = await wide();
  await callee.register('late.comer');
  for (let i = 0; i < 50; i++) {
    const call = await callee.hears([68, ANY, ANY, {}, [i]]);
    callee.send([70, call[1], {}]);
    await caller.hears([50, calls[i], {}]);
  }
  caller.close();
  callee.close();
});

test('payloads kept for calls that wait', async () => {
  const caller = await small();
  const text = 'x'.repeat(40000);
  const calls = Array.from({ length: 8 }, () =>
    caller.ask(48, {}, 'late.heavy', [text]));
  for (const id of calls.slice(2))
    await caller.hears([8, 48, id, {}, ANY, ANY]);
  await caller.hearsNothing();
  caller.send([49, calls[0], {}]);
  await caller.hears([8, 48, calls[0], {}, 'wamp.error.canceled', ANY]);
  caller.ask(48, {}, 'late.heavy', [text]); // there is room again
  await caller.hearsNothing();
  caller.close();
});

test('force_reregister', async () => {
  const first = await wide();
  const registration = await first.register('own.thing');
  const second = await wide();
  const id = second.ask(64, { force_reregister: true }, 'own.thing');
  await second.hears([8, 64, id, {}, 'wamp.error.not_authorized', ANY]);
  first.ask(66, registration);
  await first.hears([67, ANY]);
  await second.register('own.thing');
  first.close();
  second.close();
});

const message = (bytes) => {
  const text = '[48,1,{},"a.b",[""]]';
  return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
};

test('bytes of a message', async () => {
  const peer = await small();
  peer.sendBytes(Buffer.from(message(70000)));
  await peer.hears([8, 48, 1, {}, 'wamp.error.no_such_procedure', ANY]);
  peer.sendBytes(Buffer.from(message(70001).replace('48,1', '48,2')));
  await peer.ends();
  assert.equal(peer.code, 1009);
  // RawSocket has promised what the largest role may say, and this one
  // may not.
  const other = await raw(router.port);
  other.send([48, 1, {}, 'a.b', ['x'.repeat(70001)]]);
  await other.ends();
});

test('bytes of a message before joining', async () => {
  const hello = (bytes) => {
    const text = '[1,"realm1",{"roles":{"caller":{}},"x":""}]';
    return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
  };
  const peer = await Peer.connect({ port: router.port });
  peer.sendBytes(Buffer.from(hello(65536)));
  await peer.hears([2, ANY, ANY]);
  peer.close();
  const other = await Peer.connect({ port: router.port });
  other.sendBytes(Buffer.from(hello(65537)));
  await other.ends();
  assert.equal(other.code, 1009);
});

test('bytes of a message in fragments', async () => {
  const peer = await small();
  const data = Buffer.from(message(70001));
  for (let at = 0; at < data.length; at += 1000)
    peer.write(wsFrame(at ? OP.more : OP.text, data.subarray(at, at + 1000),
      { fin: at + 1000 >= data.length }));
  await peer.ends();
  assert.equal(peer.code, 1009);
});

// The bucket holds RATE, and may be as deep in debt by what was read already:
// what is beyond takes its time.
test('messages a second: who says more is read more slowly', async () => {
  const peer = await (await Peer.connect({ port: slowPort,
    path: '/' })).join();
  const began = performance.now();
  for (let id = 1; id <= 5 * RATE; id++) {
    peer.ask(48, {}, 'no.such');
    await peer.hears([8, 48, id, {}, 'wamp.error.no_such_procedure', ANY]);
  }
  assert.ok(performance.now() - began > 1500);
  peer.close();
});

test('events that are retained', async () => {
  const publisher = await small();
  for (let i = 0; i < 40; i++)
    publisher.ask(16, { retain: true }, `kept.${i}`, [i]);
  await publisher.hearsNothing();
  const reader = await wide();
  await reader.subscribe('kept.', { match: 'prefix', get_retained: true });
  const kept = [];
  for (let i = 0; i < 5; i++)
    kept.push((await reader.hears([36, ANY, ANY, {}, [ANY]]))[4][0]);
  assert.deepEqual(kept.sort((a, b) => a - b), [35, 36, 37, 38, 39]);
  await reader.hearsNothing();
  // 9,000 bytes hold two of these.
  for (let i = 0; i < 10; i++)
    publisher.ask(16, { retain: true }, `heavy.${i}`, ['x'.repeat(4000)]);
  await publisher.hearsNothing();
  await reader.subscribe('heavy.', { match: 'prefix', get_retained: true });
  await reader.hears([36, ANY, ANY, {}, [ANY]]);
  await reader.hears([36, ANY, ANY, {}, [ANY]]);
  await reader.hearsNothing();
  publisher.close();
  reader.close();
});

test('testaments', async () => {
  const add = (peer, text) => peer.ask(48, {}, 'wamp.session.add_testament',
    ['last.will', [text], {}]);
  const refused = (id) => [8, 48, id, {}, LIMIT, ANY];
  const peer = await small();
  for (let i = 0; i < 3; i++) await peer.hears([50, add(peer, 'a'), {}, ANY]);
  for (let i = 0; i < 50; i++) await peer.hears(refused(add(peer, 'a')));
  const other = await small();
  await other.hears(refused(add(other, 'x'.repeat(5001))));
  await other.hears([50, add(other, 'x'.repeat(4000)), {}, ANY]);
  await other.hears(refused(add(other, 'x'.repeat(2000))));
  const reader = await wide();
  await reader.subscribe('last.will');
  peer.close();
  for (let i = 0; i < 3; i++) await reader.hears([36, ANY, ANY, {}, ['a']]);
  await reader.hearsNothing();
  other.close();
  await reader.hears([36, ANY, ANY, {}, ['x'.repeat(4000)]]);
  reader.close();
});

test('0 is none', async () => {
  const peer = await raw(openPort);
  await refusesAfter(peer, 1100, 32, 33, {}, (i) => `free.${i}`, 1100);
  await refusesAfter(peer, 1100, 64, 65, {}, (i) => `own.free.${i}`, 1100);
  await refusesAfter(peer, 100, 64, 65, { match: 'prefix' },
    (i) => `own.${i}.`, 100);
  // 70 MiB held, and then given to a callee that reads them all.
  const text = 'x'.repeat(50000);
  for (let i = 0; i < 1400; i++) peer.ask(48, {}, 'free.call', [i, text]);
  await peer.hearsNothing();
  const callee = await raw(openPort);
  await callee.register('free.call');
  for (let i = 0; i < 1400; i++)
    await callee.hears([68, ANY, ANY, {}, [i, text]]);
  peer.close();
  callee.close();
  // More than 256 KiB wait for who does not read yet.
  const deaf = await raw(openPort);
  await deaf.subscribe('free.flood');
  deaf.socket.pause();
  const publisher = await raw(openPort);
  for (let i = 0; i < 500; i++)
    publisher.ask(16, {}, 'free.flood', [i, 'x'.repeat(100000)]);
  await publisher.hearsNothing();
  deaf.socket.resume();
  for (let i = 0; i < 500; i++)
    await deaf.hears([36, ANY, ANY, {}, [i, ANY]]);
  // A message may be as long as the codecs take it.
  const longest = [48, ++publisher.request, {}, 'a.b', ['x'.repeat(1040000)]];
  publisher.send(longest);
  await publisher.hears([8, 48, ANY, {}, 'wamp.error.no_such_procedure', ANY]);
  for (let i = 0; i < 20; i++) {
    const id = publisher.ask(48, {}, 'wamp.session.add_testament',
      ['last.of.free', ['x'.repeat(10000)], {}]);
    await publisher.hears([50, id, {}, ANY]);
  }
  for (let i = 0; i < 1100; i++)
    publisher.ask(16, { retain: true }, `kept.free.${i}`, [i]);
  await deaf.subscribe('kept.free.', { match: 'prefix', get_retained: true });
  await deaf.hears([36, ANY, ANY, {}, [ANY]]);
  publisher.close();
  deaf.close();
});

// What the process itself may have: 128 MiB.
test('no memory: who needs some is refused, and all goes on', async (t) => {
  if (fs.readFileSync(`/proc/${router.pid}/maps`, 'utf8').includes('libasan'))
    return t.skip('a sanitizer maps more than there is');
  const file = path.join(dir, 'tight.json');
  const tight = config();
  const [mine, , free] = tight.realms[0].roles;
  mine.limits = free.limits;
  tight.transports.splice(1);
  fs.writeFileSync(file, JSON.stringify(tight));
  const other = await startRouter({ config: file, memory: 128 << 10 });
  const bystanders = await Bystanders.join(other.port);
  const greedy = await raw(other.port);
  for (let i = 0; i < 1500; i++) {
    greedy.ask(48, {}, 'free.call', ['x'.repeat(100000)]);
    if (i % 100 === 0) await bystanders.check();
  }
  const last = greedy.ask(48, {}, 'no.such.procedure');
  // Each call is refused, or its connection when there is none to read it.
  for (;;) {
    const answer = await greedy.next();
    if (!answer || answer[2] === last) break;
    assert.equal(answer[4], 'wamp.error.unavailable');
  }
  await bystanders.check();
  greedy.close();
  (await raw(other.port)).close(); // there is room again
  await bystanders.check();
  bystanders.close();
  assert.equal(await other.stop(), 0);
});
