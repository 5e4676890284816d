/** A collector for tests: the real one, with a clock, a sink and settings of the test's choice. */
import { Registry } from 'prom-client';
import type { GroupingOptions } from '../../collector/block-writer.ts';
import { EMBEDDED_GROUPING } from '../../collector/block-writer.ts';
import { createBundledPrices } from '../../collector/price/bundled-prices.ts';
import { createPricer } from '../../collector/price/pricer.ts';
import { type Collector, type CollectorOptions, createCollector } from '../../collector/server.ts';
import { DEFAULT_SLICES } from '../../collector/slices/slices.ts';
import { createRedactor } from '../../redaction/index.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { createKeyedHash } from '../../schemas/identity/keyed-hash.ts';
import type { Sink } from '../../schemas/seams.ts';

export const TEST_HASH_KEY = 'a test key of more than thirty-two characters';

/** Groups close at once, so that a test waits for nothing. */
export const QUICK: GroupingOptions = { ...EMBEDDED_GROUPING, min_interval_ms: 0 };

export function startTestCollector(sink: Sink, options: Partial<CollectorOptions> = {}): Collector {
  const redactor = createRedactor();
  return createCollector({
    sink,
    grouping: QUICK,
    keyRing: createKeyRing({ ingest: [], read: [] }),
    keyedHash: createKeyedHash(TEST_HASH_KEY),
    redact: (text) => redactor.redact(text),
    price: createPricer({ bundled: createBundledPrices() }),
    user_ids: 'pseudonym',
    slices: DEFAULT_SLICES,
    otlp_max_bytes: 20 * 1024 * 1024,
    retention_calls_days: 90,
    registry: new Registry(),
    log: () => {},
    ...options,
  });
}
