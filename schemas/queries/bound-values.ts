/** Values of a query, bound by the server: nothing that a user wrote becomes part of a statement's text. */
import type { QueryParams } from '../seams.ts';

export type BoundType =
  | 'String'
  | 'Array(String)'
  | 'Int32'
  | 'Int64'
  | 'UInt32'
  | 'UInt64'
  | 'Float64'
  | 'Identifier';

export class BoundValues {
  readonly params: QueryParams = {};
  #count = 0;

  /** Keeps the value and gives the placeholder that stands for it in the text. */
  bind(type: BoundType, value: string | number | readonly string[]): string {
    const name = `p${++this.#count}`;
    this.params[name] = value;
    return `{${name}:${type}}`;
  }
}
