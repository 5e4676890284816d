/** /v1/calls: the calls that match, newest first. */

import { microsecondsOf, type ShownCall } from '../../schemas/queries/call-columns.ts';
import {
  type CallConditions,
  type CallSearch,
  callSearchStatement,
  indexedHoursStatement,
} from '../../schemas/queries/call-search.ts';
import { type CallId, keptPayloadsStatement, type LookupScope } from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { encodeCursor } from '../cursor.ts';
import { parseCallSearch } from '../parameters/call-search.ts';
import type { RawQuery } from '../parameters/query-string.ts';
import type { Window } from '../parameters/window.ts';
import type { Ask, RouteContext } from './context.ts';
import { type PayloadFacts, payloadOutlook } from './payload.ts';

const HOUR_MS = 3_600_000;
/** Lengths of the windows that are searched one after the other, newest first: most searches end in the first. */
const SLICE_LENGTHS_MS = [HOUR_MS, 6 * HOUR_MS, 48 * HOUR_MS];

/** The window in slices, newest first, cut at whole hours. */
export function slicesOf({ from_ms, to_ms }: Window): Window[] {
  const slices: Window[] = [];
  let end_ms = to_ms;
  for (const length_ms of [...SLICE_LENGTHS_MS, Number.POSITIVE_INFINITY]) {
    if (end_ms <= from_ms) break;
    const start_ms = Math.max(from_ms, Math.floor((end_ms - length_ms) / HOUR_MS) * HOUR_MS);
    slices.push({ from_ms: start_ms, to_ms: end_ms });
    end_ms = start_ms;
  }
  return slices;
}

const isSelective = ({ trace_id, prompt_hashes, response_hashes }: CallConditions): boolean =>
  trace_id !== undefined || prompt_hashes !== undefined || response_hashes !== undefined;

/** The part of the window that can hold what is looked for; undefined if nothing can. */
async function narrowed(search: CallSearch, ask: Ask): Promise<Window | undefined> {
  const statement = indexedHoursStatement(search);
  const { from_ms, to_ms } = search.scope;
  if (statement === undefined) return { from_ms, to_ms };
  const [found] = await ask<{ calls: number; first_hour: number; last_hour: number }>(statement);
  if (!found || found.calls === 0) return undefined;
  const window = {
    from_ms: Math.max(from_ms, found.first_hour * HOUR_MS),
    to_ms: Math.min(to_ms, (found.last_hour + 1) * HOUR_MS),
  };
  return window.from_ms < window.to_ms ? window : undefined;
}

async function find(search: CallSearch, ask: Ask): Promise<ShownCall[]> {
  const window = await narrowed(search, ask);
  if (window === undefined) return [];
  // Found by an index, calls are few wherever they lie: one statement is best.
  const slices = isSelective(search.conditions) ? [window] : slicesOf(window);
  const found: ShownCall[] = [];
  for (const slice of slices) {
    const rest = { ...search, scope: { ...search.scope, ...slice }, limit: search.limit - found.length };
    found.push(...(await ask<ShownCall>(callSearchStatement(rest))));
    if (found.length >= search.limit) break;
  }
  return found;
}

/** Each call with what became of its payload. */
async function withPayloads(
  calls: readonly ShownCall[],
  scope: LookupScope,
  payloads_days: number,
  ask: Ask,
): Promise<Record<string, unknown>[]> {
  const horizon_ms = scope.now_ms - payloads_days * 24 * HOUR_MS;
  const startedMs = (call: ShownCall): number => microsecondsOf(call.started_at) / 1000;
  const recent = calls.filter((call) => startedMs(call) >= horizon_ms);
  const hours = new Set(
    recent.flatMap((call) => {
      const hour = Math.floor(startedMs(call) / HOUR_MS);
      return [hour - 1, hour, hour + 1];
    }),
  );
  const trace_ids = [...new Set(recent.map(({ trace_id }) => trace_id))];
  const kept =
    recent.length === 0
      ? []
      : await ask<CallId>(keptPayloadsStatement(scope, { trace_ids, hours: [...hours], horizon_ms }));
  const ids = new Set(kept.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`));
  return calls.map((call) => {
    const facts: PayloadFacts = {
      started_ms: startedMs(call),
      now_ms: scope.now_ms,
      payloads_days,
      has_hash: call.prompt_hash !== null || call.response_hash !== null,
    };
    return { ...call, payload: payloadOutlook(facts, ids.has(`${call.trace_id}/${call.span_id}`)) };
  });
}

/** Rejects with Problem or WarehouseError. */
export async function answerCalls(
  raw: RawQuery,
  project: Project,
  context: RouteContext,
  ask: Ask,
): Promise<Record<string, unknown>> {
  const now_ms = context.now();
  const { database, retention, userIds, keyedHash } = context;
  const { window, conditions, after, limit, digest } = parseCallSearch(raw, {
    project,
    userIds,
    keyedHash,
    now_ms,
  });
  // What is older than the last call of the page before need not be looked for above it.
  const to_ms =
    after === undefined ? window.to_ms : Math.min(window.to_ms, Math.floor(after.started_us / 1000) + 1);
  const scope = {
    database,
    project,
    from_ms: window.from_ms,
    to_ms,
    now_ms,
    calls_days: retention.calls_days,
  };
  const search: CallSearch = {
    scope,
    payloads_days: retention.payloads_days,
    conditions,
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  };
  const found = scope.from_ms < to_ms ? await find(search, ask) : [];
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next_cursor =
    found.length > limit && last
      ? encodeCursor(
          {
            window,
            place: {
              started_us: microsecondsOf(last.started_at),
              trace_id: last.trace_id,
              span_id: last.span_id,
            },
          },
          digest,
        )
      : null;
  return {
    from: new Date(window.from_ms).toISOString(),
    to: new Date(window.to_ms).toISOString(),
    items: await withPayloads(items, scope, retention.payloads_days, ask),
    next_cursor,
  };
}
