// RFC 6455 over the live router's WebSocket, rule by rule: fragments, control
// frames between them, lengths, masks, reserved bits and opcodes, UTF-8, close
// codes, and the opening handshake. What Autobahn's testsuite asks, asked with
// WAMP messages, as a router echoes nothing else.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { startRouter } from './router.mjs';
import { ANY, Bystanders, OP, Peer, closeFrame, upgrade, wsFrame } from
  './raw.mjs';

const PROTOCOL = 1002;
const UNSUPPORTED = 1003;
const NO_STATUS = 1005;
const INVALID = 1007;
const TOO_BIG = 1009;

let router;
let bystanders;

before(async () => {
  router = await startRouter();
  bystanders = await Bystanders.join(router.port);
});

after(async () => {
  await bystanders.check();
  bystanders.close();
  assert.equal(await router.stop(), 0);
});

const join = async (serializer = 'json') =>
  (await Peer.connect({ port: router.port, serializer })).join();

/** The next CALL of nothing, and what must be heard then. */
function call(peer, uri = 'no.such.procedure') {
  const id = ++peer.request;
  return { data: peer.serializer.encode([48, id, {}, uri, ['snow ☃ 𝄞']]),
    answer: [8, 48, id, {}, 'wamp.error.no_such_procedure', ANY] };
}

async function fails(frames, code, serializer) {
  const peer = await join(serializer);
  peer.write(Buffer.concat([frames].flat()));
  // What comes behind it is not heard.
  peer.sendBytes(call(peer).data);
  await peer.ends();
  assert.equal(peer.code, code);
}

const opOf = (peer) => (peer.serializer.binary ? OP.binary : OP.text);

/** One message in pieces of those sizes, something between any two. */
function pieces(peer, data, size, between = Buffer.alloc(0)) {
  const frames = [];
  for (let at = 0; at < data.length; at += size)
    frames.push(wsFrame(at ? OP.more : opOf(peer),
      data.subarray(at, at + size), { fin: at + size >= data.length }),
    between);
  return Buffer.concat(frames);
}

// --- fragments --------------------------------------------------------------

for (const serializer of ['json', 'msgpack', 'cbor']) {
  for (const size of [1, 2, 3, 7, 50, 1000]) {
    test(`${serializer}: a message in fragments of ${size}`, async () => {
      const peer = await join(serializer);
      const one = call(peer);
      peer.write(pieces(peer, one.data, size));
      await peer.hears(one.answer);
      const two = call(peer);
      peer.write(pieces(peer, two.data, size, wsFrame(OP.ping, 'p')));
      await peer.hears(two.answer);
      assert.equal(new Set(peer.pongs).size, 1);
      const three = call(peer); // and the connection in single bytes
      for (const byte of pieces(peer, three.data, size))
        peer.write(Buffer.from([byte]));
      await peer.hears(three.answer);
      peer.close();
    });
  }
}

test('fragments that are empty: first, between, last', async () => {
  const peer = await join();
  const { data, answer } = call(peer);
  peer.write(Buffer.concat([
    wsFrame(OP.text, '', { fin: false }), wsFrame(OP.more, '', { fin: false }),
    wsFrame(OP.more, data, { fin: false }), wsFrame(OP.pong, 'unasked'),
    wsFrame(OP.more, '')]));
  await peer.hears(answer);
  peer.close();
});

test('more fragments than accepted', async () => {
  const peer = await join();
  peer.write(wsFrame(OP.text, '[', { fin: false }));
  for (let i = 0; i < 1100; i++)
    peer.write(wsFrame(OP.more, ' ', { fin: false }));
  await peer.ends();
  assert.equal(peer.code, TOO_BIG);
});

