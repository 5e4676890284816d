/** Ids in OTLP/JSON are hex, in either case, where every other byte field is base64. */
import { NO_ID } from './ids.ts';
import { type JsonCursor, plainBytes } from './json-cursor.ts';

const HEX = /^(?:[0-9a-f]{2})*$/i;

/** The bytes of an id of any length; `undefined` for text that is not hex. */
export function readId(cursor: JsonCursor, field: unknown, name: string): Uint8Array | undefined {
  const text = cursor.text(field, name);
  if (text === '') return NO_ID;
  return HEX.test(text) ? plainBytes(Buffer.from(text, 'hex')) : undefined;
}

/** The fault of a record whose id is not hex. */
export function notHex(field: string): string {
  return `${field} is not hex digits, two a byte`;
}
