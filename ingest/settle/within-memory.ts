/** What the database cannot do at once for want of memory it does in more shares. */
import { WarehouseError } from '../../schemas/seams.ts';

const MEMORY_LIMIT_EXCEEDED = 241;
/** If so small a share does not fit, something else takes the memory. */
const SHARES_MOST = 256;

/**
 * Does the work in `shares` shares, and all of it again in twice as many as long as the database's memory does not
 * suffice. Rejects as the work does, with that error too once shares would be too small to be the reason.
 */
export async function withinMemory<T>(shares: number, work: (shares: number) => Promise<T>): Promise<T> {
  for (let of = shares; ; of *= 2) {
    try {
      return await work(of);
    } catch (error) {
      const tooLarge = error instanceof WarehouseError && error.code === MEMORY_LIMIT_EXCEEDED;
      if (!tooLarge || of * 2 > Math.max(SHARES_MOST, shares * 2)) throw error;
    }
  }
}
