// Starts the browser that the page tests share: Debian's Chromium, driven by
// playwright-core from web/node_modules.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)),
  '..', '..');
const fromWeb = createRequire(path.join(root, 'web', 'package.json'));

export const chromiumPath = () =>
  process.env.CHROMIUM || '/usr/bin/chromium';

const ARGS = ['--no-sandbox', '--disable-gpu',
  '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--no-first-run'];

/** @param {object} [options] of playwright's launch
 * @returns {Promise<import('playwright-core').Browser>} */
export async function launch(options = {}) {
  const executablePath = chromiumPath();
  if (!fs.existsSync(executablePath))
    throw new Error(`${executablePath} is not there: scripts/setup test ` +
      'installs it, or name another in CHROMIUM');
  const { chromium } = fromWeb('playwright-core');
  return chromium.launch({ executablePath, args: ARGS, ...options });
}

/** A new page with a viewport, whose errors are collected in page.errors.
 * @param {import('playwright-core').Browser} browser @param {string} url
 * @param {object} [context] options of newContext */
export async function openPage(browser, url, context = {}) {
  const page = await (await browser.newContext(context)).newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text()))
      page.errors.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** axe-core's findings of serious or critical impact, one line each.
 * @param {import('playwright-core').Page} page */
export async function accessibilityFaults(page) {
  const source = fs.readFileSync(fromWeb.resolve('axe-core/axe.min.js'),
    'utf8');
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) =>
      `${id}: ${help} (${nodes.map((n) => n.target.join(' ')).join(', ')})`);
}
