// Known instances, solved by one native worker without a router, with a fixed
// seed and a fixed number of kicks: the same tour every time.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { build } from '../lib/demo.mjs';
import { readTsplib, tourLength } from '../lib/tsplib.mjs';

const dir = process.env.TSPLIB_DIR;
const skip = !dir && 'skipped: TSPLIB_DIR is not set';

// Optima as published; kicks; how far above the optimum a tour may be.
const instances = [
  ['ulysses22', 7013, 20000, 0],
  ['att48', 10628, 50000, 0],
  ['berlin52', 7542, 50000, 0],
  ['gr96', 55209, 100000, 0.01],
  ['kroA100', 21282, 100000, 0.01],
  ['eil101', 629, 100000, 0.01],
  ['ch130', 6110, 200000, 0.01],
  ['pcb442', 50778, 500000, 0.015],
  ['dsj1000', 18660188, 1000000, 0.02],
  ['pr1002', 259045, 1000000, 0.02],
  ['pr2392', 378032, 1000000, 0.03],
];

for (const [name, optimum, kicks, over] of instances) {
  test(`${name} comes within ${100 * over} % of ${optimum}`, { skip }, () => {
    const file = path.join(dir, `${name}.tsp`);
    const { answer } = JSON.parse(execFileSync(path.join(build, 'worker'),
      ['--solve', `tsp:${file}&kicks=${kicks}`, '--threads', '1', '--seed',
        '1', '--json'], { encoding: 'utf8' }));
    assert.equal(answer.length, tourLength(readTsplib(file), answer.tour));
    assert.ok(answer.length >= optimum, 'shorter than the optimum');
    assert.ok(answer.length <= optimum * (1 + over),
      `${answer.length} is ${(100 * (answer.length / optimum - 1))
        .toFixed(2)} % above ${optimum}`);
    if (answer.optimum !== undefined) assert.equal(answer.optimum, optimum);
  });
}
