// Autobahn|JS as caller, callee, publisher and subscriber, over JSON,
// MessagePack and CBOR and across them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import autobahn from 'autobahn';
import { until } from '../lib/demo.mjs';
import { startRouter } from './router.mjs';

const serializers = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};
// Its CBOR makes a BigInt of 2 ** 53.
const values = [null, true, false, 0, -1, 2 ** 53 - 1, 1.5, '', 'snow ☃ and 𝄞',
  [], {}, [1, [2, [3]]], { a: { b: [null, 'c'] } }, 'x'.repeat(5000)];

let router;
const connections = [];

before(async () => { router = await startRouter(); });
after(async () => {
  for (const connection of connections) {
    try { connection.close(); } catch { /* closed by its test */ }
  }
  assert.equal(await router.stop(), 0);
});

function join(serializer) {
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({ url: router.url,
      realm: 'realm1', max_retries: 0,
      serializers: [serializers[serializer]()] });
    connections.push(connection);
    connection.onopen = (session) => resolve({ session, connection });
    connection.onclose = (reason) => { reject(new Error(reason)); };
    connection.open();
  });
}

async function fails(promise, uri) {
  await assert.rejects(Promise.resolve(promise),
    (error) => { assert.equal(error.error, uri); return true; });
}

let number = 0;

for (const [one, two] of Object.keys(serializers).flatMap((one) =>
  Object.keys(serializers).map((two) => [one, two]))) {
  const pair = `callee and subscriber ${one}, caller and publisher ${two}`;

  test(`calls: ${pair}`, async () => {
    const { session: a } = await join(one);
    const { session: b } = await join(two);
    const uri = `t.js.call${++number}`;
    await a.register(`${uri}.echo`, ([value]) => value);
    for (const value of values)
      assert.deepEqual(await b.call(`${uri}.echo`, [value]), value);
    await a.register(`${uri}.kw`, (args, kwargs) =>
      new autobahn.Result([...args].reverse(), { got: kwargs }));
    const result = await b.call(`${uri}.kw`, [1, 2], { x: 'y' });
    assert.deepEqual([...result.args], [2, 1]);
    assert.deepEqual(result.kwargs, { got: { x: 'y' } });
    await a.register(`${uri}.fail`, () => {
      throw new autobahn.Error('t.error.odd', [1], { two: 2 });
    });
    await fails(b.call(`${uri}.fail`), 't.error.odd');
    await fails(b.call(`${uri}.nobody`), 'wamp.error.no_such_procedure');
    await fails(b.register(`${uri}.echo`, () => 0),
      'wamp.error.procedure_already_exists');
  });

  test(`shared calls: ${pair}`, async () => {
    const { session: a } = await join(one);
    const { session: b } = await join(two);
    const uri = `t.js.more${++number}`;
    await a.register(`${uri}.progress`, ([count], _kwargs, details) => {
      for (let i = 0; i < count; i++) details.progress([i]);
      return typeof details.progress;
    });
    const parts = [];
    assert.equal(await b.call(`${uri}.progress`, [3], {},
      { receive_progress: true }).then(null, null, (part) => {
      parts.push(part);
    }), 'function');
    assert.deepEqual(parts, [0, 1, 2]);
    assert.equal(await b.call(`${uri}.progress`, [0]), 'object'); // null
    for (const [session, name] of [[a, 'a'], [b, 'b']])
      await session.register(`${uri}.shared`, () => name,
        { invoke: 'roundrobin' });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await b.call(`${uri}.shared`));
    assert.equal(answers.sort().join(''), 'aabb');
  });

  test(`events: ${pair}`, async () => {
    const { session: a } = await join(one);
    const { session: b } = await join(two);
    const topic = `t.js.topic${++number}`;
    const got = [];
    const subscription = await a.subscribe(topic, (args, kwargs) =>
      got.push([args[0], kwargs.key]));
    for (const value of values)
      b.publish(topic, [value], { key: value });
    const publication = await b.publish(topic, ['last'], { key: 0 },
      { acknowledge: true });
    assert.ok(publication.id >= 1 && publication.id <= 2 ** 53);
    await until('the events', () => got.length === values.length + 1);
    assert.deepEqual(got.slice(0, -1), values.map((v) => [v, v]));
    await subscription.unsubscribe();
    await b.publish(topic, ['more'], {}, { acknowledge: true });
    assert.equal(got.length, values.length + 1);
  });
}

test('a reload of the caller leaves the callee at work', async () => {
  const { session: a } = await join('json');
  const { session: b, connection } = await join('msgpack');
  await a.register('t.js.slow', () =>
    new Promise((resolve) => setTimeout(resolve, 200, 'done')));
  b.call('t.js.slow').then(() => {}, () => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  connection.close();
  const { session: c } = await join('msgpack');
  assert.equal(await c.call('t.js.slow'), 'done');
  assert.ok(a.isOpen);
});

test('an unknown realm is refused by name', async () => {
  const reason = await new Promise((resolve) => {
    const connection = new autobahn.Connection({ url: router.url,
      realm: 'nowhere', max_retries: 0 });
    connection.onclose = (_reason, details) => {
      resolve(details.reason);
      return true;
    };
    connection.open();
  });
  assert.equal(reason, 'wamp.error.no_such_realm');
});
