/** /v1/calls/{trace_id}/{span_id}: all that is known of one call. */
import type { ShownCall } from '../../schemas/queries/call-columns.ts';
import type { ShownScore } from '../../schemas/queries/call-scores.ts';
import { askFirst, ofProject } from '../../schemas/queries/first-statements.ts';
import {
  aloneWith,
  anyNeighbourStatement,
  type NeighboursRow,
  neighboursStatement,
} from '../../schemas/queries/neighbours.ts';
import {
  type CallId,
  callLinksStatement,
  callStatement,
  type LookupScope,
  type PayloadPartRow,
  payloadStatement,
  visibleSpansStatement,
} from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { type SpanKey, textOf } from '../../schemas/queries/span-repeats.ts';
import { idOf } from '../parameters/ids.ts';
import { Problem } from '../problems.ts';
import { scoresOf } from './call-scores.ts';
import type { Ask, RouteContext } from './context.ts';
import { askStored, keyOf, shownOf, startedMs, startOfTrace, type TraceStart } from './counted-spans.ts';
import { type PayloadFacts, payloadOf } from './payload.ts';
import { pairsOfCall, standingOf } from './retold.ts';

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

/** Undefined of a call that is alone with its prompt and its answer. */
async function neighboursOf(
  call: ShownCall,
  scope: LookupScope,
  ask: Ask,
): Promise<NeighboursRow[] | undefined> {
  const any = anyNeighbourStatement(scope, call);
  if (any === undefined || (await ask(any)).length === 0) return undefined;
  return ask<NeighboursRow>(neighboursStatement(scope, call));
}

function shownNeighbours(call: ShownCall, rows: readonly NeighboursRow[]): Record<string, unknown> {
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
  neighbours: NeighboursRow[] | undefined;
}

async function aboutOf(link: ShownCall, scope: LookupScope, payloads_days: number, ask: Ask): Promise<About> {
  const { duration_ms } = link;
  const horizon_ms = scope.now_ms - payloads_days * MS_PER_DAY;
  const place = { started_ms: startedMs(link), duration_ms, horizon_ms };
  const [parts, scores, neighbours] = await Promise.all([
    ask<PayloadPartRow>(payloadStatement(scope, link, place)),
    scoresOf(link, scope, ask),
    neighboursOf(link, scope, ask),
  ]);
  return { parts, scores, neighbours };
}

/** So many repeats are asked for their payload. */
const MOST_ASKED = 5;

const idsOf = ({ trace_id, span_id }: CallId): CallId => ({ trace_id, span_id });

interface Retold {
  repeats: SpanKey[];
  /** The payload of the first of them that has one that is kept, and whose it is. */
  parts: PayloadPartRow[];
  from: CallId | null;
}

/** What repeats tell of the call. An erased user's span that comes late is none of them: what it told is nobody's. */
async function retoldBy(
  repeats: readonly SpanKey[],
  { duration_ms }: ShownCall,
  scope: LookupScope,
  payloads_days: number,
  ask: Ask,
): Promise<Retold> {
  if (repeats.length === 0) return { repeats: [], parts: [], from: null };
  const horizon_ms = scope.now_ms - payloads_days * MS_PER_DAY;
  const [visible, payloads] = await Promise.all([
    askStored(visibleSpansStatement(scope, repeats), ask),
    Promise.all(
      repeats.slice(0, MOST_ASKED).map(async (repeat) => {
        // Of its start the hour is known.
        const place = {
          started_ms: repeat.hour * MS_PER_HOUR,
          duration_ms: MS_PER_HOUR + duration_ms,
          horizon_ms,
        };
        return { repeat, parts: await ask<PayloadPartRow>(payloadStatement(scope, repeat, place)) };
      }),
    ),
  ]);
  const shown = new Set(visible.map((span) => textOf(keyOf(span))));
  const isShown = (repeat: SpanKey): boolean => shown.has(textOf(repeat));
  const told = payloads.find(({ repeat, parts }) => parts.length > 0 && isShown(repeat));
  return {
    repeats: repeats.filter(isShown),
    parts: told?.parts ?? [],
    from: told ? idsOf(told.repeat) : null,
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
  const lookup: LookupScope = { database: context.database, project, now_ms, calls_days };
  const [counting, [link]] = await Promise.all([
    askFirst(ofProject(lookup), (statement) => ask(statement)),
    askStored(callLinksStatement(lookup, id), ask),
  ]);
  const scope = { ...lookup, counting };
  const read = (start: TraceStart) =>
    Promise.all([
      askStored(callStatement(scope, id, start.hours), ask),
      link && aboutOf(link, scope, payloads_days, ask),
      pairsOfCall(id, start, ask),
    ]);
  let start: TraceStart = { scope, hours: link ? [keyOf(link).hour] : [] };
  let [[stored], early, pairs] = link ? await read(start) : [[]];
  if (link && !stored) {
    // What was followed is erased; the span may have been sent with another start as well.
    start = await startOfTrace(id.trace_id, lookup, ask);
    [[stored], early, pairs] = await read(start);
  }
  if (!stored || !pairs) {
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
  // What was followed holds for one row: not for another delivery, nor for the same span with another start.
  const isFollowed = link?.received_at === call.received_at && link.started_at === call.started_at;
  const [{ parts, scores, neighbours }, standing] = await Promise.all([
    early && isFollowed ? early : aboutOf(call, scope, payloads_days, ask),
    standingOf(stored, pairs, start, ask),
  ]);
  const retold = await retoldBy(standing.repeats, call, scope, payloads_days, ask);
  const told = parts.length > 0 ? { parts, from: null } : retold;
  const isCounted = standing.counted && call.kind === 'call';
  return {
    call,
    counted: standing.counted,
    counted_as: standing.counted_as,
    repeats: retold.repeats.map(idsOf),
    payload: { ...payloadOf(told.parts, facts), from: told.from },
    scores,
    neighbours: shownNeighbours(call, neighbours ?? (isCounted ? aloneWith(call) : [])),
  };
}
