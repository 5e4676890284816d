/**
 * Sends scores as OTLP log records, JSON over HTTP. By itself, for the API's logs are not in all its versions that
 * we support, and the SDK's logs would carry other libraries' records too. Nothing is set up before the first score.
 */
import type { SpanContext } from '@opentelemetry/api';
import { defined } from '../values.ts';
import { SCOPE, VERSION } from '../version.ts';
import { type LogsEndpoint, logsEndpoint } from './environment.ts';

export interface Score {
  name: string;
  value: number;
  label: string | undefined;
  explanation: string | undefined;
  response_id: string | undefined;
  span: SpanContext | undefined;
  /** Milliseconds since 1970. */
  at_ms: number;
}

/** A score waits this long for others. */
const DELAY_MS = 1_000;
const MAX_WAITING = 2_048;
const MAX_BATCH = 512;
const ATTEMPTS = 3;
/** What the protocol calls worth another attempt. */
const RETRYABLE = new Set([429, 502, 503, 504]);

const waiting: Score[] = [];
let timer: NodeJS.Timeout | undefined;
let sending: Promise<void> | undefined;
let endpoint: LogsEndpoint | undefined;
let hasReported = false;

/** Queues a score; false when it is not taken: scores are switched off, or too many wait. */
export function postScore(score: Score): boolean {
  endpoint ??= logsEndpoint();
  if (!endpoint.url || waiting.length >= MAX_WAITING) return false;
  waiting.push(score);
  timer ??= setTimeout(() => void flushScores(), DELAY_MS).unref();
  return true;
}

/** Sends what waits. Resolves when it is sent or lost; never rejects. */
export async function flushScores(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  while (sending) await sending;
  if (waiting.length === 0) return;
  sending = send();
  await sending;
}

async function send(): Promise<void> {
  try {
    while (waiting.length > 0) await post(waiting.splice(0, MAX_BATCH));
  } finally {
    sending = undefined;
  }
}

async function post(scores: Score[]): Promise<void> {
  const { url, headers, timeout_ms } = endpoint as LogsEndpoint;
  const body = JSON.stringify(logsRequest(scores));
  const signal = AbortSignal.timeout(timeout_ms);
  let failure = '';
  for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt++) {
    try {
      const reply = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal,
      });
      await reply.arrayBuffer();
      if (reply.ok) return;
      failure = `status ${reply.status}`;
      if (!RETRYABLE.has(reply.status)) break;
    } catch (error) {
      failure = String((error as { cause?: { code?: unknown } }).cause?.code ?? (error as Error).name);
    }
    if (attempt < ATTEMPTS) await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt));
  }
  report(failure);
}

function report(failure: string): void {
  if (hasReported) return;
  hasReported = true;
  process.stderr.write(
    `plumbline-tracer: scores did not reach the collector (${failure}). ` +
      'The application is not affected; further failures are not reported.\n',
  );
}

function logsRequest(scores: Score[]): unknown {
  const { service } = endpoint as LogsEndpoint;
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'service.name': service }) },
        scopeLogs: [{ scope: { name: SCOPE, version: VERSION }, logRecords: scores.map(logRecord) }],
      },
    ],
  };
}

function logRecord(score: Score): unknown {
  const time = `${Math.round(score.at_ms)}000000`;
  return defined({
    timeUnixNano: time,
    observedTimeUnixNano: time,
    eventName: 'gen_ai.evaluation.result',
    traceId: score.span?.traceId,
    spanId: score.span?.spanId,
    attributes: attributes({
      'gen_ai.evaluation.name': score.name,
      'gen_ai.evaluation.score.value': score.value,
      'gen_ai.evaluation.score.label': score.label,
      'gen_ai.evaluation.explanation': score.explanation,
      'gen_ai.response.id': score.response_id,
    }),
  });
}

function attributes(values: Record<string, string | number | undefined>): unknown[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
    }));
}
