/** Messages that emitters spread over indexed attributes, put together again. */
import type { Attributes, AttributeValue } from '../otlp/span.ts';
import { toJson } from './values.ts';

interface Node {
  [name: string]: unknown;
}

/** OpenInference wraps each item in its type's name and says `contents` for a list of parts. */
const WRAPPERS = new Set(['message', 'message_content', 'tool_call', 'tool', 'prompt']);
const RENAMED = new Map([['contents', 'content']]);
const DEPTH_MAX = 12;

function bare(prefix: string): string {
  return prefix.endsWith('*') ? prefix.slice(0, -1) : prefix;
}

/** Whether an attribute is one of those that a content is spread over: `gen_ai.prompt.0.role` is, `gen_ai.prompt.name` is not. */
export function begins(key: string, prefix: string): boolean {
  const beginning = bare(prefix);
  return key.startsWith(beginning) && (beginning !== prefix || /^\d/.test(key.slice(beginning.length)));
}

/** JSON text of the list; its items in the order of their indexes. */
export function nested(attributes: Attributes, prefix: string): AttributeValue {
  const root: Node = Object.create(null);
  const { keys, values } = attributes;
  const beginning = bare(prefix);
  for (let i = 0; i < keys.length; i++) {
    if (!begins(keys[i]!, prefix)) continue;
    const steps = keys[i]!.slice(beginning.length).split('.');
    if (steps.length <= DEPTH_MAX) place(root, steps, toJson(values[i]!));
  }
  return JSON.stringify(listsOf(root));
}

function place(root: Node, steps: readonly string[], value: unknown): void {
  const names = steps.filter((step, index) => index === steps.length - 1 || !WRAPPERS.has(step));
  let node = root;
  names.forEach((step, index) => {
    const name = RENAMED.get(step) ?? step;
    if (index === names.length - 1) node[name] ??= value;
    else {
      const next = node[name];
      const child: Node = typeof next === 'object' && next !== null ? (next as Node) : Object.create(null);
      node[name] = child;
      node = child;
    }
  });
}

/** Objects whose names are all numbers become lists. */
function listsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name))) {
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => listsOf(item));
  }
  return Object.fromEntries(entries.map(([name, item]) => [name, listsOf(item)]));
}
