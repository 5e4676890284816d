/** /v1/traces/{trace_id}: the stored spans of a trace as a tree. */
import { microsecondsOf, type ShownCall } from '../../schemas/queries/call-columns.ts';
import { type LookupScope, MOST_SPANS, traceStatement } from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { textOf } from '../../schemas/queries/span-repeats.ts';
import { idOf } from '../parameters/ids.ts';
import { Problem } from '../problems.ts';
import { NEVER_THERE } from './call.ts';
import type { Ask, RouteContext } from './context.ts';
import {
  askStored,
  countedAmong,
  keyOf,
  repeatsOf,
  repeatsOfTrace,
  shownOf,
  startOfTrace,
} from './counted-spans.ts';

/** `parent`: under its own parent. `interval`: that is not stored, so under the shortest carrier around it. */
export type Placed = 'root' | 'parent' | 'interval';

export interface SpanNode {
  call: ShownCall;
  counted: boolean;
  placed: Placed;
  children: SpanNode[];
}

interface Timed {
  node: SpanNode;
  from_us: number;
  to_us: number;
}

const timed = (node: SpanNode): Timed => {
  const from_us = microsecondsOf(node.call.started_at);
  return { node, from_us, to_us: from_us + node.call.duration_ms * 1000 };
};

/** Longer intervals first; of equal ones one order, so that none lies in another and that one in it. */
const byLength = (a: Timed, b: Timed): number =>
  b.to_us - b.from_us - (a.to_us - a.from_us) || (a.node.call.span_id < b.node.call.span_id ? -1 : 1);

/**
 * The tree, `counted` the keys of the spans that count: each span under its parent where that is stored, else under the shortest carrier whose interval holds its
 * own. A span that would hang below itself is a root.
 */
export function treeOf(spans: readonly ShownCall[], counted: ReadonlySet<string>): SpanNode[] {
  const nodes = spans.map(
    (call): SpanNode => ({
      call,
      counted: counted.has(textOf(keyOf(call))),
      placed: 'root',
      children: [],
    }),
  );
  const bySpan = new Map(nodes.map((node) => [node.call.span_id, node]));
  const carriers = nodes
    .filter(({ call }) => call.kind === 'carrier')
    .map(timed)
    .sort(byLength);
  const above = new Map<SpanNode, SpanNode>();
  const isBelow = (node: SpanNode, other: SpanNode): boolean => {
    for (let at: SpanNode | undefined = node; at; at = above.get(at)) if (at === other) return true;
    return false;
  };
  const place = (node: SpanNode, parent: SpanNode | undefined, placed: Placed): boolean => {
    if (parent === undefined || isBelow(parent, node)) return false;
    above.set(node, parent);
    node.placed = placed;
    return true;
  };
  // Known parents first: what they say holds against what intervals suggest.
  const unplaced = nodes.filter((node) => !place(node, bySpan.get(node.call.parent_span_id), 'parent'));
  for (const self of unplaced.map(timed)) {
    const around = carriers.filter(
      (one) =>
        one.node !== self.node &&
        one.from_us <= self.from_us &&
        one.to_us >= self.to_us &&
        (self.node.call.kind === 'call' || byLength(one, self) < 0),
    );
    place(self.node, around.at(-1)?.node, 'interval');
  }
  for (const node of nodes) above.get(node)?.children.push(node);
  return nodes.filter((node) => !above.has(node));
}

/** Rejects with Problem or WarehouseError. */
export async function answerTrace(
  path: { trace_id: string },
  project: Project,
  context: RouteContext,
  ask: Ask,
): Promise<Record<string, unknown>> {
  const trace_id = idOf('trace_id', path.trace_id, 32);
  const scope: LookupScope = {
    database: context.database,
    project,
    now_ms: context.now(),
    calls_days: context.retention.calls_days,
  };
  const start = await startOfTrace(trace_id, scope, ask);
  const [found, repeats] =
    start.hours.length === 0
      ? [[]]
      : await Promise.all([
          askStored(traceStatement(start.scope, trace_id, start.hours), ask),
          repeatsOfTrace(start, trace_id, ask),
        ]);
  if (repeats === undefined || found.length === 0) {
    throw new Problem('no-such-call', {
      detail: `There is no call of the trace ${trace_id}: ${NEVER_THERE}.`,
      received: trace_id,
    });
  }
  const truncated = found.length > MOST_SPANS;
  const stored = found.slice(0, MOST_SPANS);
  // Of more spans than are shown, others may fill the list of repeats.
  const ofSpans = truncated ? await repeatsOf(stored.map(keyOf), scope, ask) : repeats;
  const counted = await countedAmong(stored, ofSpans, start, ask);
  const spans = stored.map(shownOf);
  const starts_us = spans.map((span) => microsecondsOf(span.started_at));
  const costs = spans.filter((span) => counted.has(textOf(keyOf(span)))).map(({ cost_usd }) => cost_usd);
  const priced = costs.filter((cost) => cost !== null);
  const ends_us = spans.map((span, index) => starts_us[index]! + span.duration_ms * 1000);
  return {
    trace_id,
    started_at: spans[0]!.started_at,
    duration_ms: (Math.max(...ends_us) - starts_us[0]!) / 1000,
    calls: costs.length,
    cost_usd: priced.length === 0 ? null : priced.reduce((sum, cost) => sum + cost, 0),
    truncated,
    roots: treeOf(spans, counted),
  };
}
