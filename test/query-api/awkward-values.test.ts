/** Values that begin with `!`, hold commas, quotes or other scripts, or are empty: each can be asked for. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCall } from '../support/rows.ts';
import { get, type Harness, post, rowsOf, SHOP_KEY, startHarness } from './support/harness.ts';

const VALUES = [
  '',
  'plain',
  '!bang',
  '!',
  'a,b',
  'a\\b',
  '\\!odd',
  'say "hi", then\ngo',
  'ünïcödé 🤖',
  "'; DROP TABLE calls",
];

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls(
    VALUES.flatMap((service, index) =>
      Array.from({ length: index + 1 }, () => makeCall({ project: 'shop', service })),
    ),
  );
});
after(() => harness.stop());

const all = VALUES.reduce((sum, _, index) => sum + index + 1, 0);
const literal = (value: string): string => (/^\\*!/.test(value) ? `\\${value}` : value);
const callsWith = async (service: string): Promise<number> => {
  const url = `/v1/rollups?from=now-3d&metrics=calls&service=${encodeURIComponent(service)}`;
  return ((await rowsOf(harness.app, url))[0]?.calls as number | undefined) ?? 0;
};

test('a filter finds each value, and everything but it', async () => {
  for (const [index, value] of VALUES.entries()) {
    assert.equal(await callsWith(literal(value)), index + 1, value);
    assert.equal(await callsWith(`!${literal(value)}`), all - index - 1, `not ${value}`);
  }
});

test('without a backslash a leading ! means not', async () => {
  assert.equal(await callsWith('!plain'), all - 2);
  assert.equal(await callsWith('!!bang'), all - 3);
});

test('a selector of a comparison finds each value too', async () => {
  for (const [index, value] of VALUES.entries()) {
    const selector = `service:${literal(value).replaceAll(',', '\\,')},status:ok`;
    const asked = new URLSearchParams({
      baseline: selector,
      candidate: 'model:small-chat-v1',
      from: 'now-3d',
    });
    const { status, json, text } = await get(harness.app, `/v1/compare?${asked}`);
    assert.equal(status, 200, text);
    assert.equal(json.baseline.calls, index + 1, value);
  }
});

test('a gate’s filters take them as they are', async () => {
  const canary = { model: 'candidate-xl', percentage: 5, criteria: ['latency<300'] };
  const config = { route: { default_model: 'small-chat-v1', canary } };
  for (const [index, value] of VALUES.entries()) {
    const body = { config, from: 'now-3d', filters: { service: literal(value) } };
    const { json } = await post(harness.app, '/v1/gates/evaluate', body, SHOP_KEY);
    assert.equal(json.baseline_calls, index + 1, value);
  }
});
