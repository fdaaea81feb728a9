// Hostile peers over the live router: who never reads, who says half of
// something, who comes in floods, who dies in the middle of a word. Each is
// dropped at the documented limit, the router's memory stays bounded, and a
// caller and callee, a publisher and subscriber beside it notice nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sleep, tempDir, until } from '../lib/demo.mjs';
import { startRouter } from './router.mjs';
import { ANY, Bystanders, OP, Peer, rawFrame, upgrade, wsFrame } from
  './raw.mjs';

const MEMORY_MAX = 64 << 20; // more than before, at the most
const DROPPED_MS = 30000; // for what is dropped after 15 s

const dir = tempDir();
const socket = path.join(dir, 'router.sock');
let router;
let bystanders;
let watcher; // counts the sessions
let halfOpen; // who waits to be dropped meanwhile

/** The limits that everybody has who is told no others (--open has wider
 * ones). */
const config = path.join(dir, 'router.json');
fs.writeFileSync(config, JSON.stringify({ version: 2,
  realms: [{ name: 'realm1', roles: [{ name: 'anonymous', permissions: [
    { uri: '', match: 'prefix', allow: { call: true, register: true,
      publish: true, subscribe: true } }] }] }],
  transports: [{ type: 'websocket', endpoint: { type: 'tcp', port: 1 },
    auth: { anonymous: { type: 'static', role: 'anonymous' },
      ticket: { type: 'static', principals: {
        tina: { ticket: 'never said', role: 'anonymous' } } } } }],
}));

before(async () => {
  router = await startRouter({ config,
    more: ['--listen', `unix://${socket}`] });
  bystanders = await Bystanders.join(router.port);
  watcher = await joined();
  halfOpen = dropAll();
  halfOpen.catch(() => {}); // awaited by its test
});

after(async () => {
  await bystanders.check();
  bystanders.close();
  watcher.close();
  assert.equal(await router.stop(), 0);
  fs.rmSync(dir, { recursive: true });
});

const connect = (more) => Peer.connect({ port: router.port, ...more });
async function joined(more) { return (await connect(more)).join(); }

/** @returns {Promise<number[]>} the sessions of the realm */
async function sessions() {
  const id = watcher.ask(48, {}, 'wamp.session.list');
  return (await watcher.hears([50, id, {}, [ANY]]))[3][0];
}

async function isGone(peer) {
  await until('the peer to be dropped', async () =>
    !(await sessions()).includes(peer.welcome[1]));
  peer.close();
}

const status = (name) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(
  fs.readFileSync(`/proc/${router.pid}/status`, 'utf8'))[1]);
const sanitized = () =>
  fs.readFileSync(`/proc/${router.pid}/maps`, 'utf8').includes('libasan');

/** What happens meanwhile takes no memory to speak of, and disturbs nobody. */
async function withinMemory(happens) {
  const before = status('VmRSS');
  fs.writeFileSync(`/proc/${router.pid}/clear_refs`, '5'); // of VmHWM
  await happens();
  await bystanders.check();
  const more = status('VmHWM') - before;
  assert.ok(more < MEMORY_MAX || sanitized(),
    `${more} bytes more than before`);
}

/** @param {string} name @param {() => Promise<void>} happens */
const hostile = (name, happens) => test(name, () => withinMemory(happens));

/** Joined, and reads nothing more. */
async function deaf(more) {
  const peer = await joined(more);
  peer.socket.pause();
  return peer;
}

const ways = [{ way: 'ws', serializer: 'msgpack' },
  { way: 'raw', serializer: 'cbor' }];
const big = Buffer.alloc(100000, 'x').toString();

// --- who never reads --------------------------------------------------------

hostile('subscribers that never read are dropped, and no others', async () => {
  const peers = [];
  for (let i = 0; i < 10; i++) {
    const peer = await joined(ways[i % 2]);
    await peer.subscribe('hostile.flood');
    peer.socket.pause();
    peers.push(peer);
  }
  const reader = await joined();
  await reader.subscribe('hostile.flood');
  const publisher = await joined();
  const ids = peers.map((peer) => peer.welcome[1]);
  let said = 0;
  // The kernel takes some megabytes for each before anything waits here.
  for (let left = ids; left.length;) {
    assert.ok(said < 2000, 'they are still there');
    for (let i = 0; i < 10; i++, said++) {
      const id = publisher.ask(16, { acknowledge: true }, 'hostile.flood',
        [said, big]);
      await publisher.hears([17, id, ANY]);
      await reader.hears([36, ANY, ANY, {}, [said, big]]);
    }
    const there = await sessions();
    left = ids.filter((id) => there.includes(id));
  }
  for (const peer of [...peers, reader, publisher]) peer.close();
});

