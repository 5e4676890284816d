/** What benches share: options of the command line, the machine's line, tables, and a JSON file of each run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Where results are kept, out of the repository. */
export const RESULTS = fileURLToPath(new URL('../../../.cache/bench/', import.meta.url));

export interface BenchDescription<Option extends string> {
  name: string;
  /** What is measured, against what, and how long it takes by default. */
  about: string;
  /** Whole numbers that the command line may change. */
  options: Record<Option, { default: number; meaning: string }>;
}

/** The values of the options. With --help, or an option that is not known, prints what there is and ends the process. */
export function optionsOf<Option extends string>(
  description: BenchDescription<Option>,
): Record<Option, number> {
  const known = Object.entries(description.options) as [Option, { default: number; meaning: string }][];
  const help = [
    `${description.name}: ${description.about}`,
    ...known.map(([name, option]) => `  --${name} N  ${option.meaning} (${option.default})`),
  ].join('\n');
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean' as const, short: 'h' },
        ...Object.fromEntries(known.map(([name]) => [name, { type: 'string' as const }])),
      },
    });
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    const given = values as Record<string, unknown>;
    return Object.fromEntries(
      known.map(([name, option]) => {
        const value = given[name] === undefined ? option.default : Number(given[name]);
        if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number`);
        return [name, value];
      }),
    ) as Record<Option, number>;
  } catch (error) {
    console.error(`${(error as Error).message}\n${help}`);
    process.exit(2);
  }
}

/** Processor, cores, versions and how busy the machine was: without it no figure means anything. */
export function machineLine(engine_version?: string): string {
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
    `Node ${process.version}`,
    ...(engine_version ? [`ClickHouse ${engine_version}`] : []),
    `load average ${load.join(' ')}`,
  ].join(', ');
}

export function printTable(rows: readonly Record<string, string | number>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const width = (name: string): number =>
    Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length));
  const line = (cells: (string | number)[]): string =>
    cells
      .map((cell, i) =>
        i === 0 ? String(cell).padEnd(width(columns[i]!)) : String(cell).padStart(width(columns[i]!)),
      )
      .join('  ');
  console.log(line(columns));
  for (const row of rows) console.log(line(columns.map((name) => row[name] ?? '')));
}

/** Prints a bar of the project and whether this run met it. */
export function printBar(bar: string, isMet: boolean): void {
  console.log(`${isMet ? 'met' : 'NOT met'}: ${bar}`);
}

/** Writes `.cache/bench/<name>.json`. */
export function save(name: string, machine: string, figures: unknown): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}${name}.json`, `${JSON.stringify({ name, machine, figures }, null, 2)}\n`);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that this share of the others does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
