#!/usr/bin/env node
// The demo's own programs on other routers: coordinator, native workers and a
// browser's page of ours compute digits of pi through each. Ends with `N
// passed, N failed`; what was seen is in the build folder's
// interop/routers.jsonl, for tests/interop/table.mjs.
//
//   tests/interop/routers/run.mjs [NAME]...
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { launch, openPage } from '../../e2e/browser.mjs';
import { Demo, build, sleep, tempDir, until } from '../../lib/demo.mjs';
import { installPeer, peerNames, startPeer } from '../../lib/peers.mjs';

// Some seconds of work, so that two workers find some to do.
const JOB = 'pi:100000000';
const LIMIT_MS = 60000;
const solved = JSON.parse(execFileSync(path.join(build, 'worker'),
  ['--solve', JOB, '--json'], { encoding: 'utf8' })).answer.digits;

function program(name, args) {
  const child = spawn(path.join(build, name), args,
    { stdio: ['ignore', 'pipe', 'pipe'] });
  const running = { said: '',
    stop: () => { child.kill('SIGTERM'); return running.ended; } };
  running.ended = new Promise((resolve) => child.on('close', resolve));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => { running.said += text; });
  return running;
}

/** Two workers, so that two devices share the chunks. */
async function compute(router) {
  const dir = tempDir();
  const coordinator = program('coordinator', ['--router', router.ws, '--db',
    path.join(dir, 'demo.db'), '--job', JOB, '--exit-when-done',
    '--json']);
  const workers = ['one', 'two'].map((name) => program('worker',
    ['--router', router.ws, '--threads', '1', '--name', name]));
  const code = await Promise.race([coordinator.ended, sleep(LIMIT_MS)]);
  await Promise.all([coordinator, ...workers].map((each) => each.stop()));
  fs.rmSync(dir, { recursive: true });
  const last = coordinator.said.trim().split('\n')
    .findLast((line) => line.startsWith('{')) ?? '{}';
  const result = JSON.parse(last);
  if (code !== 0 || result.answer?.digits !== solved) {
    console.log([coordinator, ...workers].map((each) => each.said).join(''));
    throw new Error(`the coordinator ended with ${code}, or a wrong answer`);
  }
  return result;
}

/** What two native workers made of a job. */
async function native(router) {
  const { donors, chunks } = await compute(router);
  if (donors !== 2)
    throw new Error(`${chunks} chunks, all by one of two workers`);
  return `${chunks} chunks by two workers`;
}

/** The pages of scripts/run --router, and Chromium as a phone. */
async function page(router) {
  const demo = await Demo.start({ jobs: ['pi:1000000000'], workers: 0,
    args: ['--router', router.ws] });
  let browser;
  try {
    await demo.ready();
    browser = await launch();
    const phone = await openPage(browser, `${demo.origin}/`);
    await phone.click('#join');
    const seen = () => phone.evaluate(() => globalThis.manyhands.state);
    await until('credit', async () => {
      const { chunks, pending, verified } = await seen();
      return chunks > 2 && pending + verified > 0;
    });
    return `${(await seen()).chunks} chunks by a page`;
  } finally {
    await browser?.close();
    await demo.stop();
    demo.clean();
  }
}

const FEATURES = [['coordinator, native workers', native],
  ['coordinator, worker in a browser', page]];

async function attempt(name, version, router, [feature, run]) {
  let pass = true;
  let note;
  try {
    note = await run(router);
  } catch (error) {
    pass = false;
    [note] = error.message.split('\n');
  }
  console.log(`${pass ? 'ok' : 'not ok'} ${name} ${version}, ${feature}: ` +
    note);
  return { router: name, version, feature, pass, note };
}

const rows = [];
for (const name of process.argv.length > 2 ? process.argv.slice(2) :
  peerNames) {
  const version = installPeer(name);
  if (!version) {
    rows.push({ router: name, version: '', feature: 'installing', pass: false,
      note: '' });
    continue;
  }
  const router = await startPeer(name);
  for (const feature of FEATURES)
    rows.push(await attempt(name, version, router, feature));
  await router.stop();
}
const folder = path.join(build, 'interop');
fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(path.join(folder, 'routers.jsonl'),
  rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
const failed = rows.filter((row) => !row.pass).length;
console.log(`${rows.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
