/**
 * Inserts of every kind, two settlers, kills and erasures at once, while readers hold the answers from rollups and
 * from stored repeats against the definition at the same moment.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eraseUser } from '../../../../ingest/settle/erase.ts';
import { examine } from '../../../../ingest/settle/examiner.ts';
import { settleDue } from '../../../../ingest/settle/settle-hours.ts';
import { createQueryApi } from '../../../../query-api/server.ts';
import { createKeyRing } from '../../../../schemas/identity/key-ring.ts';
import { STALE_CODE } from '../../../../schemas/queries/counting.ts';
import { CLOCK_GRAIN_MS } from '../../../../schemas/queries/settling/times.ts';
import type { CallRow } from '../../../../schemas/record/calls.ts';
import { WarehouseError } from '../../../../schemas/seams.ts';
import { createRandom, type Random } from '../../../query-api/support/random.ts';
import { eventually } from '../../../support/eventually.ts';
import { type RunningProcess, runFile } from '../../../support/processes.ts';
import { type Answer, ask, assertSame, CALLS_DAYS, type Settling, startSettling } from './settling.ts';
import { insertSlowly } from './slow-insert.ts';
import { changed, makeWorld, told, type World } from './spans.ts';

const HOUR_MS = 3_600_000;
const FROM_MS = (Math.floor(Date.now() / 86_400_000) - 1) * 86_400_000 + 2 * HOUR_MS;
const HOURS = 12;
const PROJECTS = ['stress-a', 'stress-b'];
/** A killed engine is back within a second or two. */
const GRACE_MS = 15_000;
const USERS = ['ann', 'bob', 'eve'];

export interface StressOptions {
  seed: number;
  seconds: number;
  /** Kill -9 a settler, or the engine. */
  kills: boolean;
  erasures: boolean;
  /** Readers at once. */
  readers: number;
  say?: (line: string) => void;
}

export interface StressResult {
  comparisons: number;
  groups: number;
  inserted: number;
  kills: number;
  erasures: number;
  violations: string[];
}

interface Run extends StressOptions {
  settling: Settling;
  random: Random;
  worlds: World[];
  until: number;
  result: StressResult;
}

const isOver = ({ until }: Run): boolean => performance.now() > until;

/** While the engine is away everything fails; what was not acknowledged is sent again, as a pipeline does. */
async function untilDone(run: Run, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // What was under way when the engine was killed last still has to be done, though the time is up.
      if (performance.now() > run.until + GRACE_MS) throw error;
      await sleep(200);
    }
  }
}

/** Calls start in an hour that moves along, and now and then anywhere. */
function batch(run: Run, world: World): CallRow[] {
  const { random } = run;
  const left = Math.max(0, run.until - performance.now()) / (run.seconds * 1000);
  const hour = Math.min(HOURS - 1, Math.floor((1 - left) * HOURS));
  return Array.from({ length: 5 + random.integer(30) }, () => {
    const late = random.chance(0.1);
    const placed: World = {
      ...world,
      from_ms: late ? FROM_MS : FROM_MS + hour * HOUR_MS,
      hours: late ? HOURS : 1,
    };
    const spans = told(placed);
    world.made = placed.made;
    const user_id = random.chance(0.2) ? random.pick(USERS) : '';
    // Not every span that tells of a call names its user.
    return spans.map((span) => ({ ...span, user_id: random.chance(0.7) ? user_id : '' }));
  }).flat();
}

async function insertAlong(run: Run, world: World): Promise<void> {
  const { random, settling } = run;
  const sent: CallRow[] = [];
  while (!isOver(run)) {
    const rows = batch(run, world);
    const again = sent.length > 0 ? [random.pick(sent), changed(world, random.pick(sent))] : [];
    const all = [...rows, ...again].map((row) => ({ ...row, version: row.version }));
    const slow = random.chance(0.15);
    await untilDone(run, () =>
      slow ? insertSlowly(settling, all, 500 + random.integer(3_000)) : settling.insert(all),
    );
    sent.push(...rows);
    if (sent.length > 2_000) sent.splice(0, 1_000);
    run.result.inserted += all.length;
    await sleep(random.integer(400));
  }
}

const keyOf = (row: Answer[number]): string => JSON.stringify([row.time, row.model, row.service]);
const byKey = (answer: Answer): Map<string, string> =>
  new Map(answer.map((row) => [keyOf(row), JSON.stringify(row)]));

