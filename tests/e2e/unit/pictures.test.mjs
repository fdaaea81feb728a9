// The decoders of what the pages draw, against the vectors of tests/vectors
// and against pages of a picture made here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as pi from '../../../web/common/pi.js';
import * as tsp from '../../../web/common/tsp.js';
import { gridFor } from '../../../web/stage/digits.js';
import { cellFor } from '../../../web/stage/marks_grid.js';
import { projectionFor, seamOf, stretches }
  from '../../../web/stage/projection.js';
import { Tour } from '../../../web/stage/tour.js';
import { root } from '../browser.mjs';
import { makePlaces, makeRoom } from '../fake_room.mjs';

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const vectors = (kind) => fs.readFileSync(
  path.join(root, 'tests', 'vectors', `${kind}.jsonl`), 'utf8').trim()
  .split('\n').map((line) => JSON.parse(line))
  .filter((v) => v.piece === undefined && v.output);

/** Every shorter string must be refused, not read as something else. */
function assertTruncationsThrow(data, decode) {
  for (let length = 0; length < data.length; length++)
    assert.throws(() => decode(data.subarray(0, length)), RangeError);
}

test('tsp: every vector decodes, and what it removes it had', () => {
  const all = vectors('tsp');
  assert.ok(all.length > 50);
  for (const v of all) {
    const cell = tsp.decodeInput(bytes(v.input));
    const result = tsp.decodeOutput(bytes(v.output), cell.n);
    assert.equal(cell.points.length, cell.n);
    assert.ok(cell.points.flat().every(Number.isFinite));
    assert.equal(result.kicks, v.units);
    assert.equal(result.removed.length, result.added.length);
    for (const [a] of result.removed) assert.equal(cell.fixed[a], 0);
    assert.ok(result.gain > 0 || result.added.length === 0);
  }
});

test('tsp: a cut input and a cut output are refused', () => {
  const v = vectors('tsp').find((w) => w.output.length > 30);
  const { n } = tsp.decodeInput(bytes(v.input));
  assertTruncationsThrow(bytes(v.input), tsp.decodeInput);
  assertTruncationsThrow(bytes(v.output), (o) => tsp.decodeOutput(o, n));
  assert.throws(() => tsp.decodeInput(Uint8Array.of(2)), /version 2/);
  assert.throws(() => tsp.decodeOutput(bytes(v.output), 1), RangeError);
});

test('pi: every vector decodes to as many sums as units', () => {
  for (const v of vectors('pi')) {
    assert.ok(pi.decodeInput(bytes(v.input)).position >= 1);
    const sums = pi.decodeOutput(bytes(v.output));
    assert.equal(sums.length, v.units);
    assert.ok(sums.every((s) => /^[0-9a-f]{8}$/.test(s)));
  }
});

test('pi: a sum shows its highest digits', () => {
  const output = Uint8Array.of(1, ...new Array(12).fill(0),
    0x88, 0x6a, 0x3f, 0x24);
  assert.deepEqual(pi.decodeOutput(output), ['243f6a88']);
});

test('pi: a page of the picture', () => {
  const page = Buffer.alloc(42 + 2 + 7 + 1 + 3);
  page[0] = 1;
  page[1] = 1;
  page.writeUInt32LE(1000000, 2);
  page.writeUInt32LE(64, 6);
  page.writeUInt32LE(70, 10);
  for (let i = 0; i < 7; i++) page.writeUInt32LE(10, 14 + 4 * i);
  page.writeUInt16LE(1, 42);
  page.writeUInt32LE(5, 44);
  page.writeUInt16LE(65, 48);
  page[50] = 9;
  page[51] = 3;
  page.write('26C', 52, 'latin1');
  const data = Uint8Array.from(page);
  assert.deepEqual(pi.decodePicture(data), {
    complete: true, position: 1000000, block: 64, done: 70,
    series: new Array(7).fill(10),
    runs: [{ first: 5, units: 65, colour: 9 }], digits: '26C' });
  assertTruncationsThrow(data, pi.decodePicture);
});

function follow(room) {
  const answer = room.calls['job.picture']({ since: 0, page: 0 });
  const page = tsp.decodePicture(answer.data);
  const tour = new Tour(page);
  tour.place(page);
  return { tour, since: answer.revision };
}

/** The tour walked along its links. */
function walk({ link }, n) {
  const seen = [];
  let [last, city] = [-1, 0];
  do {
    seen.push(city);
    const [a, b] = [link[2 * city], link[2 * city + 1]];
    [last, city] = [city, a === last ? b : a];
  } while (city !== 0 && seen.length <= n);
  return seen;
}

