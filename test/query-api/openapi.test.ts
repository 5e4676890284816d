import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { ROLLUP_PARAMETERS } from '../../query-api/parameters/rollup-request.ts';
import { problems } from '../../query-api/problems.ts';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { DIMENSION_NAMES, dimensionOf } from '../../schemas/queries/dimensions.ts';
import { METRIC_NAMES, metricOf } from '../../schemas/queries/metrics.ts';
import { get, KEYS, RETENTION } from './support/harness.ts';

const nowhere = { url: 'http://127.0.0.1:1', username: 'x', password: 'x', database: 'plumbline' };
const warehouse = createClickhouseWarehouse(nowhere);
let app: FastifyInstance;
// biome-ignore lint/suspicious/noExplicitAny: a document is looked into field by field.
let document: any;

before(async () => {
  app = await createQueryApi({
    warehouse,
    database: 'plumbline',
    keyRing: createKeyRing(KEYS),
    user_ids: 'raw',
    retention: RETENTION,
    version: '1.2.3',
  });
  document = (await get(app, '/openapi.json', null)).json;
});
after(async () => {
  await app.close();
  await warehouse.close();
});

const rollupPaths = ['/v1/rollups', '/v1/latency', '/v1/cost', '/v1/errors'];

const lookupPaths = ['/v1/calls', '/v1/calls/{trace_id}/{span_id}', '/v1/traces/{trace_id}'];

test('the document is OpenAPI 3.1 of this version, with the routes of the contract under /v1', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(document.info.version, '1.2.3');
  const paths = Object.keys(document.paths);
  for (const path of [...rollupPaths, ...lookupPaths, '/v1/status']) assert.ok(paths.includes(path), path);
  for (const path of paths) assert.match(path, /^\/v1\//);
});

test('every reference points at something, and every response has a description', () => {
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const ref = (value as { $ref?: string }).$ref;
    if (ref !== undefined) {
      const keys = ref.split('/').slice(1);
      const target = keys.reduce((at, key) => at?.[key], document);
      assert.ok(target, ref);
    }
    for (const child of Object.values(value)) walk(child);
  };
  walk(document);
  for (const methods of Object.values<Record<string, { responses: object }>>(document.paths)) {
    for (const { responses } of Object.values(methods)) {
      for (const [status, response] of Object.entries(responses)) {
        assert.ok(response.description, status);
        const [type] = Object.keys(response.content);
        assert.equal(type, Number(status) < 300 ? 'application/json' : 'application/problem+json');
      }
    }
  }
});

test('every parameter of a rollup is listed once and described', () => {
  for (const path of rollupPaths) {
    const { parameters } = document.paths[path].get;
    assert.deepEqual(
      parameters.map(({ name }: { name: string }) => name).toSorted(),
      [...ROLLUP_PARAMETERS].toSorted(),
    );
    for (const parameter of parameters) {
      assert.equal(parameter.in, 'query');
      assert.equal(parameter.required, false);
      assert.ok(parameter.description.length > 10, parameter.name);
    }
  }
});

test('every metric and dimension is described with its unit, where it is asked for and where it is answered', () => {
  const parameters = document.paths['/v1/rollups'].get.parameters;
  const describing = (wanted: string): string =>
    parameters.find(({ name }: { name: string }) => name === wanted).description;
  const { properties } = document.components.schemas.RollupRow;
  for (const name of METRIC_NAMES) {
    const { unit, meaning } = metricOf(name);
    assert.ok(describing('metrics').includes(`\`${name}\` (${unit}): ${meaning}`), name);
    assert.equal(properties[name].description, `${meaning} (${unit})`);
  }
  for (const name of DIMENSION_NAMES) {
    assert.ok(describing('group_by').includes(`\`${name}\`: ${dimensionOf(name).meaning}`), name);
    assert.ok(properties[name].description, name);
  }
});

test('every type of problem is in the document', () => {
  for (const name of Object.keys(problems)) {
    assert.ok(document.info.description.includes(`\`/problems/${name}\``), name);
    assert.ok(document.components.schemas.Problem.properties.type.enum.includes(`/problems/${name}`), name);
  }
});

test('the page and the document need no key, and the page loads nothing from elsewhere', async () => {
  assert.equal((await get(app, '/docs', null)).headers.location, '/docs/');
  const page = await get(app, '/docs/', null);
  assert.equal(page.status, 200);
  const sources = [...page.text.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, source]) => source);
  assert.deepEqual(sources, ['js/scalar.js']);
  assert.doesNotMatch(page.text, /https?:/);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /https?:|\*/);
  const script = await get(app, '/docs/js/scalar.js', null);
  assert.match(String(script.headers['content-type']), /javascript/);
  assert.ok(script.raw.length > 100_000);
});
