import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the texts, those that the bytes hold. */
export function found(bytes: Buffer, texts: readonly string[]): string[] {
  return texts.filter((text) => bytes.includes(text));
}

/** Every file below the folder that holds one of the texts, as `path: text`. */
export function foundInFiles(folder: string, texts: readonly string[]): string[] {
  const hits: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    try {
      hits.push(...found(readFileSync(path), texts).map((text) => `${path}: ${text}`));
    } catch (error) {
      // A running database removes files while one looks.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return hits;
}
