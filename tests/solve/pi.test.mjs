// Published digits of pi, computed by one native worker without a router.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { build } from '../lib/demo.mjs';

const published = [
  [1, '243F6A8885A308D313198A2E0370734'],
  [1000000, '26C65E52CB459350050E4BB178F4C6'],
];

for (const [position, digits] of published) {
  test(`the digits at ${position}`, () => {
    const result = JSON.parse(execFileSync(path.join(build, 'worker'),
      ['--solve', `pi:${position}`, '--threads', '2', '--json'],
      { encoding: 'utf8' }));
    assert.equal(result.kind, 'pi');
    assert.equal(result.answer.position, position);
    assert.ok(result.answer.digits.length >= 20);
    assert.equal(result.answer.digits.length, result.answer.certain);
    const n = Math.min(digits.length, result.answer.digits.length);
    assert.equal(result.answer.digits.slice(0, n), digits.slice(0, n));
  });
}
