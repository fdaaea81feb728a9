// What the documents name is there: files, folders, targets of make, flags.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { build, root } from '../lib/demo.mjs';

const documents = ['README.md', 'router/CONFIG.md', 'tests/bench/README.md',
  'tests/vectors/README.md', 'tests/vectors/wamp/README.md'];
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const makefile = read('Makefile');
const tops = ['build', 'lib', 'router', 'coordinator', 'compute', 'worker',
  'web', 'scripts', 'tests'];
const matches = (text, pattern) => [...text.matchAll(pattern)];

/** Below build/ it is what make can build. */
function isThere(name) {
  return name.startsWith('build/') ?
    makefile.includes(name.replace('build/', '$(B)/')) :
    fs.existsSync(path.join(root, name));
}

for (const file of documents) {
  const text = read(file);

  test(`the paths of ${file}`, () => {
    const pattern = new RegExp(
      `(?<![\\w./:])(?:${tops.join('|')})/[\\w./-]*\\w`, 'g');
    const named = matches(text, pattern).map(([name]) => name)
      .filter((name) => !/\b[A-Z]+$/.test(name)); // …/NAME is any
    for (const name of new Set(named))
      assert.ok(isThere(name), `${file} names ${name}`);
  });

  test(`the links of ${file}`, () => {
    for (const [, link] of matches(text, /\]\((?!https?:)([^)]*)\)/g))
      assert.ok(fs.existsSync(path.join(root, path.dirname(file), link)),
        `${file} leads to ${link}`);
  });

  test(`the targets of make in ${file}`, () => {
    for (const [, target] of matches(text, /(?:`|^)make ([a-z][a-z-]*)/gm))
      assert.match(makefile, new RegExp(`^[a-z -]*\\b${target}:`, 'm'),
        `${file} names make ${target}`);
  });
}

test('the headers and sources that the README walks by', () => {
  const walk = read('README.md').split('### A walk through the source')[1]
    .split('\n## ')[0];
  let dir = '';
  const named = matches(walk, /`([\w/.]+\.(?:c|h|js))`/g);
  assert.ok(named.length > 10);
  for (const [, name] of named) { // one without a folder is beside the last
    const where = name.includes('/') ? name : path.join(dir, name);
    assert.ok(fs.existsSync(path.join(root, where)), where);
    dir = path.dirname(where);
  }
});

/** The flags in a text, without their order. */
const flags = (text) => [...new Set(matches(text, /--[a-z][a-z-]*/g)
  .map(([flag]) => flag))].filter((flag) => flag !== '--help').sort();

// A program that is given nonsense says what it accepts.
for (const program of ['router', 'coordinator', 'worker', 'wampload'])
  test(`the README has all flags of ${program}`, () => {
    const row = read('README.md').split('## The programs')[1]
      .match(new RegExp(`^\\| \`build/${program}\` \\| (.*) \\|$`, 'm'))[1];
    const { stderr, status } = spawnSync(path.join(build, program),
      ['--nonsense'], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.deepEqual(flags(row),
      flags(stderr).filter((flag) => flag !== '--nonsense'));
  });

test('the README has all flags of scripts/run', () => {
  const block = read('README.md').match(/^scripts\/run \[[^`]*/m)[0];
  const { stderr } = spawnSync(path.join(root, 'scripts/run'),
    ['--nonsense'], { encoding: 'utf8' });
  assert.deepEqual(flags(block),
    flags(stderr).filter((flag) => flag !== '--nonsense'));
});
