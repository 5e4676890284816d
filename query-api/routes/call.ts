/** /v1/calls/{trace_id}/{span_id}: all that is known of one call. */
import type { ShownCall } from '../../schemas/queries/call-columns.ts';
import { type NeighboursRow, neighboursStatement } from '../../schemas/queries/neighbours.ts';
import {
  type CallId,
  callLinksStatement,
  callScoresStatement,
  callStatement,
  type LookupScope,
  type PayloadPartRow,
  payloadStatement,
  type ShownScore,
} from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { idOf } from '../parameters/ids.ts';
import { Problem } from '../problems.ts';
import type { Ask, RouteContext } from './context.ts';
import {
  askStored,
  countedAmong,
  countedInstead,
  keyOf,
  repeatsOfTrace,
  shownOf,
  startedMs,
  startOfTrace,
  textOf,
} from './counted-spans.ts';
import { type PayloadFacts, payloadOf } from './payload.ts';

const MS_PER_DAY = 86_400_000;

export const NEVER_THERE =
  'it was never stored in this project, has expired (PLUMBLINE_RETENTION_CALLS_DAYS), or its user was erased';

const examplesOf = ({ examples }: NeighboursRow, { trace_id, span_id }: CallId) =>
  examples
    .map(([trace, span, response_hash]) => ({
      trace_id: trace,
      span_id: span,
      response_hash: response_hash === '' ? null : response_hash,
    }))
    .filter((one) => one.trace_id !== trace_id || one.span_id !== span_id);

async function neighboursOf(call: ShownCall, scope: LookupScope, ask: Ask): Promise<Record<string, unknown>> {
  const statement = neighboursStatement(scope, call);
  const rows = statement === undefined ? [] : await ask<NeighboursRow>(statement);
  const [answer, prompt] = ['response_hash', 'prompt_hash'].map((same) =>
    rows.find((row) => row.same === same),
  );
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

/** What is known of a call beside its record: the parts of its payload, its scores, its neighbours. */
interface About {
  parts: PayloadPartRow[];
  scores: ShownScore[];
  neighbours: Record<string, unknown>;
}

async function aboutOf(link: ShownCall, scope: LookupScope, payloads_days: number, ask: Ask): Promise<About> {
  const { duration_ms } = link;
  const horizon_ms = scope.now_ms - payloads_days * MS_PER_DAY;
  const place = { started_ms: startedMs(link), duration_ms, horizon_ms };
  const [parts, scores, neighbours] = await Promise.all([
    ask<PayloadPartRow>(payloadStatement(scope, link, place)),
    ask<ShownScore>(callScoresStatement(scope, link, link)),
    neighboursOf(link, scope, ask),
  ]);
  return { parts, scores, neighbours };
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
  const lookup: LookupScope = { database: context.database, project, now_ms, calls_days };
  const [start, [link]] = await Promise.all([
    startOfTrace(id.trace_id, lookup, ask),
    askStored(callLinksStatement(lookup, id), ask),
  ]);
  const { scope, hours } = start;
  const [[stored], early, repeats] =
    hours.length === 0
      ? [[]]
      : await Promise.all([
          askStored(callStatement(scope, id, hours), ask),
          link && aboutOf(link, scope, payloads_days, ask),
          repeatsOfTrace(start, id, ask),
        ]);
  if (!stored || !repeats) {
    throw new Problem('no-such-call', {
      detail: `There is no call ${id.trace_id}/${id.span_id}: ${NEVER_THERE}.`,
      received: `${id.trace_id}/${id.span_id}`,
    });
  }
  const call = shownOf(stored);
  const facts: PayloadFacts = {
    started_ms: startedMs(call),
    now_ms,
    payloads_days,
    has_hash: call.prompt_hash !== null || call.response_hash !== null,
  };
  const [{ parts, scores, neighbours }, counted] = await Promise.all([
    // Another delivery than what was followed, where one came in between.
    early && link?.received_at === call.received_at ? early : aboutOf(call, scope, payloads_days, ask),
    countedAmong([stored], repeats, start, ask),
  ]);
  const is_counted = counted.has(textOf(keyOf(call)));
  return {
    call,
    counted: is_counted,
    counted_as: is_counted ? [] : await countedInstead(call, repeats.pairs, start, ask),
    payload: payloadOf(parts, facts),
    scores,
    neighbours,
  };
}
