import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { roughly } from '../../query-api/gates/evaluate.ts';
import { makeCall, makeScore } from '../support/rows.ts';
import { get, type Harness, OTHER_KEY, post, SHOP_KEY, startHarness } from './support/harness.ts';
import { createRandom } from './support/random.ts';

const CALLS = 1_500;
let harness: Harness;

/** Latency as a quarter of an hour of traffic would have it, around `typical_ms`. */
function callsOf(
  model: string,
  number: number,
  typical_ms: number,
  error_share: number,
  more: Parameters<typeof makeCall>[0] = {},
) {
  const random = createRandom(model.length + number);
  return Array.from({ length: number }, () => {
    const failed = random.chance(error_share);
    return makeCall({
      project: 'shop',
      model,
      duration_ms: typical_ms * (0.5 + random.next()),
      status: failed ? 'error' : 'ok',
      error_type: failed ? 'server_error' : '',
      cost_usd: 0.0004 + 0.0002 * random.next(),
      ...more,
    });
  });
}

before(async () => {
  harness = await startHarness();
  const baseline = callsOf('small-chat-v1', CALLS, 150, 0.02);
  const good = callsOf('candidate-xl', CALLS, 120, 0.01);
  await harness.insertCalls([
    ...baseline,
    ...good,
    ...callsOf('small-chat-v1', CALLS, 900, 0.5, { variant: 'canary' }),
    ...callsOf('slow-one', CALLS, 400, 0.02),
    ...callsOf('failing', 40, 150, 1),
    ...callsOf('rare', 30, 150, 0),
    ...callsOf('candidate-xl', 200, 5_000, 1, { project: 'other' }),
    ...callsOf('candidate-xl', 200, 5_000, 1, { service: 'elsewhere' }),
  ]);
  const scores = [
    ...baseline.map((call) => ({ call, right: 0.7 })),
    ...good.map((call) => ({ call, right: 0.85 })),
  ];
  const random = createRandom(3);
  await harness.insertScores(
    scores.map(({ call: { trace_id, span_id }, right }) =>
      makeScore({
        project: 'shop',
        trace_id,
        span_id,
        name: 'accuracy',
        value: random.chance(right) ? 1 : 0,
      }),
    ),
  );
});
after(() => harness.stop());

interface Options {
  criteria: unknown;
  model?: string;
  default_model?: string;
  more?: Record<string, unknown>;
  key?: string;
}

function bodyOf({ criteria, model = 'candidate-xl', default_model = 'small-chat-v1', more = {} }: Options) {
  return {
    config: { route: { default_model, canary: { model, percentage: 5, criteria } } },
    from: 'now-3d',
    filters: { service: 'checkout' },
    ...more,
  };
}

async function evaluate(options: Options) {
  const { status, json, text } = await post(
    harness.app,
    '/v1/gates/evaluate',
    bodyOf(options),
    options.key ?? SHOP_KEY,
  );
  assert.equal(status, 200, text);
  return json;
}

test('the config that teams keep is promoted where every criterion holds, with all that was seen', async () => {
  const criteria = ['latency<300', 'accuracy_delta>0.02'];
  const { verdict, reason, criteria: judged, ...rest } = await evaluate({ criteria });
  assert.equal(verdict, 'promote', reason);
  assert.equal(rest.more_calls_needed, null);
  assert.deepEqual([rest.baseline_calls, rest.candidate_calls], [CALLS, CALLS]);
  assert.deepEqual(Object.keys(judged[0]), [
    'criterion',
    'verdict',
    'value',
    'interval',
    'bound',
    'n_baseline',
    'n_candidate',
    'reason',
    'more_calls_needed',
  ]);
  const [latency, accuracy] = judged;
  assert.equal(latency.criterion, 'latency<300');
  assert.ok(latency.interval[0] <= latency.value && latency.value <= latency.interval[1]);
  assert.ok(latency.interval[1] < 300 && latency.bound === 300);
  assert.ok(accuracy.interval[0] > 0.02 && accuracy.n_baseline === CALLS);
  const answered = await get(
    harness.app,
    '/v1/rollups?from=now-3d&model=candidate-xl&service=checkout&metrics=latency_p95_ms',
  );
  assert.ok(Math.abs(latency.value - answered.json.rows[0].latency_p95_ms) < 1e-9);
  assert.deepEqual(
    rest.evidence.map(({ metric }: { metric: string }) => metric),
    ['latency_p95_ms', 'score:accuracy'],
  );
});

