import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor } from '../../redaction/index.ts';
import { HOSTILE, SEARCHED, TYPICAL } from './load.ts';

const redactor = createRedactor();
const SMALL_CHARS = 25_000;
const FACTOR = 8;
const ROUNDS = 5;
/** Far above what is measured, so that a busy machine passes; a quadratic detector takes seconds. */
const MAX_MS = 100;

function text(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

function time(input: string): number {
  const start = performance.now();
  redactor.redact(input);
  return performance.now() - start;
}

for (const [name, piece] of Object.entries({ ...TYPICAL, ...HOSTILE, ...SEARCHED })) {
  test(`eight times as much of "${name}" takes about eight times as long`, () => {
    const [short, long] = [text(piece, SMALL_CHARS), text(piece, SMALL_CHARS * FACTOR)];
    let small = Number.POSITIVE_INFINITY;
    let large = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ROUNDS; i++) {
      small = Math.min(small, time(short));
      large = Math.min(large, time(long));
    }
    // Quadratic would be 64 times; below a millisecond the clock and the compiler decide.
    assert.ok(large < Math.max(small, 1) * FACTOR * 4, `${small} ms, then ${large} ms`);
  });
}

test('one hostile piece after another, in pairs, takes no longer than the pieces alone', () => {
  const pieces = Object.values(HOSTILE);
  for (let i = 0; i < pieces.length; i++) {
    const pair = pieces[i]! + pieces[(i * 7 + 3) % pieces.length]!;
    // Thrice at most, since others may have the machine for a while.
    const input = text(pair, SMALL_CHARS);
    assert.ok(
      [1, 2, 3].some(() => time(input) < MAX_MS),
      pair,
    );
  }
});

test('a hostile run that ends in the one character it was waiting for takes no longer', () => {
  for (const piece of Object.values(HOSTILE)) {
    for (const end of ['@b.co', '"', ' ', '-----END PRIVATE KEY-----', '1', '/']) {
      assert.ok(time(text(piece, SMALL_CHARS) + end) < MAX_MS, piece + end);
    }
  }
});

test('a run of groups is not read again behind each long piece in it', () => {
  const [groups, pieces] = [
    text('4111 41111111111 ', SMALL_CHARS),
    text('4111 411111111111111111 ', SMALL_CHARS),
  ];
  const least = (input: string): number => Math.min(...Array.from({ length: 20 }, () => time(input)));
  assert.ok(least(pieces) < 8 * least(groups));
});
