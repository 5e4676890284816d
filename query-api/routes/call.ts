/** /v1/calls/{trace_id}/{span_id}: all that is known of one call. */
import { microsecondsOf, type ShownCall, type StoredCall } from '../../schemas/queries/call-columns.ts';
import type { ShownScore } from '../../schemas/queries/call-scores.ts';
import { horizonMs } from '../../schemas/queries/counted-calls.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { askFirst, ofProject } from '../../schemas/queries/first-statements.ts';
import { lookupHoursStatement } from '../../schemas/queries/lookup-hours.ts';
import {
  aloneWith,
  anyNeighbourStatement,
  type NeighboursRow,
  neighboursStatement,
} from '../../schemas/queries/neighbours.ts';
import {
  type CallId,
  callStatement,
  erasedSpanStatement,
  type LookupScope,
  newestCallStatement,
  type PayloadPartRow,
  payloadStatement,
  visibleSpansStatement,
} from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { type SpanKey, type SpanRepeats, textOf } from '../../schemas/queries/span-repeats.ts';
import { idOf } from '../parameters/ids.ts';
import { Problem } from '../problems.ts';
import { scoresOf } from './call-scores.ts';
import type { Ask, RouteContext } from './context.ts';
import { askStored, isOfErased, keyOf, shownOf, startedMs, type TraceStart } from './counted-spans.ts';
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

/** Undefined of a call that is alone with its prompt and its answer, which one that is told again as a rule is not. */
async function neighboursOf(
  call: ShownCall,
  isRetold: boolean,
  scope: LookupScope,
  ask: Ask,
): Promise<NeighboursRow[] | undefined> {
  const any = anyNeighbourStatement(scope, call);
  if (any === undefined || (!isRetold && (await ask(any)).length === 0)) return undefined;
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

async function aboutOf(
  call: ShownCall,
  { pairs }: SpanRepeats,
  scope: LookupScope,
  payloads_days: number,
  ask: Ask,
): Promise<About> {
  const { duration_ms } = call;
  const horizon_ms = scope.now_ms - payloads_days * MS_PER_DAY;
  const place = { started_ms: startedMs(call), duration_ms, horizon_ms };
  const tellers = pairs.map(({ repeat }) => repeat.trace_id);
  const [parts, scores, neighbours] = await Promise.all([
    ask<PayloadPartRow>(payloadStatement(scope, call, place)),
    scoresOf(call, tellers, scope, ask),
    neighboursOf(call, pairs.length > 0, scope, ask),
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

/** Neither expired nor of a user who was erased after it came. */
function isVisible(call: ShownCall, scope: LookupScope & { counting: Counting }): boolean {
  const version = BigInt(microsecondsOf(call.received_at));
  return (
    startedMs(call) >= horizonMs(scope) && !isOfErased({ user_id: call.user_id, version }, scope.counting)
  );
}

interface Found {
  start: TraceStart;
  stored: StoredCall;
  /** The pairs that it is in. */
  pairs: SpanRepeats;
}

/** Its row is read before it is known what counts, and decides whether it is shown. Undefined if it is not. */
async function findCall(id: CallId, lookup: LookupScope, ask: Ask): Promise<Found | undefined> {
  const inHours = lookupHoursStatement(lookup, [{ column: 'trace_id', values: [id.trace_id] }]);
  const hoursAsked = ask<{ hour: number }>(inHours).then((rows) => rows.map(({ hour }) => hour));
  const startOf = async (): Promise<TraceStart> => {
    const [counting, hours] = await Promise.all([
      askFirst(ofProject(lookup), (statement) => ask(statement)),
      hoursAsked,
    ]);
    return { scope: { ...lookup, counting }, hours };
  };
  const read = async (): Promise<StoredCall | undefined> =>
    (await askStored(newestCallStatement(lookup, id, await hoursAsked), ask))[0];
  const lookAround = async (): Promise<[TraceStart, SpanRepeats]> => {
    const start = await startOf();
    return [start, await pairsOfCall(id, start, ask)];
  };
  const [newest, [start, pairs]] = await Promise.all([read(), lookAround()]);
  if (!newest) return undefined;
  const { scope } = start;
  const isErased = async (): Promise<boolean> =>
    scope.counting.has_erased_calls && (await ask(erasedSpanStatement(scope, keyOf(newest)))).length > 0;
  if (isVisible(newest, scope) && !(await isErased())) return { start, stored: newest, pairs };
  // The span may have been sent with another start as well.
  const [other] = await askStored(callStatement(scope, id, start.hours), ask);
  return other && { start, stored: other, pairs };
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
  const found = await findCall(id, lookup, ask);
  if (!found) {
    throw new Problem('no-such-call', {
      detail: `There is no call ${id.trace_id}/${id.span_id}: ${NEVER_THERE}.`,
      received: `${id.trace_id}/${id.span_id}`,
    });
  }
  const { start, stored, pairs } = found;
  const call = shownOf(stored);
  const facts: PayloadFacts = {
    started_ms: startedMs(call),
    now_ms,
    payloads_days,
    has_hash: call.prompt_hash !== null || call.response_hash !== null,
  };
  const [{ parts, scores, neighbours }, standing] = await Promise.all([
    aboutOf(call, pairs, start.scope, payloads_days, ask),
    standingOf(stored, pairs, start, ask),
  ]);
  const retold = await retoldBy(standing.repeats, call, start.scope, payloads_days, ask);
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
