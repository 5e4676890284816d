/** Rows that were worked out here come back from the database as they were given, the largest comparison's too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import { type GivenColumn, givenRowsStatement } from '../../../schemas/queries/given-rows.ts';
import { withEngine } from '../../support/engine.ts';

const TEXTS = ['level', 'slice', 'metric', 'unit', 'better', 'role', 'arm'] as const;
const NUMBERS = Array.from({ length: 12 }, (_, index) => `number_${index}`);
const AWKWARD = ['a "model", with\nlines', "it's", '\\', '_', 'ünïcode 🤖', ''];
/** All metrics and five scores, overall and of twenty slices, for five arms. */
const ROWS = 24 * 21 * 5;

test('2,520 rows of 21 columns, awkward texts, missing numbers and all', () =>
  withEngine(async ({ engine }) => {
    const { url, reader, database } = engine;
    const warehouse = createClickhouseWarehouse({ url, ...reader, database });
    const columns: GivenColumn[] = [
      ...TEXTS.map((name) => ({ name, type: 'String' as const })),
      { name: 'n', type: 'UInt64' },
      ...NUMBERS.map((name) => ({ name, type: 'Nullable(Float64)' as const })),
      { name: 'reason', type: 'Nullable(String)' },
    ];
    const rows = Array.from({ length: ROWS }, (_, at) => ({
      ...Object.fromEntries(TEXTS.map((name, index) => [name, AWKWARD[(at + index) % AWKWARD.length]!])),
      n: at,
      ...Object.fromEntries(
        NUMBERS.map((name, index) => [name, (at + index) % 7 === 0 ? null : -1 / (3 + at * 12 + index)]),
      ),
      reason: at % 3 === 0 ? null : `an interval of this percentile needs 93 calls, and there are ${at % 93}`,
    }));
    const { sql, params } = givenRowsStatement(columns, rows);
    const read = (await warehouse.query<(typeof rows)[number]>(sql, { params })).rows;
    assert.deepEqual(
      read.map((row) => ({ ...row, n: Number(row.n) })),
      rows,
    );
    await warehouse.close();
  }));
