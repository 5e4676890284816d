/** Speed of normalising and pricing decoded spans: those that real emitters sent, all dialects mixed, and plain ones. */

import { decodeTraces } from '../../collector/otlp/decode-protobuf.ts';
import type { Span } from '../../collector/otlp/span.ts';
import { takeInSpans } from '../../collector/take-in.ts';
import { createRedactor } from '../../redaction/index.ts';
import { fixtureContext } from '../support/fixture-context.ts';
import { encodeTraces, genaiRequest } from '../support/otlp-encode.ts';
import { readFixtures, spansOf } from '../support/otlp-fixtures.ts';
import { machineLine, optionsOf, printBar, printTable, round, save } from './support/bench.ts';

const BAR_SPANS_PER_S = 150_000;
const { rounds, spans: wanted } = optionsOf({
  name: 'normalise',
  about:
    'spans a second that one core classifies, normalises, redacts and prices, from all dialects mixed; 10 s',
  options: {
    rounds: { default: 9, meaning: 'measured rounds' },
    spans: { default: 20_000, meaning: 'spans in each round' },
  },
});

/** The spans again and again, until there are enough. */
function repeated(spans: readonly Span[]): Span[] {
  return Array.from({ length: wanted }, (_, index) => spans[index % spans.length]!);
}

const captured = readFixtures().flatMap(spansOf);
const isContent = (key: string): boolean =>
  /messages|prompt|completion|content|input\.value|output\.value|\.input$|\.output$|request_data|json_schema|system_instructions|^ai\.(response\.text|prompt|value)/.test(
    key,
  );

/** The same spans from services that capture no content, as the conventions advise. */
function withoutContent(span: Span): Span {
  const { keys, values } = span.attributes;
  const kept = keys.flatMap((key, index) => (isContent(key) ? [] : [index]));
  const attributes = Object.assign(Object.create(Object.getPrototypeOf(span.attributes)), {
    keys: kept.map((index) => keys[index]!),
    values: kept.map((index) => values[index]!),
  });
  return { ...span, attributes, events: [] };
}

const redactor = createRedactor();
const plain = decodeTraces(encodeTraces(genaiRequest(512)));
const contenders = [
  {
    name: 'captured, content and all',
    spans: repeated(captured),
    redact: (text: string) => redactor.redact(text),
  },
  {
    name: 'captured, without content',
    spans: repeated(captured.map(withoutContent)),
    redact: (text: string) => redactor.redact(text),
  },
  {
    name: 'captured, without content, redaction off',
    spans: repeated(captured.map(withoutContent)),
    redact: (text: string) => text,
  },
  { name: 'one dialect, plain', spans: repeated(plain), redact: (text: string) => redactor.redact(text) },
];

const machine = machineLine();
console.log(machine);
const figures = contenders.map(({ name, spans, redact }) => {
  const context = { ...fixtureContext(spans), redact };
  for (let i = 0; i < 3; i++) takeInSpans(spans, context);
  const cpu_us: number[] = [];
  let calls = 0;
  for (let i = 0; i < rounds; i++) {
    const before = process.cpuUsage();
    calls = takeInSpans(spans, context).calls.length;
    const used = process.cpuUsage(before);
    cpu_us.push((used.user + used.system) / spans.length);
  }
  // The fastest round is the one that the machine's other work disturbed least.
  const us = Math.min(...cpu_us);
  return {
    contender: name,
    'spans/s of a core': Math.round(1e6 / us),
    'µs/span': round(us),
    'rows/span': round(calls / spans.length),
  };
});
printTable(figures);
printBar(
  `${BAR_SPANS_PER_S} spans a second of a core, without content`,
  figures[1]!['spans/s of a core'] >= BAR_SPANS_PER_S,
);
save('normalise', machine, figures);
