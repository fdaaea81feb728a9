// TSPLIB's distances once more, in another language and straight from its
// documentation, so that a length is checked by something that did not
// compute it.
import fs from 'node:fs';

const nint = (x) => Math.floor(x + 0.5);

// TSPLIB 95, section 2.4: degrees.minutes, pi and radius as given there.
function radians(x) {
  const pi = 3.141592;
  const degrees = Math.trunc(x);
  return pi * (degrees + 5 * (x - degrees) / 3) / 180;
}

const metrics = {
  EUC_2D: ([ax, ay], [bx, by]) => nint(Math.hypot(ax - bx, ay - by)),
  CEIL_2D: ([ax, ay], [bx, by]) => Math.ceil(Math.hypot(ax - bx, ay - by)),
  ATT: ([ax, ay], [bx, by]) =>
    Math.ceil(Math.sqrt(((ax - bx) ** 2 + (ay - by) ** 2) / 10)),
  GEO: (a, b) => {
    const [alat, alon, blat, blon] = [a[0], a[1], b[0], b[1]].map(radians);
    const q1 = Math.cos(alon - blon);
    const q2 = Math.cos(alat - blat);
    const q3 = Math.cos(alat + blat);
    return Math.trunc(6378.388 *
      Math.acos(0.5 * ((1 + q1) * q2 - (1 - q1) * q3)) + 1);
  },
};

/** @returns {{metric: Function, cities: Map<number, number[]>}} */
export function readTsplib(file) {
  const text = fs.readFileSync(file, 'utf8');
  const type = text.match(/EDGE_WEIGHT_TYPE\s*:\s*(\w+)/)[1];
  const cities = new Map();
  const rows = text.slice(text.indexOf('NODE_COORD_SECTION'))
    .split('\n').slice(1);
  for (const row of rows) {
    const [id, x, y] = row.trim().split(/\s+/).map(Number);
    if (Number.isFinite(x) && Number.isFinite(y)) cities.set(id, [x, y]);
  }
  return { metric: metrics[type], cities };
}

/** The length of a tour that visits each city once; throws if it does not. */
export function tourLength(instance, tour) {
  const { metric, cities } = instance;
  if (tour.length !== cities.size || new Set(tour).size !== cities.size ||
      !tour.every((id) => cities.has(id)))
    throw new Error('the tour does not visit each city once');
  return tour.reduce((sum, id, i) => sum +
    metric(cities.get(id), cities.get(tour[(i + 1) % tour.length])), 0);
}
