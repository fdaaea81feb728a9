// The pages alone, against a router played by this test: what they do when
// the router goes, what they refuse, whether they are accessible and sleep.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { accessibilityFaults, launch, openPage, root } from './browser.mjs';
import { makePlaces, makeRoom } from './fake_room.mjs';
import { startFake } from './fake_router.mjs';
import { build, until } from '../lib/demo.mjs';

const dir = path.join(build, 'web');
const TICKET = 'a ticket';
const QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">' +
  '<rect width="9" height="9" fill="#fff"/><path d="M1 1h3v3H1z"/></svg>';
const PHONE = { viewport: { width: 390, height: 844 } };
const PROJECTOR = { viewport: { width: 1920, height: 1080 } };

let browser;
let room;
let fake;
let joins;

const state = (page) => page.evaluate(() => globalThis.manyhands.state);
/** The page is drawn from its state a frame later: waits for the text. */
const says = (page, selector, pattern) => until(`${selector} ${pattern}`,
  async () => pattern.test(await page.textContent(selector)));
const settled = (page) => page.waitForTimeout(300);

const donor = { donor: 31, name: 'calm otter', rank: 2, of: 9,
  verified_us: 1500000, pending_us: 500000, frozen: false, chunks: 4,
  gains: 1, devices: 1 };

const donorCalls = {
  'donor.join'(args) {
    joins.push(args);
    return { donor: 31, token: 'the token', pass: 'a pass',
      name: args.name ?? donor.name };
  },
  'donor.me': () => donor,
  'donor.rename'({ name }) {
    if (name.includes('!'))
      throw { uri: 'wamp.error.invalid_argument', message: 'Not that name.' };
    return { name };
  },
  'donor.wave': () => ({}),
};

const start = (port) => startFake({ dir, port, ticket: TICKET,
  calls: { ...room.calls, ...donorCalls },
  files: { '/qr.svg': QR,
    '/join.json': JSON.stringify({ url: 'http://10.20.30.40:8080/' }) } });

function tick() {
  const credited = room.step();
  fake.publish('job.progress', { ...room.status(), credited });
  fake.publish('leaderboard.changed', {
    rows: room.rows().slice(0, 10) });
}

/** As long as it takes, a second of the room every so often. */
const whileTicking = (what, condition) => until(what, async () => {
  tick();
  return condition();
});

before(async () => {
  joins = [];
  room = makeRoom({ places: makePlaces(400, [-9, 36, 3, 43]) });
  fake = await start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await fake?.close();
});

