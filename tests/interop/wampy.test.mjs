// wampy in all four roles, over JSON, MessagePack and CBOR and across them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import ws from 'ws';
import { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import { until } from '../lib/demo.mjs';
import { startRouter } from './router.mjs';

const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer,
  cbor: CborSerializer };
// wampy's MessagePack makes a BigInt of what takes 64 bits: not among them.
const values = [null, true, 0, -1, 2 ** 31, 1.5, '', 'snow ☃ and 𝄞', [],
  [1, [2, [3]]], { a: { b: [null, 'c'] } }, 'x'.repeat(5000)];

let router;
const open = [];

before(async () => { router = await startRouter(); });
after(async () => {
  await Promise.allSettled(open.map((client) => client.disconnect()));
  assert.equal(await router.stop(), 0);
});

async function join(serializer) {
  const client = new Wampy(router.url, { realm: 'realm1', ws: ws.WebSocket ?? ws,
    autoReconnect: false, serializer: new serializers[serializer]() });
  await client.connect();
  open.push(client);
  return client;
}

for (const one of Object.keys(serializers)) {
  for (const two of Object.keys(serializers)) {
    test(`callee and subscriber ${one}, caller and publisher ${two}`,
      async () => {
        const [a, b] = [await join(one), await join(two)];
        const uri = `t.wampy.${one}.${two}`;
        await a.register(`${uri}.echo`, ({ argsList, argsDict }) =>
          ({ argsList, argsDict }));
        for (const value of values) {
          const result = await b.call(`${uri}.echo`,
            { argsList: [value], argsDict: { key: value } });
          assert.deepEqual(result.argsList, [value]);
          assert.deepEqual(result.argsDict, { key: value });
        }
        await assert.rejects(b.call(`${uri}.nobody`),
          (error) => error.errorUri === 'wamp.error.no_such_procedure');
        const got = [];
        await a.subscribe(`${uri}.topic`,
          ({ argsList }) => got.push(argsList[0]));
        for (const value of values)
          await b.publish(`${uri}.topic`, { argsList: [value] });
        await until('the events', () => got.length === values.length);
        assert.deepEqual(got, values);
        await a.unregister(`${uri}.echo`);
        await assert.rejects(b.call(`${uri}.echo`),
          (error) => error.errorUri === 'wamp.error.no_such_procedure');
      });
  }
}
