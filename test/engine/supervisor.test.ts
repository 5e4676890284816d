import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, type EngineState, startEngine } from '../../engine/supervisor.ts';
import { ask, withEngine } from '../support/engine.ts';

const query = (engine: Engine, sql: string) => ask(engine.url, engine.writer, sql);

async function until(condition: () => boolean, timeout_ms: number): Promise<void> {
  const began = performance.now();
  while (!condition()) {
    assert.ok(performance.now() - began < timeout_ms, `not within ${timeout_ms} ms`);
    await sleep(20);
  }
}

describe('the supervised engine', { concurrency: false }, () => {
  test('it answers, in UTC, with its database and without system log tables, and stops in order', async () => {
    const states: EngineState[] = [];
    await withEngine(
      async ({ engine, dataDir }) => {
        await engine.ping();
        assert.match((await query(engine, 'SELECT version(), timezone()')).text, /^26\.7\.\S+\tUTC$/);
        assert.equal((await query(engine, 'SHOW DATABASES')).text, 'plumbline\nsystem');
        const logs = await query(
          engine,
          "SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log'",
        );
        assert.deepEqual(logs, { status: 200, text: '' });
        const began = performance.now();
        await Promise.all([engine.stop(), engine.stop()]);
        assert.ok(performance.now() - began < 5_000);
        assert.equal(engine.pid(), undefined);
        assert.ok(!existsSync(join(dataDir, 'engine.lock')));
      },
      { onStateChange: (state) => states.push(state) },
    );
    assert.deepEqual(states, ['ready', 'stopping', 'stopped']);
  });

  test('an insert under way at the stop is finished, and data outlasts stop and start', async () => {
    await withEngine(async ({ engine, dataDir }) => {
      await query(engine, 'CREATE TABLE plumbline.t (a Int64) ENGINE = MergeTree ORDER BY a');
      const insert = query(
        engine,
        'INSERT INTO plumbline.t SELECT number + sleepEachRow(0.1) FROM numbers(10) SETTINGS max_block_size = 1',
      );
      await sleep(300);
      await engine.stop();
      assert.equal((await insert).status, 200);
      const again = await startEngine({ data_dir: dataDir });
      assert.equal((await query(again, 'SELECT count() FROM plumbline.t')).text, '10');
      await again.stop();
    });
  });

  test('killed, it comes back at the same address with the same passwords and all its data', async () => {
    await withEngine(async ({ engine }) => {
      const { url, writer, reader } = engine;
      await query(engine, 'CREATE TABLE plumbline.t (a Int64) ENGINE = MergeTree ORDER BY a');
      for (let round = 1; round <= 3; round++) {
        await query(engine, `INSERT INTO plumbline.t SELECT ${round} FROM numbers(100)`);
        process.kill(engine.pid()!, 'SIGKILL');
        await until(() => engine.restarts === round, 10_000);
        await engine.ping();
      }
      assert.deepEqual([engine.url, engine.writer, engine.reader], [url, writer, reader]);
      assert.equal((await ask(url, reader, 'SELECT count() FROM plumbline.t')).text, '300');
    });
  });

  test('hung, it is killed and started again', async () => {
    const reasons: (string | undefined)[] = [];
    await withEngine(
      async ({ engine }) => {
        process.kill(engine.pid()!, 'SIGSTOP');
        await until(() => engine.restarts === 1, 20_000);
        await engine.ping();
      },
      {
        hang_timeout_ms: 600,
        onStateChange: (state, reason) => state === 'restarting' && reasons.push(reason),
      },
    );
    assert.deepEqual(reasons, ['The embedded engine did not answer for 0.6 s and was killed.']);
  });

  test('when it cannot start again it is given up with the reason', async () => {
    await withEngine(
      async ({ engine }) => {
        process.kill(engine.pid()!, 'SIGKILL');
        const port = Number(new URL(engine.url).port);
        await until(() => engine.pid() === undefined, 5_000);
        const thief = createServer().listen(port, '127.0.0.1');
        await once(thief, 'listening');
        await until(() => engine.state === 'failed', 30_000);
        await assert.rejects(engine.ping(), {
          name: 'EngineError',
          message: `The embedded engine keeps failing and is given up. Port ${port} on 127.0.0.1 is taken by another program; stop it, or give the engine another port.`,
        });
        thief.close();
      },
      { max_rapid_failures: 2, start_timeout_ms: 5_000 },
    );
  });

  test('it can be stopped while it is restarting', async () => {
    await withEngine(async ({ engine }) => {
      process.kill(engine.pid()!, 'SIGKILL');
      await until(() => engine.state === 'restarting', 5_000);
      const began = performance.now();
      await engine.stop();
      assert.ok(performance.now() - began < 5_000);
    });
  });

  test('a second start on the directory is refused, and the first is unharmed', async () => {
    await withEngine(async ({ engine, dataDir }) => {
      await assert.rejects(startEngine({ data_dir: dataDir }), {
        name: 'EngineError',
        message: `The data directory ${dataDir} is in use by process ${process.pid} (plumbline); stop it, or set PLUMBLINE_DATA_DIR to another directory.`,
      });
      await engine.ping();
    });
  });

  test('a taken port, a file in place of the directory and a bad database name are told in one sentence', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plumbline-engine-'));
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await assert.rejects(startEngine({ data_dir: join(root, 'a'), http_port: port }), {
      name: 'EngineError',
      message: new RegExp(`^Port ${port} on 127.0.0.1 is taken`),
    });
    assert.ok(!existsSync(join(root, 'a', 'engine.lock')));
    writeFileSync(join(root, 'file'), '');
    await assert.rejects(
      startEngine({ data_dir: join(root, 'file') }),
      /is not a directory; set PLUMBLINE_DATA_DIR/,
    );
    await assert.rejects(
      startEngine({ data_dir: join(root, 'b'), database: 'a`b' }),
      /database name "a`b" is not usable/,
    );
    taken.close();
    rmSync(root, { recursive: true });
  });
});
