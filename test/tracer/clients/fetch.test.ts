import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { patchFetch } from '../../../tracer/clients/fetch.ts';
import { configure, traced, traceModelCall } from '../../../tracer/index.ts';
import { type FakeProvider, startFakeProvider } from '../../support/fake-provider.ts';
import { type Fake, fakeHeaders } from '../support/client.ts';
import { durationMs, nextSpan, recordSpans, takeSpan, takeSpans } from '../support/recorded-spans.ts';

const TEXT = 'Paris is the capital of France.';
const hash = createHash('sha256').update(TEXT).digest('hex');
const untouched = globalThis.fetch;

let provider: FakeProvider;
before(async () => {
  recordSpans();
  provider = await startFakeProvider();
  patchFetch();
  configure({ fetch_hosts: [new URL(provider.url).host] });
});
beforeEach(() => void takeSpans());
after(() => provider.close());

function post(body: object, fake: Fake = {}, path = '/v1/chat/completions') {
  return fetch(provider.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...fakeHeaders(fake) },
    body: JSON.stringify(body),
  });
}
const chat = { model: 'm', messages: [{ role: 'user', content: 'Capital?' }] };

test('a call by plain fetch to a host on the list is traced as its body is read', async () => {
  const response = await post(chat, { usage: { cache_read_tokens: 2 } });
  assert.deepEqual(takeSpans(), []);
  const answer = (await response.json()) as { choices: unknown[] };
  assert.equal(answer.choices.length, 1);
  const { attributes, name } = takeSpan();
  assert.equal(name, 'chat m');
  assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'], 2);
  assert.equal(attributes['plumbline.response.hash'], hash);
});

test('however a body is read, it is whole, and its span ends', async () => {
  const reads: ((response: Response) => Promise<unknown>)[] = [
    (response) => response.text(),
    (response) => response.arrayBuffer(),
    async (response) => (await response.blob()).text(),
    (response) => Array.fromAsync(response.body as ReadableStream),
    (response) => new Response(response.body?.pipeThrough(new TransformStream())).text(),
    async (response) => {
      const reader = (response.body as ReadableStream).getReader();
      while (!(await reader.read()).done);
    },
    async (response) => {
      const [left, right] = (response.body as ReadableStream).tee();
      await Promise.all([new Response(left).text(), new Response(right).text()]);
    },
  ];
  for (const [index, read] of reads.entries()) {
    await read(await post({ ...chat, stream: index % 2 === 0 }, { chunks: 3 }));
    assert.equal((await nextSpan()).attributes['plumbline.response.hash'], hash, String(index));
  }
});

test('a stream has its first token, and is left when its reader cancels it', async () => {
  const body = { ...chat, stream: true, stream_options: { include_usage: true } };
  const events = await (await post(body, { chunk_delay_ms: 10 })).text();
  assert.match(events, /data: \[DONE\]/);
  const { attributes } = takeSpan();
  assert.ok(Number(attributes['gen_ai.response.time_to_first_chunk']) >= 0.009);
  assert.equal(attributes['gen_ai.usage.output_tokens'], 8);

  const response = await post(body, { chunk_delay_ms: 10 });
  for await (const _ of response.body as ReadableStream) break;
  assert.equal('error.type' in takeSpan().attributes, false);
});

test('failures are named by the body, and the caller reads it as ever', async () => {
  const response = await post({ model: 'fake-429' });
  assert.equal(response.status, 429);
  assert.match(await response.text(), /Rate limit/);
  const { attributes } = takeSpan();
  assert.deepEqual(
    [attributes['error.type'], attributes['http.response.status_code']],
    ['rate_limit_exceeded', 429],
  );
  const gone = await startFakeProvider();
  await gone.close();
  configure({ fetch_hosts: [new URL(gone.url).host] });
  const refused = fetch(`${gone.url}/v1/embeddings`, { method: 'POST', body: '{"model":"e"}' });
  await assert.rejects(refused, TypeError);
  assert.equal(takeSpan().attributes['error.type'], 'ECONNREFUSED');
  configure({ fetch_hosts: [new URL(provider.url).host] });
});

