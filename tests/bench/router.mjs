#!/usr/bin/env node
// Measures a router and prints tables: calls in each shape, payload, transport
// and serializer; events; sessions; and the latency at half load.
//
//   tests/bench/router.mjs [--router URL]... [--pid N] [--seconds S]
//                          [--sessions N] [PART]...
//
// Without --router it starts ours, and measures the bare relay beside it. More
// URLs are more ways to the same router; --pid is found by the port where it
// can be. Parts: calls, events, sessions, half, relay.
import { count, header, load, row, shapes, startOurs, startRelay, startSecure }
  from './measure.mjs';
import { pidOfPort } from '../lib/peers.mjs';

function parse(argv) {
  const options = { urls: [], pid: 0, seconds: 1, sessions: 10000, parts: [] };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--router') options.urls.push(argv[++i]);
    else if (argv[i] === '--pid') options.pid = Number(argv[++i]);
    else if (argv[i] === '--seconds') options.seconds = Number(argv[++i]);
    else if (argv[i] === '--sessions') options.sessions = Number(argv[++i]);
    else options.parts.push(argv[i]);
  }
  return options;
}

const options = parse(process.argv.slice(2));
const seconds = ['--seconds', options.seconds];
let router;

const urls = () => router.urls;
const way = (url) => ({ ws: 'WebSocket', rs: 'RawSocket',
  wss: 'WebSocket, TLS', rss: 'RawSocket, TLS',
  unix: 'RawSocket, unix socket' })[url.split(':')[0]];

function calls() {
  header('transport', 'serializer', 'payload', 'in flight', 'calls/s', 'p50 µs',
    'p99 µs', 'p99.9 µs', 'calls per core-s');
  for (const url of urls())
    for (const serializer of ['json', 'msgpack', 'cbor'])
      for (const payload of [64, 4096])
        for (const [shape, args] of Object.entries(shapes)) {
          const r = load(url, router.pid, [...args, '--serializer',
            serializer, '--payload', payload, ...seconds]);
          row(way(url), serializer, payload, shape, ...(r ?
            [r.calls_per_s, r.p50_us, r.p99_us, r.p999_us, r.per_core_s]
              .map(count) : ['failed']));
        }
}

function events() {
  header('subscribers', 'publications/s', 'events/s', 'p50 µs', 'p99 µs',
    'events per core-s');
  for (const subscribers of [1, 10, 100, 1000]) {
    const r = load(urls()[0], router.pid, ['--mode', 'events', '--callees',
      subscribers, '--inflight', 8, '--payload', 64, ...seconds]);
    row(count(subscribers), ...(r ? [r.publications_per_s,
      r.publications_per_s * subscribers, r.p50_us, r.p99_us,
      r.per_core_s * subscribers].map(count) : ['failed']));
  }
}

/** Ours is started anew for each: memory that was used once stays warm. */
async function sessions() {
  header('sessions', 'transport', 'joins/s', 'bytes per idle session');
  for (const kind of urls().map((url) => url.split(':')[0])) {
    const fresh = options.urls.length ? null : await startOurs();
    const url = fresh?.[kind] ??
      urls().find((u) => u.startsWith(`${kind}:`));
    const r = load(url, (fresh ?? router).pid, ['--mode', 'sessions',
      '--callees', options.sessions]);
    row(count(options.sessions), way(url), count(r?.joins_per_s),
      count(r?.rss_per_session_bytes));
    await fresh?.stop();
  }
  if (!options.urls.length) await secureSessions();
}

async function secureSessions() {
  for (const kind of ['wss', 'rss']) {
    const fresh = await startSecure();
    const r = load(fresh[kind], fresh.pid, ['--mode', 'sessions', '--ca',
      fresh.ca, '--callees', options.sessions]);
    row(count(options.sessions), way(fresh[kind]), count(r?.joins_per_s),
      count(r?.rss_per_session_bytes));
    await fresh.stop();
  }
}

/** Open loop, at half of what it answers with 64 in flight. */
function half() {
  header('transport', 'calls/s at full load', 'rate', 'p50 µs', 'p99 µs',
    'p99.9 µs', 'missed');
  for (const url of urls()) {
    const full = load(url, router.pid, [...shapes[64], '--payload', 64,
      ...seconds]);
    const rate = Math.floor((full?.calls_per_s ?? 2) / 2);
    const r = load(url, router.pid, ['--callers', 4, '--callees', 4,
      '--payload', 64, '--rate', rate, ...seconds]);
    row(way(url), count(full?.calls_per_s), count(rate), count(r?.p50_us),
      count(r?.p99_us), count(r?.p999_us), count(r?.missed));
  }
}

/** The same load through ours and through the relay. */
async function relay() {
  const bare = await startRelay();
  header('transport', 'payload', 'in flight', 'calls per core-s', 'bare relay',
    'share');
  for (const kind of ['ws', 'rs', 'unix'])
    for (const payload of [64, 4096])
      for (const [shape, args] of Object.entries(shapes)) {
        const url = urls().find((u) => u.startsWith(`${kind}:`));
        if (!url) continue;
        const all = [...args, '--payload', payload, ...seconds];
        const ours = load(url, router.pid, all);
        const raw = load(bare[kind], bare.pid, ['--mode', 'raw', ...all]);
        row(way(url), payload, shape, count(ours?.per_core_s),
          count(raw?.per_core_s),
          (ours?.per_core_s / raw?.per_core_s).toFixed(2));
      }
  await bare.stop();
}

const all = { calls, events, sessions, half, relay };
const unknown = options.parts.find((part) => !all[part]);
if (unknown) {
  console.error(`tests/bench/router.mjs: no part ${unknown}; there are ` +
    Object.keys(all).join(', '));
  process.exit(2);
}
if (options.urls.length) {
  const port = Number(options.urls[0].match(/:(\d+)(\/|$)/)?.[1]);
  router = { urls: options.urls, stop: async () => 0,
    pid: options.pid || (port ? pidOfPort(port) : 0) };
} else {
  router = await startOurs();
  router.urls = [router.ws, router.rs, router.unix];
}
for (const part of options.parts.length ? options.parts : Object.keys(all))
  await all[part]();
await router.stop();
