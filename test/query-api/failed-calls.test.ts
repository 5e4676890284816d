/** Searches for failures, which go through a table of their own: they find what the calls say, whatever that table holds. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { CLOCK_GRAIN_MS } from '../../schemas/queries/settling/times.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { createFailedCalls } from '../../schemas/tables/failed-calls.ts';
import { runStep } from '../../schemas/tables/steps.ts';
import { makeCall } from '../support/rows.ts';
import { get, type Harness, hex, INGEST_KEY, rowsOf, startHarness } from './support/harness.ts';
import { insertUnexamined, startWatched, type Watched } from './support/watched.ts';

let harness: Harness;
let watched: Watched;
let app: FastifyInstance;
before(async () => {
  harness = await startHarness();
  watched = await startWatched(harness);
  app = watched.app;
});
after(async () => {
  await app?.close();
  await harness?.stop();
});

const FAILED = { project: 'shop', status: 'error', error_type: 'timeout' } as const;
const MINUTE_US = 60_000_000;
const NOON_US = makeCall().started_at;

/** Spans of all pages. */
async function pages(parameters: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { json, status, text } = await get(
      app,
      `/v1/calls?from=now-9d&${parameters}${cursor && `&cursor=${cursor}`}`,
    );
    assert.equal(status, 200, text);
    for (const { span_id } of json.items) found.push(span_id);
    cursor = json.next_cursor;
  }
  return found;
}

/** The same where nothing may fall back to the calls that count, which would find the same. */
async function search(parameters: string): Promise<string[]> {
  watched.asked = [];
  const found = await pages(parameters);
  assert.ok(
    watched.asked.some((sql) => sql.includes('.failed_calls')) &&
      !watched.asked.some((sql) => sql.includes('received_us')),
  );
  return found;
}

const spansOf = (calls: readonly CallRow[]): string[] => calls.map(({ span_id }) => hex(span_id));

test('failures of days are found newest first, page by page, each once', async () => {
  const service = 'paged';
  const calls = Array.from({ length: 60 }, (_, index) =>
    makeCall({
      ...FAILED,
      service,
      error_type: index % 3 === 0 ? 'rate_limit' : 'timeout',
      started_at: NOON_US - index * 97 * MINUTE_US,
    }),
  );
  const fine = calls.map(({ started_at }) => makeCall({ project: 'shop', service, started_at }));
  await harness.insertCalls([...calls, ...fine]);
  await harness.insertCalls(calls.slice(0, 40));
  const of = (type: string): CallRow[] => calls.filter(({ error_type }) => error_type === type);
  for (const limit of [1, 7, 60, 1_000]) {
    const found = (parameters: string) => search(`service=${service}&limit=${limit}&${parameters}`);
    assert.deepEqual(await found('status=error'), spansOf(calls));
    assert.deepEqual(await found('error_type=timeout'), spansOf(of('timeout')));
    assert.deepEqual(await found('error_type=rate_limit&error_type=auth'), spansOf(of('rate_limit')));
    assert.deepEqual(await found('error_type=auth'), []);
  }
  const longest = await search(`service=${service}&status=error&min_duration_ms=249&max_duration_ms=251`);
  assert.deepEqual(longest, spansOf(calls));
  const [row] = await rowsOf(app, `/v1/rollups?metrics=errors&service=${service}&from=now-9d`);
  assert.equal(row!.errors, calls.length);
});

test('a failure shows what the search for a trace shows of it', async () => {
  const call = makeCall({
    ...FAILED,
    service: 'shown',
    slices: ['eu', 'free'],
    http_status: 504,
    cost_usd: null,
  });
  await harness.insertCalls([call]);
  const list = async (parameters: string) =>
    (await get(app, `/v1/calls?from=now-3d&fields=all&${parameters}`)).json.items;
  const items = await list('service=shown&status=error');
  assert.equal(items.length, 1);
  assert.deepEqual(items, await list(`trace_id=${hex(call.trace_id)}`));
});

test('of deliveries of a span the newest says whether it failed, and when', async () => {
  const service = 'replaced';
  const made = (minutes: number, more: Partial<CallRow> = {}): CallRow =>
    makeCall({ ...FAILED, service, started_at: NOON_US + minutes * MINUTE_US, ...more });
  const [recovered, moved, other, stays] = [made(1), made(2), made(3), made(4)];
  const late = made(5, { status: 'ok', error_type: '' });
  await harness.insertCalls([recovered!, moved!, other!, stays!, late]);
  const anew = (call: CallRow, change: Partial<CallRow>): CallRow => ({
    ...call,
    version: call.version + 1_000_000,
    ...change,
  });
  await harness.insertCalls([
    anew(recovered!, { status: 'ok', error_type: '' }),
    anew(moved!, { started_at: NOON_US + 10 * MINUTE_US }),
    anew(other!, { error_type: 'auth' }),
    anew(late, { status: 'error', error_type: 'timeout' }),
  ]);
  assert.deepEqual(await search(`service=${service}&error_type=timeout`), spansOf([moved!, late, stays!]));
  assert.deepEqual(await search(`service=${service}&error_type=auth`), spansOf([other!]));
});