hostile('a callee that never reads: its callers are answered', async () => {
  const callee = await joined(ways[0]);
  await callee.register('hostile.deaf');
  callee.socket.pause();
  const caller = await joined(ways[1]);
  const calls = [];
  while (!caller.heard.length) {
    assert.ok(calls.length < 1000, 'it is still there');
    calls.push(caller.ask(48, {}, 'hostile.deaf', [big]));
    await new Promise((resolve) => caller.socket.write('', resolve));
    await sleep(1);
  }
  await isGone(callee);
  const late = new Set(calls);
  while (late.size) {
    const [, , id] = await caller.hears([8, 48, (x) => late.has(x), {},
      (error) => /^wamp\.error\.(canceled|no_such_procedure)$/.test(error),
      ANY]);
    late.delete(id);
  }
  await caller.hearsNothing();
  caller.close();
});

hostile('a caller that never reads its results is dropped', async () => {
  const callee = await joined(ways[0]);
  await callee.register('hostile.big');
  const caller = await deaf(ways[1]);
  const calls = [];
  for (let i = 0; i < 200; i++) caller.ask(48, {}, 'hostile.big');
  while (calls.length < 200)
    calls.push((await callee.hears([68, ANY, ANY, {}]))[1]);
  for (const id of calls) callee.send([70, id, {}, [big]]);
  await isGone(caller);
  // What was open is interrupted.
  while (callee.heard.length) assert.equal(callee.heard.shift()[0], 69);
  await callee.hearsNothing();
  callee.close();
});

/** Writes those chunks: is all of it taken, or does it stand still before? */
async function isRead(peer, chunks) {
  let taken = 0;
  const write = () => {
    if (taken < chunks.length)
      peer.socket.write(chunks[taken], (error) => {
        if (error) return;
        taken++;
        write();
      });
  };
  let before = -1;
  write();
  await until('it to stand still', async () => {
    const still = taken === before;
    before = taken;
    await sleep(still ? 0 : 700);
    return still;
  });
  assert.ok(peer.socket.writable, 'it was closed');
  return taken === chunks.length;
}

/** Where the kernel keeps little: over TCP it may take tens of megabytes. */
const narrow = (way) => ({ ...way, file: socket });

// Of a WebSocket's PINGs only the last has to be answered; each of a
// RawSocket's does, so that it is read no more.
hostile('PINGs whose answers are never read', async () => {
  const ws = await deaf(narrow(ways[0]));
  const raw = await deaf(narrow(ways[1]));
  const flood = (frame) => Array(30).fill(Buffer.concat(
    Array(8000).fill(frame)));
  assert.ok(await isRead(ws, flood(wsFrame(OP.ping, 'x'.repeat(125)))));
  assert.ok(!await isRead(raw, flood(rawFrame(1, Buffer.alloc(125)))));
  ws.close();
  raw.close();
});

for (const way of ways)
  hostile(`${way.way}: who asks and reads nothing is read no more, and then ` +
    'goes on', async () => {
    const peer = await deaf(narrow(way));
    const chunks = [];
    for (let id = 1; id <= 100000; id += 1000)
      chunks.push(Buffer.concat(Array.from({ length: 1000 }, (_, i) =>
        peer.frame(OP.binary, peer.serializer.encode(
          [48, id + i, {}, 'no.such.procedure'])))));
    assert.ok(!await isRead(peer, chunks));
    peer.socket.resume();
    for (let id = 1; id <= 100000; id++)
      await peer.hears([8, 48, id, {}, 'wamp.error.no_such_procedure', ANY]);
    peer.close();
  });

// --- who says half of something ---------------------------------------------

