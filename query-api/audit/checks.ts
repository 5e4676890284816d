/** The safety checks, each a pure function over what was found: yes, no, or not to be told from the data. */
import type { KeptRow, TrafficRow } from '../../schemas/queries/audit-facts.ts';
import type { Retention } from '../../schemas/tables/ddl.ts';

export type Answer = 'yes' | 'no' | 'unknown';

export interface Check {
  id: string;
  question: string;
  answer: Answer;
  /** What the answer rests on, in a sentence. */
  because: string;
  evidence: Record<string, unknown>;
}

export interface Facts {
  traffic: readonly TrafficRow[];
  kept: KeptRow;
  retention: Retention;
  now_ms: number;
}

const DAY_MS = 86_400_000;
const SEVEN_DAYS = 7;
/** Content that reaches back so far reaches back seven days, quiet weekends aside. */
const SLACK_DAYS = 1;
const TOP_FLOWS = 5;
/** Fewer calls of an arm are no test of it. */
export const LEAST_CALLS = 30;
/** Arms whose calls come from other places by more than a tenth are not compared on one pattern. */
const MOST_DISTANCE = 0.1;
const BASELINES = new Set(['', 'baseline']);

const sum = (rows: readonly TrafficRow[]): number => rows.reduce((total, { calls }) => total + calls, 0);

