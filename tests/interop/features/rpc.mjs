// Features of remote procedure calls: each a name and what is to be seen. `a`
// and `b` are sessions of the client under test, of two users and roles; `uri`
// is the feature's own; `join` and `raw` get more of them.
import assert from 'node:assert/strict';
import { until } from '../../lib/demo.mjs';
import { ANY } from '../raw.mjs';
import { Failure, fails, gate } from './peer.mjs';

const values = [null, true, false, 0, -1, 2 ** 31, 1.5, '', 'snow ☃ and 𝄞',
  [], [1, [2, [3]]], { a: { b: [null, 'c'] } }, 'x'.repeat(5000)];

async function calls({ a, b, uri }) {
  const { end } = await a.register(uri, ({ args, kwargs }) =>
    ({ args: [...args].reverse(), kwargs }));
  for (const value of values) {
    const { args, kwargs } = await b.call(uri, [1, value], { key: value })
      .answer;
    assert.deepEqual(args, [value, 1]);
    assert.deepEqual(kwargs, { key: value });
  }
  await end();
  await fails(b.call(uri).answer, 'wamp.error.no_such_procedure');
}

async function errors({ a, b, uri }) {
  await a.register(uri, () => {
    throw new Failure('t.error.odd', [1, 'two'], { three: 3 });
  });
  await assert.rejects(b.call(uri).answer, { uri: 't.error.odd',
    args: [1, 'two'], kwargs: { three: 3 } });
}

async function progressiveResults({ a, b, uri }) {
  await a.register(uri, ({ args: [count], progress }) => {
    for (let i = 0; i < count; i++) progress?.({ args: [i], kwargs: {} });
    return { args: ['end'] };
  });
  const parts = [];
  const call = b.call(uri, [3], {},
    { onProgress: ({ args }) => parts.push(...args) });
  assert.deepEqual((await call.answer).args, ['end']);
  assert.deepEqual(parts, [0, 1, 2]);
  assert.deepEqual((await b.call(uri, [3]).answer).args, ['end']);
}

async function progressiveInvocations({ raw, join, uri }) {
  const callee = await raw();
  await callee.register(uri);
  const b = await join('bob', { announce: 'progressive_call_invocations' });
  const { answer, send } = b.stream(uri, [1]);
  send([2], true);
  send([3], false);
  const [, id] = await callee.hears([68, ANY, ANY, { progress: true }, [1],
    ANY]);
  await callee.hears([68, id, ANY, { progress: true }, [2], ANY]);
  await callee.hears([68, id, ANY, (details) => !details.progress, [3], ANY]);
  callee.send([70, id, {}, ['sum']]);
  assert.deepEqual((await answer).args, ['sum']);
}

/* --- an end before the answer --------------------------------------------- */

const cancel = (mode, rules) => async ({ b, raw, uri, client, feature }) => {
  const callee = await raw();
  await callee.register(uri);
  const call = b.call(uri);
  const canceled = call.answer.then(() => null, (error) => error);
  const [, invocation] = await callee.hears([68, ANY, ANY, {}, ANY, ANY]);
  const heard = [];
  b.listen?.((message) => heard.push(message));
  call.cancel(mode);
  await rules(callee, invocation);
  if (client.flaws[feature]) {
    assert.ok(await canceled);
    await b.closed;
    // What it did not expect is what the specification wants.
    const [type, of, , , uriHeard] = heard.find(([t]) => t === 8);
    assert.deepEqual([type, of, uriHeard], [8, 48, 'wamp.error.canceled']);
  } else {
    assert.equal((await canceled).uri, 'wamp.error.canceled');
    assert.ok((await b.call('wamp.session.count').answer).args[0] >= 1);
  }
  callee.send([70, invocation, {}, ['late']]);
  await callee.hearsNothing();
};

const skip = cancel('skip', (callee) => callee.hearsNothing());
const killnowait = cancel('killnowait', (callee, id) =>
  callee.hears([69, id, { mode: 'killnowait' }]));
const kill = cancel('kill', async (callee, id) => {
  await callee.hears([69, id, { mode: 'kill' }]);
  callee.send([8, 68, id, {}, 'wamp.error.canceled']);
});

