#!/usr/bin/env node
// Runs all suites one after the other and ends with `N passed, N failed`.
//
//   tests/run.mjs [--build DIR] [--sanitize] [SUITE]...
//
// A suite is a list of commands; what each passed and failed is read from its
// closing lines (cmocka, node:test, or `N passed, N failed`). A command's
// output is shown when it fails; MANYHANDS_VERBOSE=1 shows all.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

function parseArguments(argv) {
  const options = { build: 'build', sanitize: false, suites: [] };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--build') options.build = argv[++i];
    else if (argv[i] === '--sanitize') options.sanitize = true;
    else options.suites.push(argv[i]);
  }
  return options;
}

const options = parseArguments(process.argv.slice(2));

function files(dir, pattern) {
  if (!fs.existsSync(dir)) return [];
  return fs.readdirSync(dir, { withFileTypes: true, recursive: false })
    .flatMap((entry) => (entry.isDirectory() ?
      files(path.join(dir, entry.name), pattern) :
      [path.join(dir, entry.name)]))
    .filter((file) => pattern.test(path.relative(dir, file)) ||
      pattern.test(path.basename(file)))
    .sort();
}

const programs = (dir) => files(path.join(options.build, 'tests', dir),
  /^test_[a-z0-9_]+$/).map((file) => [file]);
const nodeTests = (dir) => files(dir, /\.test\.mjs$/)
  .filter((file) => !file.includes('node_modules'))
  .map((file) => ['node', '--test', '--test-reporter=tap', file]);
const python = fs.existsSync('/usr/bin/python3') ? '/usr/bin/python3' :
  'python3';

// Which suites run under the sanitizers: all that run C natively, but not the
// ones that look at pages.
const suites = {
  arrows: { sanitize: false, commands: () => [['scripts/arrows']] },
  unit: { sanitize: true, commands: () => programs('unit') },
  sim: { sanitize: true, commands: () => programs('sim') },
  vectors: { sanitize: false, commands: () => nodeTests('tests/vectors') },
  solve: { sanitize: false, commands: () => nodeTests('tests/solve') },
  interop: { sanitize: true, commands: () => [
    ...files('tests/interop', /^test_[a-z0-9_]+\.py$/)
      .filter((file) => !file.includes('node_modules'))
      .map((file) => [python, file]),
    ...nodeTests('tests/interop')] },
  faults: { sanitize: true, commands: () => nodeTests('tests/faults') },
  e2e: { sanitize: false, commands: () => nodeTests('tests/e2e') },
};

// One that hangs has failed; it is ended with all that it started.
const LIMIT_MS = 240000;
let group = 0;
const endGroup = () => { if (group) process.kill(-group, 'SIGKILL'); };
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => { endGroup(); process.exit(1); });

function run(command) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'], detached: true,
      env: { ...process.env, MANYHANDS_BUILD: path.resolve(options.build) },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => { output += chunk; });
    group = child.pid;
    const timer = setTimeout(() => {
      output += `ended after ${LIMIT_MS / 1000} s\n`;
      endGroup();
    }, LIMIT_MS);
    child.on('error', (error) =>
      resolve({ code: 1, output: `${command[0]}: ${error.message}\n` }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      group = 0;
      resolve({ code: signal ? 128 : code, output });
    });
  });
}

/** What the closing lines of the known runners say. */
function counts(output, code) {
  const sum = (pattern) => [...output.matchAll(pattern)]
    .reduce((total, match) => total + Number(match[1]), 0);
  const passed = sum(/^\[ {2}PASSED {2}\] (\d+) test/gm) +
    sum(/^# pass (\d+)/gm) + sum(/(\d+) passed, \d+ failed/gm);
  let failed = sum(/^\[ {2}FAILED {2}\] (\d+) test/gm) +
    sum(/^# fail (\d+)/gm) + sum(/\d+ passed, (\d+) failed/gm);
  const skipped = sum(/^\[ {2}SKIPPED {2}\] (\d+) test/gm) +
    sum(/^# skipped (\d+)/gm);
  // It crashed, or said nothing that counts: that is a failure too.
  if ((code !== 0 && failed === 0) || passed + failed + skipped === 0)
    failed++;
  return { passed, failed, skipped };
}

async function runSuite(name) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const started = Date.now();
  for (const command of suites[name].commands()) {
    const { code, output } = await run(command);
    const result = counts(output, code);
    for (const key of Object.keys(total)) total[key] += result[key];
    const label = command.filter((word) => !word.startsWith('-')).join(' ');
    if (result.failed || process.env.MANYHANDS_VERBOSE)
      console.log(`--- ${label} (exit ${code})\n${output}`);
    for (const [line] of output.matchAll(/^.*(SKIP|skipped:).*$/gm))
      if (result.skipped || /skipped:/.test(line)) console.log(line.trim());
  }
  console.log(`${name}: ${total.passed} passed, ${total.failed} failed` +
    `${total.skipped ? `, ${total.skipped} skipped` : ''} ` +
    `(${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return total;
}

const wanted = options.suites.length ? options.suites :
  Object.keys(suites).filter((name) =>
    !options.sanitize || suites[name].sanitize);
const unknown = wanted.find((name) => !suites[name]);
if (unknown) {
  console.error(`tests/run.mjs: no suite ${unknown}; there are ` +
    Object.keys(suites).join(', '));
  process.exit(2);
}
const all = { passed: 0, failed: 0, skipped: 0 };
for (const name of wanted) {
  const total = await runSuite(name);
  for (const key of Object.keys(all)) all[key] += total[key];
}
console.log(`${all.passed} passed, ${all.failed} failed` +
  `${all.skipped ? `, ${all.skipped} skipped` : ''}`);
process.exit(all.failed || !all.passed ? 1 : 0);
