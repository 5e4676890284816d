/** What holds for every route of the OpenAPI document: its samples run, and no project sees another. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SAMPLE_CALL } from '../../query-api/code-samples.ts';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { makeCall, makePayload, makeScore } from '../support/rows.ts';
import {
  type Harness,
  INGEST_KEY,
  OTHER_INGEST_KEY,
  OTHER_KEY,
  SHOP_KEY,
  startHarness,
} from './support/harness.ts';
import { ask, keyFor, pathOf, type Route, routesOf } from './support/routes.ts';

/** In every text of the shop, and in no request. */
const MARK = 'marked-9f3a';
/** A number that only the shop has. */
const MARKED_MS = 77_777.5;

const ids = {
  trace_id: Buffer.from(SAMPLE_CALL.trace_id, 'hex'),
  span_id: Buffer.from(SAMPLE_CALL.span_id, 'hex'),
};
const started_at = (Date.now() - 600_000) * 1000;
const hash = Buffer.alloc(32, 7);

/** Calls of both arms; those of the two projects have the same ids, users, arms and hashes. */
function callsOf(project: string, text: (name: string) => string, duration_ms: number): CallRow[] {
  const common = {
    project,
    started_at,
    duration_ms,
    environment: text('environment'),
    provider: text('provider'),
    response_model: text('response_model'),
    request_type: text('request_type'),
    slices: [text('slice')],
    conversation_id: text('conversation'),
    error_message: text('message'),
    error_type_raw: text('raw'),
    response_id: text('response'),
    finish_reason: text('finish'),
    service_version: text('version'),
    price_version: text('price'),
    dialect: text('dialect'),
    scope: text('scope'),
    attributes: [text('key'), text('value')],
    user_id: 'ann',
    prompt_hash: hash,
    response_hash: hash,
  };
  return [
    makeCall({ ...common, ...ids, model: 'small-chat-v1' }),
    makeCall({ ...common, model: 'candidate-xl', variant: 'canary', status: 'error', error_type: 'timeout' }),
    makeCall({ ...common, model: text('model'), service: text('service') }),
  ];
}

let harness: Harness;
let routes: Route[];
before(async () => {
  harness = await startHarness();
  const { insertCalls, insertPayloads, insertScores } = harness;
  for (const [project, text, ms] of [
    ['shop', (name: string) => `${name}-${MARK}`, MARKED_MS],
    ['other', (name: string) => name, 100],
  ] as const) {
    await insertCalls(callsOf(project, text, ms));
    const of = { project, ...ids };
    await insertPayloads([
      makePayload({ ...of, started_at, input: text('refund'), output: text('out'), system: text('sys') }),
    ]);
    await insertScores([
      makeScore({
        ...of,
        scored_at: started_at,
        name: text('score'),
        source: text('source'),
        label: text('label'),
      }),
      makeScore({ ...of, scored_at: started_at, value: ms }),
    ]);
  }
  routes = await routesOf(harness.app);
});
after(() => harness.stop());

test('every sample of the document runs as it stands', async () => {
  for (const route of routes) {
    if (route.method === 'delete' || route.path === '/v1/snapshots/{name}') continue;
    assert.ok(route.samples.length > 0, `${route.method} ${route.path} has no sample`);
    for (const { url, body } of route.samples) {
      const { status, text } = await ask(harness.app, route, url, keyFor(route), body);
      assert.equal(status, 200, `${url}: ${text}`);
    }
  }
});

const windowed = ({ parameters }: Route): boolean => parameters.some(({ name }) => name === 'from');

