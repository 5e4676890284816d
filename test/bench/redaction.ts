/**
 * Speed of redaction: `node test/bench/redaction.ts`. Megabytes are those of UTF-8; times are the best of
 * several rounds, since the machine may be shared.
 */
import { pathToFileURL } from 'node:url';
import { createRedactor } from '../../redaction/index.ts';
import { HOSTILE, SEARCHED, TYPICAL } from '../redaction/load.ts';
import { machineLine, save } from './support/bench.ts';

const SIZE_CHARS = 262_144;
const ROUNDS = 25;
const SHORT = [
  'gpt-4o',
  'stop',
  'chat',
  'openai',
  'msg_01XFDUDYJgAACzvnptvVoYEL',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
];

/** Nanoseconds of the fastest of several runs. */
function best(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.hrtime.bigint();
    run();
    least = Math.min(least, Number(process.hrtime.bigint() - start));
  }
  return least;
}

function fill(piece: string): string {
  return piece.repeat(Math.ceil(SIZE_CHARS / piece.length)).slice(0, SIZE_CHARS);
}

/** Measures and prints; returns the figures. */
export function run(): { typical: number; worst: number } {
  const redactor = createRedactor();
  const machine = machineLine();
  console.log(machine);

  const measure = (name: string, text: string): number => {
    const bytes = new TextEncoder().encode(text).length;
    const speed = (bytes / best(() => redactor.redact(text))) * 1000;
    console.log(`${name.padEnd(34)} ${speed.toFixed(0).padStart(6)} MB/s`);
    return speed;
  };
  for (const text of Object.values(TYPICAL)) redactor.redact(fill(text));
  const typical = Math.min(...Object.entries(TYPICAL).map(([name, text]) => measure(name, fill(text))));
  const hostile = Object.entries(HOSTILE).map(([name, piece]) => measure(`hostile: ${name}`, fill(piece)));
  const worst = Math.min(...hostile);
  console.log(`slowest typical ${typical.toFixed(0)} MB/s, worst hostile ${worst.toFixed(0)} MB/s`);
  console.log(`ratio ${(typical / worst).toFixed(1)}`);

  for (const [name, piece] of Object.entries(SEARCHED)) measure(`found by search: ${name}`, fill(piece));

  const times = 200_000;
  for (const value of SHORT) {
    const ns = best(() => {
      for (let i = 0; i < times; i++) redactor.redact(value);
    });
    console.log(`${value.padEnd(38)} ${(ns / times).toFixed(0).padStart(4)} ns`);
  }
  save('redaction', machine, { typical_mb_per_s: typical, worst_mb_per_s: worst });
  return { typical, worst };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) run();
