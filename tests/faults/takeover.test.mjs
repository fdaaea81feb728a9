// build/coordinator --takeover: another one takes the place of the one that is
// there, which stops; with its database, or with one of its own.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { startRouter } from '../interop/router.mjs';
import { build, checkLedger, sleep, tempDir, until } from '../lib/demo.mjs';

const JOB = build.endsWith('asan') ? 'pi:10000000' : 'pi:100000000';
const solved = JSON.parse(execFileSync(path.join(build, 'worker'),
  ['--solve', JOB, '--threads', '2', '--json'], { encoding: 'utf8' }));

// What a test that fails leaves behind would keep this process waiting.
const programs = [];
after(() => {
  for (const program of programs) program.process.kill('SIGKILL');
});

class Program {
  constructor(name, args) {
    programs.push(this);
    this.stdout = this.stderr = '';
    this.process = spawn(path.join(build, name), args,
      { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout.on('data', (d) => { this.stdout += d; });
    this.process.stderr.on('data', (d) => { this.stderr += d; });
    this.exited = new Promise((resolve) =>
      this.process.on('close', (code) => { this.over = true; resolve(code); }));
  }

  get lines() {
    return this.stdout.trim().split('\n').filter(Boolean).map(JSON.parse);
  }

  stop() { this.process.kill('SIGTERM'); return this.exited; }
}

const coordinator = (url, db, ...more) => new Program('coordinator',
  ['--router', url, '--db', db, '--status', '--json', ...more]);
const worker = (url) => new Program('worker',
  ['--router', url, '--threads', '1']);

/** A worker that the coordinator does not know tells so within 15 s. */
const works = (program) => until('a chunk to come back', () =>
  program.over || program.lines.some((line) => line.units > 0), 60000);

test('the one with the database goes, the next goes on with it', async () => {
  const { url, stop } = await startRouter();
  const dir = tempDir();
  const db = path.join(dir, 'manyhands.db');
  const workers = [worker(url), worker(url)];
  const first = coordinator(url, db, '--job', JOB);
  await works(first);
  const second = coordinator(url, db, '--takeover', '--exit-when-done',
    '--job', JOB);
  assert.equal(await first.exited, 1);
  assert.match(first.stderr, /another coordinator has taken over/);
  assert.equal(await second.exited, 0, second.stderr);
  const result = second.lines.at(-1);
  assert.equal(result.done, true);
  assert.deepEqual(result.answer, solved.answer);
  assert.deepEqual(checkLedger(dir).errors, []);
  for (const one of workers) assert.equal(await one.stop(), 0);
  await stop();
  fs.rmSync(dir, { recursive: true });
});

test('without --takeover nobody is evicted', async () => {
  const { url, stop } = await startRouter();
  const dirs = [tempDir(), tempDir()];
  const db = (i) => path.join(dirs[i], 'manyhands.db');
  const one = worker(url);
  const first = coordinator(url, db(0), '--job', 'pi:1000000000');
  await works(first);
  const waits = coordinator(url, db(1), '--job', 'pi:1000000000');
  await sleep(1500);
  assert.ok(!first.over && !waits.over);
  assert.ok(waits.lines.every((line) => !line.units));
  await waits.stop();
  const takes = coordinator(url, db(1), '--job', 'pi:1000000000',
    '--takeover');
  assert.equal(await first.exited, 1);
  await works(takes);
  assert.ok(!takes.over, takes.stderr);
  await takes.stop();
  await one.stop();
  await stop();
  for (const dir of dirs) fs.rmSync(dir, { recursive: true });
});