test('stage: everything is there, and follows', async () => {
  const page = await openPage(browser, `${fake.origin}/stage`, PROJECTOR);
  const length = () => page.textContent('#value');
  await until('the board', async () => (await state(page)).top.length === 10);
  const first = await length();
  await whileTicking('a shorter tour', async () => await length() !== first);
  const s = await state(page);
  assert.equal(s.devices, 24);
  assert.equal(s.joinUrl, 'http://10.20.30.40:8080/');
  await says(page, '#url', /^http:\/\/10\.20\.30\.40:8080$/);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('stage: comes back when the router does', async () => {
  const page = await openPage(browser, `${fake.origin}/stage`, PROJECTOR);
  await until('connected', async () => (await state(page)).connected);
  const { port } = fake;
  await fake.close();
  await until('the loss', async () => !(await state(page)).connected);
  await says(page, '#news', /^Connecting again … [^[]+$/);
  fake = await start(port);
  await until('connected again', async () => (await state(page)).connected);
  const before = (await state(page)).status?.chunks ?? 0;
  await whileTicking('news', async () =>
    (await state(page)).status.chunks > before);
  await page.context().close();
});

test('stage: what matters is at least 4 % of the height', async () => {
  for (const [width, height] of [[1024, 768], [1920, 1080], [3840, 2160]]) {
    const page = await openPage(browser, `${fake.origin}/stage`,
      { viewport: { width, height } });
    await until('the board', async () =>
      (await state(page)).top.length === 10);
    await settled(page);
    const small = await page.evaluate(() => ['#value', '#over', '#url-rest',
      '#devices', '#rate', '#board .name', '#board .credit', '#eta']
      .filter((selector) => parseFloat(getComputedStyle(
        document.querySelector(selector)).fontSize) < innerHeight * 0.0399));
    assert.deepEqual(small, [], `${width}x${height}`);
    const cut = await page.evaluate(() => ['#board li:last-child', '#news',
      '#qr', '#url', '#marks'].filter((selector) => {
      const { right, bottom } = document.querySelector(selector)
        .getBoundingClientRect();
      return right > innerWidth + 1 || bottom > innerHeight + 1;
    }));
    assert.deepEqual(cut, [], `${width}x${height}`);
    await page.context().close();
  }
});

test('stage: sleeps when nothing changes', async () => {
  const page = await openPage(browser, `${fake.origin}/stage`, PROJECTOR);
  await until('the board', async () => (await state(page)).top.length === 10);
  await page.evaluate(() => {
    globalThis.framesAsked = 0;
    const ask = globalThis.requestAnimationFrame;
    globalThis.requestAnimationFrame = (f) => {
      globalThis.framesAsked++;
      return ask(f);
    };
  });
  const asked = () => page.evaluate(() => globalThis.framesAsked);
  await until('rest', async () => {
    const before = await asked();
    await settled(page);
    return await asked() === before;
  });
  tick();
  const before = await asked();
  await until('movement', async () => await asked() > before);
  await page.context().close();
});

test('phone: one tap joins; the token is kept and used', async () => {
  const page = await openPage(browser, `${fake.origin}/`, PHONE);
  assert.equal((await state(page)).phase, 'idle');
  assert.match(await page.textContent('#welcome'), /battery/);
  await page.click('#join');
  await until('working', async () => (await state(page)).phase === 'working');
  await until('credit', async () => (await state(page)).verified === 1.5);
  await says(page, '#rank', /2/);
  await says(page, '#credit', /1\.5.*0\.5 pending/s);
  joins = [];
  await page.reload();
  await until('working', async () => (await state(page)).phase === 'working');
  assert.equal(joins[0].token, 'the token');
  assert.equal((await state(page)).name, 'calm otter');
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

const vector = (kind, wanted) => fs.readFileSync(
  path.join(root, 'tests', 'vectors', `${kind}.jsonl`), 'utf8').trim()
  .split('\n').map((line) => JSON.parse(line))
  .find((v) => v.piece === undefined && wanted(v));

/** A chunk of that vector for whoever is at work, and its result. */
async function lend(v, seed = v.seed) {
  const args = { job: 'j', kind: v.kind, lease: 1, from: v.from,
    count: v.count, seed, budget_ms: 1000,
    input: Uint8Array.from(Buffer.from(v.input, 'hex')) };
  return until('a worker', () => [...fake.sessions]
    .map((s) => fake.invoke(s, 'compute.chunk', args)).find(Boolean));
}

test('phone: shows what it computes, however quick it is', async () => {
  const page = await openPage(browser, `${fake.origin}/`, PHONE);
  await page.click('#join');
  await until('working', async () => (await state(page)).phase === 'working');
  const painted = () => page.evaluate(() => {
    const canvas = document.querySelector('#picture');
    return canvas.getContext('2d').getImageData(0, 0, canvas.width,
      canvas.height).data.some((v) => v > 0);
  });
  // Small seeds: msgpackr writes integers above 32 bits as doubles.
  const tsp = await lend(vector('tsp', (v) => v.input.length > 800), 77);
  assert.ok(tsp.units > 0, tsp.list?.[0]);
  await until('a tour', async () => await painted() &&
    /tour/.test(await page.textContent('#caption')));
  const pi = vector('pi', (v) => v.count > 3);
  for (let i = 0; i < 4; i++)
    assert.ok((await lend(pi, 77)).units > 0);
  await until('blocks', async () => await painted() &&
    /π/.test(await page.textContent('#caption')));
  await page.context().close();
});

test('phone: stopped it stays stopped, also after a reload', async () => {
  const page = await openPage(browser, `${fake.origin}/`, PHONE);
  await page.click('#join');
  await until('working', async () => (await state(page)).phase === 'working');
  await page.click('#stop');
  await until('stopped', async () => (await state(page)).phase === 'paused');
  await until('nobody to be registered', () =>
    [...fake.sessions].every((s) => !s.registered.size));
  await page.reload();
  await until('stopped', async () => (await state(page)).phase === 'paused');
  await page.click('#join');
  await until('working', async () => (await state(page)).phase === 'working');
  await page.context().close();
});

test('phone: two tabs are one donor', async () => {
  const page = await openPage(browser, `${fake.origin}/`, PHONE);
  await page.click('#join');
  await until('working', async () => (await state(page)).phase === 'working');
  joins = [];
  const other = await page.context().newPage();
  await other.goto(`${fake.origin}/`);
  await until('the second', async () => (await state(other)).donor === 31 &&
    (await state(other)).phase !== 'joining');
  assert.equal(joins[0].token, 'the token');
  await page.context().close();
});

test('phone: a new name, and one that is refused', async () => {
  const page = await openPage(browser, `${fake.origin}/`, PHONE);
  await page.click('#join');
  await until('the name', async () => (await state(page)).name);
  await page.click('#rename');
  await page.fill('#new-name', 'no!');
  await page.click('#rename-save');
  await until('the refusal', async () =>
    /Not that name/.test(await page.textContent('#trouble')));
  await says(page, '#name', /^calm otter$/);
  await page.fill('#new-name', 'quick <b>lynx</b>');
  await page.click('#rename-save');
  await until('the name', async () =>
    await page.textContent('#name') === 'quick <b>lynx</b>');
  assert.equal(await page.isVisible('#rename-form'), false);
  await page.context().close();
});

test('phone: says which browsers are too old', async () => {
  const context = await browser.newContext(PHONE);
  await context.addInitScript(() => {
    delete WebAssembly.compileStreaming;
  });
  const page = await context.newPage();
  await page.goto(`${fake.origin}/`);
  await says(page, '#trouble', /Chrome 97/);
  assert.ok(await page.isDisabled('#join'));
  await context.close();
});

test('host: a wrong ticket is refused in one line', async () => {
  const page = await openPage(browser, `${fake.origin}/host#ticket=wrong`);
  await until('the refusal', async () =>
    /ticket was refused/.test(await page.textContent('#error')));
  assert.ok(await page.isDisabled('#pause'));
  await page.context().close();
});

test('host: freezes, queues, and shows what is wrong', async () => {
  const page = await openPage(browser,
    `${fake.origin}/host#ticket=${encodeURIComponent(TICKET)}`);
  const { donor: first } = room.people[0];
  await page.click(`#freeze-${first}`);
  await until('frozen', async () =>
    await page.textContent(`#freeze-${first}`) === 'Unfreeze');
  await page.fill('#spec', 'pi:77');
  await page.click('#queue-add');
  await until('the queue', async () =>
    (await page.textContent('#queue')).includes('pi:77'));
  fake.calls['host.next'] = () => {
    throw { uri: 'wamp.error.invalid_argument', message: 'No next job.' };
  };
  await page.click('#next');
  await until('the error', async () =>
    (await page.textContent('#error')) === 'host.next: No next job.');
  await page.context().close();
});

test('no serious accessibility fault, light or dark', async () => {
  const pages = { '/': PHONE, '/stage': PROJECTOR,
    [`/host#ticket=${encodeURIComponent(TICKET)}`]:
      { viewport: { width: 1280, height: 800 } } };
  for (const [url, context] of Object.entries(pages)) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await openPage(browser, fake.origin + url,
        { ...context, colorScheme, reducedMotion: 'reduce' });
      if (url === '/') {
        assert.deepEqual(await accessibilityFaults(page), []);
        await page.click('#join');
      }
      await settled(page);
      assert.deepEqual(await accessibilityFaults(page), [], url);
      await page.context().close();
    }
  }
});

test('no page asks for anything elsewhere, none is inline', () => {
  for (const name of ['index.html', 'stage.html', 'host.html']) {
    const html = fs.readFileSync(path.join(dir, name), 'utf8');
    assert.doesNotMatch(html, /https?:\/\//);
    assert.doesNotMatch(html, /\sstyle=|<style|\son[a-z]+=|javascript:/);
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/);
  }
  assert.ok(fs.existsSync(path.join(root, 'web', 'package-lock.json')));
});
