/** Trace and span ids: what is wrong with one, in a sentence. */

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

export const NO_ID: Uint8Array = new Uint8Array(0);
/** Parent of a root span. Shared: never written to. */
export const NO_PARENT: Uint8Array = new Uint8Array(SPAN_ID_BYTES);

/** Undefined when `id` has `expected` bytes and is not all zeros. */
export function idFault(field: string, id: Uint8Array, expected: number): string | undefined {
  if (id.length === 0) return `${field} is missing`;
  if (id.length !== expected) return `${field} has ${id.length} bytes, expected ${expected}`;
  for (let i = 0; i < expected; i++) {
    if (id[i] !== 0) return undefined;
  }
  return `${field} is all zeros`;
}

/** The parent's id, or none when what came cannot be one: a span is worth more than its place in the tree. */
export function parentId(id: Uint8Array): Uint8Array {
  return id.length === SPAN_ID_BYTES ? id : NO_PARENT;
}
