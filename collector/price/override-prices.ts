/** The operator's own prices (PLUMBLINE_PRICES): a JSON file, checked when it is read. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ModelPrices } from './bundled-prices.ts';
import type { Rate } from './rates.ts';

const rate = z.number().min(0).max(1_000_000);
const entry = z.strictObject({
  /** The one project that pays so; every one if absent. */
  project: z.string().min(1).optional(),
  provider: z.string().optional(),
  model: z.string().min(1),
  /** The day (UTC) from which the prices hold; without one they always do. */
  from: z.iso.date().optional(),
  input_per_mtok_usd: rate,
  output_per_mtok_usd: rate,
  cache_read_per_mtok_usd: rate.optional(),
  cache_write_per_mtok_usd: rate.optional(),
  context_window: z.number().int().min(1).max(0xffff_ffff).optional(),
});
const file = z.strictObject({ prices: z.array(entry) });

export interface OverrideQuestion {
  project: string;
  provider: string;
  model: string;
  at_ms: number;
}

export type OverridePrices = (question: OverrideQuestion) => ModelPrices | null;

/** Throws an Error that names the fault and its place in the file. */
export function parseOverridePrices(text: string): OverridePrices {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`The file of PLUMBLINE_PRICES is not JSON: ${(error as Error).message}`);
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
    );
    throw new Error(`The file of PLUMBLINE_PRICES is not acceptable: ${faults.join('; ')}`);
  }
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const flat = (base: number): Rate => ({ base, tiers: [] });
  const optional = (base: number | undefined): Rate | undefined =>
    base === undefined ? undefined : flat(base);

  const entries = parsed.data.prices.map((price) => ({
    project: price.project,
    provider: price.provider,
    model: price.model,
    from_ms: price.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(price.from),
    prices: {
      rates: {
        input: flat(price.input_per_mtok_usd),
        output: flat(price.output_per_mtok_usd),
        cache_read: optional(price.cache_read_per_mtok_usd),
        cache_write: optional(price.cache_write_per_mtok_usd),
      },
      context_window: price.context_window ?? null,
      version: `override-${digest}${price.from ? `:${price.from}` : ''}`,
    } satisfies ModelPrices,
  }));
  const byModel = Map.groupBy(entries, ({ model }) => model);

  return ({ project, provider, model, at_ms }) => {
    const inForce = (byModel.get(model) ?? []).filter(
      (price) =>
        price.from_ms <= at_ms &&
        (price.provider === undefined || price.provider === provider) &&
        (price.project === undefined || price.project === project),
    );
    // The one for this project beats one for all, then the one for this provider one for any; then the newest.
    inForce.sort((a, b) => specificity(b) - specificity(a) || b.from_ms - a.from_ms);
    return inForce[0]?.prices ?? null;
  };
}

function specificity(price: { project: string | undefined; provider: string | undefined }): number {
  return 2 * Number(price.project !== undefined) + Number(price.provider !== undefined);
}
