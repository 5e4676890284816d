/**
 * What the tracer costs the service: `npm run bench -- tracer -- --calls 1000000`. Every figure is beside
 * what OpenTelemetry's own span costs for the same attributes, as the best of several rounds, since the machine may
 * be shared.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import OpenAI from 'openai';
import { traced, traceModelCall } from '../../tracer/index.ts';
import { machineLine, optionsOf, printBar, round, save } from './support/bench.ts';
import { heapOfDeadCollector } from './support/tracer-heap.ts';

const ROUNDS = 9;
const CALLS = 4_000;
const CHUNKS = 20_000;
const root = fileURLToPath(new URL('../../', import.meta.url));

const messages = [
  { role: 'system', content: 'You are a careful assistant. Answer in one short paragraph.' },
  { role: 'user', content: 'What is the capital of France, and since when? '.repeat(8) },
];
const ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'small-chat-v1',
  choices: [
    { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Paris. '.repeat(60) } },
  ],
  usage: {
    prompt_tokens: 120,
    completion_tokens: 130,
    total_tokens: 250,
    prompt_tokens_details: { cached_tokens: 20 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
};
const LABELS = { model: 'small-chat-v1', provider: 'openai', user_id: 'u-1', request_type: 'support' };

function startSdk(): void {
  const dropped = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
  new NodeSDK({
    spanProcessors: [dropped],
    metricReaders: [],
    logRecordProcessors: [],
    autoDetectResources: false,
  }).start();
}

interface Pair {
  bare: number;
  whole: number;
}

/** Microseconds of CPU for one run of each, in their best rounds; taken in turns, so that both meet the same machine. */
async function best(
  times: number,
  bare: () => Promise<unknown>,
  whole: () => Promise<unknown>,
): Promise<Pair> {
  const least: Pair = { bare: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of [
      ['bare', bare],
      ['whole', whole],
    ] as const) {
      const before = process.cpuUsage();
      for (let i = 0; i < times; i++) await run();
      const { user, system } = process.cpuUsage(before);
      least[name] = Math.min(least[name], (user + system) / times);
    }
  }
  return least;
}

const reply = async () => ANSWER;

/** A span with the attributes that the tracer would set, had somebody else worked them out. */
async function bareSpan<T>(fn: () => Promise<T>): Promise<T> {
  const span = trace.getTracer('bare').startSpan('chat small-chat-v1', {
    kind: SpanKind.CLIENT,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'small-chat-v1',
      'user.id': 'u-1',
      'plumbline.request_type': 'support',
      'plumbline.prompt.hash': '8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4',
    },
  });
  const answer = await context.with(trace.setSpan(context.active(), span), fn);
  span.setAttributes({
    'gen_ai.response.model': 'small-chat-v1',
    'gen_ai.response.id': 'chatcmpl-1',
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 120,
    'gen_ai.usage.output_tokens': 130,
    'gen_ai.usage.cache_read.input_tokens': 20,
    'gen_ai.usage.reasoning.output_tokens': 0,
    'plumbline.response.hash': '8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4',
  });
  span.end();
  return answer;
}

/** CPU of `traceModelCall` beyond a span of OpenTelemetry's with the same attributes. */
async function measureCall(): Promise<number> {
  const { bare, whole } = await best(
    CALLS,
    () => bareSpan(reply),
    () => traceModelCall({ ...LABELS, input: messages }, reply),
  );
  console.log(`call: ${whole.toFixed(1)} µs, a bare span ${bare.toFixed(1)} µs`);
  return whole - bare;
}

/** The same through a patched client of OpenAI's, beyond the client and the span. */
async function measureClient(): Promise<number> {
  const body = JSON.stringify(ANSWER);
  const fetch = async () => new Response(body, { headers: { 'content-type': 'application/json' } });
  const make = () => new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1/v1', fetch });
  const request = { model: 'small-chat-v1', messages } as OpenAI.ChatCompletionCreateParamsNonStreaming;
  const plain = make();
  const ours = traced(make());
  const { bare, whole } = await best(
    CALLS / 8,
    () => bareSpan(async () => plain.chat.completions.create(request)),
    async () => ours.chat.completions.create(request),
  );
  console.log(`client: ${whole.toFixed(1)} µs, in a bare span ${bare.toFixed(1)} µs`);
  return whole - bare;
}

async function* chunks() {
  for (let i = 0; i < CHUNKS; i++) {
    const choices = [{ index: 0, delta: { content: 'word ' }, finish_reason: null }];
    yield { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'small-chat-v1', choices };
  }
}

async function read(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

async function measureChunk(): Promise<number> {
  const times = await best(
    1,
    () => read(chunks()),
    () => read(traceModelCall(LABELS, chunks)),
  );
  const bare = times.bare / CHUNKS;
  const whole = times.whole / CHUNKS;
  console.log(`chunk: ${whole.toFixed(2)} µs, untraced ${bare.toFixed(2)} µs`);
  return whole - bare;
}

/** Milliseconds of CPU until a process is up that imports this. */
function startTime(name: string): number {
  const env = { ...process.env, OTEL_TRACES_EXPORTER: 'none' };
  const program = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)';
  const { stdout } = spawnSync(process.execPath, ['--import', name, '--eval', program], {
    cwd: `${root}tracer`,
    encoding: 'utf8',
    env,
  });
  return Number(stdout);
}

/** CPU of loading `plumbline-tracer/register` beyond that of the SDK and its exporter, started. */
function measureImport(): number {
  spawnSync('npm', ['run', '--silent', 'build'], { cwd: `${root}tracer`, stdio: 'inherit' });
  const sdk = `data:text/javascript,${encodeURIComponent(`
    import { createRequire } from 'node:module';
    import { pathToFileURL } from 'node:url';
    const { resolve } = createRequire(${JSON.stringify(`${root}tracer/package.json`)});
    const load = (name) => import(pathToFileURL(resolve(name)).href.replace('.cjs', '.mjs'));
    await load('@opentelemetry/exporter-trace-otlp-http');
    const { NodeSDK } = await load('@opentelemetry/sdk-node');
    new NodeSDK({}).start();`)}`;
  let bare = Number.POSITIVE_INFINITY;
  let whole = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    bare = Math.min(bare, startTime(sdk));
    whole = Math.min(whole, startTime('plumbline-tracer/register'));
  }
  console.log(`import: ${whole.toFixed(0)} ms, the SDK alone ${bare.toFixed(0)} ms`);
  return whole - bare;
}

const { calls } = optionsOf({
  name: 'tracer',
  about: "what the tracer costs a service, beyond OpenTelemetry's own span (half a minute)",
  options: { calls: { default: 200_000, meaning: 'calls to a collector that is not there' } },
});
const machine = machineLine();
console.log(machine);
const import_ms = measureImport();
const heap_growth_mib = heapOfDeadCollector(calls);
startSdk();
const call_us = round(await measureCall());
const client_call_us = round(await measureClient());
const chunk_us = round(await measureChunk());
save('tracer', machine, { call_us, client_call_us, chunk_us, import_ms, heap_growth_mib });
printBar(`traceModelCall adds under 20 µs of CPU to a span: ${call_us}`, call_us < 20);
printBar(`a patched client adds under 20 µs of CPU to a span: ${client_call_us}`, client_call_us < 20);
printBar(`a streamed chunk costs under 1 µs: ${chunk_us}`, chunk_us < 1);
printBar(`loading takes under 80 ms beyond the SDK: ${round(import_ms, 0)}`, import_ms < 80);
printBar(
  `${calls} calls to a dead collector leave no heap behind: ${round(heap_growth_mib)} MiB`,
  heap_growth_mib < 2,
);