test('one violated criterion rolls back, whatever is missing for the others', async () => {
  const { verdict, reason, criteria } = await evaluate({
    model: 'slow-one',
    criteria: ['accuracy_delta>0', 'latency<300', 'latency_ratio<=1.2'],
  });
  assert.equal(verdict, 'rollback');
  assert.match(reason, /latency<300/);
  assert.deepEqual(
    criteria.map((one: { verdict: string }) => one.verdict),
    ['hold', 'rollback', 'rollback'],
  );
});

test('harm that is certain does not wait for the minimum of calls, and a promotion does', async () => {
  const failing = await evaluate({ model: 'failing', criteria: ['error_rate<0.05'] });
  assert.equal(failing.verdict, 'rollback');
  assert.equal(failing.criteria[0].n_candidate, 40);
  const rare = await evaluate({ model: 'rare', criteria: ['error_rate<0.9'] });
  assert.equal(rare.verdict, 'hold');
  assert.match(rare.criteria[0].reason, /30 of at least 100 calls/);
  assert.equal(rare.more_calls_needed, 70);
  const enough = await evaluate({ model: 'rare', criteria: ['error_rate<0.9'], more: { min_calls: 20 } });
  assert.equal(enough.verdict, 'promote');
});

test('hold says about how many more calls would settle it', async () => {
  const { verdict, reason, more_calls_needed, criteria } = await evaluate({
    criteria: ['latency_delta<-42'],
  });
  assert.equal(verdict, 'hold', reason);
  assert.ok(more_calls_needed > 100 && Number.isInteger(more_calls_needed));
  assert.ok(criteria[0].interval[0] < -42 && criteria[0].interval[1] > -42);
  assert.match(reason, new RegExp(`about ${roughly(more_calls_needed)} more calls`));
});

test('a number of calls in a sentence has two digits', () => {
  const told = [1, 70, 350, 1_234, 998_765, 1_985_965, 12_345_678, 3.46e9].map(roughly);
  assert.deepEqual(told, ['1', '70', '350', '1,200', '1,000,000', '2 million', '12 million', '3.5 billion']);
});

test('where both arms use one model the variant tells them apart', async () => {
  const { verdict, baseline_calls, candidate_calls } = await evaluate({
    model: 'small-chat-v1',
    criteria: ['latency_ratio<1.1', 'error_rate<0.1'],
  });
  assert.deepEqual([verdict, baseline_calls, candidate_calls], ['rollback', CALLS, CALLS]);
});

test('a model may carry the prefix of its provider', async () => {
  const { candidate_calls } = await evaluate({ model: 'openai/candidate-xl', criteria: ['latency<300'] });
  assert.equal(candidate_calls, CALLS);
});

test('one model with and without its provider is one model, and no call is in both arms', async () => {
  const criteria = ['latency_ratio<1.1'];
  for (const [default_model, model] of [
    ['openai/small-chat-v1', 'small-chat-v1'],
    ['small-chat-v1', 'azure/small-chat-v1'],
    ['azure/small-chat-v1', 'openrouter/azure/small-chat-v1'],
  ] as const) {
    const { verdict, baseline_calls, candidate_calls } = await evaluate({ default_model, model, criteria });
    assert.deepEqual([verdict, baseline_calls, candidate_calls], ['rollback', CALLS, CALLS], model);
  }
  await harness.insertCalls(callsOf('hub/candidate-xl', 50, 150, 0));
  const { baseline_calls, candidate_calls } = await evaluate({
    default_model: 'club/candidate-xl',
    model: 'hub/candidate-xl',
    criteria,
  });
  assert.deepEqual([baseline_calls, candidate_calls], [0, 50]);
});

test('a candidate without calls is held, and another project’s calls are none', async () => {
  const nobody = await evaluate({ model: 'nobody', criteria: ['latency<300', 'error_rate_delta<0.1'] });
  assert.equal(nobody.verdict, 'hold');
  assert.deepEqual(nobody.criteria[0].interval, [null, null]);
  assert.match(nobody.criteria[1].reason, /candidate has no calls/);
  assert.equal(nobody.more_calls_needed, 100);
  const other = await evaluate({ criteria: ['latency<300'], key: OTHER_KEY });
  assert.deepEqual([other.verdict, other.baseline_calls, other.candidate_calls], ['rollback', 0, 200]);
});

