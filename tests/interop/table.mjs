#!/usr/bin/env node
// Runs the clients' interop tests and writes what passed into the README,
// between its two markers, with what `make test-routers` last saw (the build
// folder's interop/routers.jsonl).
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build, root } from '../lib/demo.mjs';
import { titles } from '../lib/peers.mjs';

const BEGIN = '<!-- interop: made by make interop-table -->';
const END = '<!-- /interop -->';
const PYTHON = '/usr/bin/python3';

const npmVersion = (name) => JSON.parse(fs.readFileSync(path.join(root,
  'tests/interop/node_modules', name, 'package.json'), 'utf8')).version;
const pythonVersion = () => execFileSync(PYTHON, ['-c',
  'import autobahn; print(autobahn.__version__)'], { encoding: 'utf8' })
  .trim();

/** Who it is about, and the words of a test's name that say what it does.
 * @type {{file: string, client: (name: string) => string,
 *   feature: (name: string) => string}[]} */
const suites = [
  { file: 'autobahn.test.mjs', client: () => 'Autobahn|JS',
    feature: (name) => name.split(':')[0] },
  { file: 'wampy.test.mjs', client: () => 'wampy',
    feature: (name) => (/^callee and subscriber/.test(name) ?
      'all four roles' : name.split(':')[0]) },
  { file: 'auth.test.mjs',
    client: (name) => (/wampy/.test(name) ? 'wampy' : 'Autobahn|JS'),
    feature: (name) => name.replace(/^[^:]*: \w+ by /, '') },
  { file: 'test_autobahn.py', client: () => 'Autobahn|Python',
    feature: (name) => name.replace(/( (json|msgpack|cbor))+$/, '')
      .replaceAll('_', ' ') },
  { file: 'test_autobahn_auth.py', client: () => 'Autobahn|Python',
    feature: (name) => name.split('_')[0] },
  { file: 'test_autobahn_batched.py', client: () => 'Autobahn|Python',
    feature: () => 'batched serializers' },
];
const versions = { 'Autobahn|JS': npmVersion('autobahn'),
  wampy: npmVersion('wampy'), 'Autobahn|Python': pythonVersion() };

/** @returns {{name: string, pass: boolean}[]} */
function run(file) {
  const command = file.endsWith('.py') ? [PYTHON, file] :
    ['node', '--test', '--test-reporter=tap', file];
  const { stdout } = spawnSync(command[0], command.slice(1), {
    cwd: path.join(root, 'tests/interop'), encoding: 'utf8',
    env: { ...process.env, MANYHANDS_BUILD: build } });
  return [...stdout.matchAll(/^(not )?ok +(?:\d+ - )?(.*)$/gm)]
    .map(([, not, name]) => ({ name: name.trim(), pass: !not }));
}

/** client -> feature -> {passed, all} */
function seen() {
  const clients = {};
  for (const { file, client, feature } of suites) {
    for (const { name, pass } of run(file)) {
      const features = clients[client(name)] ??= {};
      const counts = features[feature(name)] ??= { passed: 0, all: 0 };
      counts.all++;
      counts.passed += pass;
    }
  }
  return clients;
}

const cell = (text) => text.replaceAll('|', '\\|');
const shown = ([feature, { passed, all }]) =>
  `${cell(feature)} (${passed === all ? all : `${passed} of ${all}`})`;

function clientRows() {
  return Object.entries(seen()).map(([client, features]) =>
    `| ${cell(client)} | ${versions[client]} | ` +
    `${Object.entries(features).map(shown).join(', ')} |`);
}

function routerRows() {
  const file = path.join(build, 'interop', 'routers.jsonl');
  if (!fs.existsSync(file)) {
    console.error(`table.mjs: ${file} is not there: make test-routers`);
    process.exit(2);
  }
  return fs.readFileSync(file, 'utf8').trim().split('\n')
    .map((line) => JSON.parse(line))
    .map(({ router, version, feature, pass, note }) => `| ${titles[router]} | ` +
      `${version} | ${feature}: ${pass ? 'works' : 'fails'} (${note}) |`);
}

const table = [BEGIN,
  '| client of our router | version | what passed, and in how many tests |',
  '|---|---|---|', ...clientRows(), '',
  '| router of our programs | version | what was run |', '|---|---|---|',
  ...routerRows(), END].join('\n');

const file = path.join(root, 'README.md');
const text = fs.readFileSync(file, 'utf8');
const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
if (from < 0 || to < from) {
  console.error(`table.mjs: README.md has no ${BEGIN} … ${END}`);
  process.exit(1);
}
fs.writeFileSync(file, text.slice(0, from) + table +
  text.slice(to + END.length));
console.log(table);
