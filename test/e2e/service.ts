/**
 * A service as users have them, run with `--import tracer/register.ts`: it asks a provider over HTTP through
 * traceModelCall, and logs calls that it has timed itself through recordModelCall. It stays up, as services do.
 * stdout: one line of JSON when all calls have ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { recordModelCall, traceModelCall } from '../../tracer/index.ts';
import { flush } from '../../tracer/register.ts';
import { RECORDED } from './recorded.ts';

const { PROVIDER_URL = '' } = process.env;

/** As the OpenAI client does: the answer's JSON, or an error with the status and the body's `error`. */
async function complete(model: string, fake: object, path = '/v1/chat/completions') {
  const answer = await fetch(PROVIDER_URL + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-fake': JSON.stringify(fake) },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'What is the capital of France?' }] }),
  });
  const body = (await answer.json()) as { error?: object; choices?: { message: { content: string } }[] };
  if (answer.ok) return body;
  throw Object.assign(new Error(`${answer.status} from the provider`), {
    status: answer.status,
    error: body.error,
  });
}

async function* streamed(model: string, fake: object): AsyncGenerator<unknown> {
  const answer = await fetch(`${PROVIDER_URL}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-fake': JSON.stringify(fake) },
    body: JSON.stringify({ model, stream: true, stream_options: { include_usage: true } }),
  });
  let rest = '';
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) if (event.startsWith('data: {')) yield JSON.parse(event.slice(6));
  }
}

/** Milliseconds that the caller waited, tracer included. */
async function timed(call: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await call().catch(() => undefined);
  return performance.now() - began;
}

const usage = { input_tokens: 1_000, output_tokens: 200, cache_read_tokens: 400 };
const openai = { model: 'gpt-4o', provider: 'openai' };
const waited_ms: number[] = [];
for (const delay_ms of [20, 40, 60, 80]) {
  waited_ms.push(
    await timed(() => traceModelCall(openai, () => complete('gpt-4o', { delay_ms, usage }))),
    await timed(async () => {
      const chunks = await traceModelCall(openai, async () =>
        streamed('gpt-4o', { delay_ms, chunk_delay_ms: 10, usage }),
      );
      for await (const _ of chunks);
    }),
  );
}
for (const status of [429, 500, 400, 429]) {
  waited_ms.push(await timed(() => traceModelCall(openai, () => complete('gpt-4o', { status }))));
}
// The batch that the last calls join is empty then: they wait as long as any call can.
await flush();
for (const call of RECORDED) recordModelCall(call);

console.log(JSON.stringify({ ended_at_ms: Date.now(), waited_ms }));
await sleep(60_000);
