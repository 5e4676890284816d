/** AnyValue, KeyValue and lists of them. */
import type { ProtobufReader } from './protobuf-reader.ts';
import { keyAt, textAt, valueAt } from './protobuf-text.ts';
import { type Attributes, type AttributeValue, KeyValueList } from './span.ts';

/** Lengths below it take one byte. */
const SHORT = 0x80;

/** A string field. */
export function readText(reader: ProtobufReader, end: number): string {
  const textEnd = reader.lengthEnd(end);
  const start = reader.pos;
  reader.pos = textEnd;
  return textAt(reader.source, start, textEnd);
}

/** One attribute of a span, resource, scope or event; says whether it was over the limit and dropped. */
export function readAttribute(reader: ProtobufReader, end: number, into: Attributes): boolean {
  const attributeEnd = reader.lengthEnd(end);
  if (into.keys.length >= reader.limits.attributes_per_span) {
    reader.pos = attributeEnd;
    reader.cut = true;
    return true;
  }
  readKeyValue(reader, attributeEnd, into, 0);
  return false;
}

/** An AnyValue up to `end`. `depth` is the number of lists and maps around it. */
export function readAnyValue(reader: ProtobufReader, end: number, depth: number): AttributeValue {
  let value: AttributeValue = null;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 10:
        value = readText(reader, end);
        break;
      case 16:
        value = reader.varint(end) !== 0;
        break;
      case 24:
        value = reader.int64(end);
        break;
      case 33:
        value = reader.double(end);
        break;
      case 42:
      case 50: {
        const nestedEnd = reader.lengthEnd(end);
        value = tag === 42 ? readList(reader, nestedEnd, depth + 1) : readMap(reader, nestedEnd, depth + 1);
        break;
      }
      case 58:
        reader.countObject();
        value = reader.view(end);
        break;
      default:
        reader.skip(tag, end);
    }
  }
  return value;
}

/** Nearly all emitters write first the key and then the value, both short: that way costs no step for each part. */
function readKeyValue(reader: ProtobufReader, end: number, into: KeyValueList, depth: number): void {
  const { bytes, pos } = reader;
  const keyStart = pos + 2;
  if (end - keyStart >= 2 && bytes[pos] === 10 && bytes[pos + 1]! < SHORT) {
    const keyEnd = keyStart + bytes[pos + 1]!;
    const valueStart = keyEnd + 2;
    if (
      valueStart < end &&
      bytes[keyEnd] === 18 &&
      bytes[keyEnd + 1]! < SHORT &&
      valueStart + bytes[keyEnd + 1]! === end
    ) {
      into.keys.push(keyAt(reader.source, keyStart, keyEnd));
      into.values.push(readShortValue(reader, valueStart, end, depth));
      return;
    }
  }
  readSpreadKeyValue(reader, end, into, depth);
}

/** The AnyValue of `bytes[start, end)`, which is not empty. */
function readShortValue(reader: ProtobufReader, start: number, end: number, depth: number): AttributeValue {
  const { bytes } = reader;
  if (bytes[start] === 10 && end - start >= 2 && start + 2 + bytes[start + 1]! === end) {
    reader.pos = end;
    return valueAt(reader.source, start + 2, end);
  }
  reader.pos = start;
  return readAnyValue(reader, end, depth);
}

/** A key and a value in any order, or several of them: the last of each counts. */
function readSpreadKeyValue(reader: ProtobufReader, end: number, into: KeyValueList, depth: number): void {
  let key = '';
  let value: AttributeValue = null;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 10) {
      const keyEnd = reader.lengthEnd(end);
      const start = reader.pos;
      reader.pos = keyEnd;
      key = keyAt(reader.source, start, keyEnd);
    } else if (tag === 18) value = readAnyValue(reader, reader.lengthEnd(end), depth);
    else reader.skip(tag, end);
  }
  into.keys.push(key);
  into.values.push(value);
}

function readList(reader: ProtobufReader, end: number, depth: number): AttributeValue[] | null {
  if (isTooDeep(reader, end, depth)) return null;
  const list: AttributeValue[] = [];
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 10) {
      reader.countItem();
      list.push(readAnyValue(reader, reader.lengthEnd(end), depth));
    } else reader.skip(tag, end);
  }
  return list;
}

function readMap(reader: ProtobufReader, end: number, depth: number): KeyValueList | null {
  if (isTooDeep(reader, end, depth)) return null;
  const map = new KeyValueList();
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 10) {
      reader.countItem();
      readKeyValue(reader, reader.lengthEnd(end), map, depth);
    } else reader.skip(tag, end);
  }
  return map;
}

function isTooDeep(reader: ProtobufReader, end: number, depth: number): boolean {
  reader.countObject();
  if (depth <= reader.limits.nesting) return false;
  reader.pos = end;
  reader.cut = true;
  return true;
}
