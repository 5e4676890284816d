/** The parts of a collector that the settings decide, the same in both sizes. */
import type { Registry } from 'prom-client';
import type { Log } from '../schemas/log.ts';
import type { Settings } from '../schemas/settings/definitions.ts';
import { createBundledPrices } from './price/bundled-prices.ts';
import { followPriceFile } from './price/price-file.ts';
import { createPricer, type Pricer } from './price/pricer.ts';
import { createRedact } from './redact.ts';
import type { CollectorOptions } from './server.ts';
import type { SliceThresholds } from './slices/slices.ts';

/** Rejects with an Error that names the fault when the file of prices cannot be read or is not acceptable. */
export async function pricerOf(settings: Settings, log: Log): Promise<Pricer> {
  const bundled = createBundledPrices();
  if (settings.prices === undefined) return createPricer({ bundled });
  const { override } = await followPriceFile(settings.prices, log);
  return createPricer({ bundled, override });
}

function slicesOf(settings: Settings): SliceThresholds {
  return {
    short_max_tokens: settings.slice_short_max_tokens,
    long_thread_min_messages: settings.slice_long_thread_min_messages,
    long_context_min_share: settings.slice_long_context_min_share,
    long_context_min_tokens: settings.slice_long_context_min_tokens,
    noisy_min_share: settings.slice_noisy_min_share,
  };
}

/** Everything that the settings decide, and the registry that it is counted in. Rejects like `pricerOf`. */
export async function collectorOptionsOf(settings: Settings, log: Log, registry: Registry) {
  return {
    redact: settings.redact ? createRedact(registry) : (text: string) => text,
    price: await pricerOf(settings, log),
    user_ids: settings.user_ids,
    slices: slicesOf(settings),
    otlp_max_bytes: settings.otlp_max_bytes,
    retention_calls_days: settings.retention_calls_days,
    log,
    registry,
  } satisfies Partial<CollectorOptions>;
}
