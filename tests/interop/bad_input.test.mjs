// Every rule of the protocol, broken over the live router: in JSON,
// MessagePack and CBOR, over WebSocket and RawSocket. One row a rule. The one
// who broke it hears the right ERROR or ABORT and nothing else; a caller and
// callee, a publisher and subscriber beside it notice nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startRouter } from './router.mjs';
import { ANY, Bystanders, Pairs, Peer, allRoles, serializers } from
  './raw.mjs';

const ways = ['ws', 'raw'].flatMap((way) => Object.keys(serializers)
  .map((serializer) => ({ way, serializer })));
const uris = 'wamp.error.';
const text = (g) => typeof g === 'string' && g.length > 0;

let router;
let bystanders;

before(async () => {
  router = await startRouter();
  bystanders = await Bystanders.join(router.port);
});

after(async () => {
  bystanders.close();
  assert.equal(await router.stop(), 0);
});

const connect = (way) => Peer.connect({ port: router.port, ...way });

/** The session is over: ABORT with that reason, and the connection with it. */
async function aborted(peer, reason = 'protocol_violation') {
  await peer.hears([3, { message: text }, uris + reason]);
  await peer.ends();
}

function inEachWay(name, rule) {
  test(name, async () => {
    for (const way of ways) {
      try {
        await rule(way);
      } catch (error) {
        error.message = `${way.way} ${way.serializer}: ${error.message}`;
        throw error;
      }
    }
    await bystanders.check();
  });
}

// --- messages that end a session: [what, message] ---------------------------

const hello = [1, 'realm1', { roles: allRoles }];

const beforeHello = [
  ['CALL', [48, 1, {}, 'a.b']], ['SUBSCRIBE', [32, 1, {}, 'a.b']],
  ['PUBLISH', [16, 1, {}, 'a.b']], ['REGISTER', [64, 1, {}, 'a.b']],
  ['UNREGISTER', [66, 1, 1]], ['UNSUBSCRIBE', [34, 1, 1]],
  ['CANCEL', [49, 1, {}]], ['YIELD', [70, 1, {}]],
  ['ERROR', [8, 68, 1, {}, 'a.b']], ['AUTHENTICATE', [5, 'secret', {}]],
  ['GOODBYE', [6, {}, 'wamp.close.close_realm']],
  ['WELCOME', [2, 1, {}]], ['CHALLENGE', [4, 'ticket', {}]],
  ['EVENT', [36, 1, 1, {}]], ['an empty list', []],
];

const badHello = [
  ['without Details', [1, 'realm1'], 'protocol_violation'],
  ['without a realm', [1], 'protocol_violation'],
  ['a realm that is a number', [1, 7, {}], 'protocol_violation'],
  ['Details that are a list', [1, 'realm1', []], 'protocol_violation'],
  ['without roles', [1, 'realm1', {}], 'protocol_violation'],
  ['roles that are a list', [1, 'realm1', { roles: [] }],
    'protocol_violation'],
  ['no role of a client', [1, 'realm1', { roles: { broker: {} } }],
    'protocol_violation'],
  ['an element too many', [...hello, {}], 'protocol_violation'],
  ['a realm that is not there', [1, 'nowhere', { roles: allRoles }],
    'no_such_realm'],
  ['a realm that is no URI', [1, 'my realm', { roles: allRoles }],
    'invalid_uri'],
  ['a realm with an empty component', [1, 'a..b', { roles: allRoles }],
    'invalid_uri'],
  ['an empty realm', [1, '', { roles: allRoles }], 'invalid_uri'],
];

