/** Lookups ask several statements: what comes in between, and what repeats leave of a page. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { recordErasure, takeOwnSpans, takePartners } from '../../schemas/queries/settling/erase.ts';
import { WHOLE } from '../../schemas/queries/settling/shares.ts';
import { CLOCK_GRAIN_MS } from '../../schemas/queries/settling/times.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { idOf, makeCall, makePayload } from '../support/rows.ts';
import { get, type Harness, hex, startHarness } from './support/harness.ts';
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

/** What is stored by now has been looked at for repeats, and with `ahead` what comes in the next seconds. */
async function knowRepeatsUpToNow(ahead_s = 0): Promise<void> {
  // Rows of the clock's last grain may be taken for younger.
  await sleep(50);
  await harness.writer.command('TRUNCATE TABLE plumbline.examined');
  await harness.writer.command(
    `INSERT INTO plumbline.examined (upto) VALUES (now64(3) + INTERVAL ${CLOCK_GRAIN_MS / 1000 + ahead_s} SECOND)`,
  );
  await sleep(50);
}

/** A library's span around a client's: the inner one counts. */
function pairOf(response_hash: Uint8Array, at_us = 0): { outer: CallRow; inner: CallRow } {
  const started_at = makeCall().started_at + at_us;
  const common = { project: 'shop', response_hash, input_tokens: 1_234, output_tokens: 56 };
  const outer = makeCall({ ...common, scope: 'library', duration_ms: 900, started_at });
  const inner = makeCall({
    ...common,
    scope: 'client',
    duration_ms: 800,
    trace_id: outer.trace_id,
    parent_span_id: outer.span_id,
    started_at: started_at + 50_000,
  });
  return { outer, inner };
}

const spansOf = (items: { span_id: string }[]): string[] => items.map(({ span_id }) => span_id);

for (const [index, by] of ['response_hash', 'user_id'].entries()) {
  test(`pages of a search by ${by} are full of calls that count, however many repeats lie between`, async () => {
    const hash = idOf(1_000 + index, 32);
    const pairs = Array.from({ length: 33 }, (_, index) => pairOf(hash, index * 60_000_000));
    for (const call of pairs.flatMap(({ outer, inner }) => [outer, inner])) call.user_id = by;
    await harness.insertCalls(pairs.flatMap(({ outer, inner }) => [outer, inner]));
    const value = by === 'user_id' ? by : hex(hash);
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const url = `/v1/calls?${by}=${value}&from=now-3d&limit=16${cursor && `&cursor=${cursor}`}`;
      const { json } = await get(app, url);
      assert.equal(json.items.length, json.next_cursor ? 16 : 1);
      found.push(...spansOf(json.items));
      cursor = json.next_cursor;
    }
    assert.deepEqual(
      found,
      pairs.toReversed().map(({ inner }) => hex(inner.span_id)),
    );
  });
}

test('a call that comes anew between the choice of a page and the reading of it is shown as it counts', async () => {
  const [stays, changes] = [0, 1].map(() =>
    makeCall({ project: 'shop', error_type: 'auth', status: 'error' }),
  );
  await harness.insertCalls([stays!, changes!]);
  const url = '/v1/calls?error_type=auth&from=now-3d&text=refused';
  await harness.insertPayloads(
    [stays!, changes!].map(({ project, trace_id, span_id, started_at }) =>
      makePayload({ project, trace_id, span_id, started_at, output: 'The key was refused.' }),
    ),
  );
  assert.equal((await get(app, url)).json.items.length, 2);
  const anew = { ...changes!, version: changes!.version + 1, error_type: '', status: 'ok' as const };
  watched.meanwhile = { after: /AS received_us/, what: () => harness.insertCalls([anew]) };
  assert.deepEqual(spansOf((await get(app, url)).json.items), [hex(stays!.span_id)]);
  assert.equal(watched.meanwhile, undefined);
});

