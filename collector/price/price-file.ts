/** The file of PLUMBLINE_PRICES: read at start, read again when it changes; a bad change leaves the last good prices in force. */

import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Log } from '../../schemas/log.ts';
import { type OverridePrices, parseOverridePrices } from './override-prices.ts';

export interface PriceFile {
  override: OverridePrices;
  stop(): void;
}

/** Asked by time stamp: a file that an editor or a config map swaps is another one, which events miss. */
const LOOK_EVERY_MS = 2_000;

async function load(path: string): Promise<OverridePrices> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`PLUMBLINE_PRICES: cannot read '${path}': ${(error as Error).message}`);
  }
  return parseOverridePrices(text);
}

/** Rejects with an Error that names the fault when the first reading fails; later ones are logged. */
export async function followPriceFile(path: string, log: Log, every_ms = LOOK_EVERY_MS): Promise<PriceFile> {
  let current = await load(path);
  const changed = async (): Promise<void> => {
    try {
      current = await load(path);
      log('info', 'prices were read again', { path });
    } catch (error) {
      log('error', 'the changed prices are not in force; the last good ones stay', {
        error: (error as Error).message,
      });
    }
  };
  watchFile(path, { interval: every_ms, persistent: false }, changed);
  return {
    override: (question) => current(question),
    stop: () => unwatchFile(path, changed),
  };
}
