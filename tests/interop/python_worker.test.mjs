// The contract is language-neutral: the worker in Python computes real chunks
// of pi, which a native one audits bit for bit.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { Demo, build, checkLedger, root, sleep, until } from
  '../lib/demo.mjs';

const python = '/usr/bin/python3';

function rowsOf(dir, name) {
  return JSON.parse(execFileSync(python, ['-c', `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = db.execute("SELECT type, units, credit_us FROM ledger WHERE donor ="
  " (SELECT id FROM donors WHERE name = ?)", (sys.argv[2],)).fetchall()
print(json.dumps(rows))`, path.join(dir, 'manyhands.db'), name],
  { encoding: 'utf8' }));
}

test('a worker in Python is accepted, audited and credited', async () => {
  const demo = await Demo.start({ jobs: ['pi:1000000'], workers: 0,
    args: ['--seconds', '120', '--json'] });
  const url = `ws://127.0.0.1:${demo.port}/ws`;
  await until('the coordinator', () => demo.pid('coordinator'));
  await sleep(1000);
  const guest = spawn(python, [path.join(root, 'worker/examples/pi_worker.py'),
    url], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  guest.stdout.on('data', (d) => { said += d; });
  await until('Python to join', () => said.includes('joined as'));
  // Long enough for a chunk or two of two seconds each.
  await sleep(6000);
  const native = spawn(path.join(build, 'worker'), ['--router', url,
    '--threads', '1', '--trusted', '--ticket-file',
    path.join(demo.dir, 'worker.ticket')], { stdio: 'ignore' });
  const { code } = await demo.exited;
  guest.kill('SIGKILL');
  native.kill('SIGTERM');
  assert.equal(code, 0, demo.stderr);
  const result = JSON.parse(demo.stdout.trim().split('\n').at(-1));
  assert.equal(result.done, true);
  assert.match(result.answer.digits, /^26C65E52CB459350050E4BB1/);
  assert.equal(result.unconfirmed, 0);
  const rows = rowsOf(demo.dir, said.match(/joined as (.*)/)[1]);
  const units = (type) => rows.filter((row) => row[0] === type)
    .reduce((sum, row) => sum + row[1], 0);
  assert.ok(units(1) > 0, 'no chunk of it was accepted');
  assert.equal(units(2), units(1), 'verified units');
  assert.deepEqual(checkLedger(demo.dir).errors, []);
  demo.clean();
});