/** A connection that says that, and then, one at a time, these. */
function half(text, slowly = []) {
  const socket = net.connect(router.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  if (text.length) socket.write(text);
  return dropped(socket, slowly);
}

async function halfMessage(more, text, slowly) {
  const peer = await joined(more);
  peer.deaf = true;
  peer.write(text);
  await dropped(peer.socket, slowly);
}

/** Is closed by the router, whatever it says meanwhile. */
function dropped(socket, slowly = []) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`it was not dropped in ${DROPPED_MS} ms`));
    }, DROPPED_MS);
    const pieces = [...slowly];
    const drip = setInterval(() => {
      if (pieces.length && socket.writable) socket.write(pieces.shift());
    }, 200);
    socket.on('close', () => {
      clearTimeout(timer);
      clearInterval(drip);
      resolve();
    });
  });
}

/** Told to go, it neither answers nor closes. */
async function unmoved(more) {
  const peer = await joined(more);
  const killer = await joined();
  peer.deaf = true;
  const id = killer.ask(48, {}, 'wamp.session.kill', [peer.welcome[1]]);
  await killer.hears([50, id, {}, ANY]);
  killer.close();
  await dropped(peer.socket);
}

const drops = (text) => Array.from(Buffer.from(text), (b) => Buffer.from([b]));

