/** Attributes of any type and name, on spans of every dialect: nothing throws, and no number is invented. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dialects } from '../../../collector/dialects/index.ts';
import { type AttributeValue, KeyValueList, type Span } from '../../../collector/otlp/span.ts';
import { takeInSpans } from '../../../collector/take-in.ts';
import { fixtureContext } from '../../support/fixture-context.ts';
import { readFixtures, spansOf } from '../../support/otlp-fixtures.ts';

const spans = readFixtures().flatMap(spansOf);
const knownKeys = dialects.flatMap(({ fields, flattened }) => [
  ...Object.values(fields).flatMap((sources) =>
    sources.map((one) => (typeof one === 'string' ? one : one.key)),
  ),
  ...Object.values(flattened ?? {}).flatMap((prefixes) => prefixes.map((prefix) => `${prefix}0.content`)),
]);

function listOf(entries: [string, AttributeValue][]): KeyValueList {
  const list = new KeyValueList();
  for (const [key, value] of entries) {
    list.keys.push(key);
    list.values.push(value);
  }
  return list;
}

const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }),
    fc.json(),
    fc.constantFrom('NaN', '', '[', '{"input":"x"}', '12', '-1', '1e99', '__proto__'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map(listOf),
  ),
}));
const key = fc.oneof(fc.constantFrom(...knownKeys), fc.string(), fc.constantFrom('__proto__', 'constructor'));
const attributes = fc.array(fc.tuple(key, value), { maxLength: 12 });

test('known keys with any value, and unknown ones, never throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...spans), attributes, fc.string(), (span, entries, name) => {
      const before = span.attributes;
      const changed: Span = {
        ...span,
        name,
        attributes: listOf([
          ...before.keys.map((one, i): [string, AttributeValue] => [one, before.values[i]!]),
          ...entries,
        ]),
      };
      for (const row of takeInSpans([changed], fixtureContext([changed])).calls) {
        for (const count of [
          row.input_tokens,
          row.output_tokens,
          row.cache_read_tokens,
          row.reasoning_tokens,
        ]) {
          assert.ok(count === null || (Number.isInteger(count) && count >= 0 && count <= 0xffff_ffff));
        }
        assert.ok(row.ttft_ms === null || (Number.isFinite(row.ttft_ms) && row.ttft_ms >= 0));
        assert.ok(row.duration_ms >= 0 && Number.isFinite(row.duration_ms));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('attributes that no dialect knows change nothing but the rest', () => {
  const unknown = fc.array(
    fc.tuple(
      fc.string().map((name) => `app.${name}`),
      fc.string(),
    ),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...spans), unknown, (span, entries) => {
      const { keys, values } = span.attributes;
      const more = listOf([...keys.map((one, i): [string, AttributeValue] => [one, values[i]!]), ...entries]);
      const context = fixtureContext([span]);
      const [plain] = takeInSpans([span], context).calls;
      const [changed] = takeInSpans([{ ...span, attributes: more }], context).calls;
      assert.deepEqual({ ...changed, attributes: [] }, { ...plain, attributes: [] });
    }),
  );
});
