/** The cost of a call: the operator's prices first, then the bundled table, then the emitter's own figure, else unpriced. */
import type { CallRow } from '../../schemas/record/calls.ts';
import type { ModelPrices } from './bundled-prices.ts';
import type { OverridePrices } from './override-prices.ts';
import { costOf, type PricedTokens } from './rates.ts';

export type PriceFields = Pick<
  CallRow,
  'cost_usd' | 'cost_input_usd' | 'cost_output_usd' | 'cost_status' | 'price_version' | 'context_window'
>;

export interface PriceQuestion extends PricedTokens {
  project: string;
  provider: string;
  model: string;
  started_ms: number;
  token_basis: CallRow['token_basis'];
  cost_reported_usd: number | null;
}

export type Pricer = (question: PriceQuestion) => PriceFields;

/** More than a Decimal(18, 12) holds; no call costs a million dollars. */
const COST_MAX_USD = 999_999;

export function createPricer(sources: {
  override?: OverridePrices | undefined;
  bundled: (provider: string, model: string, at_ms: number) => ModelPrices | null;
}): Pricer {
  return (question) => {
    const { project, provider, model, started_ms, cost_reported_usd } = question;
    const overriding = sources.override?.({ project, provider, model, at_ms: started_ms }) ?? null;
    const prices = overriding ?? (model === '' ? null : sources.bundled(provider, model, started_ms));
    const context_window = prices?.context_window ?? null;
    // An emitter's estimate is not what the provider bills.
    const cost = prices && question.token_basis !== 'estimated' ? costOf(prices.rates, question) : null;
    if (cost && cost.cost_usd <= COST_MAX_USD) {
      return {
        ...cost,
        cost_status: overriding ? 'override' : 'priced',
        price_version: prices!.version,
        context_window,
      };
    }
    return {
      cost_usd: cost_reported_usd,
      cost_input_usd: null,
      cost_output_usd: null,
      cost_status: cost_reported_usd === null ? 'unpriced' : 'reported',
      price_version: '',
      context_window,
    };
  };
}
