// What router.mjs and peers.mjs share: wampload runs, our router and the bare
// relay, and tables.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, freePort, root } from '../lib/demo.mjs';
import { startProgram } from '../lib/peers.mjs';

// Router and load a core each, where there are two.
const pin = (core) => (os.cpus().length > 1 ?
  ['taskset', '-c', String(core)] : []);
export const onRouterCore = pin(0);
const onLoadCore = pin(1);

/** One run of wampload; null, and a line, when it failed. */
export function load(url, pid, args) {
  const words = [...onLoadCore, path.join(build, 'wampload'), '--router', url,
    '--json', ...(pid ? ['--router-pid', String(pid)] : []),
    ...args.map(String)];
  const run = spawnSync(words[0], words.slice(1), { encoding: 'utf8' });
  if (run.status !== 0) {
    console.error(`${url} ${args.join(' ')}: ${run.stderr || run.stdout}`);
    return null;
  }
  const result = JSON.parse(run.stdout);
  const done = result.calls ?? result.publications ?? 0;
  if (result.router_cpu_s > 0)
    result.per_core_s = done / result.router_cpu_s;
  return result;
}

async function startListener(program, args) {
  const port = await freePort();
  const socket = path.join(os.tmpdir(), `manyhands-${process.pid}-${port}`);
  const ws = `ws://127.0.0.1:${port}/ws`;
  const running = await startProgram(path.join(build, program),
    args(ws, `unix://${socket}`), port, onRouterCore);
  return { ...running, ws, rs: `rs://127.0.0.1:${port}`,
    unix: `unix://${socket}`,
    async stop() {
      const code = await running.stop();
      fs.rmSync(socket, { force: true });
      return code;
    } };
}

export const startOurs = () => startListener('router', (ws, unix) =>
  ['--open', '--listen', ws, '--listen', unix]);
/** Ours with TLS, by an authority of its own: `ca` is its file. */
export async function startSecure() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'manyhands-bench-'));
  const made = spawnSync(path.join(root, 'scripts/certs'), ['--dir', dir, 'localhost'],
    { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const port = await freePort();
  const wss = `wss://localhost:${port}/ws`;
  const running = await startProgram(path.join(build, 'router'), ['--open',
    '--listen', `wss://127.0.0.1:${port}/ws`, '--cert', `${dir}/server.crt`,
    '--key', `${dir}/server.key`], port, onRouterCore);
  return { ...running, wss, rss: `rss://localhost:${port}`,
    ca: `${dir}/ca.crt`,
    async stop() {
      const code = await running.stop();
      fs.rmSync(dir, { recursive: true });
      return code;
    } };
}

export const startRelay = () => startListener('bench/relay',
  (ws, unix) => [ws, unix]);

export const shapes = {
  'ping-pong': ['--callers', 1, '--callees', 1, '--inflight', 1],
  '4 × 8': ['--callers', 4, '--callees', 1, '--inflight', 32],
  64: ['--callers', 4, '--callees', 4, '--inflight', 64],
  '2,048': ['--callers', 4, '--callees', 4, '--inflight', 2048],
};

export const count = (n) => (n === undefined || n === null ? '–' :
  Math.round(n).toLocaleString('en-US'));
export const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
export function header(...names) {
  console.log();
  row(...names);
  row(...names.map(() => '---'));
}