/** On a busy machine nothing may stand still long enough to be compared before the inserts have ended. */
const isToCompare = (run: Run): boolean =>
  !isOver(run) || (run.result.groups === 0 && performance.now() < run.until + GRACE_MS);

async function readAlong(run: Run): Promise<void> {
  const { settling, random, result } = run;
  while (isToCompare(run)) {
    const project = random.pick(PROJECTS);
    const first = random.integer(HOURS - 2);
    const window = {
      project,
      from_ms: FROM_MS + first * HOUR_MS + (random.chance(0.3) ? 1_234_567 : 0),
      to_ms: FROM_MS + (first + 2 + random.integer(HOURS - first)) * HOUR_MS,
      // In total as well: what is wrong by as much in two groups is wrong there alone.
      ...random.pick([
        {},
        { group_by: [], interval_ms: 24 * HOUR_MS },
        { group_by: ['service'] as const, interval_ms: 24 * HOUR_MS },
      ]),
      // Sums of floating-point numbers would be equal only nearly.
      metrics: [
        'calls',
        'errors',
        'input_tokens',
        'output_tokens',
        'unpriced_calls',
        'latency_max_ms',
      ] as const,
    };
    try {
      const before = byKey(await ask(settling, { ...window, from: 'scratch' }));
      const answers = await Promise.all([
        ask(settling, { ...window, from: 'cells' }),
        ask(settling, { ...window, from: 'calls' }),
      ]);
      const after = byKey(await ask(settling, { ...window, from: 'scratch' }));
      result.comparisons++;
      for (const [at, answer] of answers.entries()) {
        const got = byKey(answer);
        for (const key of new Set([...before.keys(), ...got.keys()])) {
          const [one, two] = [before.get(key), after.get(key)];
          // A group that changed meanwhile, or came and went, has no one truth.
          if (one === undefined || one !== two) continue;
          result.groups++;
          if (got.get(key) !== one)
            result.violations.push(
              `${at === 0 ? 'cells' : 'calls'} of ${project}: ${got.get(key)}, not ${one}`,
            );
        }
      }
    } catch (error) {
      // The engine is away.
      if (error instanceof assert.AssertionError) throw error;
      if (error instanceof WarehouseError && error.code === STALE_CODE) {
        result.violations.push('a reader was overtaken at every attempt');
      }
      await sleep(200);
    }
  }
}

function startSettler({ settling }: Run): RunningProcess {
  const { url, database, writer } = settling.engine;
  return runFile('test/ingest/settle/support/settler-process.ts', {
    args: [
      JSON.stringify({
        url,
        database,
        ...writer,
        calls_days: CALLS_DAYS,
        interval_ms: 700,
        audit_interval_ms: 2_000,
      }),
    ],
  });
}

async function killAlong(run: Run, settlers: RunningProcess[]): Promise<void> {
  const { random, settling, result } = run;
  while (!isOver(run)) {
    await sleep(3_000 + random.integer(5_000));
    if (isOver(run)) return;
    result.kills++;
    if (random.chance(0.3)) {
      const pid = settling.engine.pid();
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } else {
      const at = random.integer(settlers.length);
      await settlers[at]!.end('SIGKILL');
      settlers[at] = startSettler(run);
    }
  }
}

async function eraseAlong(run: Run): Promise<void> {
  const { random, settling, result } = run;
  while (!isOver(run)) {
    await sleep(5_000 + random.integer(3_000));
    if (isOver(run)) return;
    const user = { project: random.pick(PROJECTS), user_id: random.pick(USERS) };
    await untilDone(run, async () => void (await eraseUser(settling.store, user)));
    result.erasures++;
  }
}

/** Of a run that is killed it stays to be seen how far it came. */
async function tellAlong(run: Run): Promise<void> {
  for (let at_s = 0; !isOver(run); at_s++) {
    if (at_s % 30 === 0) run.say?.(`${at_s} s ${JSON.stringify(run.result)}`);
    await sleep(1_000);
  }
}

