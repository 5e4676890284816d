/**
 * The bundled price table: @pydantic/genai-prices, asked once for each (provider, model, day). The library takes
 * over ten microseconds a call; its rates with our arithmetic take a fraction of one, and a test holds both equal.
 */
import { calcPrice, type ModelPrice, type PriceCalculation, type TieredPrices } from '@pydantic/genai-prices';
import type { Rate, Rates } from './rates.ts';

/** Our provider names as the table's ids. */
const TABLE_IDS = new Map([
  ['gcp.gemini', 'google'],
  ['gcp.vertex_ai', 'google'],
  ['gcp.gen_ai', 'google'],
  ['aws.bedrock', 'aws'],
  ['azure.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['x_ai', 'x-ai'],
  ['mistral_ai', 'mistral'],
]);

export const BUNDLED_PRICES_VERSION = 'genai-prices-0.1.8';

export interface ModelPrices {
  rates: Rates;
  context_window: number | null;
  /** Which table, and the day from which these rates hold if the table says. */
  version: string;
}

function rateOf(price: number | TieredPrices | undefined): Rate | undefined {
  if (price === undefined) return undefined;
  return typeof price === 'number' ? { base: price, tiers: [] } : { base: price.base, tiers: price.tiers };
}

const FREE: Rate = { base: 0, tiers: [] };

function ratesOf(price: ModelPrice): Rates | null {
  const input = rateOf(price.input_mtok);
  // A price by request, image or second alone cannot be worked out from tokens.
  if (input === undefined) return null;
  return {
    input,
    output: rateOf(price.output_mtok) ?? FREE,
    cache_read: rateOf(price.cache_read_mtok),
    cache_write: rateOf(price.cache_write_mtok),
  };
}

function startDate({ model, model_price }: PriceCalculation): string {
  if (!Array.isArray(model.prices)) return '';
  const constraint = model.prices.find(({ prices }) => prices === model_price)?.constraint;
  return constraint?.type === 'start_date' ? `:${constraint.start_date}` : '';
}

/**
 * A named provider that the table lacks stays unpriced: a model of the same name elsewhere has another price (or
 * none, on one's own machine). Only where no provider is known does the model's name decide.
 */
function look(provider: string, model: string, timestamp: Date): ModelPrices | null {
  const options =
    provider === '' ? { timestamp } : { timestamp, providerId: TABLE_IDS.get(provider) ?? provider };
  let found: PriceCalculation | null = null;
  try {
    found = calcPrice({ input_tokens: 1 }, model, options);
  } catch {
    // The library throws where a price does not cover the usage: such a price is not one by tokens.
    return null;
  }
  const rates = found && ratesOf(found.model_price);
  if (!found || !rates) return null;
  return {
    rates,
    context_window: found.model.context_window ?? null,
    version: `${BUNDLED_PRICES_VERSION}${startDate(found)}`,
  };
}

const CACHE_MAX = 10_000;
const HALF_HOUR_MS = 1_800_000;

/**
 * Looks a model up as of a time. Prices change by day, and for some models by time of day: cached by the half hour.
 * Maps in maps, since joining the names to one key would cost more than the look-up.
 */
export function createBundledPrices(): (
  provider: string,
  model: string,
  at_ms: number,
) => ModelPrices | null {
  const slots = new Map<number, Map<string, Map<string, ModelPrices | null>>>();
  let cached = 0;
  return (provider, model, at_ms) => {
    const slot = Math.floor(at_ms / HALF_HOUR_MS);
    const known = slots.get(slot)?.get(provider)?.get(model);
    if (known !== undefined) return known;
    if (cached >= CACHE_MAX) {
      slots.clear();
      cached = 0;
    }
    const providers = slots.get(slot) ?? new Map<string, Map<string, ModelPrices | null>>();
    const models = providers.get(provider) ?? new Map<string, ModelPrices | null>();
    const prices = look(provider, model, new Date(slot * HALF_HOUR_MS));
    slots.set(slot, providers.set(provider, models.set(model, prices)));
    cached++;
    return prices;
  };
}
