/** Prices of one model as rates, and the cost of a call by them: pure. */

/** US dollars per million tokens; tiers replace the base once a request's input exceeds their start. */
export interface Rate {
  base: number;
  tiers: readonly { start: number; price: number }[];
}

export interface Rates {
  input: Rate;
  output: Rate;
  /** Absent: cached tokens cost what input costs. */
  cache_read: Rate | undefined;
  cache_write: Rate | undefined;
}

export interface PricedTokens {
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
}

export interface Cost {
  cost_usd: number;
  cost_input_usd: number;
  cost_output_usd: number;
}

const PER_TOKENS = 1_000_000;

function priceAt(rate: Rate, input_tokens: number): number {
  let price = rate.base;
  for (const tier of rate.tiers) if (input_tokens > tier.start) price = tier.price;
  return price;
}

/** Null when a count that the cost needs is missing or impossible: an unknown cost is never a part of it. */
export function costOf(rates: Rates, tokens: PricedTokens): Cost | null {
  const { input_tokens: input, output_tokens: output } = tokens;
  if (input === null) return null;
  // Embeddings have no output; a model that charges for output needs to know how much there was.
  if (output === null && rates.output.base > 0) return null;
  const read = tokens.cache_read_tokens ?? 0;
  const write = tokens.cache_write_tokens ?? 0;
  const plain = input - read - write;
  if (plain < 0) return null;
  const cost_input_usd =
    (plain * priceAt(rates.input, input) +
      read * priceAt(rates.cache_read ?? rates.input, input) +
      write * priceAt(rates.cache_write ?? rates.input, input)) /
    PER_TOKENS;
  const cost_output_usd = ((output ?? 0) * priceAt(rates.output, input)) / PER_TOKENS;
  return { cost_usd: cost_input_usd + cost_output_usd, cost_input_usd, cost_output_usd };
}
