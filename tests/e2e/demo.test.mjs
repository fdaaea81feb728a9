// The demo as an audience and a speaker see it, in a real browser.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Demo, build, checkLedger, until } from '../lib/demo.mjs';

const shots = path.join(build, 'screenshots');
const PHONE = { width: 390, height: 844 };
const PROJECTOR = { width: 1920, height: 1080 };

let demo;
let browser;
let phone;

const state = (page) => page.evaluate(() => globalThis.manyhands?.state);
const shot = (page, name) =>
  page.screenshot({ path: path.join(shots, `${name}.png`) });

async function openPage(url, viewport) {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(error.message));
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && host !== `127.0.0.1:${demo.port}`)
      page.errors.push(`left the machine: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

before(async () => {
  fs.mkdirSync(shots, { recursive: true });
  demo = await Demo.start({
    jobs: ['tsp:places?region=ES&count=2000&kicks=200000000'] });
  await demo.ready();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  demo?.clean();
});

test('a phone joins with one tap, computes, and is credited', async () => {
  phone = await openPage(`${demo.origin}/`, PHONE);
  await shot(phone, 'phone-before');
  assert.equal((await state(phone)).phase, 'idle');
  await phone.click('#join');
  const working = await until('credit', async () => {
    const s = await state(phone);
    return s.chunks > 0 && s.pending + s.verified > 0 && s;
  });
  assert.equal(working.phase, 'working');
  assert.match(working.name, /\S+ \S+/);
  assert.ok(working.donor > 0);
});

test('its credit is verified by the audits and ranked', async () => {
  const ranked = await until('verified credit', async () => {
    const s = await state(phone);
    return s.verified > 0 && s.rank > 0 && s;
  }, 60000);
  assert.equal(ranked.rank, 1);
  await shot(phone, 'phone');
});

test('the stage shows devices, picture, board and where to join', async () => {
  const stage = await openPage(`${demo.origin}/stage`, PROJECTOR);
  const s = await until('the board', async () => {
    const now = await state(stage);
    return now?.top?.length && now.devices > 0 && now;
  });
  const name = (await state(phone)).name;
  assert.ok(s.top.some((row) => row.name === name));
  assert.match(s.joinUrl, /^http/);
  await until('the name on the board', async () =>
    (await stage.textContent('#board')).includes(name));
  assert.match(await stage.textContent('#url'), /\d+/);
  await until('the QR code', () => stage.evaluate(() =>
    document.querySelector('#qr')?.getBoundingClientRect().width > 100));
  const painted = await until('the tour', () => stage.evaluate(() => {
    const canvas = document.querySelector('#picture');
    const context = canvas.getContext('2d');
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    for (let i = 0; i < data.length; i += 4)
      colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
    return colours.size > 3 && colours.size;
  }));
  assert.ok(painted > 3);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await shot(stage, 'stage');
  assert.deepEqual(stage.errors, []);
  await stage.context().close();
});

test('a reload rejoins by itself and keeps the score', async () => {
  const old = await state(phone);
  await phone.reload();
  const now = await until('the score after the reload', async () => {
    const s = await state(phone);
    return s?.phase === 'working' && s.verified >= old.verified && s;
  });
  assert.equal(now.donor, old.donor);
  assert.equal(now.name, old.name);
});

test('a killed router comes back, and the phone computes on', async () => {
  const old = await state(phone);
  await demo.kill9('router');
  await until('more credit after the restart', async () => {
    const s = await state(phone);
    return s.phase === 'working' &&
      s.verified + s.pending > old.verified + old.pending + 0.5;
  }, 45000);
  assert.equal((await state(phone)).donor, old.donor);
});

test('stop gives the chunks back and says so', async () => {
  await phone.click('#stop');
  await until('paused', async () =>
    ['paused', 'idle'].includes((await state(phone)).phase));
  await phone.click('#join');
  await until('working again', async () =>
    (await state(phone)).phase === 'working');
});

test('the host pauses, starts, and freezes a donor', async () => {
  const host = await openPage(demo.hostUrl, { width: 1280, height: 800 });
  await until('the status', async () =>
    (await state(host))?.status?.state === 'running');
  await host.click('#pause');
  await until('paused', async () =>
    (await state(host)).status.state === 'paused');
  await host.click('#start');
  await until('running', async () =>
    (await state(host)).status.state === 'running');
  const { donor } = await state(phone);
  await host.click(`#freeze-${donor}`);
  await until('the phone to hear of it', async () =>
    (await state(phone)).frozen === true);
  await until('the panel to list it, frozen and without a rank', async () =>
    (await state(host)).donors.some((d) => d.donor === donor && d.frozen &&
      d.rank === 0));
  await shot(host, 'host');
  await host.click(`#freeze-${donor}`);
  await until('the phone to be unfrozen', async () =>
    (await state(phone)).frozen === false);
  assert.deepEqual(host.errors, []);
  await host.context().close();
});

test('a wrong ticket opens nothing', async () => {
  const host = await openPage(`${demo.origin}/host#ticket=wrong`,
    { width: 1280, height: 800 });
  await until('the refusal', async () =>
    /refused|denied|ticket/i.test(await host.textContent('body')));
  assert.notEqual((await state(host)).status?.state, 'running');
  await host.context().close();
});

test('nothing went wrong on the phone, and the ledger holds', async () => {
  assert.deepEqual(phone.errors, []);
  await demo.stop();
  const ledger = checkLedger(demo.dir);
  assert.deepEqual(ledger.errors, []);
  assert.ok(ledger.rows > 0);
});