async function unasked({ a, b, uri }) {
  const started = gate();
  const over = gate();
  await a.register(uri, async () => { started.open(); await over.passed; });
  const call = b.call(uri);
  const canceled = call.answer.then(() => null, (error) => error);
  await started.passed;
  call.cancel('kill');
  assert.equal((await canceled).uri, 'wamp.error.canceled');
  over.open();
  assert.ok((await a.call('wamp.session.count').answer).args[0] >= 2);
}

async function timeout({ a, b, uri }) {
  const over = gate();
  await a.register(uri, () => over.passed);
  await fails(b.call(uri, [], {}, { timeout: 50 }).answer,
    'wamp.error.timeout');
  over.open();
  await a.register(`${uri}.fast`, () => ({ args: [1] }));
  const { args } = await b.call(`${uri}.fast`, [], {}, { timeout: 60000 })
    .answer;
  assert.deepEqual(args, [1]);
}

async function calleeLeaves({ a, b, uri }) {
  const started = gate();
  await a.register(uri, () => { started.open(); return gate().passed; });
  const { answer } = b.call(uri);
  const failed = fails(answer, 'wamp.error.canceled');
  await started.passed;
  await a.leave();
  await failed;
  await fails(b.call(uri).answer, 'wamp.error.no_such_procedure');
}

async function callerLeaves({ a, b, uri }) {
  const started = gate();
  const over = gate();
  await a.register(uri, async ({ args }) => {
    if (args[0]) return { args: ['here'] };
    started.open();
    await over.passed;
    return { args: ['nobody hears'] };
  });
  b.call(uri).answer.catch(() => {});
  await started.passed;
  await b.leave();
  over.open();
  assert.deepEqual((await a.call(uri, [1]).answer).args, ['here']);
}

/* --- who is called -------------------------------------------------------- */

async function patterns({ a, b, uri }) {
  const where = (name) => ({ details }) =>
    ({ args: [name, name === 'exact' ? null : details.procedure] });
  await a.register(`${uri}.p`, where('prefix'), { match: 'prefix' });
  await a.register(`${uri}..w`, where('wildcard'), { match: 'wildcard' });
  await a.register(`${uri}.p.x`, where('exact'));
  for (const [called, name] of [['p.x', 'exact'], ['p.y', 'prefix'],
    ['p.w', 'prefix'], ['q.w', 'wildcard']]) {
    const { args } = await b.call(`${uri}.${called}`).answer;
    assert.deepEqual(args, [name, name === 'exact' ? null :
      `${uri}.${called}`]);
  }
  await fails(b.call(`${uri}.q.x`).answer, 'wamp.error.no_such_procedure');
}

async function shared({ a, b, join, uri }) {
  for (const [invoke, answers] of [['first', 'aaaa'], ['last', 'bbbb'],
    ['roundrobin', 'abab'], ['random', null]]) {
    for (const [peer, name] of [[a, 'a'], [b, 'b']])
      await peer.register(`${uri}.${invoke}`, () => ({ args: [name] }),
        { invoke });
    let got = '';
    for (let i = 0; i < 4; i++)
      got += (await b.call(`${uri}.${invoke}`).answer).args[0];
    assert.ok(answers ? got === answers : /^[ab]{4}$/.test(got), got);
  }
  await a.register(uri, () => {});
  await fails(b.register(uri, () => {}), 'wamp.error.procedure_already_exists');
  await fails((await join('cyd')).register(`${uri}.last`, () => {},
    { invoke: 'first' }),
  'wamp.error.procedure_exists_with_different_invocation_policy');
}

async function concurrency({ a, b, uri }) {
  const over = gate();
  await a.register(uri, async () => {
    await over.passed;
    return { args: [1] };
  }, { invoke: 'roundrobin', concurrency: 2 });
  const running = [b.call(uri).answer, b.call(uri).answer];
  await fails(b.call(uri).answer, 'crossbar.error.max_concurrency_reached');
  over.open();
  for (const answer of running) assert.deepEqual((await answer).args, [1]);
  assert.deepEqual((await b.call(uri).answer).args, [1]);
}