test('pages of failures are full though each is told twice', async () => {
  const service = 'twice';
  const told = Array.from({ length: 25 }, (_, index) => {
    const started_at = NOON_US - index * MINUTE_US;
    const outer = makeCall({ ...FAILED, service, started_at, scope: 'library', duration_ms: 900 });
    const inner = makeCall({
      ...FAILED,
      service,
      started_at: started_at + 50_000,
      scope: 'client',
      duration_ms: 800,
      trace_id: outer.trace_id,
      parent_span_id: outer.span_id,
    });
    return { outer, inner };
  });
  await harness.insertCalls(told.flatMap(({ outer, inner }) => [outer, inner]));
  for (const limit of [4, 24]) {
    const found = await search(`service=${service}&status=error&limit=${limit}`);
    assert.deepEqual(found, spansOf(told.map(({ inner }) => inner)));
  }
});

test('no page ends between two deliveries of a span so that neither is shown', async () => {
  const tables = ['calls', 'failed_calls'];
  for (const table of tables) await harness.writer.command(`SYSTEM STOP MERGES plumbline.${table}`);
  try {
    for (const [service, order] of [
      ['newer-first', [1_000, 0]],
      ['older-first', [0, 1_000]],
    ] as const) {
      const calls = Array.from({ length: 45 }, (_, index) =>
        makeCall({ ...FAILED, service, started_at: NOON_US - index * MINUTE_US }),
      );
      for (const later of order)
        await harness.insertCalls(calls.map((call) => ({ ...call, version: call.version + later })));
      for (const limit of [38, 42, 50]) {
        // Where most of what is chosen has been replaced, the database leaves that out.
        for (const by of ['&status=error', '']) {
          assert.deepEqual(await pages(`service=${service}&limit=${limit}${by}`), spansOf(calls));
        }
      }
    }
  } finally {
    for (const table of tables) await harness.writer.command(`SYSTEM START MERGES plumbline.${table}`);
  }
});

test('a failure that is told anew in the moment of the search is shown as it counts', async () => {
  const [changes, stays] = [11, 10].map((minute) =>
    makeCall({ ...FAILED, service: 'moment', started_at: NOON_US + minute * MINUTE_US }),
  );
  await harness.insertCalls([changes!, stays!]);
  const version = changes!.version + 1;
  const moved = { ...changes!, version, started_at: changes!.started_at - 2 * MINUTE_US };
  // Of what comes from now on nobody knows the repeats.
  await harness.writer.command('TRUNCATE TABLE plumbline.examined');
  const known = `INSERT INTO plumbline.examined (upto) VALUES (now64(3) + INTERVAL ${CLOCK_GRAIN_MS} MILLISECOND)`;
  await harness.writer.command(known);
  await sleep(50);
  const find = async () =>
    (await get(app, '/v1/calls?from=now-9d&service=moment&error_type=timeout')).json.items.map(
      ({ span_id }: { span_id: string }) => span_id,
    );
  assert.deepEqual(await find(), spansOf([changes!, stays!]));
  watched.meanwhile = { after: /\.failed_calls/, what: () => insertUnexamined(harness, [moved]) };
  assert.deepEqual(await find(), spansOf([stays!, moved]));
  assert.equal(watched.meanwhile, undefined);
  await harness.writer.command('INSERT INTO plumbline.examined (upto) VALUES (now64(3) + INTERVAL 1 DAY)');
});

test('a user who is erased is in neither table', async () => {
  const service = 'erased';
  const user_id = 'a user who failed';
  const mine = makeCall({ ...FAILED, service, user_id });
  const others = makeCall({ ...FAILED, service, started_at: NOON_US + MINUTE_US });
  await harness.insertCalls([mine, others]);
  assert.deepEqual(await search(`service=${service}&status=error`), spansOf([others, mine]));
  const reply = await harness.app.inject({
    method: 'DELETE',
    url: `/v1/users/${encodeURIComponent(user_id)}`,
    headers: { authorization: `Bearer ${INGEST_KEY}` },
  });
  assert.equal(reply.statusCode, 200, reply.body);
  assert.deepEqual(await search(`service=${service}&status=error`), spansOf([others]));
  const left = `SELECT count() AS number FROM plumbline.failed_calls WHERE user_id = '${user_id}'`;
  const { rows } = await harness.writer.query<{ number: number | string }>(left);
  assert.equal(Number(rows[0]!.number), 0);
});

test('failures from before there was such a table are taken over into it', async () => {
  const found = await search('status=error&limit=1000');
  assert.ok(found.length > 50);
  for (const sql of ['DROP VIEW plumbline.failed_calls_feed', 'DROP TABLE plumbline.failed_calls'])
    await harness.writer.command(sql);
  for (const step of createFailedCalls({ database: 'plumbline' })) await runStep(harness.writer, step);
  assert.deepEqual(await search('status=error&limit=1000'), found);
});
