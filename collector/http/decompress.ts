/** Bodies as they were before compression, bounded in size and in how many are opened at once. */
import { promisify } from 'node:util';
import { gunzip, inflate, zstdDecompress } from 'node:zlib';
import { BodyTooLargeError, UnsupportedEncodingError } from './errors.ts';

type Decompress = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decompressors = new Map<string, Decompress>([
  ['gzip', promisify(gunzip) as Decompress],
  ['x-gzip', promisify(gunzip) as Decompress],
  ['deflate', promisify(inflate) as Decompress],
  ['zstd', promisify(zstdDecompress) as Decompress],
]);

/** Opening many bombs at once would hold the limit as often as there are requests. */
const OPEN_AT_ONCE_MAX = 4;
let open = 0;
const waiting: (() => void)[] = [];

async function turn<T>(work: () => Promise<T>): Promise<T> {
  if (open >= OPEN_AT_ONCE_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
  open++;
  try {
    return await work();
  } finally {
    open--;
    waiting.shift()?.();
  }
}

/** Throws UnsupportedEncodingError, BodyTooLargeError, or zlib's own error for a damaged body. */
export async function decompress(
  body: Buffer,
  encoding: string | undefined,
  max_bytes: number,
): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return body;
  const run = decompressors.get(name);
  if (run === undefined) throw new UnsupportedEncodingError(name);
  return turn(async () => {
    try {
      return await run(body, { maxOutputLength: max_bytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        throw new BodyTooLargeError(max_bytes);
      throw error;
    }
  });
}