const call1 = '[48,1,{},"no.such"]';
const violations = [
  ['a continuation of nothing', wsFrame(OP.more, call1)],
  ['an unfinished continuation of nothing',
    wsFrame(OP.more, call1, { fin: false })],
  ['a continuation behind a whole message that was one frame',
    [wsFrame(OP.text, call1), wsFrame(OP.more, '')], [8, 48, 1, ANY, ANY, ANY]],
  ['a message inside a message', [wsFrame(OP.text, '[', { fin: false }),
    wsFrame(OP.text, call1)]],
  ['a PING in fragments', wsFrame(OP.ping, 'a', { fin: false })],
  ['a PONG in fragments', wsFrame(OP.pong, 'a', { fin: false })],
  ['a CLOSE in fragments', wsFrame(OP.close, '', { fin: false })],
  ['a PING of 126 bytes', wsFrame(OP.ping, 'x'.repeat(126))],
  ['a CLOSE of 126 bytes', wsFrame(OP.close, Buffer.alloc(126, 3))],
  ['a PING with a 16 bit length', wsFrame(OP.ping, 'ab', { width: 2 })],
  ['no mask', wsFrame(OP.text, call1, { masked: false })],
  ['no mask, a PING', wsFrame(OP.ping, '', { masked: false })],
  ['16 bits for a length of 19', wsFrame(OP.text, call1, { width: 2 })],
  ['64 bits for a length of 19', wsFrame(OP.text, call1, { width: 8 })],
  ['64 bits for a length of 65,535',
    wsFrame(OP.text, 'x'.repeat(65535), { width: 8 })],
  ['a length with its first bit set',
    wsFrame(OP.text, call1, { width: 8, length: 2n ** 63n + 19n })],
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) =>
    [`reserved bits ${rsv}`, wsFrame(OP.text, call1, { rsv })]),
  ['a reserved bit of a PING', wsFrame(OP.ping, '', { rsv: 1 })],
  ['a reserved bit of a continuation', [wsFrame(OP.text, '[', { fin: false }),
    wsFrame(OP.more, ']', { rsv: 4 })]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    [`opcode ${opcode}`, wsFrame(opcode, '')]),
  ...[3, 15].map((opcode) => [`opcode ${opcode} inside a message`,
    [wsFrame(OP.text, '[', { fin: false }), wsFrame(opcode, 'x')]]),
  ['half a close code', wsFrame(OP.close, [3])],
];

for (const [name, frames, answer] of violations) {
  test(`1002: ${name}`, async () => {
    if (!answer) {
      await fails(frames, PROTOCOL);
      return;
    }
    const peer = await join();
    peer.write(Buffer.concat(frames));
    await peer.hears(answer);
    await peer.ends();
    assert.equal(peer.code, PROTOCOL);
  });
}

test('1003: frames of the other type', async () => {
  await fails(wsFrame(OP.binary, call1), UNSUPPORTED);
  await fails(wsFrame(OP.text, call1), UNSUPPORTED, 'msgpack');
  await fails(wsFrame(OP.text, call1), UNSUPPORTED, 'cbor');
});

// --- lengths ----------------------------------------------------------------

test('messages of each kind of length', async () => {
  const peer = await join('msgpack');
  for (const n of [60, 61, 62, 125, 126, 127, 65500, 65535, 65536, 65600,
    500000]) {
    const id = ++peer.request;
    const empty = peer.serializer.encode([48, id, {}, 'a.b', ['']]).length;
    for (const text of ['x'.repeat(Math.max(0, n - empty - 5))])
      peer.send([48, id, {}, 'a.b', [text]]);
    await peer.hears([8, 48, id, {}, 'wamp.error.no_such_procedure', ANY]);
  }
  peer.close();
});

test('1009: a message over the limit, at once from its length', async () => {
  const mib = 1 << 20;
  for (const [width, length] of [[8, mib + 1], [8, 2 ** 32], [8, 2n ** 62n]]) {
    const peer = await join();
    peer.write(wsFrame(OP.text, '[48', { width, length }));
    await peer.ends();
    assert.equal(peer.code, TOO_BIG);
  }
  const peer = await join(); // in fragments: with the one that is too much
  const half = ' '.repeat(mib / 2);
  peer.write(wsFrame(OP.text, half, { fin: false }));
  peer.write(wsFrame(OP.more, half, { fin: false }));
  peer.write(wsFrame(OP.ping, 'still here'));
  peer.write(wsFrame(OP.more, ' '));
  await peer.ends();
  assert.deepEqual([peer.code, peer.pongs], [TOO_BIG, ['still here']]);
});

// --- control frames ---------------------------------------------------------

test('a PING is answered with what it carried, in order', async () => {
  const peer = await join();
  const pings = ['', 'a', 'snow ☃', 'x'.repeat(125), '\u0000'];
  for (const ping of pings) peer.write(wsFrame(OP.ping, ping));
  await peer.hearsNothing();
  assert.deepEqual(peer.pongs, pings);
  peer.close();
});

