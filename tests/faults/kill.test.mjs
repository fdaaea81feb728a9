// kill -9 of each process in turn, while a job runs: the answer is that of a
// run without faults, and the ledger holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo, checkLedger, sleep } from '../lib/demo.mjs';

// Large enough that it is not over before the last kill.
const JOB = 'pi:2000000';
// Bellard's formula at 2,000,000, computed by this project's --solve without
// any router and by a run without faults.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { build } from '../lib/demo.mjs';

const solved = JSON.parse(execFileSync(path.join(build, 'worker'),
  ['--solve', JOB, '--threads', '2', '--json'], { encoding: 'utf8' }));

for (const victim of ['worker', 'coordinator', 'router']) {
  test(`kill -9 of the ${victim}, again and again`, async () => {
    const demo = await Demo.start({ jobs: [JOB], workers: 2,
      args: ['--seconds', '240', '--json'] });
    for (let i = 0; i < 3; i++) {
      await sleep(700);
      if (demo.process.exitCode !== null) break;
      await demo.kill9(victim);
    }
    const { code } = await demo.exited;
    assert.equal(code, 0, demo.stderr);
    const result = JSON.parse(demo.stdout.trim().split('\n').at(-1));
    assert.equal(result.done, true);
    assert.deepEqual(result.answer, solved.answer);
    const ledger = checkLedger(demo.dir);
    assert.deepEqual(ledger.errors, []);
    assert.equal(demo.left().length, 0);
    demo.clean();
  });
}
