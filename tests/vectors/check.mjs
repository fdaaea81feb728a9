#!/usr/bin/env node
// @ts-check
// Replays the golden vectors in Node against a WebAssembly build of the
// worker; ends with `N passed, N failed`, exit code 1 when one failed.
//
//   tests/vectors/check.mjs FILE.wasm
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { replay } from './replay.mjs';

export const here = path.dirname(fileURLToPath(import.meta.url));

/** @returns {import('./replay.mjs').Vector[]} */
export function readVectors() {
  const dir = process.env.VECTORS_DIR ?? here;
  return fs.readdirSync(dir).filter((name) => name.endsWith('.jsonl')).sort()
    .flatMap((name) => fs.readFileSync(path.join(dir, name), 'utf8')
      .split('\n').filter(Boolean).map((line) => JSON.parse(line)));
}

/** @param {string} file */
export async function check(file) {
  return replay(await WebAssembly.compile(fs.readFileSync(file)),
    readVectors());
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) ===
    fileURLToPath(import.meta.url)) {
  const file = process.argv[2];
  if (!file || !fs.existsSync(file)) {
    console.error('usage: check.mjs FILE.wasm (as scripts/wasm builds it)');
    process.exit(2);
  }
  const { passed, failures } = await check(file);
  for (const failure of failures) console.log(failure);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exit(failures.length || !passed ? 1 : 0);
}
