#!/usr/bin/env node
// Ours, the bare relay and other routers, one after the other on this machine
// under the same load; prints what each answers for a core's second, and the
// ratios.
//
//   tests/bench/peers.mjs [--seconds S] [--sessions N] [NAME]...
//
// Names: those of tests/interop/routers.
import { count, header, load, onRouterCore, row, shapes, startOurs,
  startRelay } from './measure.mjs';
import { installPeer, peerNames, startPeer, titles } from '../lib/peers.mjs';

const argv = process.argv.slice(2);
function take(flag, otherwise) {
  const at = argv.indexOf(flag);
  return at < 0 ? otherwise : Number(argv.splice(at, 2)[1]);
}
const seconds = take('--seconds', 2);
const sessions = take('--sessions', 1000);
const names = argv.length ? argv : peerNames;

const runs = [];
for (const [kind, serializer] of [['ws', 'msgpack'], ['ws', 'json'],
  ['ws', 'cbor'], ['rs', 'msgpack']])
  for (const shape of Object.keys(shapes))
    runs.push({ key: `${kind} ${serializer} ${shape}`, kind, args: [
      ...shapes[shape], '--serializer', serializer, '--payload', 64,
      '--seconds', seconds] });

/** All figures of one router. */
function measure(router, extra = []) {
  const figures = {};
  for (const { key, kind, args } of runs)
    figures[key] = load(router[kind], router.pid, [...extra, ...args]);
  if (extra.length) return figures;
  figures.events = load(router.ws, router.pid, ['--mode', 'events',
    '--callees', 100, '--inflight', 8, '--payload', 64, '--seconds', seconds]);
  const rate = Math.floor((figures['ws msgpack 64']?.calls_per_s ?? 2) / 2);
  figures.half = load(router.ws, router.pid, ['--callers', 4, '--callees', 4,
    '--payload', 64, '--rate', rate, '--seconds', seconds]);
  figures.sessions = load(router.ws, router.pid, ['--mode', 'sessions',
    '--callees', sessions]);
  return figures;
}

const all = {};
const versions = {};
for (const name of names) versions[name] = installPeer(name);
let router = await startOurs();
all.manyhands = measure(router);
await router.stop();
router = await startRelay();
const relay = measure(router, ['--mode', 'raw']);
await router.stop();
for (const name of names.filter((n) => versions[n])) {
  router = await startPeer(name, onRouterCore);
  all[name] = measure(router);
  await router.stop();
}

const peers = Object.keys(all).filter((name) => name !== 'manyhands');
const title = (name) => `${titles[name] ?? name} ${versions[name] ?? ''}`;
const ratio = (ours, theirs) => (ours > 0 && theirs > 0 ?
  `× ${(ours / theirs).toFixed(1)}` : '–');
console.log('\nCalls per second of a core that the router used, 64 bytes ' +
  'each; × is how many times as many ours does.');
header('load', 'manyhands', 'of the bare relay',
  ...peers.flatMap((name) => [title(name), '×']));
for (const { key } of runs) {
  const ours = all.manyhands[key]?.per_core_s;
  row(key, count(ours), (ours / relay[key]?.per_core_s).toFixed(2),
    ...peers.flatMap((name) => [count(all[name][key]?.per_core_s),
      ratio(ours, all[name][key]?.per_core_s)]));
}
console.log('\nAs a client sees it: calls/s, p99 in µs.');
header('load', ...['manyhands', ...peers].map(title));
for (const { key } of runs)
  row(key, ...['manyhands', ...peers].map((name) =>
    `${count(all[name][key]?.calls_per_s)}, ${count(all[name][key]?.p99_us)}`));
header('', ...['manyhands', ...peers].map(title));
const line = (name, of) =>
  row(name, ...['manyhands', ...peers].map((peer) => count(of(all[peer]))));
line('events per core-s, 1 → 100', (f) => f.events?.per_core_s * 100);
line('p99 at half load, µs', (f) => f.half?.p99_us);
line('missed at half load', (f) => f.half?.missed);
line('joins/s', (f) => f.sessions?.joins_per_s);
line(`bytes per idle session, of ${sessions}`,
  (f) => f.sessions?.rss_per_session_bytes);
