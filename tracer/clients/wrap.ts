/** Putting a traced method in the place of a client's own, once. */

export type Method = (this: unknown, ...args: unknown[]) => unknown;

const wrapped = new WeakSet<object>();

/**
 * Replaces `owner[name]` by what `wrap` makes of it, on the object that it is found on when `owner` is a prototype
 * or else on `owner` itself. Does nothing where there is no such method, or one of ours already.
 */
export function wrapMethod(owner: unknown, name: string, wrap: (original: Method) => Method): void {
  if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null) return;
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function' || wrapped.has(original)) return;
  const value = wrap(original as Method);
  wrapped.add(value);
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(value, 'length', { value: original.length, configurable: true });
  const { enumerable = false } = Object.getOwnPropertyDescriptor(owner, name) ?? {};
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable });
}

/** Whether a function is one that was put there by `wrapMethod` or `markWrapped`. */
export function isWrapped(method: unknown): boolean {
  return typeof method === 'function' && wrapped.has(method);
}

/** Says that a function traces by itself. */
export function markWrapped<T extends object>(method: T): T {
  wrapped.add(method);
  return method;
}

/** The client's class among a module's exports: the one that has its resources' classes, among them `resource`. */
export function classOf(
  module: unknown,
  names: readonly string[],
  resource: string,
): Record<string, unknown> {
  const exports = module as Record<string, unknown>;
  const candidates = [module, ...names.map((name) => exports[name])] as Record<string, unknown>[];
  const found = candidates.find((candidate) => typeof candidate?.[resource] === 'function');
  if (!found) throw new TypeError(`No export of the module has ${resource}`);
  return found;
}

/** The prototype of a class; undefined if there is none. */
export function prototypeOf(owner: unknown): unknown {
  return (owner as { prototype?: unknown } | undefined)?.prototype;
}