/** Rows by a key, keys with most calls first. */
function grouped(
  rows: readonly TrafficRow[],
  keyOf: (row: TrafficRow) => string,
): [key: string, rows: TrafficRow[]][] {
  const groups = new Map<string, TrafficRow[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return [...groups].sort(([, a], [, b]) => sum(b) - sum(a));
}

const daysAgo = (ms: number | null, now_ms: number): number | null =>
  ms === null ? null : Math.round(((now_ms - ms) / DAY_MS) * 100) / 100;

export function sevenDayLog({ kept, retention, now_ms }: Facts): Check {
  const payloads = daysAgo(kept.oldest_payload_ms, now_ms);
  const calls = daysAgo(kept.oldest_call_ms, now_ms);
  const evidence = {
    retention_payloads_days: retention.payloads_days,
    oldest_payload_days: payloads,
    oldest_call_days: calls,
  };
  const told = (answer: Answer, because: string): Check => ({
    id: 'seven_day_log',
    question: 'Is a log of inputs and outputs kept for seven days, so that failures can be debugged?',
    answer,
    because,
    evidence,
  });
  if (retention.payloads_days < SEVEN_DAYS) {
    return told(
      'no',
      `payloads are kept for ${retention.payloads_days} days (PLUMBLINE_RETENTION_PAYLOADS_DAYS)`,
    );
  }
  if (calls === null) return told('unknown', 'there are no calls');
  if (payloads === null) return told('no', 'no content is stored: the services send none');
  if (payloads >= SEVEN_DAYS - SLACK_DAYS) return told('yes', `the oldest content is ${payloads} days old`);
  if (calls !== null && calls >= SEVEN_DAYS) {
    return told('unknown', `there are calls of ${calls} days ago, but content of ${payloads} days at most`);
  }
  return told(
    'unknown',
    `the project is younger than seven days; content is kept for ${retention.payloads_days}`,
  );
}

/** Arms of a flow: its variants where calls name any, else its models. */
function armsOf(rows: readonly TrafficRow[]): { arm: string; calls: number }[] {
  const named = rows.some(({ variant }) => variant !== '');
  return grouped(rows, ({ variant, model }) => (named ? variant || 'baseline' : model)).map(([arm, of]) => ({
    arm,
    calls: sum(of),
  }));
}

export function mirroredTests({ traffic }: Facts): Check {
  const flows = grouped(
    traffic.filter(({ request_type }) => request_type !== ''),
    ({ request_type }) => request_type,
  ).slice(0, TOP_FLOWS);
  const evidence = flows.map(([flow, rows]) => {
    const arms = armsOf(rows);
    return { flow, arms, mirrored: arms.filter(({ calls }) => calls >= LEAST_CALLS).length >= 2 };
  });
  const lacking = evidence.filter(({ mirrored }) => !mirrored).map(({ flow }) => flow);
  const answer: Answer = flows.length === 0 ? 'unknown' : lacking.length === 0 ? 'yes' : 'no';
  return {
    id: 'mirrored_tests',
    question: 'Does each of the five largest flows have calls of two arms?',
    answer,
    because:
      answer === 'unknown'
        ? 'no call says its request type (plumbline.request_type)'
        : answer === 'yes'
          ? `each of ${flows.length} has two arms with at least ${LEAST_CALLS} calls`
          : `no second arm with at least ${LEAST_CALLS} calls in: ${lacking.join(', ')}`,
    evidence: { flows: evidence },
  };
}

/** The two arms that are compared: the baseline and the largest other variant, else the two largest variants. */
function twoArms(traffic: readonly TrafficRow[]): [string, TrafficRow[]][] {
  const arms = grouped(traffic, ({ variant }) => variant || 'baseline');
  const baseline = arms.find(([name]) => name === 'baseline') ?? arms[0];
  const other = arms.find((arm) => arm !== baseline);
  return baseline && other ? [baseline, other] : [];
}

/** Half the summed differences of shares: 0 when both come from the same places alike, 1 when from none in common. */
export function distance(a: readonly TrafficRow[], b: readonly TrafficRow[]): number {
  const placeOf = ({ service, environment }: TrafficRow): string => JSON.stringify([service, environment]);
  const share = (rows: readonly TrafficRow[]): Map<string, number> =>
    new Map(grouped(rows, placeOf).map(([place, of]) => [place, sum(of) / sum(rows)]));
  const [ofA, ofB] = [share(a), share(b)];
  const places = new Set([...ofA.keys(), ...ofB.keys()]);
  return [...places].reduce((total, at) => total + Math.abs((ofA.get(at) ?? 0) - (ofB.get(at) ?? 0)), 0) / 2;
}

export function samePattern({ traffic }: Facts): Check {
  const arms = twoArms(traffic);
  const [baseline, other] = arms;
  const enough = arms.length === 2 && arms.every(([, rows]) => sum(rows) >= LEAST_CALLS);
  const apart = baseline && other && enough ? distance(baseline[1], other[1]) : null;
  const answer: Answer = apart === null ? 'unknown' : apart <= MOST_DISTANCE ? 'yes' : 'no';
  const shown = apart === null ? '' : `${Math.round(apart * 100)} %`;
  return {
    id: 'same_pattern',
    question: 'Are p95 and cost compared between arms on the same services and environments?',
    answer,
    because:
      answer === 'unknown'
        ? `no two variants have ${LEAST_CALLS} calls each (plumbline.variant)`
        : `${shown} of the calls of one arm would have to come from elsewhere to match the other’s`,
    evidence: { arms: arms.map(([arm, rows]) => ({ arm, calls: sum(rows) })), distance: apart },
  };
}

export function canaryWithRollback({ traffic }: Facts): Check {
  const arms = grouped(traffic, ({ variant }) => variant || 'baseline');
  const total = sum(traffic);
  const canaries = arms.filter(([arm]) => !BASELINES.has(arm));
  const baseline = arms.find(([arm]) => arm === 'baseline');
  const evidence = { arms: arms.map(([arm, rows]) => ({ arm, calls: sum(rows), share: sum(rows) / total })) };
  const answer: Answer = total === 0 ? 'unknown' : canaries.length > 0 && baseline ? 'yes' : 'no';
  return {
    id: 'canary_with_rollback',
    question: 'Does a canary run beside the baseline, so that rolling back is a matter of routing?',
    answer,
    because:
      answer === 'yes'
        ? `variant ${canaries[0]![0]} has ${sum(canaries[0]![1])} calls beside the baseline’s ${sum(baseline![1])}`
        : answer === 'unknown'
          ? 'there are no calls'
          : canaries.length > 0
            ? 'every call is of a variant: nothing is left to roll back to'
            : 'no call is of a variant (plumbline.variant)',
    evidence,
  };
}

export function routedByRequestType({ traffic }: Facts): Check {
  const flows = grouped(
    traffic.filter(({ request_type }) => request_type !== ''),
    ({ request_type }) => request_type,
  ).map(([flow, rows]) => {
    const [first] = grouped(rows, ({ model }) => model);
    return { flow, calls: sum(rows), model: first![0], share: sum(first![1]) / sum(rows) };
  });
  const models = new Set(flows.map(({ model }) => model));
  const answer: Answer = flows.length < 2 ? 'unknown' : models.size > 1 ? 'yes' : 'no';
  return {
    id: 'routed_by_request_type',
    question: 'Are requests routed to models by their type?',
    answer,
    because:
      answer === 'unknown'
        ? 'fewer than two request types are known (plumbline.request_type)'
        : answer === 'yes'
          ? `${flows.length} request types go mostly to ${models.size} models`
          : `all ${flows.length} request types go mostly to ${flows[0]!.model}`,
    evidence: { flows },
  };
}

export const checks: readonly ((facts: Facts) => Check)[] = [
  sevenDayLog,
  mirroredTests,
  samePattern,
  canaryWithRollback,
  routedByRequestType,
];
