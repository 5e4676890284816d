import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { followPriceFile } from '../../../collector/price/price-file.ts';

const prices = (input: number): string =>
  JSON.stringify({ prices: [{ model: 'own', input_per_mtok_usd: input, output_per_mtok_usd: 0 }] });

/** Waits until `holds`, at most five seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end; ) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('it did not come to hold');
}

test('a changed file is in force soon; a bad change is told and leaves the last good prices', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-prices-'));
  const path = join(directory, 'prices.json');
  await writeFile(path, prices(1));
  const lines: string[] = [];
  const file = await followPriceFile(path, (level, message) => lines.push(`${level} ${message}`), 50);
  const input = () =>
    file.override({ project: 'shop', provider: '', model: 'own', at_ms: Date.now() })?.rates.input.base;
  assert.equal(input(), 1);
  await writeFile(path, prices(22));
  await until(() => input() === 22);
  await writeFile(path, '{"prices":[{"model":"own"}]}');
  await until(() => lines.some((line) => line.startsWith('error')));
  assert.equal(input(), 22);
  file.stop();
  await rm(directory, { recursive: true });
});

test('a file that is missing at start is refused by name', async () => {
  await assert.rejects(
    followPriceFile('/nowhere/prices.json', () => {}),
    /PLUMBLINE_PRICES: cannot read '\/nowhere\/prices\.json'/,
  );
});