test('a repeat that comes while its trace, its answer or its user is looked up is found', async () => {
  for (const [index, lookup] of ['trace', 'call', 'hash', 'user'].entries()) {
    const hash = idOf(2_000 + index, 32);
    const { outer, inner } = pairOf(hash);
    for (const call of [outer, inner]) call.user_id = lookup;
    await harness.insertCalls([outer]);
    await knowRepeatsUpToNow();
    watched.meanwhile = { after: /'examined' AS fact/, what: () => insertUnexamined(harness, [inner]) };
    const trace_id = hex(outer.trace_id);
    if (lookup === 'trace') {
      const { json } = await get(app, `/v1/traces/${trace_id}`);
      assert.equal(json.calls, 1);
      assert.deepEqual([json.roots[0].counted, json.roots[0].children[0].counted], [false, true]);
    } else if (lookup === 'call') {
      const { json } = await get(app, `/v1/calls/${trace_id}/${hex(outer.span_id)}`);
      assert.equal(json.counted, false);
    } else {
      const by = lookup === 'hash' ? `response_hash=${hex(hash)}` : `user_id=${lookup}`;
      const { json } = await get(app, `/v1/calls?${by}&from=now-3d`);
      assert.deepEqual(spansOf(json.items), [hex(inner.span_id)]);
    }
    assert.equal(watched.meanwhile, undefined);
  }
});

/** The same in two traces, which only the answer's id and the tokens tie together. */
function apart(name: string, input_tokens: number): { outer: CallRow; inner: CallRow } {
  const { outer, inner } = pairOf(idOf(3_000, 32));
  const response_id = `chatcmpl-of-${name}-0123456789`;
  const common = { response_id, input_tokens, parent_span_id: new Uint8Array(8) };
  const { trace_id } = makeCall();
  return {
    outer: { ...outer, ...common, service: `${name}-outer` },
    inner: { ...inner, ...common, service: `${name}-inner`, trace_id },
  };
}

test('a telling in another trace that nobody has looked at yet strikes out what a lookup finds', async () => {
  const { outer, inner } = apart('unexamined', 7_001);
  await harness.insertCalls([outer]);
  await knowRepeatsUpToNow();
  await insertUnexamined(harness, [inner]);
  const trace_id = hex(outer.trace_id);
  assert.equal((await get(app, `/v1/calls/${trace_id}/${hex(outer.span_id)}`)).json.counted, false);
  assert.equal((await get(app, `/v1/traces/${trace_id}`)).json.calls, 0);
  for (const by of [`trace_id=${trace_id}`, 'service=unexamined-outer'])
    assert.deepEqual((await get(app, `/v1/calls?${by}&from=now-3d`)).json.items, []);
  const found = await get(app, `/v1/calls?trace_id=${hex(inner.trace_id)}&from=now-3d`);
  assert.deepEqual(spansOf(found.json.items), [hex(inner.span_id)]);
});

test('a span that an erasure took along is in no search, whatever it is searched by', async () => {
  const { outer, inner } = apart('erased', 7_002);
  Object.assign(outer, { user_id: 'erased-user' });
  Object.assign(inner, { status: 'error', error_type: 'timeout' });
  await harness.insertCalls([outer, inner]);
  const searches = [
    'service=erased-inner',
    'service=erased-inner&status=error',
    `trace_id=${hex(inner.trace_id)}`,
  ];
  const one = async () => (await get(app, `/v1/calls/${hex(inner.trace_id)}/${hex(inner.span_id)}`)).status;
  await knowRepeatsUpToNow();
  const found = async (by: string) => (await get(app, `/v1/calls?${by}&from=now-3d`)).json.items.length;
  for (const by of searches) assert.equal(await found(by), 1);
  assert.equal(await one(), 200);
  const erased_at = String(Date.now() * 1000);
  const erasure = { database: 'plumbline', project: 'shop', user_id: 'erased-user', erased_at };
  for (const { sql, params } of [
    recordErasure(erasure),
    takeOwnSpans(erasure, WHOLE),
    takePartners(erasure, WHOLE),
  ])
    await harness.writer.command(sql, { params });
  for (const by of searches) assert.equal(await found(by), 0, by);
  assert.equal(await one(), 404);
});

test('from the moment an erasure is written down nothing shows an older delivery that did not name the user', async () => {
  const before = makeCall({ project: 'shop', service: 'renamed', status: 'error', error_type: 'timeout' });
  const named = { ...before, version: before.version + 1, user_id: 'named-later' };
  await harness.insertCalls([before]);
  await harness.insertCalls([named]);
  await knowRepeatsUpToNow(60);
  const trace_id = hex(before.trace_id);
  const searches = ['service=renamed', 'service=renamed&status=error', `trace_id=${trace_id}`];
  const shown = async () => [
    ...(await Promise.all(
      searches.map(async (by) => (await get(app, `/v1/calls?${by}&from=now-3d`)).json.items.length),
    )),
    (await get(app, `/v1/calls/${trace_id}/${hex(before.span_id)}`)).status,
  ];
  assert.deepEqual(await shown(), [1, 1, 1, 200]);
  const erased_at = String(Date.now() * 1000);
  const { sql, params } = recordErasure({
    database: 'plumbline',
    project: 'shop',
    user_id: 'named-later',
    erased_at,
  });
  await harness.writer.command(sql, { params });
  assert.deepEqual(await shown(), [0, 0, 0, 404]);
});

