import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decoded,
  INTERNED_MAX_BYTES,
  InternTable,
  NOT_KEPT,
  wordsOf,
} from '../../../collector/otlp/intern-table.ts';

function textOf(table: InternTable, text: string): string {
  const bytes = Buffer.from(`<${text}>`);
  const guess = Math.floor(Math.random() * table.slots);
  return read(table, bytes, 1, bytes.length - 1, guess);
}

function read(table: InternTable, bytes: Uint8Array, start: number, end: number, guess: number): string {
  const slot = table.slotOf(wordsOf(bytes), start, end, guess);
  return slot === NOT_KEPT ? decoded(wordsOf(bytes), start, end) : table.at(slot);
}

test('a table of one set stays right however many strings fight over it', () => {
  const table = new InternTable(1);
  for (let i = 0; i < 2_000; i++) {
    const text = `key-${i % 7}-${'é'.repeat(i % 28)}`;
    assert.equal(textOf(table, text), text);
  }
});

test('strings of every length up to the limit come back whole', () => {
  const table = new InternTable(64);
  for (let length = 0; length <= INTERNED_MAX_BYTES; length++) {
    const text = 'abcdefghij'.repeat(7).slice(0, length);
    assert.equal(textOf(table, text), text);
    assert.equal(textOf(table, text), text);
  }
});

test('prefixes, NUL bytes and neighbours of a string are not taken for it', () => {
  const table = new InternTable(1);
  for (const text of ['a', 'a\0', 'a\0\0', '\0', '\0\0', 'b', 'ab', 'ba', 'abc', 'a', 'a\0']) {
    assert.equal(textOf(table, text), text);
  }
});

test('bytes that are not UTF-8 become U+FFFD, the first time and from the table', () => {
  const table = new InternTable(4);
  const bytes = Uint8Array.of(0x61, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80);
  const expected = new TextDecoder().decode(bytes);
  for (let i = 0; i < 3; i++) assert.equal(read(table, bytes, 0, bytes.length, 0), expected);
  assert.match(expected, /^a\ufffd/);
});

test('two strings of equal length and equal hash are told apart', () => {
  const table = new InternTable(4);
  for (const text of Array(4).fill(['ufkqdzcu', 'khyqxrbr', 'ufkqdzcu']).flat())
    assert.equal(textOf(table, text), text);
});
