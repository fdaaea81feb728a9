#!/usr/bin/env node
// Runs the clients' interop tests and writes what passed into the README,
// between its two markers, with what `make test-routers` last saw (the build
// folder's interop/routers.jsonl; without it, what the README has stays).
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

const ACROSS = 'all four roles, across serializers';
const acrossSerializers = (name) =>
  (/callee and subscriber/.test(name) ? ACROSS :
    /realm/.test(name) ? 'an unknown realm' : 'a caller leaves');
const byFeature = {
  feature: (name) => name.split(':')[0].replace(/ \(.*/, ''),
  note: (name) => /\((.*)\): /.exec(name)?.[1],
};
const dynamic = (name) => /authenticator|authorizer/.exec(name)?.[0];
const authentication = (name) => (dynamic(name) ? `dynamic ${dynamic(name)}` :
  name.replace(/^[^:]*: \w+ by /, '').replace(/_.*/, ''));
const inPython = (name) => ({ echo: 'calls', errors: 'errors of a callee',
  events: 'events' }[name.split('_')[0]] ?? ACROSS);

/** Who it is about (nobody: it is left out), and the words of a test's name
 * that say what it does.
 * @type {{file: string, client: (name: string) => string | false,
 *   feature: (name: string) => string,
 *   note?: (name: string) => string | undefined}[]} */
const suites = [
  { file: 'autobahn.test.mjs', client: () => 'Autobahn|JS',
    feature: acrossSerializers },
  { file: 'wampy.test.mjs', client: () => 'wampy',
    feature: acrossSerializers },
  { file: 'features.test.mjs', ...byFeature,
    client: (name) => name.replace(/^.*: /, '').split(',')[0] },
  { file: 'auth.test.mjs', feature: authentication,
    client: (name) => (/cookie/.test(name) ? false :
      /wampy/.test(name) ? 'wampy' : 'Autobahn|JS') },
  { file: 'test_autobahn.py', client: () => 'Autobahn|Python',
    feature: inPython },
  { file: 'test_autobahn_features.py', client: () => 'Autobahn|Python',
    ...byFeature },
  { file: 'test_autobahn_auth.py', client: () => 'Autobahn|Python',
    feature: authentication },
  { file: 'test_autobahn_batched.py', client: () => 'Autobahn|Python',
    feature: () => 'batched serializers' },
  { file: 'test_autobahn_tls.py', client: () => 'Autobahn|Python',
    feature: () => 'over TLS' },
];
const versions = { 'Autobahn|JS': npmVersion('autobahn'),
  wampy: npmVersion('wampy'), 'Autobahn|Python': pythonVersion() };

/** A test that is skipped says why: what the client has not.
 * @returns {{name: string, pass: boolean, skip?: string}[]} */
function run(file) {
  const command = file.endsWith('.py') ? [PYTHON, file] :
    ['node', '--test', '--test-reporter=tap', file];
  const { stdout } = spawnSync(command[0], command.slice(1), {
    cwd: path.join(root, 'tests/interop'), encoding: 'utf8',
    env: { ...process.env, MANYHANDS_BUILD: build } });
  return [...stdout.matchAll(
    /^(not )?ok +(?:\d+ - )?(.*?)(?: # SKIP (.*))?$/gm)]
    .map(([, not, name, skip]) => ({ name: name.trim(), pass: !not, skip }));
}

/** feature -> client -> {passed, all, said} */
function seen() {
  const features = {};
  for (const { file, client, feature, note } of suites) {
    for (const { name, pass, skip } of run(file)) {
      if (!client(name)) continue;
      const clients = features[feature(name)] ??= {};
      const counts = clients[client(name)] ??= { passed: 0, all: 0 };
      counts.said ??= skip ?? note?.(name);
      if (skip) continue;
      counts.all++;
      counts.passed += pass;
    }
  }
  return features;
}

const cell = (text) => text.replaceAll('|', '\\|');

/** How many tests passed, or of how many, and what they have shown. */
function shown(counts) {
  if (!counts) return 'not run';
  const { passed, all, said } = counts;
  const number = passed === all ? `${all}` : `${passed} of ${all}`;
  if (!said) return number;
  return all ? `${said} (${number})` : said;
}

function clientRows() {
  const clients = Object.keys(versions);
  const titlesOf = clients.map((name) => cell(`${name} ${versions[name]}`));
  return [`| tests that passed with our router | ${titlesOf.join(' | ')} |`,
    `|---|${'---|'.repeat(clients.length)}`,
    ...Object.entries(seen()).map(([feature, counts]) =>
      `| ${cell(feature)} | ${clients.map((name) =>
        cell(shown(counts[name]))).join(' | ')} |`)];
}

const ROUTERS = '| router of our programs | version | what was run |';

/** What `make test-routers` saw, or what the README has of it. */
function routerRows(before) {
  const file = path.join(build, 'interop', 'routers.jsonl');
  if (!fs.existsSync(file)) {
    console.error(`table.mjs: ${file} is not there (make test-routers): ` +
      'the README keeps that part');
    return before.slice(before.indexOf(ROUTERS)).trim().split('\n');
  }
  return [ROUTERS, '|---|---|---|',
    ...fs.readFileSync(file, 'utf8').trim().split('\n')
      .map((line) => JSON.parse(line))
      .map(({ router, version, feature, pass, note }) =>
        `| ${titles[router]} | ${version} | ${feature}: ` +
        `${pass ? 'works' : 'fails'} (${note}) |`)];
}

const file = path.join(root, 'README.md');
const text = fs.readFileSync(file, 'utf8');
const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
if (from < 0 || to < from) {
  console.error(`table.mjs: README.md has no ${BEGIN} … ${END}`);
  process.exit(1);
}
const table = [BEGIN, ...clientRows(), '',
  ...routerRows(text.slice(from, to)), END].join('\n');
fs.writeFileSync(file, text.slice(0, from) + table +
  text.slice(to + END.length));
console.log(table);