test('a PONG that nobody asked for is ignored', async () => {
  const peer = await join();
  for (const pong of ['', 'a', 'x'.repeat(125)])
    peer.write(wsFrame(OP.pong, pong));
  await peer.hearsNothing();
  peer.close();
});

test('PINGs without end: the last one is answered', async () => {
  const peer = await join();
  peer.write(Buffer.concat(Array.from({ length: 20000 },
    (_, i) => wsFrame(OP.ping, String(i)))));
  await peer.hearsNothing();
  while (peer.pongs.at(-1) !== '19999')
    await new Promise((resolve) => peer.waiting.push(resolve));
  peer.close();
});

// --- closing ----------------------------------------------------------------

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011,
  3000, 3999, 4000, 4999]) {
  test(`close code ${code} is answered with itself`, async () => {
    const peer = await join();
    peer.deaf = true;
    peer.write(closeFrame(code, 'because ☃'));
    peer.write(wsFrame(OP.text, '[48,1,{},"not.heard"]'));
    peer.write(wsFrame(OP.ping, 'not answered'));
    await peer.ends();
    assert.deepEqual([peer.code, peer.pongs], [code, []]);
  });
}

for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999,
  5000, 65535]) {
  test(`close code ${code} is an error`, () =>
    fails(closeFrame(code), PROTOCOL));
}

test('a CLOSE without a code is answered with one', async () => {
  const peer = await join();
  peer.deaf = true;
  peer.write(wsFrame(OP.close, ''));
  await peer.ends();
  assert.equal(peer.code, NO_STATUS);
});

test('reasons: the longest, and ones that are not UTF-8', async () => {
  const peer = await join();
  peer.deaf = true;
  peer.write(closeFrame(1000, 'x'.repeat(123)));
  await peer.ends();
  assert.equal(peer.code, 1000);
  for (const bad of ['ff', 'c0af', 'eda080', '61ce'])
    await fails(closeFrame(1000, Buffer.from(bad, 'hex')), INVALID);
});

// --- UTF-8 ------------------------------------------------------------------

const invalid = {
  'a lone continuation': '80', 'a byte that never is': 'ff',
  'fe': 'fe', 'an overlong slash': 'c0af', 'an overlong NUL': 'c080',
  'overlong, three bytes': 'e080af', 'overlong, four bytes': 'f08080af',
  'a surrogate': 'eda080', 'the last surrogate': 'edbfbf',
  'a pair of surrogates': 'eda081edb080', 'above 10FFFF': 'f4908080',
  'five bytes': 'f888808080', 'six bytes': 'fc8480808080',
  'two bytes cut short': 'c3', 'three bytes cut short': 'e298',
  'four bytes cut short': 'f09d84', 'a start in a character': 'e298e29883',
};

for (const [name, hex] of Object.entries(invalid)) {
  test(`1007: ${name}: at the beginning, inside, at the end`, async () => {
    const bad = Buffer.from(hex, 'hex');
    const [head, tail] = ['[48,1,{},"no.such",["', '"]]'].map(Buffer.from);
    const messages = [[bad, head, tail], [head, bad, tail], [head, tail, bad]];
    for (const parts of messages) {
      const data = Buffer.concat(parts);
      await fails(wsFrame(OP.text, data), INVALID);
      await fails([wsFrame(OP.text, parts[0], { fin: false }),
        wsFrame(OP.more, parts[1], { fin: false }),
        wsFrame(OP.more, parts[2])], INVALID);
    }
  });
}

test('characters at the edges, cut at each byte, are valid', async () => {
  const peer = await join();
  const text = '\u007f\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\u{10000}' +
    '\u{10ffff}';
  const length = Buffer.byteLength(`[48,1,{},"a.b",["${text}"]]`);
  for (let cut = 1; cut < length; cut++) {
    const id = ++peer.request;
    const data = Buffer.from(`[48,${id},{},"a.b",["${text}"]]`);
    peer.write(pieces(peer, data, cut));
    await peer.hears([8, 48, id, {}, 'wamp.error.no_such_procedure', ANY]);
  }
  peer.close();
});

// --- the opening handshake --------------------------------------------------

