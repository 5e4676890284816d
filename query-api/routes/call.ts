/** /v1/calls/{trace_id}/{span_id}: all that is known of one call. */
import { microsecondsOf, type ShownCall } from '../../schemas/queries/call-columns.ts';
import {
  type CallId,
  callScoresStatement,
  callStatement,
  countedSpansStatement,
  type LookupScope,
  type NeighboursRow,
  neighboursStatement,
  type PayloadPartRow,
  payloadStatement,
  type ShownScore,
  strikersStatement,
  traceStatement,
} from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { idOf } from '../parameters/ids.ts';
import { Problem } from '../problems.ts';
import type { Ask, RouteContext } from './context.ts';
import { type PayloadFacts, payloadOf } from './payload.ts';

const MS_PER_DAY = 86_400_000;
/** How far from a carrier's interval a call of it may start. */
const TOLERANCE_MS = 1_000;

export const NEVER_THERE =
  'it was never stored in this project, has expired (PLUMBLINE_RETENTION_CALLS_DAYS), or its user was erased';

const startedMs = (call: ShownCall): number => microsecondsOf(call.started_at) / 1000;

/** So many times a repeat may be the repeat of another. */
const LONGEST_CHAIN = 8;

/** Of repeats the spans that count in the end; none while it has not been looked for them. */
async function strikersOf(call: ShownCall, scope: LookupScope, ask: Ask): Promise<CallId[]> {
  const keyOf = ({ trace_id, span_id }: CallId): string => `${trace_id}/${span_id}`;
  const seen = new Map<string, CallId>();
  const struck = new Set<string>();
  for (let ids: CallId[] = [call], length = 0; ids.length > 0 && length < LONGEST_CHAIN; length++) {
    const found: CallId[] = [];
    for (const id of ids) {
      const above = await ask<CallId>(strikersStatement(scope, [id]));
      if (above.length > 0) struck.add(keyOf(id));
      found.push(...above.filter((one) => !seen.has(keyOf(one))));
      for (const one of above) seen.set(keyOf(one), one);
    }
    // A carrier is struck out by each of its calls, which seldom are repeats themselves: their pairs are few.
    ids = found;
  }
  return [...seen].filter(([key]) => !struck.has(key)).map(([, id]) => id);
}

/** Spans that count in the place of one that does not: who tells better of the same call, or the calls that it sums. */
async function countedInstead(call: ShownCall, scope: LookupScope, ask: Ask): Promise<CallId[]> {
  const strikers = await strikersOf(call, scope, ask);
  if (strikers.length > 0 || call.kind !== 'carrier') return strikers;
  const spans = await ask<ShownCall>(traceStatement(scope, call.trace_id));
  const from_ms = startedMs(call) - TOLERANCE_MS;
  const to_ms = startedMs(call) + call.duration_ms + TOLERANCE_MS;
  return spans
    .filter((span) => span.kind === 'call' && startedMs(span) >= from_ms && startedMs(span) <= to_ms)
    .map(({ trace_id, span_id }) => ({ trace_id, span_id }));
}

/** Whether the call is one of the counted calls, by the definition that every number is made of. */
async function isCounted(call: ShownCall, scope: LookupScope, ask: Ask): Promise<boolean> {
  const from_ms = Math.floor(startedMs(call));
  const window = { ...scope, from_ms, to_ms: from_ms + 1 };
  const spans = await ask.counted(window, (counting) =>
    ask<CallId>(countedSpansStatement({ ...window, counting }, call.trace_id)),
  );
  return spans.some(({ span_id }) => span_id === call.span_id);
}

const examplesOf = ({ examples }: NeighboursRow, { trace_id, span_id }: CallId) =>
  examples
    .map(([trace, span, response_hash]) => ({
      trace_id: trace,
      span_id: span,
      response_hash: response_hash === '' ? null : response_hash,
    }))
    .filter((one) => one.trace_id !== trace_id || one.span_id !== span_id);

async function neighboursOf(call: ShownCall, scope: LookupScope, ask: Ask): Promise<Record<string, unknown>> {
  const of = async (column: 'prompt_hash' | 'response_hash'): Promise<NeighboursRow | undefined> => {
    const hash = call[column];
    return hash === null
      ? undefined
      : (await ask<NeighboursRow>(neighboursStatement(scope, column, hash)))[0];
  };
  const [answer, prompt] = await Promise.all([of('response_hash'), of('prompt_hash')]);
  return {
    same_response: answer
      ? {
          calls: answer.calls,
          prompts: answer.prompts,
          models: answer.models,
          first_at: answer.first_at,
          last_at: answer.last_at,
          examples: examplesOf(answer, call),
        }
      : null,
    same_prompt: prompt
      ? {
          calls: prompt.calls,
          answers: prompt.answers,
          models: prompt.models,
          different_answers: prompt.answers > 1,
          first_at: prompt.first_at,
          last_at: prompt.last_at,
          examples: examplesOf(prompt, call),
        }
      : null,
  };
}

/** Rejects with Problem or WarehouseError. */
export async function answerCall(
  path: { trace_id: string; span_id: string },
  project: Project,
  context: RouteContext,
  ask: Ask,
): Promise<Record<string, unknown>> {
  const id: CallId = {
    trace_id: idOf('trace_id', path.trace_id, 32),
    span_id: idOf('span_id', path.span_id, 16),
  };
  const now_ms = context.now();
  const { calls_days, payloads_days } = context.retention;
  const scope: LookupScope = { database: context.database, project, now_ms, calls_days };
  const [call] = await ask<ShownCall>(callStatement(scope, id));
  if (!call) {
    throw new Problem('no-such-call', {
      detail: `There is no call ${id.trace_id}/${id.span_id}: ${NEVER_THERE}.`,
      received: `${id.trace_id}/${id.span_id}`,
    });
  }
  const facts: PayloadFacts = {
    started_ms: startedMs(call),
    now_ms,
    payloads_days,
    has_hash: call.prompt_hash !== null || call.response_hash !== null,
  };
  const horizon_ms = now_ms - payloads_days * MS_PER_DAY;
  const place = { started_ms: facts.started_ms, duration_ms: call.duration_ms, horizon_ms };
  const [parts, scores, neighbours, counted] = await Promise.all([
    ask<PayloadPartRow>(payloadStatement(scope, id, place)),
    ask<ShownScore>(callScoresStatement(scope, id, call)),
    neighboursOf(call, scope, ask),
    isCounted(call, scope, ask),
  ]);
  return {
    call,
    counted,
    counted_as: counted ? [] : await countedInstead(call, scope, ask),
    payload: payloadOf(parts, facts),
    scores,
    neighbours,
  };
}
