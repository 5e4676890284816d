/** AnyValue, KeyValue and lists of them in OTLP/JSON. */
import type { JsonCursor, JsonObject } from './json-cursor.ts';
import { type Attributes, type AttributeValue, KeyValueList } from './span.ts';

/** The attributes of a span, resource, scope or event; returns how many were over the limit and dropped. */
export function readAttributes(cursor: JsonCursor, parent: JsonObject, into: Attributes): number {
  const list = cursor.list(parent.attributes, 'attributes');
  const kept = Math.min(list.length, cursor.limits.attributes_per_span);
  readKeyValues(cursor, 'attributes', list, kept, into, 0);
  if (kept < list.length) cursor.cut = true;
  return list.length - kept;
}

/** An AnyValue and the name of its field. `depth` is the number of lists and maps around it. */
export function readAnyValue(
  cursor: JsonCursor,
  field: unknown,
  name: string,
  depth: number,
): AttributeValue {
  cursor.enter(name);
  const value = anyValue(cursor, cursor.objectOf(field), depth);
  cursor.leave();
  return value;
}

function anyValue(cursor: JsonCursor, value: JsonObject, depth: number): AttributeValue {
  if (isSet(value.stringValue)) return cursor.text(value.stringValue, 'stringValue');
  if (isSet(value.intValue)) return cursor.int64(value.intValue, 'intValue');
  if (isSet(value.doubleValue)) return cursor.double(value.doubleValue, 'doubleValue');
  if (isSet(value.boolValue)) return cursor.boolean(value.boolValue, 'boolValue');
  if (isSet(value.arrayValue)) return readList(cursor, value.arrayValue, depth + 1);
  if (isSet(value.kvlistValue)) return readMap(cursor, value.kvlistValue, depth + 1);
  if (isSet(value.bytesValue)) return cursor.bytes(value.bytesValue, 'bytesValue');
  return null;
}

function readList(cursor: JsonCursor, field: unknown, depth: number): AttributeValue[] | null {
  if (isTooDeep(cursor, depth)) return null;
  cursor.enter('arrayValue');
  const items = cursor.list(cursor.objectOf(field).values, 'values');
  cursor.enter('values');
  const list: AttributeValue[] = [];
  for (let i = 0; i < items.length; i++) {
    cursor.enter(i);
    cursor.countItem();
    list.push(anyValue(cursor, cursor.objectOf(items[i]), depth));
    cursor.leave();
  }
  cursor.leave();
  cursor.leave();
  return list;
}

function readMap(cursor: JsonCursor, field: unknown, depth: number): KeyValueList | null {
  if (isTooDeep(cursor, depth)) return null;
  cursor.enter('kvlistValue');
  const items = cursor.list(cursor.objectOf(field).values, 'values');
  const map = new KeyValueList();
  readKeyValues(cursor, 'values', items, items.length, map, depth);
  cursor.leave();
  return map;
}

function readKeyValues(
  cursor: JsonCursor,
  name: string,
  items: readonly unknown[],
  count: number,
  into: KeyValueList,
  depth: number,
): void {
  cursor.enter(name);
  for (let i = 0; i < count; i++) {
    cursor.enter(i);
    if (depth > 0) cursor.countItem();
    const item = cursor.objectOf(items[i]);
    into.keys.push(cursor.text(item.key, 'key'));
    into.values.push(readAnyValue(cursor, item.value, 'value', depth));
    cursor.leave();
  }
  cursor.leave();
}

function isTooDeep(cursor: JsonCursor, depth: number): boolean {
  cursor.countObject();
  if (depth <= cursor.limits.nesting) return false;
  cursor.cut = true;
  return true;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
