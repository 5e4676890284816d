/** An attribute is what it says, however an emitter writes it down: the short way of reading it and the general one agree. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';

type Padding = number;

/** A varint with as many needless bytes as its padding says. */
function varint(value: number, padding: Padding): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  for (let i = 0; i < padding; i++) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(0);
  }
  return bytes;
}

function field(tag: number, body: Uint8Array | number[], padding: Padding = 0): number[] {
  return [tag, ...varint(body.length, padding), ...body];
}

const text = fc.oneof(fc.string({ maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 200 }));
const values = fc.oneof(
  text.map((value) => ({ value, bytes: (padding: Padding) => field(10, Buffer.from(value), padding) })),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }).map((value) => ({
    value,
    bytes: (padding: Padding) => [24, ...varint(value, padding)],
  })),
  fc.double({ noNaN: true }).map((value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return { value, bytes: () => [33, ...bytes] };
  }),
  fc.boolean().map((value) => ({ value, bytes: () => [16, Number(value)] })),
  fc.constant({ value: null, bytes: () => [] }),
  // Of several kinds at once the last counts, as in any protobuf reader.
  text.map((value) => ({ value, bytes: () => [24, 7, ...field(10, Buffer.from(value))] })),
  fc.constant({ value: null, bytes: () => field(122, [1, 2, 3]) }),
);
const paddings = fc.record({ key: fc.nat(2), value: fc.nat(2), inner: fc.nat(2) });
const attribute = fc.record({
  key: text,
  of: values,
  paddings,
  order: fc.constantFrom('key first', 'value first', 'key twice', 'unknown between'),
});

function bytesOf({
  key,
  of,
  paddings: pad,
  order,
}: typeof attribute extends fc.Arbitrary<infer T> ? T : never) {
  const keyField = field(10, Buffer.from(key), pad.key);
  const valueField = field(18, of.bytes(pad.inner), pad.value);
  const unknown = field(26, [1, 2]);
  if (order === 'value first') return [...valueField, ...keyField];
  if (order === 'key twice') return [...field(10, Buffer.from('other')), ...keyField, ...valueField];
  if (order === 'unknown between') return [...keyField, ...unknown, ...valueField];
  return [...keyField, ...valueField];
}

test('attributes in any order of their parts, with lengths in any spelling, are read the same', () => {
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 12 }), (attributes) => {
      const span = [
        ...field(10, Buffer.alloc(16, 1)),
        ...field(18, Buffer.alloc(8, 2)),
        ...attributes.flatMap((one) => field(74, bytesOf(one), one.paddings.value)),
      ];
      const body = field(10, field(18, field(18, span)));
      const [decoded] = decodeTraces(Uint8Array.from(body));
      assert.deepEqual(
        decoded!.attributes.keys,
        attributes.map(({ key }) => Buffer.from(key).toString()),
      );
      assert.deepEqual(
        decoded!.attributes.values,
        attributes.map(({ of }) =>
          typeof of.value === 'string' ? Buffer.from(of.value).toString() : of.value,
        ),
      );
    }),
    { numRuns: 2_000 },
  );
});

test('a resource or scope that comes after what belongs to it, or in parts, belongs to all of it', () => {
  const spanOf = (id: number) =>
    field(18, [...field(10, Buffer.alloc(16, id)), ...field(18, Buffer.alloc(8, id))]);
  const keyed = (key: string, value: string) => [
    ...field(10, Buffer.from(key)),
    ...field(18, field(10, Buffer.from(value))),
  ];
  const resourceOf = (key: string) => field(10, field(10, keyed(key, 'r')));
  const scoped = [...spanOf(1), ...field(10, field(10, Buffer.from('late'))), ...spanOf(2)];
  const body = field(10, [...resourceOf('a'), ...field(18, scoped), ...resourceOf('b')]);
  const spans = decodeTraces(Uint8Array.from(body));
  assert.equal(spans.length, 2);
  for (const { resource, scope } of spans) {
    assert.deepEqual(resource.attributes.keys, ['a', 'b']);
    assert.equal(scope.name, 'late');
  }
});
