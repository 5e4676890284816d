import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import { BlockBuilder } from '../../../schemas/native/block-builder.ts';
import { calls } from '../../../schemas/record/calls.ts';
import { createCalls } from '../../../schemas/tables/ddl.ts';
import { migrate, migrations } from '../../../schemas/tables/migrations.ts';
import { withEngine } from '../../support/engine.ts';
import { makeCall } from '../../support/rows.ts';

const retention = { payloads_days: 14, calls_days: 90, rollups_days: 400 };

test('migrations run on an empty database, run again, run twice at once, beside inserts, and follow the retention', () =>
  withEngine(async ({ engine }) => {
    const { url, writer, database } = engine;
    const warehouse = createClickhouseWarehouse({ url, ...writer, database });
    const options = { database, retention };
    const [one, other] = await Promise.all([migrate(warehouse, options), migrate(warehouse, options)]);
    assert.ok(one.applied.length === migrations.length || other.applied.length === migrations.length);
    assert.deepEqual((await migrate(warehouse, options)).applied, []);

    let inserted = 0;
    const inserting = (async () => {
      for (; inserted < 20; inserted++) {
        const block = new BlockBuilder(calls);
        block.append(makeCall());
        await warehouse.insert(await block.finish());
      }
    })();
    for (const days of [30, 31, 32]) {
      await migrate(warehouse, { database, retention: { ...retention, calls_days: days } });
    }
    await inserting;
    const { rows } = await warehouse.query<{ calls: number }>(
      'SELECT count() AS calls FROM plumbline.calls FINAL',
    );
    assert.equal(rows[0]?.calls, inserted);
    const { rows: tables } = await warehouse.query<{ text: string }>(
      "SELECT create_table_query AS text FROM system.tables WHERE database = 'plumbline' AND name IN ('calls', 'failed_calls')",
    );
    assert.equal(tables.length, 2);
    for (const { text } of tables) assert.match(text, /TTL toDateTime\(started_at\) \+ toIntervalDay\(32\)/);
    await warehouse.close();
  }));

test('a database newer than the program, and a table that differs from the record, are refused with the name of the fault', () =>
  withEngine(async ({ engine }) => {
    const { url, writer, database } = engine;
    const warehouse = createClickhouseWarehouse({ url, ...writer, database });
    const options = { database, retention };
    await migrate(warehouse, options);
    await warehouse.command('ALTER TABLE plumbline.calls MODIFY COLUMN http_status Nullable(UInt32)');
    await assert.rejects(
      migrate(warehouse, options),
      /calls\.http_status is Nullable\(UInt32\), the record says Nullable\(UInt16\)/,
    );
    await warehouse.command('ALTER TABLE plumbline.calls MODIFY COLUMN http_status Nullable(UInt16)');
    await warehouse.command('ALTER TABLE plumbline.rollup_1h MODIFY COLUMN latency_sum_ms Float32');
    await assert.rejects(
      migrate(warehouse, options),
      /rollup_1h\.latency_sum_ms is Float32, the record says Float64/,
    );
    await warehouse.command("INSERT INTO plumbline.migrations (id, name) VALUES (999, 'from the future')");
    await assert.rejects(migrate(warehouse, options), /schema 999, newer than this program's/);
    await warehouse.close();
  }));

test('what one insert brings is a part of one file, beyond the ten megabytes that ClickHouse would draw the line at', () =>
  withEngine(async ({ engine }) => {
    const { url, writer, database } = engine;
    const warehouse = createClickhouseWarehouse({ url, ...writer, database });
    await migrate(warehouse, { database, retention });
    const block = new BlockBuilder(calls);
    const call = makeCall();
    while (block.size() < 12 * 2 ** 20) block.append(call);
    await warehouse.insert(await block.finish());
    const { rows } = await warehouse.query<{ part_type: string }>(
      "SELECT part_type FROM system.parts WHERE database = 'plumbline' AND table = 'calls' AND active",
    );
    assert.deepEqual(rows, [{ part_type: 'Compact' }]);
    await warehouse.close();
  }));

test('with a cluster the tables are created on it and replicated', () => {
  const text = createCalls({ database: 'plumbline', cluster: 'main' });
  assert.match(text, /plumbline\.calls ON CLUSTER 'main'/);
  assert.match(
    text,
    /ENGINE = ReplicatedReplacingMergeTree\('\/clickhouse\/tables\/\{shard\}\/plumbline\/calls', '\{replica\}', version\)/,
  );
});

test('rollups whose histograms are maps, as the first were, are made anew, and their hours count as unsettled', () =>
  withEngine(async ({ engine }) => {
    const { url, writer, database } = engine;
    const warehouse = createClickhouseWarehouse({ url, ...writer, database });
    const options = { database, retention };
    await migrate(warehouse, options);
    await warehouse.command('ALTER TABLE plumbline.rollup_1h DROP COLUMN latency_histogram');
    await warehouse.command(
      'ALTER TABLE plumbline.rollup_1h ADD COLUMN latency_histogram Map(Int16, UInt64)',
    );
    await warehouse.command(
      "INSERT INTO plumbline.settled (project, hour, version, watermark) VALUES ('p', 1, 1, now64(3))",
    );
    await warehouse.command('TRUNCATE TABLE plumbline.migrations');
    assert.equal((await migrate(warehouse, options)).applied.length, migrations.length);
    const { rows } = await warehouse.query<{ hours: number }>(
      'SELECT count() AS hours FROM plumbline.settled',
    );
    assert.equal(Number(rows[0]!.hours), 0);
    await warehouse.close();
  }));
