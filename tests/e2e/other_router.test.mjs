// scripts/run --router URL: coordinator, local worker and the phones' pages
// work through a router that is there already.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { Demo, build, freePort, sleep, tempDir, until } from '../lib/demo.mjs';

let router;
let demo;
let browser;

/** One that lets everybody in who comes from the demo's pages. */
async function startRouter(origin) {
  const [dir, port] = [tempDir(), await freePort()];
  const file = path.join(dir, 'router.json');
  const allow = { call: true, register: true, publish: true, subscribe: true };
  fs.writeFileSync(file, JSON.stringify({ version: 2,
    realms: [{ name: 'realm1', roles: [{ name: 'anonymous', permissions: [
      { uri: '', match: 'prefix', allow, disclose: { caller: true } }] }] }],
    transports: [{ type: 'web', endpoint: { type: 'tcp', port },
      paths: { ws: { type: 'websocket',
        options: { allowed_origins: [origin] } } } }] }));
  const child = spawn(path.join(build, 'router'), ['--config', file],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await new Promise((resolve) => child.stderr.once('data', resolve));
  return { url: `ws://127.0.0.1:${port}/ws`,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      fs.rmSync(dir, { recursive: true });
    } };
}

const state = (page) => page.evaluate(() => globalThis.manyhands?.state);

before(async () => {
  const port = await freePort();
  router = await startRouter(`http://127.0.0.1:${port}`);
  demo = await Demo.start({ port, jobs: ['pi:1000000000'],
    args: ['--router', router.url] });
  await demo.ready();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  demo?.clean();
  await router?.stop();
});

test('a phone is credited, the stage follows', async () => {
  const phone = await openPage(browser, `${demo.origin}/`,
    { viewport: { width: 390, height: 844 } });
  assert.equal(new URL(phone.url()).searchParams.get('router'), router.url);
  await phone.click('#join');
  await until('credit', async () => {
    const now = await state(phone);
    return now.chunks > 0 && now.pending + now.verified > 0;
  });
  const stage = await openPage(browser, `${demo.origin}/stage`);
  await until('both devices', async () =>
    (await state(stage))?.devices === 2);
  assert.deepEqual([...phone.errors, ...stage.errors], []);
});

test('the page reaches no third router', async () => {
  let reached = 0;
  const third = net.createServer((socket) => { reached++; socket.destroy(); });
  await new Promise((resolve) => third.listen(0, '127.0.0.1', resolve));
  const page = await openPage(browser, `${demo.origin}/?router=` +
    `ws://127.0.0.1:${third.address().port}/ws`);
  await page.click('#join');
  await until('the trouble', async () => (await state(page)).trouble);
  await sleep(1000);
  assert.equal(reached, 0);
  third.close();
});
