// Features of publish and subscribe, told as those in rpc.mjs are.
import assert from 'node:assert/strict';
import { until } from '../../lib/demo.mjs';
import { fails } from './peer.mjs';

/** The first argument of each event. */
async function collect(peer, topic, options) {
  const got = [];
  const subscription = await peer.subscribe(topic,
    ({ args: [value] }) => got.push(value), options);
  return { got, ...subscription };
}

const arrives = (got, value) => until(`the event ${value}`,
  () => got.includes(value));

async function events({ a, b, uri }) {
  const got = [];
  const { end } = await a.subscribe(uri, ({ args, kwargs }) =>
    got.push([...args, kwargs]));
  const sent = [];
  for (let i = 0; i < 20; i++) {
    sent.push([i, 'snow ☃', { key: [i, { deep: null }] }]);
    await b.publish(uri, sent[i].slice(0, 2), sent[i][2]);
  }
  await until('the events', () => got.length === sent.length);
  assert.deepEqual(got, sent);
  const other = await collect(b, `${uri}.end`);
  await end();
  await b.publish(uri, ['nobody hears']);
  await a.publish(`${uri}.end`, ['end']);
  await arrives(other.got, 'end');
  assert.equal(got.length, sent.length);
}

async function acknowledged({ a, b, uri }) {
  const seen = [];
  await a.subscribe(uri, ({ details }) => seen.push(details.publication));
  const publication = await b.publish(uri);
  assert.ok(Number.isSafeInteger(publication) && publication >= 1);
  await until('the event', () => seen.length);
  // wampy does not show an event's publication.
  assert.ok(seen[0] === undefined || seen[0] === publication);
  await fails(b.publish('t.forbidden'), 'wamp.error.not_authorized');
}

/* --- who hears ------------------------------------------------------------ */

async function exclusion({ a, b, uri }) {
  const [own, other] = [await collect(b, uri), await collect(a, uri)];
  await b.publish(uri, ['mine']);
  await a.publish(uri, ['yours']);
  await arrives(own.got, 'yours');
  await arrives(other.got, 'mine');
  assert.deepEqual([own.got, other.got], [['yours'], ['mine']]);
}

async function noExclusion({ b, uri, client, feature }) {
  const own = await collect(b, uri);
  await b.publish(uri, ['mine'], {}, { exclude_me: false });
  if (client.flaws[feature])
    assert.deepEqual(b.sent.at(-1).slice(2, 4), [{ acknowledge: true }, uri]);
  else
    await arrives(own.got, 'mine');
}

const lists = (suffix, name) => async ({ a, b, join, uri }) => {
  const c = await join('cyd');
  const [toA, toC] = [await collect(a, uri), await collect(c, uri)];
  const [ada, cyd] = [name(a, 'ada', 'one'), name(c, 'cyd', 'three')];
  const publish = (value, exclude, eligible) => b.publish(uri, [value], {}, {
    ...(exclude && { [`exclude${suffix}`]: exclude }),
    ...(eligible && { [`eligible${suffix}`]: eligible }) });
  await publish(1, [ada]);
  await publish(2, null, [ada]);
  await publish(3, [ada], [ada, cyd]);
  await publish(4, [ada, cyd]);
  await publish('end');
  await arrives(toA.got, 'end');
  await arrives(toC.got, 'end');
  assert.deepEqual([toA.got, toC.got], [[2, 'end'], [1, 3, 'end']]);
};

async function patterns({ a, b, uri }) {
  const got = [];
  for (const [topic, match] of [['p', 'prefix'], ['.w', 'wildcard'],
    ['p.w', 'exact']]) {
    await a.subscribe(`${uri}.${topic}`, ({ details }) => got.push(
      `${match} ${match === 'exact' ? 'p.w' : details.topic.slice(
        uri.length + 1)}`), { match });
  }
  for (const topic of ['p.w', 'p.x', 'q.w', 'q.x'])
    await b.publish(`${uri}.${topic}`);
  await until('the events', () => got.length === 5);
  assert.deepEqual(got.sort(), ['exact p.w', 'prefix p.w', 'prefix p.x',
    'wildcard p.w', 'wildcard q.w']);
}

/* --- who publishes -------------------------------------------------------- */

async function identification({ a, b, join, uri }) {
  const eve = await join('eve'); // whose role is disclosed, asked for or not
  const got = [];
  await a.subscribe(uri, ({ details }) => got.push([details.publisher ?? null,
    details.publisher_authid ?? null, details.publisher_authrole ?? null]));
  await b.publish(uri);
  await b.publish(uri, [], {}, { disclose_me: true });
  await eve.publish(uri);
  await until('the events', () => got.length === 3);
  assert.deepEqual(got, [[null, null, null], [b.id, 'bob', 'two'],
    [eve.id, 'eve', 'disclosed']]);
}