test('pages full of repeats are left to the database, and pairs beyond a list are not taken for none', async () => {
  const started_at = makeCall().started_at;
  const common = { project: 'shop', service: 'agents' };
  const agents = Array.from({ length: 1_100 }, (_, agent) => {
    const own = { ...common, trace_id: makeCall().trace_id, process: BigInt(agent) };
    const at = started_at + agent * 1_000_000;
    const inside = Array.from({ length: 10 }, (_, n) =>
      makeCall({ ...own, started_at: at + 1_000 * (n + 1), duration_ms: 5, scope: 'client' }),
    );
    const carrier = { kind: 'carrier' as const, scope: 'agent', started_at: at, duration_ms: 60_000 };
    return [makeCall({ ...own, ...carrier }), ...inside];
  });
  await harness.insertCalls(agents.flat());
  await knowRepeatsUpToNow(60);
  for (const limit of [10, 1_000]) {
    const before = watched.asked.length;
    const { json } = await get(
      app,
      `/v1/calls?service=agents&min_duration_ms=50000&from=now-3d&limit=${limit}`,
    );
    assert.deepEqual(json.items, []);
    assert.ok(watched.asked.length - before <= 20, `${watched.asked.length - before} statements`);
  }
});

test('of an hour full of calls a page is chosen by few columns, and anew where calls come or go in between', async () => {
  const started_at = makeCall().started_at - 40 * 3_600_000_000;
  const full = Array.from({ length: 30_500 }, (_, index) =>
    makeCall({ project: 'shop', service: 'full', started_at: started_at + index, user_id: `user-${index}` }),
  );
  const wanted = [30_000, 20_000, 10_000].map((index) => full[index]!);
  for (const call of wanted) call.request_type = 'wanted';
  await harness.insertCalls(full);
  await knowRepeatsUpToNow();
  const search = async () =>
    (await get(app, '/v1/calls?service=full&request_type=wanted&from=now-4d&to=now-2d')).json.items;
  const items = await search();
  assert.deepEqual(
    spansOf(items),
    wanted.map(({ span_id }) => hex(span_id)),
  );
  for (const item of items) {
    const { json } = await get(app, `/v1/calls?trace_id=${item.trace_id}&from=now-4d`);
    assert.deepEqual(json.items, [item]);
  }
  const keys = /AS shown_started_at\nFROM/;
  const { version } = wanted[0]!;
  const anew = { ...wanted[0]!, version: version + 1, request_type: '' };
  watched.meanwhile = { after: keys, what: () => insertUnexamined(harness, [anew]) };
  assert.deepEqual(spansOf(await search()), spansOf(items.slice(1)));
  assert.equal(watched.meanwhile, undefined);
  await knowRepeatsUpToNow();
  // Its repeats are asked for before it comes, the page is read after it.
  const moved = { ...wanted[1]!, version: version + 1, started_at: wanted[1]!.started_at - 5_000 };
  const { promise, resolve } = Promise.withResolvers<void>();
  watched.held = { statement: /AS shown_inserted_ms[\s\S]*PREWHERE/, until: promise };
  watched.meanwhile = {
    after: /FROM plumbline\.repeats/,
    what: () => insertUnexamined(harness, [moved]).then(resolve),
  };
  assert.deepEqual(spansOf(await search()), spansOf(items.slice(1)));
  assert.equal(watched.meanwhile, undefined);
  watched.held = undefined;
  await knowRepeatsUpToNow();
  const erasure = {
    database: 'plumbline',
    project: 'shop',
    user_id: 'user-20000',
    erased_at: String(Date.now() * 1000),
  };
  watched.meanwhile = {
    after: keys,
    what: async () => {
      for (const { sql, params } of [recordErasure(erasure), takeOwnSpans(erasure, WHOLE)])
        await harness.writer.command(sql, { params });
      await harness.writer.command(
        `ALTER TABLE plumbline.calls DELETE WHERE user_id = 'user-20000' SETTINGS mutations_sync = 1`,
      );
    },
  };
  assert.deepEqual(spansOf(await search()), spansOf(items.slice(2)));
  assert.equal(watched.meanwhile, undefined);
});