/** What each of them says, and all at once, as each takes 15 s. */
function halves() {
  const head = upgrade(router.port, '/ws', 'wamp.2.json');
  const endless = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(500)}`;
  const shake = Buffer.from([0x7f, 0xf1, 0, 0]);
  const fragments = Array.from({ length: 500 }, (_, i) =>
    wsFrame(i ? OP.more : OP.text, '[', { fin: false }));
  return {
    'nothing': half(''),
    'half a request line': half('GET / HT'),
    'half a head': half('GET / HTTP/1.1\r\nHost: x\r\n'),
    'half an upgrade': half(head.slice(0, -2)),
    'a head, byte by byte': half('', drops(endless)),
    'an upgrade, byte by byte': half(head.slice(0, 20),
      drops(head.slice(20, -4) + 'x'.repeat(400))),
    'half of RawSocket\'s handshake': half(shake.subarray(0, 2)),
    'RawSocket without HELLO': half(shake),
    'a WebSocket without HELLO': half(head),
    'PINGs without HELLO': half(head,
      Array.from({ length: 500 }, () => wsFrame(OP.ping, 'x'))),
    'half a HELLO': half(Buffer.concat([Buffer.from(head),
      wsFrame(OP.text, '[1,"realm1",{').subarray(0, 9)])),
    'HELLO without AUTHENTICATE': half(Buffer.concat([Buffer.from(head),
      wsFrame(OP.text, JSON.stringify([1, 'realm1', { authid: 'tina',
        authmethods: ['ticket'], roles: { caller: {} } }]))])),
    'GOODBYE without an answer': unmoved({}),
    'GOODBYE without an answer, on a RawSocket': unmoved(ways[1]),
    'half a frame': halfMessage({}, wsFrame(OP.text, '[48,1,{},"a.b"]')
      .subarray(0, -2)),
    'half a frame\'s head': halfMessage({}, Buffer.from([0x81])),
    'a frame, byte by byte': halfMessage({}, '', drops(
      wsFrame(OP.text, 'x'.repeat(500)))),
    'fragments without end': halfMessage({}, '', fragments),
    'half a RawSocket frame': halfMessage(ways[1],
      Buffer.from([0, 0, 1, 0, 7, 7])),
    'a RawSocket frame, byte by byte': halfMessage(ways[1], '', drops(
      rawFrame(0, Buffer.alloc(500)))),
  };
}

async function dropAll() {
  for (const [what, gone] of Object.entries(halves())) {
    gone.catch(() => {});
    await gone.catch((error) => {
      throw new Error(`${what}: ${error.message}`);
    });
  }
}

// --- floods -----------------------------------------------------------------

hostile('bad HELLOs', async () => {
  for (let i = 0; i < 300; i++) {
    const peer = await connect(ways[i % 2]);
    peer.send([[1, 'nowhere', { roles: {} }], [1, 7, {}], [48, 1, {}, 'a'],
      [1, 'realm1'], [99]][i % 5]);
    await peer.hears([3, ANY, ANY]);
    await peer.ends();
  }
});

hostile('one-byte fragments from many', async () => {
  const peers = await Promise.all(Array.from({ length: 50 }, () =>
    joined()));
  const text = Buffer.from(JSON.stringify([48, 1, {}, 'a.b',
    ['x'.repeat(900)]]));
  for (const peer of peers)
    for (let i = 0; i < text.length - 1; i++)
      peer.write(wsFrame(i ? OP.more : OP.text, text.subarray(i, i + 1),
        { fin: false }));
  for (const peer of peers) {
    peer.write(wsFrame(OP.more, text.subarray(-1)));
    await peer.hears([8, 48, 1, {}, 'wamp.error.no_such_procedure', ANY]);
    peer.close();
  }
});

hostile('joining and leaving, a thousand times', async () => {
  const before = (await sessions()).length;
  for (let i = 0; i < 1000; i++) {
    const peer = await connect(ways[i % 2]);
    peer.send([1, 'realm1', { roles: { callee: {}, subscriber: {} } }]);
    peer.send([64, 1, {}, `hostile.${i}`]);
    peer.send([32, 2, {}, `hostile.${i}`]);
    peer.close();
  }
  await until('all to be gone', async () =>
    (await sessions()).length === before);
});

// --- who dies ---------------------------------------------------------------

for (const way of ways)
  hostile(`${way.way}: RST in the middle of a message`, async () => {
    for (let i = 0; i < 30; i++) {
      const callee = await joined(way);
      await callee.register('hostile.dying');
      await callee.subscribe('hostile.dying');
      const caller = await joined(way);
      const call = caller.ask(48, {}, 'hostile.dying');
      const [, id] = await callee.hears([68, ANY, ANY, {}]);
      const data = callee.frame(OP.binary,
        callee.serializer.encode([70, id, {}, [big]]));
      callee.write(data.subarray(0, 1 + i * 1000));
      callee.socket.resetAndDestroy();
      await caller.hears([8, 48, call, {}, 'wamp.error.canceled', ANY]);
      caller.ask(16, {}, 'hostile.dying');
      await caller.hearsNothing();
      caller.socket.resetAndDestroy();
    }
  });

// --- no file left to open ---------------------------------------------------

test('more connections than files: refused, told, and then welcome',
  async () => {
    const log = path.join(dir, 'small.log');
    const small = await startRouter({ files: 64, log });
    const friends = await Bystanders.join(small.port);
    const answers = {};
    const sockets = [];
    const knock = () => new Promise((resolve) => {
      const socket = net.connect(small.port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('data', (data) => resolve(String(data).slice(9, 12)));
      socket.on('close', () => resolve('closed'));
      socket.write(upgrade(small.port, '/ws', 'wamp.2.json'));
    });
    for (let i = 0; i < 200; i++) {
      const answer = await knock();
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
    assert.ok(answers[101] >= 8, JSON.stringify(answers));
    assert.equal(answers[101] + answers[503], 200, JSON.stringify(answers));
    const raw = net.connect(small.port, '127.0.0.1');
    raw.write(Buffer.from([0x7f, 0xf1, 0, 0]));
    const [refusal] = await new Promise((resolve) =>
      raw.on('data', (data) => resolve([data])));
    assert.deepEqual([...refusal], [0x7f, 0x40, 0, 0]);
    raw.destroy();
    await friends.check();
    for (const socket of sockets) socket.destroy();
    await until('room', async () => {
      const answer = await knock();
      return answer === '101';
    });
    await friends.check();
    friends.close();
    assert.equal(fs.readFileSync(log, 'utf8').match(/refused/g).length, 1);
    assert.equal(await small.stop(), 0);
  });

// --- at the end, as they had to wait ----------------------------------------

hostile('halves of what is said are dropped', () => halfOpen);

// Behind it, as it would drop those, too.
hostile('half-open connections: the oldest makes room', async () => {
  const sockets = [];
  for (let i = 0; i < 700; i++) {
    const socket = net.connect(router.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    sockets.push(socket);
    await new Promise((resolve) => socket.on('connect', resolve));
  }
  (await joined()).close();
  const gone = (socket) => socket.closed;
  await until('the oldest to be closed', () =>
    sockets.slice(0, 700 - 512).every(gone));
  assert.ok(!sockets.slice(-500).some(gone));
  for (const socket of sockets) socket.destroy();
});
