// How messages and answers change the pages' states.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as host from '../../../web/host/state.js';
import * as phone from '../../../web/phone/state.js';
import * as stage from '../../../web/stage/state.js';

const ME = { type: 'me', donor: 7, name: 'calm otter', rank: 9, of: 30,
  verified_us: 2500000, pending_us: 500000, frozen: false, chunks: 3,
  gains: 2, devices: 1 };

test('phone: starts idle with all that the contract names', () => {
  const state = phone.newState();
  assert.equal(state.phase, 'idle');
  for (const member of ['phase', 'donor', 'name', 'rank', 'verified',
    'pending', 'chunks', 'threads', 'rate'])
    assert.ok(member in state, member);
});

test('phone: credit in core-seconds, a change of rank as places won', () => {
  const state = phone.newState();
  assert.ok(phone.apply(state, ME));
  assert.deepEqual([state.verified, state.pending, state.moved],
    [2.5, 0.5, 0]);
  phone.apply(state, { ...ME, rank: 4 });
  assert.equal(state.moved, 5);
  phone.apply(state, { ...ME, rank: 4 });
  assert.equal(state.moved, 5);
  phone.apply(state, { ...ME, rank: 6 });
  assert.equal(state.moved, -2);
});

test('phone: off line it keeps name and credit and says why', () => {
  const state = phone.newState();
  phone.apply(state, ME);
  phone.apply(state, { type: 'state', phase: 'offline', donor: 0,
    token: null, name: null, threads: 4, computing: 0, chunks: 3, rate: 0,
    kind: null, unit: null, intensity: 1, text: 'no answer',
    retry_ms: 900 });
  assert.deepEqual([state.phase, state.donor, state.name, state.verified],
    ['offline', 7, 'calm otter', 2.5]);
  assert.equal(state.trouble, 'no answer');
  phone.apply(state, { type: 'state', phase: 'working', donor: 7,
    token: 't', name: 'calm otter', threads: 4, computing: 4, chunks: 3,
    rate: 5, kind: 'tsp', unit: 'kick', intensity: 1, text: null,
    retry_ms: null });
  assert.equal(state.trouble, null);
});

test('phone: unknown messages change nothing', () => {
  const state = phone.newState();
  const before = structuredClone(state);
  for (const message of [null, {}, { type: 'toString' }, { type: 'chunk' }])
    assert.equal(phone.apply(state, message), false);
  assert.deepEqual(state, before);
});

const row = (donor, rank) => ({ donor, name: `d${donor}`, rank,
  verified_us: 1e6 * (20 - rank), pending_us: 0, device: 'phone',
  present: true, frozen: false });

test('stage: arrows show for 20 s and then go', () => {
  const state = stage.newState();
  stage.applyBoard(state, [row(1, 1), row(2, 2)], 0);
  assert.deepEqual(state.top.map((r) => r.moved), [0, 0]);
  stage.applyBoard(state, [row(2, 1), row(1, 2)], 1000);
  assert.deepEqual(state.top.map((r) => [r.donor, r.moved]),
    [[2, 1], [1, -1]]);
  stage.applyBoard(state, [row(2, 1), row(1, 2)], 20000);
  assert.deepEqual(state.top.map((r) => r.moved), [1, -1]);
  stage.applyBoard(state, [row(2, 1), row(1, 2)], 21000);
  assert.deepEqual(state.top.map((r) => r.moved), [0, 0]);
});

test('stage: ten at most, and nobody without a rank', () => {
  const state = stage.newState();
  const rows = Array.from({ length: 15 }, (_, i) => row(i + 1, i + 1));
  stage.applyBoard(state, [...rows, { ...row(99, 0), frozen: true }], 0);
  assert.equal(state.top.length, 10);
  stage.applyBoard(state, [row(99, 0)], 0);
  assert.equal(state.top.length, 0);
});

test('stage: the members that the contract names', () => {
  const state = stage.newState();
  for (const member of ['job', 'devices', 'rate', 'progress', 'top',
    'joinUrl'])
    assert.ok(member in state, member);
  stage.applyStatus(state, { job: 'a', devices: 3, threads: 12, rate: 1.5,
    progress: 1.2, state: 'running' });
  assert.deepEqual([state.job, state.devices, state.rate, state.progress],
    ['a', 3, 1.5, 1]);
});

test('stage: only the latest news is kept', () => {
  const state = stage.newState();
  for (let i = 0; i < 9; i++) stage.addNews(state, i, `news ${i}`);
  assert.equal(state.news[0].text, 'news 8');
  assert.ok(state.news.length <= 4);
});

test('host: the ticket comes out of the fragment', () => {
  assert.equal(host.secretOf('#ticket=ab%2Bc'), 'ab+c');
  assert.equal(host.secretOf('#ticket='), null);
  assert.equal(host.secretOf(''), null);
});

test('host: a progress without a queue keeps the queue', () => {
  const state = host.newState();
  host.applyStatus(state, { state: 'running', queue: ['pi:1'] });
  host.applyStatus(state, { state: 'paused' });
  assert.deepEqual(state.queue, ['pi:1']);
  assert.equal(state.status.state, 'paused');
});
