import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { type Harness, SHOP_KEY, startHarness } from './support/harness.ts';

let harness: Harness;
let browser: Browser;
let page: Page;
/** What went wrong on the page: errors, failed answers, requests to elsewhere. */
const wrong: string[] = [];

before(async () => {
  harness = await startHarness();
  const url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  browser = await startBrowser();
  page = await browser.newPage();
  page.on('pageerror', ({ message }) => wrong.push(message));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('response', (answer) => answer.status() >= 400 && wrong.push(`${answer.status()} ${answer.url()}`));
  page.on('request', (request) => {
    const isOurs = [`${url}/`, 'data:', 'blob:'].some((start) => request.url().startsWith(start));
    if (!isOurs) wrong.push(`asks ${request.url()}`);
  });
  await page.goto(`${url}/docs`);
});
after(async () => {
  await browser?.close();
  await harness?.stop();
});

test('the page shows every route under its subject', async () => {
  for (const subject of ['Rollups', 'Calls', 'Comparisons and gates', 'State of the line']) {
    await page.getByRole('link', { name: subject, exact: true }).first().waitFor();
  }
});

test('a request of the page is answered with a key put in there', async () => {
  await page.getByPlaceholder('Token').first().fill(SHOP_KEY);
  await page
    .getByRole('link', { name: /How fast/ })
    .first()
    .click();
  await page
    .getByRole('button', { name: /Test Request/ })
    .first()
    .click();
  const answer = page.waitForResponse((response) => /\/v1\/\w+/.test(response.url()));
  await page.getByRole('button', { name: /^Send/ }).first().click();
  const { rows } = await (await answer).json();
  assert.equal(rows.length, 1);
  await page.getByText('200 OK').first().waitFor();
});

test('nothing failed on the page, and it asked nothing of any other place', () => {
  assert.deepEqual(wrong, []);
});