/** What an HTTP request is answered: status, headers in lower case, rest. */
function request(text) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(router.port, '127.0.0.1');
    let data = '';
    const done = () => {
      const [head] = data.split('\r\n\r\n');
      const [status, ...lines] = head.split('\r\n');
      socket.destroy();
      resolve({ status: Number(status.split(' ')[1]),
        headers: Object.fromEntries(lines.map((line) => {
          const at = line.indexOf(':');
          return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
        })) });
    };
    socket.on('data', (d) => {
      data += d.toString('latin1');
      if (data.includes('\r\n\r\n')) done();
    });
    socket.on('error', reject);
    socket.on('end', () => reject(new Error('no answer')));
    socket.write(text);
  });
}

const good = () => upgrade(router.port, '/ws', 'wamp.2.json');

test('Sec-WebSocket-Accept is that of RFC 6455, 1.3', async () => {
  const { status, headers } = await request(good().replace(
    /Key: .*\r/, 'Key: dGhlIHNhbXBsZSBub25jZQ==\r'));
  assert.equal(status, 101);
  assert.equal(headers['sec-websocket-accept'],
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal(headers['sec-websocket-protocol'], 'wamp.2.json');
  assert.match(headers.upgrade, /^websocket$/i);
  assert.match(headers.connection, /upgrade/i);
});

test('extensions are declined', async () => {
  const { status, headers } = await request(upgrade(router.port, '/ws',
    'wamp.2.json', 'Sec-WebSocket-Extensions: permessage-deflate; ' +
    'client_max_window_bits\r\n'));
  assert.equal(status, 101);
  assert.equal(headers['sec-websocket-extensions'], undefined);
});

test('a subprotocol is chosen of those offered', async () => {
  for (const [offered, taken] of [
    ['wamp.2.unheard, wamp.2.cbor', 'wamp.2.cbor'],
    ['chat,wamp.2.json', 'wamp.2.json']]) {
    const { status, headers } = await request(upgrade(router.port, '/ws',
      offered));
    assert.deepEqual([status, headers['sec-websocket-protocol']],
      [101, taken]);
  }
});

const refused = [
  ['without a subprotocol', () => upgrade(router.port, '/ws', ''), 400],
  ['with unknown subprotocols only',
    () => upgrade(router.port, '/ws', 'wamp, wamp.1.json, chat'), 400],
  ['a subprotocol in capitals',
    () => upgrade(router.port, '/ws', 'WAMP.2.JSON'), 400],
  ['at another path', () => upgrade(router.port, '/other', 'wamp.2.json'),
    404],
  ['version 8', () => good().replace('Version: 13', 'Version: 8'), 426],
  ['without a version', () => good().replace(/Sec-WebSocket-Ver.*\r\n/, ''),
    426],
  ['without a key', () => good().replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
  ['a key of 15 bytes', () => good().replace(/Key: .*\r/,
    `Key: ${crypto.randomBytes(15).toString('base64')}\r`), 400],
  ['a key that is no base64', () => good().replace(/Key: .*\r/,
    'Key: ********************==\r'), 400],
  ['without Host', () => good().replace(/Host.*\r\n/, ''), 400],
  ['HTTP/1.0', () => good().replace('HTTP/1.1', 'HTTP/1.0'), 400],
  ['POST', () => good().replace('GET', 'POST'), 400],
  ['of a page from elsewhere', () => upgrade(router.port, '/ws',
    'wamp.2.json', 'Origin: http://evil.example\r\n'), 403],
  ['plain HTTP', () => `GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n`, 426],
];

for (const [name, text, status] of refused) {
  test(`refused: ${name}: ${status}`, async () => {
    assert.equal((await request(text())).status, status);
  });
}

test('messages right behind the upgrade, in the same packet', async () => {
  const socket = net.connect(router.port, '127.0.0.1');
  const peer = new Peer(socket, 'ws', (await join()).serializer);
  const done = peer.handshake();
  socket.write(Buffer.concat([Buffer.from(good()), wsFrame(OP.text,
    '[1,"realm1",{"roles":{"caller":{}}}]'), wsFrame(OP.text, call1)]));
  await done;
  await peer.hears([2, ANY, ANY]);
  await peer.hears([8, 48, 1, {}, 'wamp.error.no_such_procedure', ANY]);
  peer.close();
});
