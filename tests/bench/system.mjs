#!/usr/bin/env node
// Measures the whole demo on this machine and prints a line per figure.
//
//   tests/bench/system.mjs [tsp] [calls] [busy] [phone] [router]
//
// tsp needs TSPLIB_DIR. Each figure is one run; nothing here decides a test.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Demo, build, freePort, runToEnd, sleep, until } from
  '../lib/demo.mjs';
import { launch } from '../e2e/browser.mjs';

const say = (name, value) => console.log(`${name}: ${value}`);

async function tsp() {
  for (const [name, optimum] of [['berlin52', 7542], ['pr1002', 259045]]) {
    for (const seconds of [10, 30]) {
      const file = path.join(process.env.TSPLIB_DIR, `${name}.tsp`);
      const { json, demo } = await runToEnd({ workers: 2,
        jobs: [`tsp:${file}&kicks=1000000000`],
        args: ['--seconds', String(seconds)] });
      demo.clean();
      const over = 100 * (json.answer.length / optimum - 1);
      say(`${name} after ${seconds} s, 2 workers`, `${json.answer.length} ` +
        `(${over.toFixed(2)} % over), ${json.elapsed_s} s, ` +
        `${json.units} kicks`);
    }
  }
}

async function startRouter() {
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}/ws`;
  const started = process.hrtime.bigint();
  const child = spawn(path.join(build, 'router'), ['--open', '--listen', url,
    '--web', path.join(build, 'web')], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise((resolve) => child.stderr.once('data', resolve));
  return { child, url, ms: Number(process.hrtime.bigint() - started) / 1e6 };
}

const statusKb = (pid, key) => Number(fs.readFileSync(`/proc/${pid}/status`,
  'utf8').match(new RegExp(`${key}:\\s+(\\d+)`))[1]);

async function router() {
  const { child, ms } = await startRouter();
  await sleep(500);
  say('router: start until it listens', `${ms.toFixed(0)} ms`);
  say('router: RSS at idle', `${statusKb(child.pid, 'VmRSS')} KiB`);
  child.kill();
}

async function calls() {
  const { child, url } = await startRouter();
  for (const inflight of [1, 64]) {
    const load = JSON.parse(execFileSync(path.join(build, 'wampload'),
      ['--router', url, '--callers', '1', '--callees', '1', '--inflight',
        String(inflight), '--seconds', '5', '--router-pid',
        String(child.pid), '--json'], { encoding: 'utf8' }));
    say(`calls, ${inflight} in flight`, JSON.stringify(load));
  }
  child.kill();
}

function cpuSeconds(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function busy() {
  const demo = await Demo.start({ workers: 1, jobs: ['pi:500000000'] });
  await demo.ready();
  await until('the worker', () => demo.pid('worker'));
  await sleep(2000);
  const pid = demo.pid('worker');
  const [cpu, at] = [cpuSeconds(pid), process.hrtime.bigint()];
  await sleep(30000);
  const wall = Number(process.hrtime.bigint() - at) / 1e9;
  say('local worker: CPU ÷ wall × threads over 30 s',
    `${(100 * (cpuSeconds(pid) - cpu) / wall).toFixed(1)} %`);
  await demo.stop();
  demo.clean();
}

async function phone() {
  const demo = await Demo.start({
    jobs: ['tsp:places?region=ES&count=2000&kicks=1000000000'] });
  await demo.ready();
  await sleep(2000);
  const browser = await launch();
  const page = await (await browser.newContext({
    viewport: { width: 390, height: 844 } })).newPage();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  let http = 0;
  cdp.on('Network.loadingFinished', (e) => { http += e.encodedDataLength; });
  const started = Date.now();
  await page.goto(`${demo.origin}/`);
  await page.click('#join');
  const state = () => page.evaluate(() => globalThis.manyhands.state);
  await until('credit', async () => {
    const s = await state();
    return s.pending + s.verified > 0;
  });
  say('phone: from opening to the first credit', `${Date.now() - started} ms`);
  await sleep(3000);
  say('phone: bytes over HTTP by then', http);
  // The hub's socket is in a Web Worker: the kernel counts it, both ways.
  const socketBytes = () => execFileSync('ss', ['-tinpH',
    `( dport = :${demo.port} )`], { encoding: 'utf8' })
    .split(/\n(?!\s)/).filter((socket) => /chrom/.test(socket))
    .flatMap((socket) => socket.match(/bytes_(acked|received):\d+/g) || [])
    .reduce((sum, count) => sum + Number(count.split(':')[1]), 0);
  const before = socketBytes();
  await sleep(60000);
  say('phone: bytes of its socket, both ways, over 60 s',
    socketBytes() - before);
  await browser.close();
  await demo.stop();
  demo.clean();
}

const all = { tsp, calls, busy, phone, router };
const wanted = process.argv.slice(2);
for (const name of wanted.length ? wanted : Object.keys(all))
  await all[name]();