const inSession = [
  // "HELLO": one only; what only a router says; what is no message.
  ['a second HELLO', hello],
  ['WELCOME', [2, 1, {}]],
  ['CHALLENGE', [4, 'ticket', {}]],
  ['AUTHENTICATE', [5, 'secret', {}]],
  ['PUBLISHED', [17, 1, 1]],
  ['SUBSCRIBED', [33, 1, 1]],
  ['UNSUBSCRIBED', [35, 1]],
  ['EVENT', [36, 1, 1, {}]],
  ['RESULT', [50, 1, {}]],
  ['REGISTERED', [65, 1, 1]],
  ['UNREGISTERED', [67, 1]],
  ['INVOCATION', [68, 1, 1, {}]],
  ['INTERRUPT', [69, 1, {}]],
  ['an empty list', []],
  ['a dict', { 48: 1 }],
  ['a string', 'CALL'],
  ['null', null],
  ['an unknown type', [999, 1, {}]],
  ['type 0', [0, 1, {}]],
  ['type 7, between those that are', [7, 1, {}]],
  ['a negative type', [-48, 1, {}, 'a.b']],
  ['a type that is a string', ['48', 1, {}, 'a.b']],
  ['a type that is a real', [48.5, 1, {}, 'a.b']],
  ['a type that is a bool', [true, 1, {}, 'a.b']],
  ['a type of 2^64 - 1', [2n ** 64n - 1n, 1, {}, 'a.b']],
  ['a type that is 48 modulo 2^32', [2n ** 32n + 48n, 1, {}, 'a.b']],
  // "ERROR": of what can be answered only.
  ['ERROR to a CALL', [8, 48, 1, {}, 'a.b']],
  ['ERROR to an ERROR', [8, 8, 1, {}, 'a.b']],
  ['ERROR to type 0', [8, 0, 1, {}, 'a.b']],
  ['ERROR to a type that is a string', [8, '68', 1, {}, 'a.b']],
  ['ERROR to an invocation that never was', [8, 68, 1, {}, 'a.b']],
  ['YIELD to an invocation that never was', [70, 1, {}]],
  ['YIELD to an invocation that will be long from now',
    [70, 2n ** 53n, {}]],
  // "IDs": from 1 in steps of 1, at most 2^53, and integers.
  ['a first request that is 2', [48, 2, {}, 'a.b']],
  ['request 0', [48, 0, {}, 'a.b']],
  ['a request below 0', [48, -1, {}, 'a.b']],
  ['a request above 2^53', [48, 2n ** 53n + 1n, {}, 'a.b']],
  ['a request of 2^64 - 1', [48, 2n ** 64n - 1n, {}, 'a.b']],
  ['a request that is a bool', [48, true, {}, 'a.b']],
  ['a request that is a string', [48, '1', {}, 'a.b']],
  ['a request that is a real', [48, 1.5, {}, 'a.b']],
  ['a request that is null', [48, null, {}, 'a.b']],
  ['SUBSCRIBE out of sequence', [32, 2, {}, 'a.b']],
  ['UNSUBSCRIBE out of sequence', [34, 2, 1]],
  ['PUBLISH out of sequence', [16, 2, {}, 'a.b']],
  ['REGISTER out of sequence', [64, 2, {}, 'a.b']],
  ['UNREGISTER out of sequence', [66, 2, 1]],
  ['a registration that is no id', [66, 1, 'a.b']],
  ['a subscription that is no id', [34, 1, null]],
  ['a subscription that is 0', [34, 1, 0]],
  // "Messages": elements that are missing, too many, of another type.
  ['CALL without Procedure', [48, 1, {}]],
  ['CALL without Options', [48, 1]],
  ['CALL of a type alone', [48]],
  ['Options that are a list', [48, 1, [], 'a.b']],
  ['Options that are null', [48, 1, null, 'a.b']],
  ['a procedure that is a number', [48, 1, {}, 7]],
  ['a procedure that is null', [48, 1, {}, null]],
  ['Arguments that are a dict', [48, 1, {}, 'a.b', {}]],
  ['Arguments that are a string', [48, 1, {}, 'a.b', 'x']],
  ['ArgumentsKw that are a list', [48, 1, {}, 'a.b', [], []]],
  ['CALL with an element too many', [48, 1, {}, 'a.b', [], {}, 1]],
  ['SUBSCRIBE with Arguments', [32, 1, {}, 'a.b', []]],
  ['a topic that is a list', [32, 1, {}, ['a.b']]],
  ['UNSUBSCRIBE with an element too many', [34, 1, 1, {}]],
  ['YIELD without Options', [70, 1]],
  ['CANCEL without Options', [49, 1]],
  ['GOODBYE without a reason', [6, {}]],
  ['GOODBYE with a reason that is a number', [6, {}, 1]],
  ['PUBLISH with Arguments that are a number', [16, 1, {}, 'a.b', 1]],
  // "Messages": a dict's keys are strings, and unique.
  ['a key twice in Options', [48, 1, new Pairs(['abc', 1], ['abc', 2]),
    'a.b']],
  ['a key twice in ArgumentsKw', [48, 1, {}, 'a.b', [],
    new Pairs(['k', 1], ['k', 1])]],
  ['a key twice, deep in Arguments', [48, 1, {}, 'a.b',
    [[{ x: new Pairs(['k', 1], ['l', 1], ['k', 1]) }]]]],
];

