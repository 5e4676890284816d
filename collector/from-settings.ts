/** The parts of a collector that the settings decide, the same in both sizes. */
import { readFile } from 'node:fs/promises';
import { createRedactor } from '../redaction/index.ts';
import type { Settings } from '../schemas/settings/definitions.ts';
import type { Redact } from './normalise/content.ts';
import { createBundledPrices } from './price/bundled-prices.ts';
import { parseOverridePrices } from './price/override-prices.ts';
import { createPricer, type Pricer } from './price/pricer.ts';

export function redactOf(settings: Settings): Redact {
  if (!settings.redact) return (text) => text;
  const redactor = createRedactor();
  return (text) => redactor.redact(text);
}

/** Throws an Error that names the fault when the file of prices cannot be read or is not acceptable. */
export async function pricerOf(settings: Settings): Promise<Pricer> {
  const bundled = createBundledPrices();
  if (settings.prices === undefined) return createPricer({ bundled });
  let text: string;
  try {
    text = await readFile(settings.prices, 'utf8');
  } catch (error) {
    throw new Error(`PLUMBLINE_PRICES: cannot read '${settings.prices}': ${(error as Error).message}`);
  }
  return createPricer({ bundled, override: parseOverridePrices(text) });
}
