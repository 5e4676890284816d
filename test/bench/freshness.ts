/** How long after its end a call is in the answers, at a steady rate, in both sizes; and what a tracer's batching adds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startKafka } from '../support/kafka.ts';
import { machineLine, optionsOf, printBar, printTable, quantile, round, save } from './support/bench.ts';
import {
  distributedSettings,
  type Ends,
  endAll,
  startDistributed,
  startEmbedded,
  startStore,
} from './support/lines.ts';
import { endOf, type MarkerOrder, type MarkersSent, SPANS_PER_REQUEST } from './support/markers.ts';
import { startService, startWorker } from './support/processes.ts';

const options = optionsOf({
  name: 'freshness',
  about: `time from the end of a call to the first answer of the query API that holds it, at a steady rate of calls in
requests of ten, embedded and distributed (collector, ingest, query API, real broker); beside it a quiet service of five
calls a second with the tracer, whose batching delay is told apart. About a minute.`,
  options: {
    seconds: { default: 20, meaning: 'seconds of each size that count' },
    rate: { default: 1_000, meaning: 'calls a second' },
  },
});
const BAR_MS = 3_000;
const WARMUP_S = 5;
const LATEST_S = 5;
/** Between two answers: polling without rest would take from the engine what inserts need. */
const POLL_MS = 200;
const TRACED_PER_S = 5;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Sizes {
  otlp_url: string;
  api_url: string;
}

/** Stands before the collector and notes when traced calls leave their service. */
async function startRelay(otlp_url: string, left: Map<string, number>): Promise<Server> {
  const relay = createServer(async (request, response) => {
    const body = await buffer(request);
    for (const [id] of body.toString('latin1').matchAll(/tx[0-9a-z]+x[0-9a-z]+/g)) left.set(id, Date.now());
    const answer = await fetch(`${otlp_url}${request.url}`, {
      method: 'POST',
      headers: { 'content-type': request.headers['content-type'] ?? '' },
      body: new Uint8Array(body),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return relay;
}

function startTracedService(relay: Server): ChildProcess {
  const source = `
import { recordModelCall } from './tracer/index.ts';
let number = 0;
setInterval(() => {
  const end = Date.now();
  recordModelCall({ model: 'gpt-4.1', provider: 'openai', latency_ms: 50, ended_at: end, request_type: 'marker',
    conversation_id: 'tx' + end.toString(36) + 'x' + (number++).toString(36) });
}, ${1000 / TRACED_PER_S});`;
  const args = ['--import', './tracer/register.ts', '--input-type=module-typescript', '--eval', source];
  const endpoint = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const env = { PATH: process.env.PATH, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'traced' };
  return spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function measure({ otlp_url, api_url }: Sizes) {
  const left = new Map<string, number>();
  const seen = new Map<string, number>();
  const answers: number[] = [];
  const relay = await startRelay(otlp_url, left);
  const traced = startTracedService(relay);
  const started = Date.now();
  const counts_ms = started + WARMUP_S * 1000;
  const end_ms = counts_ms + options.seconds * 1000;
  const sender = startWorker('./marker-worker.ts');
  sender.send({ otlp_url, rate: options.rate, end_ms } satisfies MarkerOrder);
  const sent = once(sender, 'message') as Promise<[MarkersSent]>;
  const poll = async (): Promise<void> => {
    const url = `${api_url}/v1/rollups?metrics=calls&group_by=conversation_id&request_type=marker&from=now-20s&limit=1000`;
    while (Date.now() < end_ms + LATEST_S * 1000) {
      const asked_ms = Date.now();
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(await answer.text());
      const { rows } = (await answer.json()) as { rows: { conversation_id: string }[] };
      const now_ms = Date.now();
      answers.push(now_ms - asked_ms);
      for (const { conversation_id } of rows)
        if (!seen.has(conversation_id)) seen.set(conversation_id, now_ms);
      await sleep(POLL_MS);
    }
  };
  const [[{ posted, refused }]] = await Promise.all([sent, poll()]);
  sender.disconnect();
  traced.kill('SIGKILL');
  relay.close();

  const during = (id: string): boolean => endOf(id) >= counts_ms && endOf(id) < end_ms;
  const found = [...seen].filter(([id]) => during(id));
  const since = (kind: string, from: (id: string) => number): number[] =>
    found.filter(([id]) => id.startsWith(kind)).map(([id, at_ms]) => at_ms - from(id));
  const expected = posted.filter(during).length;
  const direct = since('p', endOf);
  if (expected - direct.length > expected * 0.01)
    throw new Error(`${expected} markers, seen ${direct.length}; ${refused} requests refused`);
  return {
    refused,
    'posted at its end, to queryable': direct,
    'traced, end to its service left (batching)': [...left]
      .filter(([id]) => during(id))
      .map(([id, at]) => at - endOf(id)),
    'traced, service left to queryable': since('t', (id) => left.get(id)!),
    'traced, end to queryable': since('t', endOf),
    'an answer of the API alone': answers,
  };
}

async function embedded() {
  const data_dir = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  const ends: Ends = [() => rmSync(data_dir, { recursive: true, force: true })];
  try {
    const { service, ...sizes } = await startEmbedded(data_dir);
    ends.push(() => service.stop());
    return await measure(sizes);
  } finally {
    await endAll(ends);
  }
}

async function distributed() {
  const ends: Ends = [];
  try {
    const kafka = await startKafka();
    ends.push(() => kafka.stop());
    const store = await startStore();
    ends.push(() => store.stop());
    const { otlp_url } = await startDistributed(kafka, store, ends);
    const settings = distributedSettings(kafka, store);
    const api = await startService('query-api/main.ts', settings, [/listening on (http:[^;]+)/]);
    ends.push(() => api.stop());
    return { version: store.version, ...(await measure({ otlp_url, api_url: api.said[0]![1]! })) };
  } finally {
    await endAll(ends);
  }
}

const { version, ...inThree } = await distributed();
const sizes = { embedded: await embedded(), distributed: inThree };
const machine = machineLine(version);
console.log(
  `${machine}; ${options.rate} calls a second in requests of ${SPANS_PER_REQUEST}; milliseconds, polled every ${POLL_MS}`,
);
const shown = Object.entries(sizes).flatMap(([size, { refused, ...series }]) =>
  Object.entries(series).map(([what, times_ms]) => ({
    size,
    what,
    calls: times_ms.length,
    p50: round(quantile(times_ms, 0.5), 0),
    p99: round(quantile(times_ms, 0.99), 0),
    most: Math.max(...times_ms),
    refused,
  })),
);
printTable(shown);
for (const [size, series] of Object.entries(sizes)) {
  const p99 = quantile(series['posted at its end, to queryable'], 0.99);
  printBar(`${size}: p99 of end to queryable under ${BAR_MS / 1000} s`, p99 < BAR_MS);
}
save('freshness', machine, { ...options, shown });
