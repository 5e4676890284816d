import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  canaryWithRollback,
  checks,
  distance,
  type Facts,
  mirroredTests,
  routedByRequestType,
  samePattern,
  sevenDayLog,
} from '../../../query-api/audit/checks.ts';
import type { TrafficRow } from '../../../schemas/queries/audit-facts.ts';

const DAY_MS = 86_400_000;
const now_ms = 100 * DAY_MS;
const retention = { payloads_days: 14, calls_days: 90, rollups_days: 400 };

const rows = (...made: Partial<TrafficRow>[]): TrafficRow[] =>
  made.map((row) => ({
    request_type: '',
    variant: '',
    model: 'm',
    service: 's',
    environment: 'e',
    calls: 100,
    ...row,
  }));
const facts = (more: Partial<Facts> = {}): Facts => ({
  traffic: [],
  kept: { oldest_call_ms: now_ms - 30 * DAY_MS, oldest_payload_ms: now_ms - 13 * DAY_MS },
  retention,
  now_ms,
  ...more,
});
const kept = (call_days: number | null, payload_days: number | null): Facts =>
  facts({
    kept: {
      oldest_call_ms: call_days === null ? null : now_ms - call_days * DAY_MS,
      oldest_payload_ms: payload_days === null ? null : now_ms - payload_days * DAY_MS,
    },
  });
const traffic = (...made: Partial<TrafficRow>[]): Facts => facts({ traffic: rows(...made) });

const cases: [check: (facts: Facts) => { answer: Answer; because: string }, Facts, Answer, RegExp][] = [
  [sevenDayLog, facts(), 'yes', /13 days old/],
  [sevenDayLog, facts({ retention: { ...retention, payloads_days: 3 } }), 'no', /kept for 3 days/],
  [sevenDayLog, kept(30, null), 'no', /send none/],
  [sevenDayLog, kept(30, 2), 'unknown', /content of 2 days/],
  [sevenDayLog, kept(3, 3), 'unknown', /younger/],
  [sevenDayLog, kept(null, null), 'unknown', /no calls/],
  [mirroredTests, traffic({}), 'unknown', /request_type/],
  [
    mirroredTests,
    traffic({ request_type: 'a', model: 'x' }, { request_type: 'a', model: 'y' }),
    'yes',
    /each of 1/,
  ],
  [
    mirroredTests,
    traffic({ request_type: 'a' }, { request_type: 'a', variant: 'canary' }, { request_type: 'b' }),
    'no',
    /in: b$/,
  ],
  [
    mirroredTests,
    traffic({ request_type: 'a' }, { request_type: 'a', variant: 'canary', calls: 3 }),
    'no',
    /in: a$/,
  ],
  [samePattern, traffic({}), 'unknown', /variant/],
  [samePattern, traffic({}, { variant: 'canary', calls: 40 }), 'yes', /^0 %/],
  [samePattern, traffic({}, { variant: 'canary', calls: 5 }), 'unknown', /30 calls/],
  [samePattern, traffic({}, { variant: 'canary', environment: 'staging' }), 'no', /^100 %/],
  [canaryWithRollback, traffic(), 'unknown', /no calls/],
  [canaryWithRollback, traffic({}), 'no', /no call is of a variant/],
  [canaryWithRollback, traffic({ variant: 'canary' }), 'no', /nothing is left/],
  [
    canaryWithRollback,
    traffic({ variant: 'baseline' }, { variant: 'canary', calls: 5 }),
    'yes',
    /5 calls beside/,
  ],
  [routedByRequestType, traffic({ request_type: 'a' }), 'unknown', /fewer than two/],
  [routedByRequestType, traffic({ request_type: 'a' }, { request_type: 'b' }), 'no', /mostly to m/],
  [routedByRequestType, traffic({ request_type: 'a' }, { request_type: 'b', model: 'n' }), 'yes', /2 models/],
];
for (const [check, given, answer, because] of cases) {
  test(`${check.name} answers ${answer} where ${because}`, () => {
    const told = check(given);
    assert.equal(told.answer, answer);
    assert.match(told.because, because);
  });
}

test('only the five largest flows are looked at', () => {
  const flows = Array.from({ length: 8 }, (_, index) => ({
    request_type: `f${index}`,
    calls: 1_000 - index,
  }));
  const { evidence } = mirroredTests(traffic(...flows));
  assert.deepEqual(
    (evidence.flows as { flow: string }[]).map(({ flow }) => flow),
    ['f0', 'f1', 'f2', 'f3', 'f4'],
  );
});

test('the distance of two arms is the share of calls that would have to move', () => {
  const a = rows({ service: 'x', calls: 75 }, { service: 'y', calls: 25 });
  const b = rows({ service: 'x', calls: 1 }, { service: 'y', calls: 1 });
  assert.equal(distance(a, b), 0.25);
});

test('every check has an id of its own and answers without any data', () => {
  const told = checks.map((check) => check(kept(null, null)));
  assert.equal(new Set(told.map(({ id }) => id)).size, checks.length);
  for (const { answer } of told) assert.equal(answer, 'unknown');
});