/** The router's configuration has one call at a time there, and a queue. */
async function queued({ a, b, feature, number }) {
  const uri = `t.queued.n${number}`;
  const gates = [gate(), gate(), gate()];
  const started = [];
  await a.register(uri, async ({ args: [i] }) => {
    started.push(i);
    await gates[i].passed;
    return { args: [i] };
  });
  const answers = [0, 1, 2].map((i) => b.call(uri, [i]).answer);
  for (let i = 0; i < 3; i++) {
    await until(feature, () => started.length === i + 1);
    gates[i].open();
    assert.deepEqual((await answers[i]).args, [i]);
  }
  assert.deepEqual(started, [0, 1, 2]);
}

async function rerouted({ a, b, uri }) {
  const decline = () => { throw new Failure('wamp.error.unavailable'); };
  await a.register(uri, decline, { invoke: 'roundrobin' });
  await fails(b.call(uri).answer, 'wamp.error.no_available_callee');
  await b.register(uri, () => ({ args: ['b'] }), { invoke: 'roundrobin' });
  for (let i = 0; i < 3; i++)
    assert.deepEqual((await b.call(uri).answer).args, ['b']);
}

async function sharded({ a, b, uri }) {
  for (const [peer, name] of [[a, 'a'], [b, 'b']])
    await peer.register(uri, () => ({ args: [name] }), { invoke: 'random' });
  const owner = async (rkey) => (await b.call(uri, [], {},
    { runmode: 'partition', rkey }).answer).args[0];
  const owners = {};
  for (let i = 0; i < 32; i++) owners[i] = await owner(`key${i}`);
  assert.deepEqual([...new Set(Object.values(owners))].sort(), ['a', 'b']);
  for (let i = 0; i < 32; i++) assert.equal(await owner(`key${i}`), owners[i]);
}

async function revoked({ a, b, uri }) {
  const { revoked: told } = await a.register(uri, () => ({ args: ['a'] }));
  await b.register(uri, () => ({ args: ['b'] }), { force_reregister: true });
  assert.equal(await told, 'wamp.error.unregistered');
  assert.deepEqual((await b.call(uri).answer).args, ['b']);
}

/* --- who calls ------------------------------------------------------------ */

async function callerIdentification({ a, b, join, uri }) {
  await a.register(uri, ({ details }) => ({ args: [details.caller ?? null,
    details.caller_authid ?? null, details.caller_authrole ?? null] }));
  const who = async (peer, options) =>
    (await peer.call(uri, [], {}, options).answer).args;
  assert.deepEqual(await who(b), [null, null, null]);
  assert.deepEqual(await who(b, { disclose_me: true }), [b.id, 'bob', 'two']);
  const eve = await join('eve'); // whose role is disclosed, asked for or not
  assert.deepEqual(await who(eve), [eve.id, 'eve', 'disclosed']);
}

async function trustLevels({ a, join, uri }) {
  const eve = await join('eve');
  await a.register(uri, ({ details }) => ({ args: [details.trustlevel] }));
  assert.deepEqual((await eve.call(uri).answer).args, [7]);
  const seen = [];
  await a.subscribe(uri, ({ details }) => seen.push(details.trustlevel));
  await eve.publish(uri);
  await until('the event', () => seen.length);
  assert.deepEqual(seen, [7]);
}

export const rpc = [
  ['calls', calls],
  ['errors of a callee', errors],
  ['progressive call results', progressiveResults],
  ['progressive call invocations', progressiveInvocations],
  ['cancel, skip', skip],
  ['cancel, kill', kill],
  ['cancel, killnowait', killnowait],
  ['cancel, a callee that can not', unasked],
  ['call timeout', timeout],
  ['a callee leaves', calleeLeaves],
  ['a caller leaves', callerLeaves],
  ['pattern-based registration', patterns],
  ['shared registration', shared],
  ['concurrency of a callee', concurrency],
  ['queued calls', queued],
  ['rerouted calls', rerouted],
  ['sharded calls', sharded],
  ['registration revocation', revoked],
  ['caller identification', callerIdentification],
  ['trust levels', trustLevels],
];