// JSON has no other keys.
const inBinary = [
  ['a key that is a number', [48, 1, {}, 'a.b', [], new Pairs([1, 1])]],
  ['a key that is null, in Options', [48, 1, new Pairs([null, 1]), 'a.b']],
];

for (const [name, message] of beforeHello) {
  inEachWay(`before HELLO: ${name}`, async (way) => {
    const peer = await connect(way);
    peer.send(message);
    await aborted(peer);
  });
}

for (const [name, message, reason] of badHello) {
  inEachWay(`HELLO: ${name}`, async (way) => {
    const peer = await connect(way);
    peer.send(message);
    await aborted(peer, reason);
  });
}

for (const [name, message] of inSession) {
  inEachWay(`in a session: ${name}`, async (way) => {
    const peer = await (await connect(way)).join();
    peer.send(message);
    await aborted(peer);
  });
}

for (const [name, message] of inBinary) {
  inEachWay(`in a session: ${name}`, async (way) => {
    if (!serializers[way.serializer].binary) return;
    const peer = await (await connect(way)).join();
    peer.send(message);
    await aborted(peer);
  });
}

inEachWay('a request id again', async (way) => {
  const peer = await (await connect(way)).join();
  await peer.subscribe('a.b');
  peer.send([32, 1, {}, 'a.c']);
  await aborted(peer);
});

inEachWay('what an offender had is disposed of, what follows is not heard',
  async (way) => {
    const peer = await (await connect(way)).join();
    const watcher = await (await connect(way)).join();
    await peer.register('offender.procedure');
    const call = watcher.ask(48, {}, 'offender.procedure', ['in flight']);
    await peer.hears([68, 1, ANY, {}, ['in flight']]);
    peer.send([2, 1, {}]);
    peer.send([70, 1, {}, ['too late']]);
    peer.send([16, 2, {}, 'a.b']);
    await aborted(peer);
    await watcher.hears([8, 48, call, {}, (uri) =>
      /^wamp\.error\.cancell?ed$/.test(uri), ANY, ANY]);
    const next = watcher.ask(48, {}, 'offender.procedure');
    await watcher.hears([8, 48, next, {}, 'wamp.error.no_such_procedure',
      ANY]);
    watcher.close();
  });

// --- not decodable ----------------------------------------------------------

const undecodable = {
  json: ['', ' ', '[', '[48,1,{},"a.b"', '[48,1,{},"a.b"]x', '[48,1,{},"a.b"],',
    '[48,1,{},"a.b",[],]', "[48,1,{},'a.b']", '[48,1,{},a.b]', '[048,1]',
    '[48,01,{},"a.b"]', '[48,1,{},"\\x41"]', '[48,1,{},"a\nb"]',
    '[48,1,{},"\\ud800"]', '[48,1,{"a"},"a.b"]', '[48,1,{"a":},"a.b"]',
    '[48,1,{},"a.b",[NaN]]', '[48,1,{},"a.b",[1.]]', '[48,1,{},"a.b",[+1]]',
    '[48,1,{},"a.b",[1e]]', '[48,1,{},"a.b",[tru]]', '\ufeff[48,1,{},"a.b"]',
    '[48,1,{},"a.b",[1e999]]', '[48,1,{},"a.b",["\\u00"]]',
    '[48 1,{},"a.b"]', '[48,1,{},"a.b",[]]]'],
  msgpack: ['', '94', '9430', '94c1', 'c1', '94300180', '94300180a3612e',
    '94300180d9ff612e', '94300180da0003612e', '9430018003',
    '94300180a3612e6200', '94300180a3ff2e62', '94300180a3c0ae62',
    '94300180a3eda080', '95300180a3612e6292', '95300180a3612e62dc0001',
    '95300180a3612e6291c1', '95300180a3612e6291ca0000'],
  cbor: ['', '84', '8418', '841830', '8418301c', '84183001a063612e',
    '84183001a0', '84183001a003', '84183001a063612e6200',
    '84183001a063ff2e62', '84183001a063c0ae62', '84183001a078ff612e62',
    '85183001a063612e6281', '85183001a063612e62811c',
    '85183001a063612e6281ff', '85183001a063612e62815f', 'ff', '9f', 'bf',
    '85183001a063612e628181f8', '85183001a063612e6281c0'],
};