test('a failure whose body nobody reads is told of all the same, with the time it took', async () => {
  const response = await post(chat, { status: 429, delay_ms: 30 });
  assert.equal(response.status, 429);
  const span = await nextSpan();
  assert.equal(span.attributes['http.response.status_code'], 429);
  assert.equal(span.attributes['error.type'], '429');
  assert.ok(durationMs(span) >= 29 && durationMs(span) < 450, String(durationMs(span)));
});

test('a failure whose body is read late is named by it', async () => {
  const response = await post(chat, { status: 429 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await response.json();
  assert.equal(takeSpan().attributes['error.type'], 'rate_limit_exceeded');
});

test('other paths, hosts and bodies pass through untouched', async () => {
  await (await post(chat, {}, '/v1/elsewhere')).text();
  await (await untouched(`${provider.url}/v1/chat/completions`, { method: 'POST', body: '{}' })).text();
  await (await fetch(new Request(`${provider.url}/v1/models`))).text();
  configure({ fetch_hosts: [] });
  await (await post(chat)).text();
  configure({ fetch_hosts: [new URL(provider.url).host] });
  assert.deepEqual(takeSpans(), []);
});

test('a fetch that is wrapped too is told of once, whether its response or its text comes out', async () => {
  const options = { model: 'wrapped', provider: 'openai', user_id: 'u' };
  const response = await traceModelCall(options, () => post(chat));
  assert.deepEqual(takeSpans(), []);
  await response.json();
  assert.equal(takeSpan().attributes['plumbline.response.hash'], hash);
  await traceModelCall(options, async () => ((await (await post(chat)).json()) as { id: string }).id);
  const { attributes, name } = takeSpan();
  assert.deepEqual([name, attributes['user.id']], ['chat wrapped', 'u']);
  assert.equal(attributes['plumbline.response.hash'], hash);
});

test('a fetch function that is traced by hand needs no list', async () => {
  assert.equal(traced(fetch), fetch, 'the global one is traced already');
  const own = traced(untouched);
  const body = JSON.stringify({ model: 'c', max_tokens: 5, messages: chat.messages });
  await (await own(`${provider.url}/v1/messages`, { method: 'POST', body })).json();
  const { attributes } = takeSpan();
  assert.equal(attributes['gen_ai.provider.name'], 'anthropic');
  assert.equal(attributes['gen_ai.usage.output_tokens'], 8);
});

test('headers that can be walked only once are left for fetch itself', async () => {
  configure({ fetch_hosts: [] });
  const headers = new Map([
    ['x-fake', '{}'],
    ['content-type', 'application/json'],
  ]).entries();
  let seen = 0;
  const counted = {
    [Symbol.iterator]() {
      seen++;
      return headers;
    },
  };
  const sent = {
    method: 'POST',
    headers: counted as unknown as [string, string][],
    body: JSON.stringify(chat),
  };
  await (await fetch(`${provider.url}/v1/chat/completions`, sent)).text();
  configure({ fetch_hosts: [new URL(provider.url).host] });
  assert.equal(seen, 1);
  assert.deepEqual(takeSpans(), []);
});

test('a failure that nobody reads and the same again is one call with a retry, however long the pause', async () => {
  for (const pause_ms of [0, 700]) {
    const fake = { status: 429, fail_first: 1, text: `again after ${pause_ms}` };
    const answer = await traceModelCall({ model: 'asked', provider: 'openai' }, async () => {
      for (;;) {
        const response = await post(chat, fake);
        if (response.ok) return response.json();
        await new Promise((resolve) => setTimeout(resolve, pause_ms));
      }
    });
    assert.ok(answer);
    // Long enough for the body of the first to be taken for one that nobody reads.
    await new Promise((resolve) => setTimeout(resolve, 700));
    const { attributes, name } = takeSpan();
    assert.equal(name, 'chat asked');
    assert.equal(attributes['plumbline.client_retries'], 1);
    assert.equal('error.type' in attributes, false);
    assert.equal('http.response.status_code' in attributes, false);
  }
});
