/** Posts small requests of calls that have just ended, at a steady rate, from a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeTraces, genaiRequest } from '../../support/otlp-encode.ts';
import { MARKER_TYPE, type MarkerOrder, type MarkersSent, markerId, SPANS_PER_REQUEST } from './markers.ts';

/** One request in so many holds a marker. */
const MARKED_EVERY = 4;
const MARKER_NS = 300_000_000n;

function requestEndedAt(now_ms: number, number: number, marker: string | undefined): Uint8Array {
  const [group] = genaiRequest(SPANS_PER_REQUEST, { seed: number });
  for (const span of group!.spans) {
    const duration_ns = span.end - span.start;
    span.end = BigInt(now_ms) * 1_000_000n;
    span.start = span.end - duration_ns;
  }
  if (marker !== undefined) {
    const call = group!.spans[0]!;
    call.start = call.end - MARKER_NS;
    call.attributes = [
      ...call.attributes!.filter(([key]) => key !== 'gen_ai.conversation.id'),
      ['gen_ai.conversation.id', marker],
      ['plumbline.request_type', MARKER_TYPE],
    ];
  }
  return encodeTraces([group!]);
}

async function run({ otlp_url, rate, end_ms }: MarkerOrder): Promise<MarkersSent> {
  const sent: MarkersSent = { posted: [], refused: 0 };
  const started = Date.now();
  const interval_ms = (SPANS_PER_REQUEST * 1000) / rate;
  for (let number = 1; Date.now() < end_ms; number++) {
    const wait_ms = started + number * interval_ms - Date.now();
    if (wait_ms > 0) await sleep(wait_ms);
    const now_ms = Date.now();
    const marker = number % MARKED_EVERY === 0 ? markerId('p', now_ms, number) : undefined;
    if (marker) sent.posted.push(marker);
    const body = Buffer.from(requestEndedAt(now_ms, number, marker));
    const headers = { 'content-type': 'application/x-protobuf' };
    fetch(`${otlp_url}/v1/traces`, { method: 'POST', headers, body }).then(
      async (answer) => {
        if (answer.status !== 200) sent.refused++;
        await answer.arrayBuffer();
      },
      () => sent.refused++,
    );
  }
  return sent;
}

process.on('message', async (order: MarkerOrder) => {
  process.send!(await run(order));
});