/* --- what is kept --------------------------------------------------------- */

async function retained({ a, b, join, raw, uri, client, feature }) {
  await b.publish(uri, ['kept'], {}, { retain: true });
  if (client.flaws[feature]) {
    assert.deepEqual(b.sent.at(-1).slice(2, 4), [{ acknowledge: true }, uri]);
    const other = await raw();
    other.ask(16, { retain: true, acknowledge: true }, uri, ['kept']);
    assert.equal((await other.next())[0], 17);
  }
  const kept = [];
  await a.subscribe(uri, ({ args: [value], details }) =>
    kept.push([value, details.retained ?? false]), { get_retained: true });
  const unasked = await collect(await join('cyd'), uri);
  await b.publish(uri, ['live']);
  await until('the events', () => kept.length === 2 && unasked.got.length);
  assert.deepEqual(kept, [['kept', true], ['live', false]]);
  assert.deepEqual(unasked.got, ['live']);
}

async function history({ a, b, number }) {
  const uri = `t.history.n${number}`;
  const { got, id } = await collect(a, 't.history', { match: 'prefix' });
  for (const value of [1, 2, 3]) await b.publish(uri, [value]);
  await arrives(got, 3);
  const { args, kwargs } = await a.call('wamp.subscription.get_events', [id],
    { limit: 2, topic: uri }).answer;
  assert.deepEqual(args.map((event) => event.args), [[1], [2]]);
  assert.equal(kwargs.is_limit_reached, true);
}

async function testaments({ a, b, uri }) {
  const { got } = await collect(b, uri);
  await a.call('wamp.session.add_testament', [uri, ['will'], {}]).answer;
  await a.leave();
  await arrives(got, 'will');
}

async function revoked({ a, b, uri }) {
  const { got, id, revoked: told } = await collect(a, uri);
  await b.call('wamp.subscription.remove_subscriber',
    [id, a.id, 't.reason.odd']).answer;
  assert.equal(await told, 't.reason.odd');
  await b.publish(uri, ['nobody hears']);
  assert.ok((await a.call('wamp.session.count').answer).args[0] >= 2);
  assert.deepEqual(got, []);
}

/* --- payloads that only the ends read ------------------------------------- */

async function passthru({ a, b, uri, way }) {
  const inJson = { ppt_scheme: 'x_test', ppt_serializer: 'json' };
  // wampy has no bytes in its JSON messages.
  const inCbor = { ppt_scheme: 'x_test', ppt_serializer: 'cbor' };
  const got = [];
  await a.subscribe(uri, ({ args, kwargs, details }) => got.push([args, kwargs,
    details.ppt_scheme, details.ppt_serializer]));
  await a.register(uri, ({ args, kwargs, details }) => ({ args: kwargs.list,
    kwargs: { args }, options: { ppt_scheme: details.ppt_scheme,
      ppt_serializer: details.ppt_serializer } }));
  for (const options of way === 'json' ? [inJson] : [inJson, inCbor]) {
    const payload = [[1, 'snow ☃'], { list: [2, null] }];
    await b.publish(uri, ...payload, options);
    const [, , { ppt_serializer: serializer }, , words, dict] = b.sent.at(-1);
    assert.equal(serializer, options.ppt_serializer);
    assert.deepEqual([words.length, dict], [1, undefined]);
    await until('the event', () => got.length);
    assert.deepEqual(got.pop(), [...payload, 'x_test', serializer]);
    const result = await b.call(uri, ...payload, options).answer;
    assert.deepEqual([result.args, result.kwargs], [[2, null],
      { args: [1, 'snow ☃'] }]);
    assert.equal(result.details.ppt_serializer, serializer);
  }
}

export const pubsub = [
  ['events', events],
  ['acknowledged publications', acknowledged],
  ['publisher exclusion', exclusion],
  ['publisher exclusion, exclude_me false', noExclusion],
  ['black- and whitelisting, sessions', lists('', (peer) => peer.id)],
  ['black- and whitelisting, authids', lists('_authid', (_, id) => id)],
  ['black- and whitelisting, authroles',
    lists('_authrole', (_peer, _id, role) => role)],
  ['pattern-based subscription', patterns],
  ['publisher identification', identification],
  ['retained events', retained],
  ['event history', history],
  ['testaments', testaments],
  ['subscription revocation', revoked],
  ['payload passthru mode', passthru],
];
