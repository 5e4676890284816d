/** What an application may write against the tracer, and what it may not: checked by the compiler alone. */

import { createOpenAI } from '@ai-sdk/openai';
import type Anthropic from '@anthropic-ai/sdk';
import { context, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import type { Stream } from 'openai/streaming';
import {
  configure,
  type ModelCallOptions,
  recordModelCall,
  score,
  traced,
  traceModelCall,
  withCallContext,
} from '../../../tracer/index.ts';
import { flush, shutdown } from '../../../tracer/register.ts';

/** Holds only if the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(_?: T): void => {};

const options: ModelCallOptions = { model: 'm', provider: 'openai' };
const client = new OpenAI({ apiKey: 'none' });
const messages = [{ role: 'user' as const, content: 'hi' }];

export async function expectations(): Promise<void> {
  // What comes back is what the function gives, promises of a client's own class too.
  const text = traceModelCall(options, () => 'text');
  holds<Same<typeof text, string>>();
  const answer = traceModelCall(options, () => client.chat.completions.create({ model: 'm', messages }));
  holds<Same<Awaited<typeof answer>, OpenAI.ChatCompletion & { _request_id?: string | null }>>();
  await answer.withResponse();
  const stream = await traceModelCall(options, () =>
    client.chat.completions.create({ model: 'm', messages, stream: true }),
  );
  const same: Stream<OpenAI.ChatCompletionChunk> = stream;
  const inside = withCallContext({ user_id: 'u', slices: ['a'] }, async () => 5);
  holds<Same<typeof inside, Promise<number>>>();

  // A traced client has the type of the client.
  holds<Same<ReturnType<typeof traced<OpenAI>>, OpenAI>>();
  holds<Same<ReturnType<typeof traced<Anthropic>>, Anthropic>>();
  traced(createOpenAI({ apiKey: 'none' }).chat('m'));
  traced(fetch);

  traceModelCall({ ...options, input: messages, attributes: { team: 'search' } }, (call) => {
    call.record({ input_tokens: 1, confidence: 0.5, http_status: 200, text: 'x' });
    call.markFirstToken();
    score(call, 'helpful', 1);
  });
  recordModelCall({ ...options, latency_ms: 5, tokens_in: 1, ended_at: new Date() });
  const taken: boolean = score({ response_id: 'r' }, 'helpful', 1, { label: 'yes' });
  score(context.active(), 'helpful', 1);
  score(trace.getTracer('t').startSpan('s'), 'helpful', 1);
  score(await answer, 'helpful', 1);
  configure({ content: 'redacted', baggage: ['variant'], redaction: { national_ids: ['us_ssn'] } });
  await flush();
  await shutdown();

  // @ts-expect-error a call without a model
  traceModelCall({ provider: 'openai' }, () => 1);
  // @ts-expect-error a count in words
  traceModelCall(options, (call) => call.record({ input_tokens: 'one' }));
  // @ts-expect-error a name that is misspelt
  traceModelCall({ ...options, userId: 'u' }, () => 1);
  // @ts-expect-error a call that nobody has timed
  recordModelCall({ model: 'm', provider: 'p' });
  // @ts-expect-error a mode that does not exist
  configure({ content: 'everything' });
  // @ts-expect-error labels are known by name
  withCallContext({ user: 'u' }, () => 1);
  // @ts-expect-error nothing to be scored
  score(undefined, 'helpful', 1);
  // @ts-expect-error a client is an object
  traced('client');
  void [same, taken];
}
