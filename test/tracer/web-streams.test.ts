import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { traceModelCall } from '../../tracer/index.ts';
import { EventLines } from '../../tracer/streams/event-lines.ts';
import { nextSpan, recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

const options = { model: 'm', provider: 'openai' };
const CHUNKS = ['a', 'b', 'c', 'd'];

/** A stream that counts what has been asked of it. */
function source(chunks: readonly string[] = CHUNKS) {
  const seen = { pulled: 0, cancelled: undefined as unknown };
  const rest = [...chunks];
  const stream = new ReadableStream<string>(
    {
      pull(controller) {
        const next = rest.shift();
        if (next === undefined) return controller.close();
        seen.pulled += 1;
        controller.enqueue(next);
      },
      cancel(reason) {
        seen.cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

const traced = (stream: ReadableStream<string>) => traceModelCall(options, () => stream);

const ways: Record<string, (stream: ReadableStream<string>) => Promise<string[]>> = {
  'for await': (stream) => Array.fromAsync(stream),
  values: (stream) => Array.fromAsync(stream.values({ preventCancel: true })),
  async getReader(stream) {
    const reader = stream.getReader();
    const taken: string[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) taken.push(next.value);
    return taken;
  },
  pipeThrough: (stream) => Array.fromAsync(stream.pipeThrough(new TransformStream<string, string>())),
  async pipeTo(stream) {
    const taken: string[] = [];
    await stream.pipeTo(new WritableStream({ write: (chunk) => void taken.push(chunk) }));
    return taken;
  },
  async tee(stream) {
    const [left, right] = stream.tee();
    const [taken] = await Promise.all([Array.fromAsync(left), Array.fromAsync(right)]);
    return taken;
  },
};

for (const [way, read] of Object.entries(ways)) {
  test(`a web stream read by ${way} comes through whole, in order, as the same object`, async () => {
    const { stream } = source();
    const given = traced(stream);
    assert.equal(given, stream);
    assert.deepEqual(await read(given), CHUNKS);
    const { attributes } = await nextSpan();
    assert.ok(Number(attributes['gen_ai.response.time_to_first_chunk']) >= 0);
    assert.equal('error.type' in attributes, false);
  });
}

test('nothing is read ahead: the source is pulled as often as the reader asks', async () => {
  for (const open of [
    (stream: ReadableStream<string>) => stream,
    (stream: ReadableStream<string>) => stream.tee()[0],
  ]) {
    const { stream, seen } = source();
    const reader = open(traced(stream)).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(seen.pulled <= 2, `${seen.pulled} pulled for one read`);
    // One branch of two: its promise waits for the other.
    void reader.cancel();
  }
});

test('a reader that leaves early is passed on to the source and ends the span without an error', async () => {
  const { stream, seen } = source();
  const reader = traced(stream).getReader();
  await reader.read();
  await reader.cancel('enough');
  assert.equal(seen.cancelled, 'enough');
  assert.equal('error.type' in takeSpan().attributes, false);

  const other = source();
  for await (const _ of traced(other.stream)) break;
  await nextSpan();

  const unread = source();
  await traced(unread.stream).cancel('never mind');
  assert.equal(unread.seen.cancelled, 'never mind');
  takeSpan();
});

test('a stream that fails gives its reader the very error', async () => {
  const error = new RangeError('mine');
  const broken = new ReadableStream<string>({
    pull() {
      throw error;
    },
  });
  await assert.rejects(
    Array.fromAsync(traced(broken).pipeThrough(new TransformStream())),
    (thrown) => thrown === error,
  );
  assert.equal((await nextSpan()).attributes['error.type'], 'RangeError');
});

test('server-sent events are put together wherever the network cut them', () => {
  const text = 'event: x\r\ndata: {"a":"é"}\r\n\r\ndata:{"b":2}\n\ndata: [DONE]\n\n: comment\n';
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= bytes.length; size++) {
    const events: unknown[] = [];
    const lines = new EventLines((data) => events.push(data));
    for (let at = 0; at < bytes.length; at += size) lines.take(bytes.subarray(at, at + size));
    assert.deepEqual(events, [{ a: 'é' }, { b: 2 }], `pieces of ${size}`);
  }
});
