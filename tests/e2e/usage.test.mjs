// Bad usage and bad input: one clear line that names what was wrong and what
// is accepted, exit code 2, nothing damaged.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { build, freePort, root, tempDir } from '../lib/demo.mjs';

const program = (name) => (name === 'run' ? path.join(root, 'scripts/run') :
  path.join(build, name));

function refuses(name, args, pattern, code = 2) {
  const run = spawnSync(program(name), args,
    { encoding: 'utf8', timeout: 20000,
      env: { ...process.env, MANYHANDS_BUILD: build } });
  assert.equal(run.status, code, `${args.join(' ')}: exit ${run.status}, ` +
    `${run.stderr}${run.stdout}`);
  assert.match(run.stderr, pattern);
  const lines = run.stderr.trim().split('\n');
  assert.equal(lines.length, 1, run.stderr);
  return run;
}

const solve = (spec, pattern) =>
  refuses('worker', ['--solve', spec], pattern);

function file(name, text) {
  const dir = tempDir();
  const where = path.join(dir, name);
  fs.writeFileSync(where, text);
  return where;
}

const tsp = (type, rows, dimension = rows.length) =>
  `NAME : t\nTYPE : TSP\nDIMENSION : ${dimension}\n` +
  `EDGE_WEIGHT_TYPE : ${type}\nNODE_COORD_SECTION\n` +
  `${rows.map((r, i) => `${i + 1} ${r}`).join('\n')}\nEOF\n`;
const routerConfig = { version: 2,
  realms: [{ name: 'realm1', roles: [{ name: 'anonymous', permissions: [] }] }],
  transports: [{ type: 'web', endpoint: { type: 'tcp', port: 1 },
    paths: { ws: { type: 'websocket',
      auth: { ticket: { type: 'static', principals: {} } } } } }] };
const square = ['0 0', '0 1', '1 1', '1 0', '2 2', '3 1', '4 4', '5 0'];

test('an unknown kind of job', () => solve('chess:1', /chess.*tsp.*pi/));
test('a job without a colon', () => solve('tsp', /tsp/));
test('pi below 1', () => solve('pi:0', /1/));
test('pi above the limit', () => solve('pi:99999999999999', /pi|position/));
test('pi that is no number', () => solve('pi:three', /three/));
test('a missing TSPLIB file', () =>
  solve('tsp:/nowhere/x.tsp', /\/nowhere\/x\.tsp/));
test('an unsupported edge weight type is named', () =>
  solve(`tsp:${file('t.tsp', tsp('XRAY1', square))}`,
    /XRAY1.*EUC_2D|EUC_2D.*XRAY1/));
test('a truncated TSPLIB file', () =>
  solve(`tsp:${file('t.tsp', tsp('EUC_2D', square, 20))}`, /20|8/));
test('an empty TSPLIB file', () =>
  solve(`tsp:${file('t.tsp', '')}`, /DIMENSION|empty|NODE_COORD/i));
test('an unknown region', () =>
  solve('tsp:places?region=XX&count=10', /XX/));
test('a count above what exists', () =>
  solve('tsp:places?region=ES&count=10000000', /10000000/));
test('an unknown option of a job', () =>
  solve('tsp:places?region=ES&count=100&colour=red', /colour/));

test('unknown flags', () => {
  for (const name of ['router', 'coordinator', 'worker', 'run', 'wampload'])
    refuses(name, ['--colour', 'red'], /--colour/);
});
test('a malformed URL', () => {
  refuses('worker', ['--router', 'http://127.0.0.1:1/'], /http.*ws:\/\//);
  refuses('coordinator', ['--router', 'nonsense', '--db', '/tmp/x.db'],
    /nonsense/);
});
test('a router that is not there', () => {
  const url = 'ws://127.0.0.1:1/ws';
  refuses('wampload', ['--router', url], /127\.0\.0\.1:1.*accepted/);
  refuses('worker', ['--router', url], /127\.0\.0\.1:1.*accepted/);
  refuses('coordinator', ['--router', url, '--db',
    path.join(tempDir(), 'x.db')], /127\.0\.0\.1:1.*accepted/);
});
test('a missing ticket file', () =>
  refuses('worker', ['--router', 'ws://127.0.0.1:1/ws', '--trusted',
    '--ticket-file', '/nowhere/t'], /\/nowhere\/t/));

test('a port in use', async () => {
  const port = await freePort();
  const server = net.createServer();
  await new Promise((resolve) => server.listen(port, '0.0.0.0', resolve));
  refuses('router', ['--listen', `ws://0.0.0.0:${port}/ws`],
    new RegExp(String(port)));
  refuses('run', ['--port', String(port), '--data', tempDir()],
    new RegExp(String(port)));
  server.close();
});
test('a data folder that can not be written', () =>
  refuses('run', ['--data', '/proc/nowhere'], /\/proc\/nowhere/));
test('a database folder that is not there', () =>
  refuses('coordinator', ['--router', 'ws://127.0.0.1:1/ws', '--db',
    '/nowhere/x.db'], /\/nowhere\/x\.db/));
test('a corrupted database stays as it is', () => {
  const db = file('x.db', 'this is no database, whatever its name says. '
    .repeat(100));
  const before = fs.readFileSync(db);
  refuses('coordinator', ['--router', 'ws://127.0.0.1:1/ws', '--db', db],
    /x\.db/);
  assert.deepEqual(fs.readFileSync(db), before);
});
test('make sets up first what a fresh clone lacks', () => {
  const { stdout } = spawnSync('make',
    ['-n', `B=${path.join(tempDir(), 'build')}`, 'run'],
    { cwd: root, encoding: 'utf8' });
  const [setUp, compiles] = [stdout.indexOf('scripts/setup run'),
    stdout.indexOf('CC ')];
  assert.ok(setUp >= 0 && setUp < compiles, stdout.slice(0, 500));
});
test('make gives RUN on as it is written', () => {
  const { stderr } = spawnSync('make',
    ['-o', 'all', 'run', 'RUN=--colour?region=ES&count=*;x'],
    { cwd: root, encoding: 'utf8' });
  assert.match(stderr, /^run: .*--colour\?region=ES&count=\*;x/m);
});
test('a router configuration with an unknown key', () =>
  refuses('router', ['--check', '--config',
    file('c.json', JSON.stringify({ ...routerConfig, workerz: [] }))],
  /workerz/));
test('a router configuration that is no JSON', () =>
  refuses('router', ['--check', '--config', file('c.json', '{"a": ')],
    /c\.json/));
test('a job that the coordinator can not read ends the run', () =>
  refuses('run', ['--port', '18999', '--data', tempDir(), '--job', 'chess:1',
    '--json'], /chess/));
