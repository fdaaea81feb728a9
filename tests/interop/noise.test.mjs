// Noise over the live router: bytes that mean nothing, at every layer, and
// good messages of which some bytes are wrong. The router answers or closes,
// stays, and disturbs nobody. What is said follows from a seed; NOISE_SEED
// says another one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { until } from '../lib/demo.mjs';
import { startRouter } from './router.mjs';
import { ANY, Bystanders, OP, Peer, allRoles, rawFrame, serializers, upgrade,
  wsFrame } from './raw.mjs';

const ROUNDS = 400;
const MEMORY_MAX = 64 << 20;
const seed = Number(process.env.NOISE_SEED ?? 20260101);

let router;
let bystanders;
let watcher;

before(async () => {
  router = await startRouter();
  bystanders = await Bystanders.join(router.port);
  watcher = await (await Peer.connect({ port: router.port })).join();
});

after(async () => {
  bystanders.close();
  watcher.close();
  assert.equal(await router.stop(), 0);
});

/** Mulberry32: the same numbers for the same seed. */
function numbers(from) {
  let state = from >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) % below;
  };
}

const bytesOf = (random, most) =>
  Buffer.from(Array.from({ length: 1 + random(most) }, () => random(256)));

/** Some bytes of it are others, gone, or there twice. */
function spoilt(random, data) {
  let out = Buffer.from(data);
  for (let n = 1 + random(3); n-- && out.length;) {
    const at = random(out.length);
    switch (random(4)) {
      case 0: out[at] ^= 1 << random(8); break;
      case 1: out[at] = [0, 0x7f, 0x80, 0xff, 0x22, 0x5b][random(6)]; break;
      case 2: out = out.subarray(0, at); break;
      default: out = Buffer.concat([out.subarray(0, at),
        out.subarray(random(at + 1))]);
    }
  }
  return out;
}

const good = (random) => [
  [48, 1, {}, 'noise.a', [1, 'two', [3]], { four: null }],
  [48, 1, { timeout: 50, receive_progress: true, rkey: 'x' }, 'noise.b'],
  [32, 1, { match: ['prefix', 'wildcard'][random(2)] }, 'noise..c'],
  [64, 1, { invoke: 'roundrobin', concurrency: 3 }, `noise.${random(9)}`],
  [16, 1, { acknowledge: true, exclude: [1], retain: true }, 'noise.d',
    [Buffer.from('bytes').toString()]],
  [49, 1, { mode: 'kill' }], [34, 1, 1], [66, 1, 1], [70, 1, {}, [1]],
  [8, 68, 1, {}, 'noise.error', []], [6, {}, 'noise.bye'], [3, {}, 'noise'],
  [1, 'realm1', { roles: allRoles }], [5, 'proof', {}],
  [48, 1, {}, 'wamp.session.list', [['anyone']]],
  [48, 1, {}, 'wamp.subscription.get_events', [1], { limit: 3 }],
];

/** Says that, and is heard out for a moment: closed by us if not by it. */
function says(socket, ...data) {
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', resolve);
    socket.resume();
    for (const each of data) socket.write(each);
    setTimeout(() => socket.destroy(), 20);
  });
}

/** @param {string} name
 * @param {(random: (below: number) => number, i: number) => Promise<void>}
 *   round */
function noise(name, round) {
  test(`${name} (seed ${seed})`, async () => {
    const status = () => fs.readFileSync(`/proc/${router.pid}/status`, 'utf8');
    const rss = () => 1024 * Number(/VmRSS:\s+(\d+)/.exec(status())[1]);
    const before = rss();
    const random = numbers(seed);
    for (let i = 0; i < ROUNDS; i += 20)
      await Promise.all(Array.from({ length: 20 },
        (_, j) => round(numbers(seed + random(2 ** 31)), i + j)));
    await bystanders.check();
    await until('all to be gone', async () => {
      const id = watcher.ask(48, {}, 'wamp.session.count');
      return (await watcher.hears([50, id, {}, [ANY]]))[3][0] === 3;
    });
    assert.ok(rss() - before < MEMORY_MAX ||
      fs.readFileSync(`/proc/${router.pid}/maps`, 'utf8').includes('libasan'));
  });
}

const dial = () => net.connect(router.port, '127.0.0.1');

noise('bytes on a connection', (random, i) => says(dial(), i % 4 ?
  bytesOf(random, 2000) : Buffer.concat([Buffer.from([0x7f]),
    bytesOf(random, 40)])));

noise('a request that is spoilt', (random) => says(dial(), spoilt(random,
  Buffer.from(upgrade(router.port, '/ws', 'wamp.2.json')))));

noise('bytes on a WebSocket', (random) => says(dial(),
  upgrade(router.port, '/ws', 'wamp.2.cbor'), bytesOf(random, 500)));

noise('frames that are spoilt', async (random, i) => {
  const peer = await (await Peer.connect({ port: router.port,
    way: i % 2 ? 'ws' : 'raw', serializer: 'msgpack' })).join();
  peer.deaf = true;
  const message = peer.serializer.encode(good(random)[random(16)]);
  const frame = i % 2 ? wsFrame(OP.binary, message) : rawFrame(0, message);
  await says(peer.socket, frame, spoilt(random, frame), spoilt(random, frame));
});

for (const serializer of Object.keys(serializers))
  noise(`messages in ${serializer} that are spoilt`, async (random, i) => {
    const peer = await Peer.connect({ port: router.port, serializer,
      way: i % 3 ? 'ws' : 'raw' });
    peer.deaf = true;
    if (i % 5) await peer.join();
    for (let n = 0; n < 5 && !peer.over; n++)
      peer.sendBytes(spoilt(random,
        peer.serializer.encode(good(random)[random(16)])));
    await says(peer.socket);
  });