for (const way of ways) {
  test(`${way.way} ${way.serializer}: what can not be decoded`, async () => {
    const encoding = way.serializer === 'json' ? 'utf8' : 'hex';
    for (const [i, bytes] of undecodable[way.serializer].entries()) {
      const peer = await (await connect(way)).join();
      peer.sendBytes(Buffer.from(bytes, encoding));
      try {
        await aborted(peer);
      } catch (error) {
        error.message = `${bytes} (${i}): ${error.message}`;
        throw error;
      }
    }
    await bystanders.check();
  });
}

inEachWay('each beginning of a message', async (way) => {
  const { encode } = serializers[way.serializer];
  const message = encode([48, 1, { receive_progress: true }, 'a.b',
    [1, 1.5, 'text ☃', null, true], { key: [[]] }]);
  for (let n = 1; n < message.length; n += 7) {
    const peer = await (await connect(way)).join();
    peer.sendBytes(message.subarray(0, n));
    await aborted(peer);
  }
});

// --- requests that are refused, while the session goes on -------------------

const badUris = ['', '.', 'a.', '.a', 'a..b', 'a b', 'a\tb', 'a\nb', 'a#b',
  '#', ' ', 'a. b', 'a\u0000', 'a.\u007f', 'x'.repeat(70000)];
const requests = [['CALL', 48], ['REGISTER', 64], ['SUBSCRIBE', 32]];

for (const [name, type] of requests) {
  inEachWay(`${name}: a bad URI is invalid_uri, and the session goes on`,
    async (way) => {
      const peer = await (await connect(way)).join();
      for (const uri of badUris) {
        const id = peer.ask(type, {}, uri);
        await peer.hears([8, type, id, {}, 'wamp.error.invalid_uri', [text]]);
      }
      await peer.hearsNothing();
      peer.close();
    });
}

inEachWay('PUBLISH to a bad URI: answered when it asked to be only',
  async (way) => {
    const peer = await (await connect(way)).join();
    for (const uri of badUris) {
      peer.ask(16, {}, uri);
      peer.ask(16, { acknowledge: false }, uri);
      const id = peer.ask(16, { acknowledge: true }, uri);
      await peer.hears([8, 16, id, {}, 'wamp.error.invalid_uri', [text]]);
    }
    await peer.hearsNothing();
    peer.close();
  });

inEachWay('what begins with wamp. is the router\'s', async (way) => {
  const peer = await (await connect(way)).join();
  for (const uri of ['wamp', 'wamp.my.own', 'wamp.session.count']) {
    const id = peer.ask(64, {}, uri);
    await peer.hears([8, 64, id, {}, 'wamp.error.invalid_uri', [text]]);
    peer.ask(16, {}, uri);
    const event = peer.ask(16, { acknowledge: true }, uri);
    await peer.hears([8, 16, event, {}, 'wamp.error.invalid_uri', [text]]);
  }
  await peer.register('wampum.is.another');
  await peer.hearsNothing();
  peer.close();
});

inEachWay('empty components are for wildcards, an empty end for prefixes',
  async (way) => {
    const peer = await (await connect(way)).join();
    for (const [type, done] of [[32, 33], [64, 65]]) {
      for (const [match, uri, fine] of [['exact', 'p.q', true],
        ['exact', 'p..q', false], ['prefix', 'p.q', true],
        ['prefix', 'p.q.', true], ['prefix', 'p..q', false],
        ['wildcard', 'p..q', true], ['wildcard', '..q', true],
        ['wildcard', 'p..', true], ['wildcard', 'p. .q', false],
        ['prefix', 'p#', false]]) {
        const id = peer.ask(type, { match }, uri);
        await peer.hears(fine ? [done, id, ANY] :
          [8, type, id, {}, 'wamp.error.invalid_uri', [text]]);
      }
      const id = peer.ask(type, { match: 'regex' }, 'p.q');
      await peer.hears([8, type, id, {}, uris + 'invalid_argument', [text]]);
    }
    await peer.hearsNothing();
    peer.close();
  });

inEachWay('ids of no registration and no subscription', async (way) => {
  const peer = await (await connect(way)).join();
  const other = await (await connect(way)).join();
  const registration = await other.register('others.procedure');
  const subscription = await other.subscribe('others.topic');
  for (const id of [1, 2n ** 53n, registration]) {
    peer.send([66, ++peer.request, id]);
    await peer.hears([8, 66, peer.request, {},
      'wamp.error.no_such_registration', ANY]);
  }
  for (const id of [1, 2n ** 53n, subscription]) {
    peer.send([34, ++peer.request, id]);
    await peer.hears([8, 34, peer.request, {},
      'wamp.error.no_such_subscription', ANY]);
  }
  await other.hearsNothing();
  peer.close();
  other.close();
});

