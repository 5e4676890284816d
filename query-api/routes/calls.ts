/** /v1/calls: the calls that match, newest first. */

import { microsecondsOf, type ShownCall } from '../../schemas/queries/call-columns.ts';
import {
  type CallConditions,
  type CallSearch,
  callSearchStatement,
  indexedHoursStatement,
} from '../../schemas/queries/call-search.ts';
import type { HourState } from '../../schemas/queries/counting.ts';
import { type CallId, keptPayloadsStatement, type LookupScope } from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { encodeCursor } from '../cursor.ts';
import { parseCallSearch } from '../parameters/call-search.ts';
import type { RawQuery } from '../parameters/query-string.ts';
import type { Window } from '../parameters/window.ts';
import type { Ask, RouteContext } from './context.ts';
import { type PayloadFacts, payloadOutlook } from './payload.ts';

const HOUR_MS = 3_600_000;
/** Deliveries that are searched at once, newest first: most searches end in the first slice. */
const SLICE_ROWS = [100_000, 1_000_000];

/** The window in slices of whole hours, newest first, by how much they hold; hours without calls are in none. */
export function slicesOf(
  { from_ms, to_ms }: Window,
  hours: readonly Pick<HourState, 'hour' | 'rows'>[],
): Window[] {
  const slices: Window[] = [];
  let open: { from_ms: number; to_ms: number; rows: number } | undefined;
  for (const { hour, rows } of hours.toReversed()) {
    const start_ms = Math.max(from_ms, hour * HOUR_MS);
    const end_ms = Math.min(to_ms, (hour + 1) * HOUR_MS);
    if (start_ms >= end_ms || rows === 0) continue;
    if (open && open.rows + rows > (SLICE_ROWS[slices.length] ?? Number.POSITIVE_INFINITY)) {
      slices.push({ from_ms: open.from_ms, to_ms: open.to_ms });
      open = undefined;
    }
    open = { from_ms: start_ms, to_ms: open?.to_ms ?? end_ms, rows: (open?.rows ?? 0) + rows };
  }
  return open ? [...slices, { from_ms: open.from_ms, to_ms: open.to_ms }] : slices;
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
  const scope = { ...search.scope, ...window };
  return ask.counted(scope, async (counting) => {
    // Found by an index, calls are few wherever they lie: one statement is best.
    const slices = isSelective(search.conditions) ? [window] : slicesOf(window, counting.hours);
    const found: ShownCall[] = [];
    for (const slice of slices) {
      const rest = {
        ...search,
        scope: { ...scope, ...slice, counting },
        limit: search.limit - found.length,
      };
      found.push(...(await ask<ShownCall>(callSearchStatement(rest))));
      if (found.length >= search.limit) break;
    }
    return found;
  });
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
