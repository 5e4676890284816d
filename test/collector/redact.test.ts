import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { createRedact } from '../../collector/redact.ts';
import { SEARCHED } from '../redaction/load.ts';

async function counts(registry: Registry): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric('plumbline_redactions_total')!.get();
  return Object.fromEntries(metric.values.map(({ labels, value }) => [String(labels.kind), value]));
}

test('a text that redaction gives up is counted, and so is what it finds, however often it is asked', async () => {
  const registry = new Registry();
  const redact = createRedact(registry);
  assert.deepEqual(await counts(registry), { error: 0 });
  redact('ann@example.com and bob@example.com');
  assert.deepEqual(await counts(registry), { error: 0, email: 2 });
  assert.equal(redact(SEARCHED['six passes']!.repeat(5)), '[REDACTED:error]');
  redact('carol@example.com');
  redact('nothing');
  const { error, email } = await counts(registry);
  assert.deepEqual({ error, email }, { error: 1, email: 3 });
  assert.deepEqual((await counts(registry)).error, 1);
});
