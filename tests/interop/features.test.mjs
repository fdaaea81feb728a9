// Autobahn|JS and wampy: each feature once in features/, run with each client
// over each of its serializers and transports. A test's name is
// `feature: client, way`; what a client has not is skipped with the reason.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../lib/demo.mjs';
import { autobahnJs } from './features/autobahn_js.mjs';
import { pubsub } from './features/pubsub.mjs';
import { rpc } from './features/rpc.mjs';
import { session } from './features/session.mjs';
import { wampy } from './features/wampy.mjs';
import { Peer } from './raw.mjs';
import { startRouter } from './router.mjs';

const clients = [autobahnJs, wampy];
const features = [...rpc, ...pubsub, ...session];
const rawFeatures = { call_canceling: true, progressive_call_results: true,
  progressive_call_invocations: true };
const rawRoles = { caller: { features: rawFeatures }, publisher: {},
  callee: { features: rawFeatures }, subscriber: {} };

const file = path.join(root, 'tests/interop/features/config.json');
let router;

before(async () => { router = await startRouter({ config: file }); });
after(async () => { assert.equal(await router.stop(), 0); });

let number = 0;

async function run(client, way, feature, scenario) {
  const peers = [];
  const join = async (user, options = {}) => {
    const peer = await client.join(router, way, { user, ...options });
    peers.push(peer);
    return peer;
  };
  const raw = async () => {
    const peer = await (await Peer.connect({ port: router.port }))
      .join('realm1', rawRoles);
    peers.push({ drop: () => peer.close() });
    return peer;
  };
  try {
    await scenario({ client, way, feature, join, raw, router,
      number: ++number, uri: `t.n${number}`, file,
      a: await join('ada'), b: await join('bob') });
  } finally {
    for (const peer of peers) peer.drop();
  }
}

for (const client of clients) {
  for (const [feature, scenario, fits = () => true] of features) {
    const flaw = client.flaws[feature];
    if (client.lacks[feature]) continue;
    for (const way of client.ways.filter(fits)) {
      test(`${feature}${flaw ? ` (${flaw})` : ''}: ${client.title}, ${way}`,
        { timeout: 20000 }, () => run(client, way, feature, scenario));
    }
  }
  for (const [feature, skip] of Object.entries(client.lacks))
    test(`${feature}: ${client.title}`, { skip }, () => {});
}
