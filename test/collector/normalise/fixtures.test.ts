/** What real emitters sent, replayed: each record against what the provider answered and bills. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asText } from '../../../collector/normalise/values.ts';
import type { AttributeValue, Span } from '../../../collector/otlp/span.ts';
import { takeInSpans } from '../../../collector/take-in.ts';
import type { CallRow } from '../../../schemas/record/calls.ts';
import { factsOf, fixtureContext } from '../../support/fixture-context.ts';
import { expectedOf, readFixtures, spansOf } from '../../support/otlp-fixtures.ts';

const fixtures = readFixtures();
const allSpans = fixtures.flatMap(spansOf);
/** What was asked and answered in every case. */
const SAID = /capital of France|@example\.com|Be brief|Paris|sunny/;

const keyOf = ({ trace_id, span_id }: { trace_id: Uint8Array; span_id: Uint8Array }): string =>
  Buffer.concat([trace_id, span_id]).toString('hex');

/** Rows by identity, as plain text. */
function rowsOf(batches: readonly (readonly Span[])[], context = fixtureContext(batches.flat())) {
  const rows = batches.flatMap((spans) => takeInSpans(spans, context).calls);
  const plain = (row: CallRow): string =>
    JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
  return new Map(rows.map((row) => [keyOf(row), plain(row)]));
}

for (const fixture of fixtures) {
  test(`${fixture.name}: the records are what the provider billed, as far as the emitter tells`, () => {
    const spans = spansOf(fixture);
    const taken = takeInSpans(spans, fixtureContext(spans));
    assert.deepEqual(taken.rejections, []);
    const expected = fixture.expected.cases[fixture.case];
    assert.ok(expected, 'the case is missing in expected.json');
    const facts = taken.calls.map(factsOf);
    assert.equal(
      facts.length,
      expected.length,
      JSON.stringify(facts.map(({ kind, model }) => [kind, model])),
    );
    expected.forEach((row, index) => {
      const wanted = expectedOf(fixture, row);
      const told = Object.fromEntries(Object.keys(wanted).map((field) => [field, facts[index]![field]]));
      assert.deepEqual(told, wanted, `record ${index + 1}`);
    });
    for (const row of taken.calls) {
      assert.ok(row.duration_ms > 0 && row.duration_ms < 120_000, `duration of ${row.duration_ms} ms`);
      assert.ok(
        row.ttft_ms === null || row.ttft_ms <= row.duration_ms + 1_000,
        `first token at ${row.ttft_ms} ms`,
      );
      assert.doesNotMatch(row.attributes.join('\n'), SAID);
    }
  });

  test(`${fixture.name}: what was said is in the payload, redacted`, () => {
    const spans = spansOf(fixture);
    const { calls, payloads } = takeInSpans(spans, fixtureContext(spans));
    for (const row of calls.filter(({ kind }) => kind === 'call')) {
      const span = spans.find((one) => keyOf(one) === keyOf(row))!;
      const values: AttributeValue[] = [span.attributes, ...span.events.map(({ attributes }) => attributes)];
      const payload = payloads.find((one) => keyOf(one) === keyOf(row));
      if (/capital of France/.test(values.map(asText).join()))
        assert.match(payload?.input ?? '', /capital of France/);
      if (/Write to bob/.test(values.map(asText).join()))
        assert.match(payload?.output ?? '', /Write to \[REDACTED/);
      assert.doesNotMatch(JSON.stringify(payload ?? ''), /@example\.com/);
    }
  });
}

test('the order of spans and how they are batched never changes a record', () => {
  const context = fixtureContext(allSpans);
  const wanted = rowsOf([allSpans], context);
  assert.ok(wanted.size > 200);
  const orders = fc.shuffledSubarray(allSpans, { minLength: allSpans.length });
  fc.assert(
    fc.property(orders, fc.integer({ min: 1, max: 50 }), (spans, size) => {
      const batches = Array.from({ length: Math.ceil(spans.length / size) }, (_, index) =>
        spans.slice(index * size, (index + 1) * size),
      );
      const found = rowsOf(batches, context);
      assert.equal(found.size, wanted.size);
      for (const [key, row] of wanted) assert.equal(found.get(key), row);
    }),
    { numRuns: 5 },
  );
});

test('parts never exceed their totals, whatever the emitter', () => {
  for (const row of takeInSpans(allSpans, fixtureContext(allSpans)).calls) {
    const cached = (row.cache_read_tokens ?? 0) + (row.cache_write_tokens ?? 0);
    if (row.input_tokens !== null) assert.ok(cached <= row.input_tokens);
    if (row.output_tokens !== null) assert.ok((row.reasoning_tokens ?? 0) <= row.output_tokens);
  }
});
