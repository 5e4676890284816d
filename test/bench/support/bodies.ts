/**
 * OTLP requests whose ids, times and random texts are new each time: encoded once, then overwritten in place, so
 * that making one costs far less than taking it in. Nothing that should differ from call to call repeats.
 */
import { randomBytes } from 'node:crypto';
import { encodeTraces, genaiRequest } from '../../support/otlp-encode.ts';

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
/** Tag and length before an id of eight bytes. */
const SPAN_ID_HEADER = 2;
/** Tags before a key's text ends and its value's begins: value, its length, string, its length. */
const TEXT_HEADER = 4;

interface Template {
  body: Buffer;
  spans: { trace_id: number; span_id: number; start: number; end: number; duration_ns: bigint }[];
  /** Random hex inside attribute values. */
  texts: { at: number; digits: number }[];
}

function template(spans: number, seed: number): Template {
  const [group] = genaiRequest(spans, { seed });
  const body = Buffer.from(encodeTraces([group!]));
  const texts: Template['texts'] = [];
  let from = 0;
  const find = (bytes: string | Buffer): number => {
    const at = body.indexOf(bytes, from);
    if (at < 0) throw new Error('the encoded request is not laid out as expected');
    return at;
  };
  const fixed64 = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  };
  const positions = group!.spans.map((span) => {
    const trace_id = find(Buffer.from(span.trace_id, 'hex'));
    from = trace_id;
    const start = find(fixed64(span.start));
    const end = find(fixed64(span.end));
    texts.push({ at: find('chatcmpl-') + 'chatcmpl-'.length, digits: 24 });
    texts.push({ at: find('conv_') + 'conv_'.length, digits: 16 });
    texts.push({ at: find('session.id') + 'session.id'.length + TEXT_HEADER, digits: 32 });
    return {
      trace_id,
      span_id: trace_id + TRACE_ID_BYTES + SPAN_ID_HEADER,
      start,
      end,
      duration_ns: span.end - span.start,
    };
  });
  return { body, spans: positions, texts };
}

/** Makes requests of `spans` calls that have just ended, from a few templates in turn. */
export function createBodies(spans: number, templates = 8): () => Buffer {
  const all = Array.from({ length: templates }, (_, seed) => template(spans, seed + 1));
  let next = 0;
  return () => {
    const { body, spans: positions, texts } = all[next++ % all.length]!;
    const copy = Buffer.from(body);
    const ids = randomBytes(positions.length * (TRACE_ID_BYTES + SPAN_ID_BYTES));
    const now_ns = BigInt(Date.now()) * 1_000_000n;
    positions.forEach((span, i) => {
      const at = i * (TRACE_ID_BYTES + SPAN_ID_BYTES);
      ids.copy(copy, span.trace_id, at, at + TRACE_ID_BYTES);
      ids.copy(copy, span.span_id, at + TRACE_ID_BYTES, at + TRACE_ID_BYTES + SPAN_ID_BYTES);
      const end_ns = now_ns - BigInt(i) * 1_001n;
      copy.writeBigUInt64LE(end_ns - span.duration_ns, span.start);
      copy.writeBigUInt64LE(end_ns, span.end);
    });
    const digits = Buffer.from(randomBytes(positions.length * 36).toString('hex'), 'latin1');
    let used = 0;
    for (const text of texts) {
      digits.copy(copy, text.at, used, used + text.digits);
      used += text.digits;
    }
    return copy;
  };
}
