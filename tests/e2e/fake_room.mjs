// A room full of made-up donors for tests of the pages alone: a tour through
// places on the sphere that gets shorter by 2-opt moves, a leaderboard, a
// status. `step` lets a second pass; nothing here keeps time by itself.

const DONORS_FROM = 7;
const ADJECTIVES = ['brave', 'calm', 'quick', 'bright', 'gentle', 'wild',
  'merry', 'clever', 'quiet', 'bold', 'sunny', 'swift'];
const ANIMALS = ['otter', 'falcon', 'badger', 'heron', 'lynx', 'marmot',
  'dolphin', 'kestrel', 'beaver', 'salamander', 'wren'];

/** The same numbers in every run. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

class Writer {
  bytes = [];
  put(size, value) {
    for (let i = 0; i < size; i++)
      this.bytes.push(Math.floor(value / 2 ** (8 * i)) % 256);
    return this;
  }
  u8(v) { return this.put(1, v); }
  u16(v) { return this.put(2, v); }
  u32(v) { return this.put(4, v); }
  u64(v) { return this.put(8, v); }
  f32(v) {
    const bytes = new Uint8Array(new Float32Array([v]).buffer);
    this.bytes.push(...bytes);
    return this;
  }
  done() { return Uint8Array.from(this.bytes); }
}

/** n places in a box of degrees, clustered as towns are. */
export function makePlaces(n, [west, south, east, north], seed = 1) {
  const random = generator(seed);
  const centres = Array.from({ length: 12 }, () =>
    [west + random() * (east - west), south + random() * (north - south)]);
  return Array.from({ length: n }, (_, i) => {
    if (i % 3 === 0)
      return [west + random() * (east - west),
        south + random() * (north - south)];
    const [x, y] = centres[i % centres.length];
    const spread = () => (random() + random() + random() - 1.5) * 0.16;
    return [x + spread() * (east - west), y + spread() * (north - south)];
  });
}

function nearestTour(places) {
  const left = new Set(places.keys());
  const tour = [0];
  left.delete(0);
  while (left.size) {
    const [x, y] = places[tour.at(-1)];
    let [best, distance] = [-1, Infinity];
    for (const c of left) {
      const d = (places[c][0] - x) ** 2 + (places[c][1] - y) ** 2;
      if (d < distance) [best, distance] = [c, d];
    }
    tour.push(best);
    left.delete(best);
  }
  return tour;
}

/** A room whose state the handlers of `calls` show. */
export function makeRoom({ places, donors = 24, globe = true, seed = 5 }) {
  const random = generator(seed);
  const tour = nearestTour(places);
  const n = places.length;
  const km = ([x1, y1], [x2, y2]) =>
    Math.round(Math.hypot((x1 - x2) * 85, (y1 - y2) * 111) * 100);
  const edge = (i) => km(places[tour[i % n]], places[tour[(i + 1) % n]]);
  let length = tour.reduce((sum, _, i) => sum + edge(i), 0);
  const first = length;
  const changes = [];
  let seconds = 0;
  const people = Array.from({ length: donors }, (_, i) => ({
    donor: DONORS_FROM + i * 3,
    name: `${ADJECTIVES[i % 12]} ${ANIMALS[(i * 5) % 11]}`,
    device: i % 5 ? 'phone' : 'laptop', verified_us: 0, pending_us: 0,
    present: true, frozen: false,
  }));

  function improve(donor) {
    for (let tries = 0; tries < 4000; tries++) {
      const i = Math.floor(random() * (n - 2));
      const j = Math.min(n - 2, i + 2 + Math.floor(random() * 60));
      if (j <= i + 1) continue;
      const [a, b, c, d] = [tour[i], tour[i + 1], tour[j], tour[j + 1]];
      const gain = edge(i) + edge(j) - km(places[a], places[c]) -
        km(places[b], places[d]);
      if (gain <= 0) continue;
      tour.splice(i + 1, j - i, ...tour.slice(i + 1, j + 1).reverse());
      length -= gain;
      changes.push({ donor, gain, removed: [[a, b], [c, d]],
        added: [[a, c], [b, d]] });
      return;
    }
  }

  const revision = () => 1 + changes.length;

  function head(type) {
    return new Writer().u8(1).u8(type).u8(globe ? 1 : 0).u8(0).u32(n)
      .u64(revision()).u64(length);
  }

  function fullPage(page) {
    const each = 5000;
    const from = page * each;
    const count = Math.max(0, Math.min(each, n - from));
    const writer = head(1).u32(from).u32(count);
    for (const city of tour.slice(from, from + count))
      writer.u32(city).f32(places[city][0]).f32(places[city][1]);
    return { more: from + count < n, data: writer.done() };
  }

  function changePage(since) {
    const fresh = changes.slice(since - 1);
    const writer = head(2).u32(fresh.length);
    for (const c of fresh) {
      writer.u64(c.donor).u64(c.gain).u32(c.removed.length);
      for (const [a, b] of [...c.removed, ...c.added]) writer.u32(a).u32(b);
    }
    return { more: false, data: writer.done() };
  }

  const rows = () => [...people]
    .sort((p, q) => q.verified_us + q.pending_us - p.verified_us -
      p.pending_us)
    .map((p, i) => ({ ...p, rank: i + 1 }));

  const status = () => ({
    job: 'job-1', spec: `tsp:places?region=ES&count=${n}`, kind: 'tsp',
    unit: 'kick', state: 'running', units: changes.length * 1000,
    total: 2_000_000, verified: 0, progress: Math.min(1, seconds / 120),
    devices: people.length, threads: people.length * 8,
    rate: people.length * 3.7, chunks_per_s: people.length * 1.3,
    chunks: changes.length, rejected: 0, unconfirmed: 0, late: 2,
    eta_s: Math.max(0, 120 - seconds), elapsed_s: seconds,
    text: `${n} places, ${(length / 100).toFixed(1)} km by chords`,
    value: length, over: 0.35 * length / first - 0.2,
    over_what: 'estimate', revision: revision(), audit: 'trusted',
    queue: ['pi:1000000', 'tsp:places?region=DE&count=3000'],
    verified_us: 3e8, pending_us: 2e7, donors: people.length,
    donors_trusted: 1,
  });

  return {
    people, rows, status,
    revision,
    /** One second passes. @returns {number[]} the credited donors */
    step() {
      seconds++;
      const credited = people.filter(() => random() < 0.6);
      for (const person of credited) {
        person.verified_us += Math.floor(random() * 4e6);
        person.pending_us = Math.floor(random() * 3e6);
        improve(person.donor);
      }
      return credited.map((p) => p.donor);
    },
    calls: {
      'job.status': status,
      'leaderboard.top': ({ limit }) => ({ category: 'total',
        rows: rows().slice(0, limit) }),
      'job.picture': ({ since, page }) => ({ job: 'job-1', kind: 'tsp',
        revision: revision(),
        ...since ? changePage(since) : fullPage(page) }),
      'host.freeze': ({ donor, frozen }) => {
        people.find((p) => p.donor === donor).frozen = frozen;
      },
      'host.pause': () => ({}), 'host.start': () => ({}),
      'host.next': () => ({}), 'host.stop': () => ({}),
      'host.queue': ({ spec }) => ({ queue: [spec] }),
    },
  };
}