// --- what is odd and no mistake ---------------------------------------------

inEachWay('unknown attributes are ignored, bools are not 1', async (way) => {
  const peer = await connect(way);
  await peer.join('realm1', { ...allRoles, gardener: { features: { rake: 1 } },
    caller: { features: { x_unknown: { deep: [1] } } } });
  const odd = { x_mine: 1, _y: { z: [null] }, unheard_of: 'x' };
  await peer.subscribe('odd.topic', odd);
  const own = peer.ask(16, { ...odd, acknowledge: true, exclude_me: false },
    'odd.topic', ['x']);
  const event = await peer.next();
  const first = event[0] === 36 ? event : await peer.next();
  assert.deepEqual([first[0], first[4]], [36, ['x']]);
  if (event[0] === 17) assert.equal(event[1], own);
  else await peer.hears([17, own, ANY]);
  peer.ask(16, { ...odd, exclude_me: 0 }, 'odd.topic');
  await peer.hearsNothing();
  const asked = peer.ask(16, { ...odd, acknowledge: 1 }, 'odd.topic');
  await peer.hears([8, 16, asked, {}, 'wamp.error.invalid_argument', ANY]);
  peer.close();
});

inEachWay('what is longer than a RawSocket takes ends nobody', async (way) => {
  const small = await connect({ ...way, way: 'raw', rawLength: 2 });
  await small.join();
  await small.register('takes.little');
  await small.subscribe('takes.little');
  const other = await (await connect(way)).join();
  const long = other.ask(48, {}, 'takes.little', ['x'.repeat(3000)]);
  await other.hears([8, 48, long, {},
    'wamp.error.payload_size_exceeded', ANY]);
  other.ask(16, {}, 'takes.little', ['x'.repeat(3000)]);
  const call = other.ask(48, {}, 'takes.little', ['x']);
  await small.hears([68, 1, ANY, {}, ['x']]);
  small.send([70, 1, {}, ['y']]);
  await other.hears([50, call, {}, ['y']]);
  small.close();
  other.close();
});

inEachWay('YIELD, ERROR and CANCEL of what is over are silent', async (way) => {
  const peer = await (await connect(way)).join();
  const caller = await (await connect(way)).join();
  await peer.register('over.soon');
  const call = caller.ask(48, {}, 'over.soon');
  await peer.hears([68, 1, ANY, {}]);
  peer.send([70, 1, {}, [1]]);
  peer.send([70, 1, {}, [2]]);
  peer.send([8, 68, 1, {}, 'a.b']);
  await caller.hears([50, call, {}, [1]]);
  caller.send([49, call, {}]);
  caller.send([49, 77, {}]);
  caller.send([49, 2n ** 53n, { mode: 'killnowait' }]);
  await caller.hearsNothing();
  await peer.hearsNothing();
  peer.close();
  caller.close();
});

inEachWay('GOODBYE is answered, and what follows is not heard', async (way) => {
  const peer = await (await connect(way)).join();
  peer.send([6, {}, 'wamp.close.close_realm']);
  peer.send([48, 1, {}, 'a.b']);
  await peer.hears([6, {}, 'wamp.close.goodbye_and_out']);
  await peer.ends();
});

inEachWay('ABORT is not answered', async (way) => {
  for (const joined of [false, true]) {
    const peer = await connect(way);
    if (joined) await peer.join();
    peer.send([3, {}, 'some.reason']);
    await peer.ends();
  }
});

inEachWay('payloads come as they are', async (way) => {
  const peer = await (await connect(way)).join();
  await peer.register('odd.payload');
  const values = ['', 'snow ☃ 𝄞', 0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 40),
    1.5, true, false, null, [], {}, [[[]]], { a: { b: [null] } }];
  for (const value of values) {
    const call = peer.ask(48, {}, 'odd.payload', [value], { key: value });
    const [, id] = await peer.hears([68, ANY, ANY, {}, (v) => {
      assert.deepEqual(v, [value]);
      return true;
    }, { key: ANY }]);
    peer.send([70, id, {}, [value], { key: value }]);
    const result = await peer.hears([50, call, {}, ANY, ANY]);
    assert.deepEqual(result.slice(3), [[value], { key: value }]);
  }
  peer.close();
});
