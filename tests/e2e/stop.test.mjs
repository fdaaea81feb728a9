// However scripts/run ends, nothing is left running; and what was computed is
// there at the next start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo, checkLedger, runToEnd, until } from '../lib/demo.mjs';

const PI = 'pi:300000';

async function running(options) {
  const demo = await Demo.start(options);
  await demo.ready();
  for (const name of ['router', 'coordinator', 'worker'])
    await until(`${name} to run`, () => demo.pid(name));
  return demo;
}

test('Ctrl-C stops everything within 5 s', async () => {
  const demo = await running({ jobs: ['pi:50000000'] });
  const started = Date.now();
  const { code } = await demo.stop();
  assert.equal(code, 0);
  assert.deepEqual(demo.left(), []);
  // A limit that the issue sets, with room for a slow machine.
  assert.ok(Date.now() - started < 8000);
  demo.clean();
});

test('kill -9 of scripts/run leaves nothing running', async () => {
  const demo = await running({ jobs: ['pi:50000000'] });
  demo.process.kill('SIGKILL');
  await demo.exited;
  await until('nothing to be left', () => demo.left().length === 0, 10000);
  demo.clean();
});

test('a closed terminal stops everything', async () => {
  const demo = await running({ jobs: ['pi:50000000'] });
  demo.process.kill('SIGHUP');
  await demo.exited;
  await until('nothing to be left', () => demo.left().length === 0, 10000);
  demo.clean();
});

test('a finished job is answered from the ledger', async () => {
  const first = await runToEnd({ jobs: [PI], args: ['--seconds', '60'] });
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.json.done, true);
  const again = await runToEnd({ jobs: [PI], dir: first.dir,
    args: ['--seconds', '60'] });
  assert.deepEqual(again.json.answer, first.json.answer);
  assert.equal(again.json.chunks, first.json.chunks);
  assert.deepEqual(checkLedger(first.dir).errors, []);
  first.demo.clean();
});

test('an unfinished job goes on where it stopped', async () => {
  const jobs = ['pi:60000000'];
  const part = await runToEnd({ jobs, args: ['--seconds', '2'] });
  assert.equal(part.code, 0, part.stderr);
  assert.ok(part.json.units > 0);
  assert.equal(part.json.done, false);
  const whole = await runToEnd({ jobs, dir: part.dir,
    args: ['--seconds', '120'] });
  assert.equal(whole.json.done, true);
  assert.ok(whole.json.chunks > part.json.chunks);
  const fresh = await runToEnd({ jobs, args: ['--seconds', '120'] });
  assert.deepEqual(whole.json.answer, fresh.json.answer);
  assert.deepEqual(checkLedger(part.dir).errors, []);
  part.demo.clean();
  fresh.demo.clean();
});
