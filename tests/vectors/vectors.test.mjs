// @ts-check
// The golden vectors in both WebAssembly builds, in Node and in Chromium: the
// bytes are those of the native build, which test_vectors.c compares.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { check, here, readVectors } from './check.mjs';

const build = process.env.MANYHANDS_BUILD ?? path.join(here, '../../build');
const modules = ['worker.wasm', 'worker.simd.wasm']
  .map((name) => path.join(build, 'web', name));
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Playwright, where the pages' packages are installed. */
function playwright() {
  const require = createRequire(path.join(here, '../../web/package.json'));
  try {
    return require('playwright-core');
  } catch {
    return null;
  }
}

test('there are at least 200 vectors a kind', () => {
  /** @type {Record<string, number>} */
  const count = {};
  for (const { kind } of readVectors()) count[kind] = (count[kind] ?? 0) + 1;
  assert.ok(count.pi >= 200 && count.tsp >= 200, JSON.stringify(count));
});

for (const file of modules)
  test(`${path.basename(file)} in Node gives the native bytes`, async () => {
    const { failures, passed } = await check(file);
    assert.deepEqual(failures, []);
    assert.ok(passed > 0);
  });

test('a changed byte is noticed', async () => {
  const { replay } = await import('./replay.mjs');
  const vectors = readVectors().slice(0, 3);
  vectors[1].output = vectors[1].output.replace(/..$/, (byte) =>
    byte === '00' ? '01' : '00');
  const { passed, failures } = await replay(
    await WebAssembly.compile(fs.readFileSync(modules[0])), vectors);
  assert.equal(passed, 2);
  assert.equal(failures.length, 1);
});

/** A loopback server of exactly these. */
function serve() {
  /** @type {Record<string, () => [string, string | Buffer]>} */
  const content = {
    '/': () => ['text/html', '<!doctype html><title>vectors</title>'],
    '/replay.mjs': () => ['text/javascript',
      fs.readFileSync(path.join(here, 'replay.mjs'))],
    '/vectors.json': () => ['application/json', JSON.stringify(readVectors())],
  };
  for (const file of modules)
    content[`/${path.basename(file)}`] = () => ['application/wasm',
      fs.readFileSync(file)];
  const server = http.createServer((request, response) => {
    const make = content[request.url ?? ''];
    const [type, body] = make ? make() : ['text/plain', ''];
    response.writeHead(make ? 200 : 404, { 'content-type': type });
    response.end(body);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

const missing = playwright() === null ? 'playwright-core is not installed' :
  !fs.existsSync(chromium) && `there is no ${chromium}`;
test('both builds in Chromium give the native bytes', {
  skip: missing && `${missing} (scripts/setup test installs it)`,
}, async () => {
  const server = await serve();
  const browser = await playwright().chromium.launch({
    executablePath: chromium, args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    for (const file of modules) {
      const { failures, passed } = await page.evaluate(
        async (/** @type {string} */ url) => {
          // @ts-ignore the page's own address
          const { replay } = await import('/replay.mjs');
          const module = await WebAssembly.compile(
            await (await fetch(url)).arrayBuffer());
          return replay(module, await (await fetch('/vectors.json')).json());
        }, `/${path.basename(file)}`);
      assert.deepEqual(failures, []);
      assert.equal(passed, readVectors().length);
    }
  } finally {
    await browser.close();
    server.close();
  }
});
