/** Arbitrary requests as plain descriptions. */
import fc from 'fast-check';
import type {
  PlainAttributes,
  PlainLogRecord,
  PlainLogs,
  PlainSpan,
  PlainSpans,
  PlainValue,
} from '../../support/otlp-encode.ts';

const MAX_INT64 = 2n ** 63n - 1n;
const YEAR_2200_NS = 7_258_118_400_000_000_000n;

/** Whole Unicode without lone surrogates, and the strings that trip maps made of objects. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\ufeffbom',
    'é'.repeat(33),
    'x'.repeat(64),
  ),
);
const id = (digits: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((hex) => !/^0*$/.test(hex));
const int64 = fc.oneof(
  fc.bigInt(-MAX_INT64 - 1n, MAX_INT64),
  fc.constantFrom(
    2n ** 53n,
    2n ** 53n - 1n,
    -(2n ** 53n),
    1n - 2n ** 53n,
    0n,
    -1n,
    2n ** 32n,
    MAX_INT64,
    -MAX_INT64 - 1n,
  ),
);
const { value } = fc.letrec<{ value: PlainValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    int64,
    fc.boolean(),
    fc.constant(null),
    fc.double().map((double) => ({ double })),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((map) => ({ map })),
  ),
}));
const attributes: fc.Arbitrary<PlainAttributes> = fc.array(fc.tuple(text, value), { maxLength: 8 });
/** Below a microsecond a time reads as missing. */
const time = fc.bigInt(1_000n, YEAR_2200_NS);
const optional = { requiredKeys: [] as never[] };

const span: fc.Arbitrary<PlainSpan> = fc
  .record({
    trace_id: id(32),
    span_id: id(16),
    parent_span_id: fc.option(id(16), { nil: '' }),
    name: text,
    kind: fc.integer({ min: 0, max: 5 }),
    start: time,
    duration: fc.bigInt(-(2n ** 52n), 2n ** 52n),
    attributes,
    dropped_attributes: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    events: fc.array(fc.record({ name: text, time, attributes }), { maxLength: 3 }),
    status_code: fc.integer({ min: 0, max: 2 }),
    status_message: text,
  })
  .map(({ duration, ...rest }) => {
    const end = rest.start + duration;
    return { ...rest, end: end < 0n ? 0n : end };
  })
  .filter(({ start, end }) => start - end < 2n ** 53n);

const log: fc.Arbitrary<PlainLogRecord> = fc.record({
  trace_id: fc.option(id(32), { nil: '' }),
  span_id: fc.option(id(16), { nil: '' }),
  event_name: fc.constantFrom('gen_ai.evaluation.result', 'gen_ai.choice'),
  time,
  observed_time: time,
  body: value,
  attributes,
});

const scope = fc.record({ name: text, version: text, attributes }, optional);

export const traces: fc.Arbitrary<PlainSpans[]> = fc.array(
  fc.record({ resource: attributes, scope, spans: fc.array(span, { maxLength: 4 }) }),
  { maxLength: 3 },
);

export const logs: fc.Arbitrary<PlainLogs[]> = fc.array(
  fc.record({ resource: attributes, scope, logs: fc.array(log, { maxLength: 4 }) }),
  { maxLength: 3 },
);