test('operators look at the bound from their side', async () => {
  const verdicts = async (criterion: string) => (await evaluate({ criteria: [criterion] })).verdict;
  assert.equal(await verdicts('error_rate<=0.05'), 'promote');
  assert.equal(await verdicts('error_rate >= 0.05'), 'rollback');
  assert.equal(await verdicts('uptime>0.9'), 'promote');
  assert.equal(await verdicts('score:accuracy>=0.5'), 'promote');
  assert.equal(await verdicts('cost_ratio<2'), 'promote');
  assert.equal(await verdicts('cost_per_call_usd_delta>.001'), 'rollback');
  assert.equal(await verdicts('ttft_p95_ms<100'), 'hold');
});

test('a price that is the same for every call is known, once there are enough of them', async () => {
  const costs = (model: string, number: number) =>
    callsOf(model, number, 150, 0, { cost_usd: 0.0006, input_tokens: 100, output_tokens: 20 });
  await harness.insertCalls([...costs('one-price', 150), ...costs('one-price-few', 20)]);
  const verdict = async (model: string, criterion: string) =>
    (await evaluate({ model, criteria: [criterion] })).verdict;
  assert.equal(await verdict('one-price', 'cost<0.006'), 'promote');
  assert.equal(await verdict('one-price', 'cost<0.004'), 'rollback');
  assert.equal(await verdict('one-price-few', 'cost<0.004'), 'hold');
});

const CRITERIA: readonly [criterion: string, detail: RegExp, nearest?: string][] = [
  ['latency', /not of the form/],
  ['latency=300', /not of the form/],
  ['latency<', /not of the form/],
  ['latency<3OO', /not of the form/],
  ['latency<1e999', /too large/],
  ['latncy<300', /no metric 'latncy'/, 'latency'],
  ['latency_p955_ms<300', /no metric/, 'latency_p95_ms'],
  ['calls>10', /no metric/],
  ['constructor<1', /no metric/],
  ['error_rate<5', /rates are 0 to 1/],
  ['error_rate_delta<-2', /rates are 0 to 1/],
  ['latency_ratio<-1', /not negative/],
];

test('a criterion that cannot be meant is named, with the metrics that there are', async () => {
  for (const [criterion, detail, nearest] of CRITERIA) {
    const { status, json } = await post(
      harness.app,
      '/v1/gates/evaluate',
      bodyOf({ criteria: ['latency<300', criterion] }),
      SHOP_KEY,
    );
    assert.equal(status, 400, criterion);
    assert.equal(json.parameter, 'config.route.canary.criteria[1]');
    assert.equal(json.received, criterion);
    assert.match(json.detail, detail);
    assert.equal(json.nearest, nearest);
    assert.ok(json.allowed.length > 0);
  }
});

const BODIES: readonly [body: unknown, parameter: string | undefined][] = [
  ['{', undefined],
  ['[]', 'body'],
  ['null', 'body'],
  [{}, 'config'],
  [{ config: {} }, 'config.route'],
  [{ config: { route: { canary: {} } } }, 'config.route.default_model'],
  [{ config: { route: { default_model: 'a', canary: 'b' } } }, 'config.route.canary'],
  [bodyOf({ criteria: [] }), 'config.route.canary.criteria'],
  [bodyOf({ criteria: 'latency<300' }), 'config.route.canary.criteria'],
  [bodyOf({ criteria: [300] }), 'config.route.canary.criteria[0]'],
  [bodyOf({ criteria: ['latency<3'], more: { from: 'yesterday' } }), 'from'],
  [bodyOf({ criteria: ['latency<3'], more: { from: {} } }), 'from'],
  [bodyOf({ criteria: ['latency<3'], more: { from: 'now', to: 'now-1d' } }), 'from'],
  [bodyOf({ criteria: ['latency<3'], more: { filters: { servce: 'x' } } }), 'filters.servce'],
  [bodyOf({ criteria: ['latency<3'], more: { filters: { service: 5 } } }), 'filters.service'],
  [bodyOf({ criteria: ['latency<3'], more: { filters: { status: 'great' } } }), 'filters.status'],
  [bodyOf({ criteria: ['latency<3'], more: { min_calls: 0 } }), 'min_calls'],
  [bodyOf({ criteria: ['latency<3'], more: { window: '1d' } }), 'window'],
];

test('a body that cannot be meant is named by its place', async () => {
  for (const [body, parameter] of BODIES) {
    const { status, json, headers } = await post(harness.app, '/v1/gates/evaluate', body, SHOP_KEY);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(String(headers['content-type']), /^application\/problem\+json/);
    assert.equal(json.parameter, parameter, JSON.stringify(body));
  }
});
