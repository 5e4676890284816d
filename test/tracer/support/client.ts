import type { Behaviour, FakeUsage } from '../../support/fake-provider/behaviour.ts';
import type { FakeProvider } from '../../support/fake-provider.ts';

export type Fake = Partial<Omit<Behaviour, 'usage'>> & { usage?: Partial<FakeUsage> };

/** An API error as the providers' clients throw it. */
export class RateLimitError extends Error {
  readonly status: number;
  readonly error: unknown;
  constructor(status: number, body: unknown) {
    super(`${status} quoting the prompt: my secret plan`);
    this.status = status;
    this.error = body;
  }
}

export interface ClientOptions {
  path?: string;
  fake?: Fake;
  signal?: AbortSignal;
}

/** Posts a body to the fake provider; resolves with the parsed answer. */
export async function post(provider: FakeProvider, body: object, options: ClientOptions = {}) {
  const response = await send(provider, body, options);
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by their fields, as applications do
  return (await response.json()) as any;
}

// Headers are bytes; JSON can say any character with ASCII alone.
const ascii = (json: string) =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Headers that tell the fake provider how to answer one request, for any client. */
export function fakeHeaders(fake: Fake): { 'x-fake': string } {
  return { 'x-fake': ascii(JSON.stringify(fake)) };
}

async function send(provider: FakeProvider, body: object, { path, fake, signal }: ClientOptions) {
  const response = await fetch(provider.url + (path ?? '/v1/chat/completions'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...fakeHeaders(fake ?? {}) },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
  if (response.ok) return response;
  const parsed = (await response.json()) as { type?: string; error: unknown };
  // OpenAI's client unwraps the body's error, Anthropic's does not.
  throw new RateLimitError(response.status, parsed.type === 'error' ? parsed : parsed.error);
}

/** Opens a stream, as the clients' `create({ stream: true })`. */
export async function openStream(provider: FakeProvider, body: object, options: ClientOptions = {}) {
  const controller = new AbortController();
  const response = await send(provider, { ...body, stream: true }, { ...options, signal: controller.signal });
  return new EventStream(() => events(response, controller), controller);
}

// biome-ignore lint/suspicious/noExplicitAny: chunks are read by their fields, as applications do
type Chunk = any;

/** Built like the clients' streams: a private field, one function that makes iterators, `tee` beside it. */
export class EventStream {
  readonly controller: AbortController;
  readonly iterator: () => AsyncIterator<Chunk>;
  #opened = 0;

  constructor(iterator: () => AsyncIterator<Chunk>, controller: AbortController) {
    this.iterator = iterator;
    this.controller = controller;
  }

  [Symbol.asyncIterator](): AsyncIterator<Chunk> {
    this.#opened += 1;
    return this.iterator();
  }

  get opened(): number {
    return this.#opened;
  }

  tee(): [EventStream, EventStream] {
    const left: Promise<IteratorResult<Chunk>>[] = [];
    const right: Promise<IteratorResult<Chunk>>[] = [];
    const iterator = this.iterator();
    const branch = (own: Promise<IteratorResult<Chunk>>[]) => ({
      next() {
        if (own.length === 0) {
          const result = iterator.next();
          left.push(result);
          right.push(result);
        }
        return own.shift() as Promise<IteratorResult<Chunk>>;
      },
    });
    return [
      new EventStream(() => branch(left), this.controller),
      new EventStream(() => branch(right), this.controller),
    ];
  }

  toReadableStream(): ReadableStream<string> {
    return ReadableStream.from(this).pipeThrough(
      new TransformStream({ transform: (chunk, controller) => controller.enqueue(JSON.stringify(chunk)) }),
    );
  }
}

async function* events(response: Response, controller: AbortController): AsyncGenerator<Chunk> {
  let buffered = '';
  try {
    for await (const text of (response.body as ReadableStream).pipeThrough(new TextDecoderStream())) {
      buffered += text;
      const blocks = buffered.split('\n\n');
      buffered = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = block
          .split('\n')
          .find((line) => line.startsWith('data: '))
          ?.slice(6);
        if (data && data !== '[DONE]') yield JSON.parse(data);
      }
    }
  } catch (error) {
    // The clients end an aborted stream without an error.
    if (controller.signal.aborted) return;
    throw error;
  }
}
