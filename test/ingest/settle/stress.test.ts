import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stress } from './support/stress.ts';

test('answers are those of the definition at every moment, whatever is inserted, killed and erased meanwhile', async () => {
  const { violations, ...result } = await stress({
    seed: 20_262,
    seconds: 25,
    kills: true,
    erasures: true,
    readers: 1,
  });
  assert.deepEqual(violations, [], JSON.stringify(result));
  assert.ok(result.groups > 0 && result.kills > 0 && result.erasures > 0, JSON.stringify(result));
});
