// kill -9 of each process in turn, while a job runs: the answer is that of a
// run without faults, and the ledger holds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { Demo, build, checkLedger, sleep } from '../lib/demo.mjs';

// Some seconds of work, also for a build under the sanitizers, so that it is
// not over before it is disturbed.
const JOB = build.endsWith('asan') ? 'pi:10000000' : 'pi:100000000';
const KILLS = 3;

const solved = JSON.parse(execFileSync(path.join(build, 'worker'),
  ['--solve', JOB, '--threads', '2', '--json'], { encoding: 'utf8' }));

for (const victim of ['worker', 'coordinator', 'router']) {
  test(`kill -9 of the ${victim}, again and again`, async () => {
    const demo = await Demo.start({ jobs: [JOB], workers: 2,
      args: ['--seconds', '240', '--json'] });
    let kills = 0;
    while (kills < KILLS && demo.isRunning) {
      await sleep(600);
      if (await demo.kill9(victim)) kills++;
    }
    const { code } = await demo.exited;
    assert.equal(code, 0, demo.stderr);
    assert.ok(kills > 0, 'it was over before anything was killed');
    const result = JSON.parse(demo.stdout.trim().split('\n').at(-1));
    assert.equal(result.done, true);
    assert.deepEqual(result.answer, solved.answer);
    assert.deepEqual(checkLedger(demo.dir).errors, []);
    assert.equal(demo.left().length, 0);
    demo.clean();
  });
}