test('a tour followed by its changes is the tour asked for anew', () => {
  const n = 300;
  const room = makeRoom({ places: makePlaces(n, [-9, 36, 3, 43]) });
  const { tour, since } = follow(room);
  for (let i = 0; i < 20; i++) room.step();
  const { data } = room.calls['job.picture']({ since, page: 0 });
  const page = tsp.decodePicture(data);
  assert.equal(page.type, 'change');
  assert.ok(page.changes.length > 50);
  for (const change of page.changes) assert.ok(tour.apply(change));
  const again = follow(room).tour;
  const edges = (t) => {
    const way = walk(t, n);
    assert.equal(new Set(way).size, n);
    return new Set(way.map((c, i) => [c, way[(i + 1) % n]]
      .sort((a, b) => a - b).join()));
  };
  assert.deepEqual(edges(tour), edges(again));
  assert.ok(tour.tint.some((t) => t > 0));
});

test('a change that does not fit is refused', () => {
  const room = makeRoom({ places: makePlaces(50, [0, 0, 1, 1]) });
  const { tour } = follow(room);
  const edge = [0, tour.link[0]];
  const far = [0, 1, 2, 3].find((c) => c !== edge[1] &&
    c !== tour.link[1] && c !== 0);
  assert.equal(tour.apply({ donor: 1, gain: 1, removed: [[0, far]],
    added: [] }), false);
  assert.equal(tour.apply({ donor: 1, gain: 1, removed: [[0, 99]],
    added: [] }), false);
});

test('a picture cut short or of unknown type is refused', () => {
  const room = makeRoom({ places: makePlaces(20, [0, 0, 1, 1]) });
  room.step();
  const full = room.calls['job.picture']({ since: 0, page: 0 }).data;
  const change = room.calls['job.picture']({ since: 1, page: 0 }).data;
  assertTruncationsThrow(full, tsp.decodePicture);
  assertTruncationsThrow(change, tsp.decodePicture);
  const other = full.slice();
  other[1] = 7;
  assert.throws(() => tsp.decodePicture(other), /type 7/);
});

test('the map is cut open where no places are', () => {
  assert.equal(seamOf(Float32Array.of(-10, 0, 10)), -180);
  assert.equal(seamOf(Float32Array.of(170, -170, 160, -160)), 0);
});

test('all places lie on the canvas, north up, and a crossing is split', () => {
  const tour = { globe: true, x: Float32Array.of(170, -170, 175),
    y: Float32Array.of(-40, -35, -45) };
  const projection = projectionFor(tour, 800, 600);
  for (let i = 0; i < 3; i++) {
    const [x, y] = projection.at(projection.wrap(tour.x[i]), tour.y[i]);
    assert.ok(x >= 0 && x <= 800 && y >= 0 && y <= 600);
  }
  assert.ok(projection.at(170, -35)[1] < projection.at(170, -45)[1]);
  assert.equal(stretches(projection, 170, -40, -170, -35).length, 1);
  const world = { globe: true, x: Float32Array.of(-170, -60, 0, 60, 170),
    y: Float32Array.of(0, 10, 20, 10, 0) };
  const wide = projectionFor(world, 800, 600);
  const parts = [[-170, 170], [-60, 0], [60, 170], [-60, -170]]
    .map(([a, b]) => stretches(wide, a, 0, b, 0).length);
  assert.deepEqual(parts, [1, 1, 1, 2]);
});

test('few places far off come into an inset, and nothing is hidden', () => {
  const near = makePlaces(300, [-9, 36, 3, 43]);
  const far = makePlaces(30, [-18, 28, -14, 29]);
  const of = (places) => ({ globe: true,
    x: Float32Array.from(places, (p) => p[0]),
    y: Float32Array.from(places, (p) => p[1]) });
  const projection = projectionFor(of([...near, ...far]), 1100, 600);
  assert.equal(projection.parts.length, 2);
  const { left, top, width, height } = projection.parts[1].box;
  const inside = ([lon, lat]) => {
    const [x, y] = projection.at(projection.wrap(lon), lat);
    assert.ok(x >= 0 && x <= 1100 && y >= 0 && y <= 600);
    return x >= left && x <= left + width && y >= top && y <= top + height;
  };
  assert.ok(far.every(inside));
  assert.ok(!near.some(inside));
  assert.equal(projectionFor(of(near), 1100, 600).parts.length, 1);
  const half = [...near, ...makePlaces(200, [-60, -30, -50, -20])];
  assert.equal(projectionFor(of(half), 1100, 600).parts.length, 1);
});

test('grids hold what they must', () => {
  for (const count of [1, 7, 64, 1024, 5000]) {
    const { columns, side } = gridFor(count, 900, 400);
    assert.ok(columns * side <= 900 + 1e-6);
    assert.ok(Math.ceil(count / columns) * side <= 400 + 1e-6);
    const cell = cellFor(count, 1200, 100);
    assert.ok(Math.floor(1200 / cell) * Math.round(100 / cell) >= count);
  }
});
