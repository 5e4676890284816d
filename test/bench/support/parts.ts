/** Parts of tables, counted on the disk: the embedded engine's passwords are its own. */
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A part's folder: partition, first and last block, level. Merged ones stay for minutes beside what they became. */
const PART = /^(.+)_(\d+)_(\d+)_(\d+)$/;

function folders(path: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    // Gone between two looks.
    return [];
  }
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function activeOf(names: readonly string[]): number {
  const parts = names
    .map((name) => PART.exec(name))
    .filter((match) => match !== null && !match[1]!.startsWith('tmp'))
    .map((match) => ({
      partition: match![1]!,
      first: Number(match![2]),
      last: Number(match![3]),
      level: Number(match![4]),
    }));
  return parts.filter(
    (part) =>
      !parts.some(
        (other) =>
          other !== part &&
          other.partition === part.partition &&
          other.first <= part.first &&
          other.last >= part.last &&
          other.level > part.level,
      ),
  ).length;
}

/** Of the table that has the most. */
export function activeParts(data_dir: string): number {
  const store = folders(data_dir)
    .map((name) => join(data_dir, name, 'data', 'store'))
    .find((path) => folders(path).length > 0);
  if (!store) throw new Error(`no tables under ${data_dir}`);
  const tables = folders(store).flatMap((prefix) =>
    folders(join(store, prefix)).map((table) => join(store, prefix, table)),
  );
  return Math.max(...tables.map((table) => activeOf(folders(table))));
}
