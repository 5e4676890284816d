import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { histogramOf, quantileOfHistogram, SKETCH_ERROR } from '../../../schemas/queries/histogram.ts';
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

test('percentiles of merged histograms are within 1 % of exact for groups of every size', async () => {
  const sizes = [1, 2, 3, 5, 10, 30, 100, 1_000, 20_000];
  const random = createRandom(11);
  let worst = 0;
  for (const [name, make] of Object.entries(DISTRIBUTIONS)) {
    for (const size of sizes) {
      const values = Array.from({ length: size }, () => make(random.next()));
      await settling.writer.command('CREATE OR REPLACE TABLE plumbline.samples (x Float64) ENGINE = Memory');
      await settling.writer.command(`INSERT INTO plumbline.samples SELECT arrayJoin([${values.join(',')}])`, {
        settings: { max_query_size: 10_000_000, max_ast_elements: 1_000_000 },
      });
      // In seven cells, as rollups hold a group.
      const answers = LEVELS.map((level) => quantileOfHistogram(level, 'sumMap(h)')).join(', ');
      const { rows } = await settling.reader.query<{ answer: number[] }>(
        `SELECT [${answers}] AS answer FROM (SELECT ${histogramOf('x')} AS h FROM plumbline.samples GROUP BY cityHash64(x) % 7)`,
      );
      for (const [index, level] of LEVELS.entries()) {
        const exact = percentile(values, level)!;
        const got = rows[0]!.answer[index]!;
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