/** Spans of all pages of a list of failures. */
async function listedFailures(
  { engine, reader }: Settling,
  { project, from_ms, to_ms }: { project: string; from_ms: number; to_ms: number },
): Promise<string[]> {
  const key = 'a-read-key-of-the-stress-run';
  const app = await createQueryApi({
    warehouse: reader,
    database: engine.database,
    keyRing: createKeyRing({ ingest: [], read: [{ project, key }] }),
    user_ids: 'raw',
    retention: { payloads_days: 14, calls_days: CALLS_DAYS, rollups_days: 400 },
    version: '0.0.0-test',
  });
  const spans: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const url: string = `/v1/calls?status=error&from=${from_ms}&to=${to_ms}&limit=500${cursor && `&cursor=${cursor}`}`;
    const reply = await app.inject({ url, headers: { authorization: `Bearer ${key}` } });
    assert.equal(reply.statusCode, 200, reply.body);
    const { items, next_cursor } = reply.json<{
      items: { trace_id: string; span_id: string; started_at: string }[];
      next_cursor: string | null;
    }>();
    spans.push(...items.map(({ trace_id, span_id, started_at }) => `${trace_id}/${span_id}/${started_at}`));
    cursor = next_cursor;
  }
  await app.close();
  return spans;
}

/** All that is due is settled, and then every answer is the definition's. */
async function settleAndCompare({ settling, say }: Run): Promise<void> {
  await eventually(() => settling.engine.ping(), 20_000);
  await sleep(CLOCK_GRAIN_MS + 500);
  await examine(settling.store);
  for (let left = 1; left > 0; ) {
    const { settled, waiting } = await settleDue(settling.store);
    left = waiting;
    say?.(`settled ${settled} hours at the end`);
  }
  for (const project of PROJECTS) {
    const window = { project, from_ms: FROM_MS, to_ms: FROM_MS + HOURS * HOUR_MS };
    const truth = await ask(settling, { ...window, from: 'scratch' });
    assert.ok(truth.length > 0);
    assertSame(await ask(settling, { ...window, from: 'cells' }), truth, 'cells at the end');
    assertSame(await ask(settling, { ...window, from: 'calls' }), truth, 'calls at the end');
    const bySlice = { ...window, group_by: ['slice'] as const };
    assertSame(
      await ask(settling, { ...bySlice, from: 'cells' }),
      await ask(settling, { ...bySlice, from: 'scratch' }),
      'slices at the end',
    );
    const failures = await listedFailures(settling, window);
    const errors = truth.reduce((sum, row) => sum + Number(row.errors), 0);
    assert.ok(errors > 0);
    assert.equal(new Set(failures).size, errors, 'failures listed at the end, each once');
    assert.equal(failures.length, errors, 'failures listed at the end');
  }
}

/** Rejects where the numbers at the end are wrong; what was wrong on the way is in `violations`. */
export async function stress(options: StressOptions): Promise<StressResult> {
  const settling = await startSettling();
  const random = createRandom(options.seed);
  const run: Run = {
    ...options,
    settling,
    random,
    worlds: PROJECTS.map((project) => makeWorld(random, project, FROM_MS, HOURS)),
    until: performance.now() + options.seconds * 1000,
    result: { comparisons: 0, groups: 0, inserted: 0, kills: 0, erasures: 0, violations: [] },
  };
  const settlers = [startSettler(run), startSettler(run)];
  try {
    await Promise.all([
      ...run.worlds.map((world) => insertAlong(run, world)),
      ...Array.from({ length: options.readers }, () => readAlong(run)),
      ...(options.kills ? [killAlong(run, settlers)] : []),
      ...(options.erasures ? [eraseAlong(run)] : []),
      tellAlong(run),
    ]);
    const exits = await Promise.all(settlers.map((settler) => settler.end('SIGTERM')));
    assert.ok(
      exits.every(({ code }) => code === 0),
      'settlers end cleanly',
    );
    for (const settler of settlers) {
      const told = settler
        .output()
        .split('\n')
        .filter((line) => line.includes('"level":"error"'));
      run.result.violations.push(...told);
      if (options.say)
        options.say(
          settler
            .output()
            .split('\n')
            .filter((l) => /_total|hours|failures/.test(l) && !l.startsWith('#'))
            .join(' | '),
        );
    }
    await settleAndCompare(run);
  } finally {
    await Promise.all(settlers.map((settler) => settler.end('SIGKILL')));
    await settling.stop();
  }
  return run.result;
}