/** Requests that bring out whatever a route has to show: its samples, its filters, groupings and formats. */
function requestsOf(route: Route): { url: string; body?: unknown }[] {
  const path = pathOf(route);
  if (route.method !== 'get') return route.samples;
  const names = new Set(route.parameters.map(({ name }) => name));
  const need = names.has('baseline') ? 'baseline=variant:&candidate=variant:canary&' : '';
  const base = `${path}?${need}${windowed(route) ? 'from=now-3d&' : ''}`;
  const formats = names.has('format') ? ['json', 'csv', 'jsonl', 'parquet', 'arrow'] : [];
  const grouped = names.has('group_by') ? DIMENSION_NAMES.map((name) => `${base}group_by=${name}`) : [];
  const filtered = DIMENSION_NAMES.filter((name) => names.has(name)).map((name) => `${base}${name}=!nothing`);
  const all = [
    base.slice(0, -1),
    ...formats.map((format) => `${base}${need ? '' : 'group_by=model&'}format=${format}`),
    ...grouped,
    ...filtered.filter((url) => !url.includes('status=')),
    ...(names.has('text') ? [`${base}text=refund`] : []),
    ...(names.has('min_score')
      ? formats.map((format) => `${base}score=accuracy&min_score=50&format=${format}`)
      : []),
    ...(names.has('http_status') ? [`${base}http_status=200&min_cost_usd=0&max_cost_usd=9`] : []),
    ...(names.has('response_hash') ? [`${base}response_hash=${hash.toString('hex')}`] : []),
  ];
  return [...route.samples, ...all.map((url) => ({ url }))];
}

test('what one project has stored no other sees, on any route, in any form', async () => {
  const shown = new Set<string>();
  for (const route of routes.filter(({ method }) => method !== 'delete')) {
    const [own, other] = route.kind === 'ingest' ? [INGEST_KEY, OTHER_INGEST_KEY] : [SHOP_KEY, OTHER_KEY];
    for (const { url, body } of requestsOf(route)) {
      // The first makes sure that there is something to see: without it the test would prove nothing.
      const ofShop = await ask(harness.app, route, url, own, body);
      if (ofShop.raw.includes(MARK) || ofShop.raw.includes(String(MARKED_MS))) shown.add(route.path);
      const ofOther = await ask(harness.app, route, url, other, body);
      assert.ok(ofOther.status < 500, `${url}: ${ofOther.text}`);
      for (const secret of [MARK, String(MARKED_MS)]) {
        assert.ok(!ofOther.raw.includes(secret), `${route.method} ${url} shows ${secret} to another project`);
      }
    }
  }
  const silent = routes.filter(({ path }) => !shown.has(path)).map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(silent.toSorted(), SILENT, 'routes that show nothing of what is stored');
});

/** They answer with counts, verdicts or times, or change what is stored. */
const SILENT = [
  'delete /v1/users/{user_id}',
  'get /v1/snapshots',
  'get /v1/status',
  'post /v1/scores',
  'post /v1/snapshots',
];

test('what one project sends changes nothing of another', async () => {
  const tables = ['calls', 'payloads', 'scores', 'snapshots', 'erasures'];
  const stored = async (): Promise<unknown[]> => {
    const counts = tables.map((table) =>
      harness.writer.query(
        `SELECT count() AS rows, sum(cityHash64(*)) AS hash FROM plumbline.${table} FINAL WHERE project = 'other'`,
      ),
    );
    return (await Promise.all(counts)).map(({ rows }) => rows[0]);
  };
  const earlier = await stored();
  for (const route of routes.filter(({ method }) => method !== 'get')) {
    const requests = route.samples.length > 0 ? route.samples : [{ url: pathOf(route) }];
    for (const { url, body } of requests) await ask(harness.app, route, url, keyFor(route), body);
  }
  assert.deepEqual(await stored(), earlier);
});

test('every route needs a key of its kind', async () => {
  for (const route of routes) {
    const wrong = route.kind === 'ingest' ? SHOP_KEY : INGEST_KEY;
    const body = route.method === 'post' ? {} : undefined;
    for (const [key, status] of [
      [null, 401],
      ['not-a-key-of-anyone', 401],
      [wrong, 403],
    ] as const) {
      const answer = await ask(harness.app, route, pathOf(route), key, body);
      assert.equal(answer.status, status, `${route.method} ${route.path}: ${answer.text}`);
    }
  }
});
