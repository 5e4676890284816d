/** What is remembered of shapes is what would be worked out anew. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Shapes } from '../../../collector/normalise/shapes.ts';

const few = fc.constantFrom('a', 'b', 'c', '', '__proto__', 'constructor', 'k'.repeat(300));
const lists = fc.array(fc.oneof(few, fc.string()), { maxLength: 8 });

test('whatever lists of keys come in whatever order, each has its own fact', () => {
  const shapes = new Shapes((keys) => keys.join('\0'));
  fc.assert(
    fc.property(fc.array(lists, { maxLength: 20 }), (several) => {
      for (const keys of several) assert.equal(shapes.of(keys), keys.join('\0'));
    }),
    { numRuns: 500 },
  );
});

test('a fact is worked out once for lists that repeat, in turns too', () => {
  let asked = 0;
  const shapes = new Shapes(() => ++asked);
  for (let i = 0; i < 100; i++) {
    for (const keys of [['a'], ['a', 'b'], ['b', 'a'], ['a', 'b', 'c'], []]) shapes.of(keys);
  }
  assert.equal(asked, 5);
});

test('keys that never repeat, long keys and long lists are forgotten, and the rest goes on', () => {
  const shapes = new Shapes((keys) => keys.length);
  const long = Array.from({ length: 1_024 }, (_, i) => `key-${i}`);
  for (let i = 0; i < 60_000; i++) assert.equal(shapes.of([`key-${i}`, 'x']), 2);
  for (let i = 0; i < 3; i++) assert.equal(shapes.of(long), 1_024);
  for (let i = 0; i < 3; i++) assert.equal(shapes.of(['a'.repeat(100_000), 'b']), 2);
});

test('lists that share many long keys are forgotten after fewer of them, as each fact holds all of its keys', () => {
  const shared = Array.from({ length: 250 }, (_, i) => `${i}`.padEnd(200, 'x'));
  let asked = 0;
  const shapes = new Shapes(() => ++asked);
  for (let i = 0; i < 2_000; i++) shapes.of([...shared, `key-${i}`]);
  shapes.of([...shared, 'key-0']);
  assert.equal(asked, 2_001);
});
