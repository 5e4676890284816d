import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  blockOf,
  MAX_MESSAGE_BYTES,
  messageOf,
  topicNames,
  topicSpecs,
} from '../../schemas/block-headers.ts';
import { type CallBlock, PermanentError } from '../../schemas/seams.ts';

const block: CallBlock = {
  table: 'calls',
  rows: 3,
  record_version: 1,
  from_ms: -5,
  to_ms: 7,
  body: Buffer.from('body'),
};

const blocks = fc.record<CallBlock>(
  {
    table: fc.constantFrom('calls', 'payloads', 'scores'),
    rows: fc.integer({ min: 1 }),
    record_version: fc.integer({ min: 1 }),
    from_ms: fc.integer({ min: -8.64e15, max: 0 }),
    to_ms: fc.integer({ min: 0, max: 8.64e15 }),
    body: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
);

describe('the headers of a block', () => {
  it('survive the way through a message', () => {
    fc.assert(fc.property(blocks, (made) => assert.deepEqual(blockOf(messageOf(made)), made)));
  });

  const withHeaders = (headers: Record<string, string>) => ({
    value: block.body,
    headers: { ...messageOf(block).headers, ...headers },
  });
  const refusals: [string, Record<string, string>, RegExp][] = [
    ['another table', { table: 'keys' }, /'table' is "keys": it must be one of calls, payloads, scores/],
    ['no rows', { rows: '0' }, /'rows' is "0": it must be a whole number from 1/],
    ['a fraction', { rows: '1.5' }, /'rows' is "1.5"/],
    ['a number in words', { record_version: 'two' }, /'record_version' is "two"/],
    ['an endless number', { from_ms: '9'.repeat(500) }, /'from_ms' is "9{40}": it must be a whole number\./],
    ['an empty number', { to_ms: '' }, /'to_ms' is ""/],
    ['an end before the start', { to_ms: '-6' }, /'to_ms' lies before 'from_ms'/],
  ];
  for (const [what, headers, sentence] of refusals) {
    it(`are refused for good with ${what}`, () => {
      assert.throws(
        () => blockOf(withHeaders(headers)),
        (error) => {
          assert.ok(error instanceof PermanentError);
          assert.match(error.message, sentence);
          return true;
        },
      );
    });
  }

  it('are refused for good when one is missing, and the sentence names it', () => {
    for (const name of Object.keys(messageOf(block).headers)) {
      const { [name]: _, ...headers } = messageOf(block).headers;
      assert.throws(() => blockOf({ value: block.body, headers }), new RegExp(`header '${name}'`));
    }
  });
});

describe('the topics', () => {
  it('are named after that of the calls', () => {
    assert.deepEqual(topicNames('model-calls'), {
      calls: 'model-calls',
      payloads: 'model-calls.payloads',
      scores: 'model-calls.scores',
      dead: 'model-calls.dead',
    });
  });

  it('keep three days, and a dead letter has room for its message and more headers', () => {
    const specs = topicSpecs('base', { partitions: 6 });
    assert.deepEqual(
      specs.map(({ name, partitions }) => [name, partitions]),
      [
        ['base', 6],
        ['base.payloads', 6],
        ['base.scores', 6],
        ['base.dead', 1],
      ],
    );
    assert.ok(specs.every(({ retention_ms }) => retention_ms === 259_200_000));
    assert.equal(specs[0]!.max_message_bytes, MAX_MESSAGE_BYTES);
    assert.ok(specs[3]!.max_message_bytes > MAX_MESSAGE_BYTES);
  });
});
