import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  bucketCounts,
  compacted,
  entriesOf,
  quantileOfHistogram,
  SKETCH_ERROR,
  sumsOf,
} from '../../../schemas/queries/histogram.ts';
import { createRandom } from '../../query-api/support/random.ts';
import { percentile } from '../../query-api/support/reference.ts';
import { type Settling, startSettling } from './support/settling.ts';

let settling: Settling;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

const LEVELS = [0.5, 0.9, 0.95, 0.99];
const DISTRIBUTIONS: Record<string, (uniform: number) => number> = {
  uniform: (uniform) => 1 + uniform * 10_000,
  exponential: (uniform) => -Math.log(1 - uniform) * 800,
  'heavy tail': (uniform) => 20 / (1 - uniform) ** 1.5,
  'two peaks': (uniform) => (uniform < 0.5 ? 100 + uniform : 60_000 + uniform),
  'mostly nothing': (uniform) => (uniform < 0.6 ? 0 : uniform / 1_000),
};

test('percentiles of merged histograms are within 1 % of exact for groups of every size, however they are written', async () => {
  const sizes = [1, 2, 3, 5, 10, 30, 100, 1_000, 20_000, 100_000];
  const random = createRandom(11);
  let worst = 0;
  for (const [name, make] of Object.entries(DISTRIBUTIONS)) {
    for (const size of sizes) {
      const values = Array.from({ length: size }, () => make(random.next()));
      await settling.writer.command('CREATE OR REPLACE TABLE plumbline.samples (x Float64) ENGINE = Memory');
      await settling.writer.insertRows(
        'samples',
        values.map((x) => ({ x })),
      );
      // As calls that are not settled come; in seven cells, as rollups hold a group; and in coarse cells of those.
      const loose = `SELECT ${entriesOf('x')} AS h, cityHash64(x) % 7 AS cell FROM plumbline.samples GROUP BY cell`;
      const cells = compacted(loose, ['h']);
      const coarse = compacted(
        `SELECT groupArrayArray(h) AS h, cell > 4 AS kind FROM (${cells}) GROUP BY kind`,
        ['h'],
      );
      const answers = LEVELS.map((level) => quantileOfHistogram(level, 'entries', 'sums')).join(', ');
      const ask = async (source: string) => {
        const sql = `SELECT [${answers}] AS answer, ${bucketCounts('entries')}.2 AS counts, length(entries) AS number
FROM (SELECT *, ${sumsOf('entries')} AS sums FROM (SELECT arraySort(groupArrayArray(h)) AS entries FROM (${source})))`;
        const { rows } = await settling.reader.query<{ answer: number[]; counts: number[]; number: number }>(
          sql,
        );
        return rows[0]!;
      };
      const [one, two, three] = [await ask(loose), await ask(cells), await ask(coarse)];
      assert.deepEqual([two.answer, two.counts], [one.answer, one.counts], `${name}, ${size}`);
      assert.deepEqual([three.answer, three.counts], [one.answer, one.counts], `${name}, ${size}`);
      assert.equal(Number(one.number), size);
      // An entry more for a count that one cannot hold.
      assert.ok(
        Number(two.number) <= 7 * one.counts.length + size / 32_768,
        `${name}: ${two.number} entries`,
      );
      for (const [index, level] of LEVELS.entries()) {
        const exact = percentile(values, level)!;
        const got = two.answer[index]!;
        const error = exact === 0 ? Math.abs(got) : Math.abs(got - exact) / exact;
        worst = Math.max(worst, error);
        assert.ok(
          error <= SKETCH_ERROR,
          `${name}, ${size} values, p${level * 100}: ${got}, exactly ${exact}`,
        );
      }
    }
  }
  assert.ok(worst > 0);
});
