import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Attempt, decide } from '../../ingest/decide.ts';
import { classify } from '../../ingest/failure.ts';
import { PermanentError, WarehouseError } from '../../schemas/seams.ts';

const attempt = (overrides: Partial<Attempt>): Attempt => ({
  messages: 1,
  strikes: 0,
  failure: 'unclear',
  health: 'stores',
  ...overrides,
});

describe('after a failed insert', () => {
  it('a set that cannot be read is split at once', () => {
    assert.deepEqual(decide(attempt({ messages: 8, failure: 'unreadable', health: 'down' })), {
      do: 'split',
      strikes: 0,
    });
  });

  it('a message that cannot be read is asked once more, then dead-lettered', () => {
    const unreadable = attempt({ failure: 'unreadable', health: 'answers' });
    assert.deepEqual(decide(unreadable), { do: 'retry', strikes: 1, wait: false });
    assert.deepEqual(decide({ ...unreadable, strikes: 1 }), { do: 'dead_letter' });
  });

  it('a set that fails unclearly is tried three times, then split, its halves at once again', () => {
    const set = attempt({ messages: 8, health: 'answers' });
    assert.deepEqual(decide(set), { do: 'retry', strikes: 1, wait: true });
    assert.deepEqual(decide({ ...set, strikes: 1 }), { do: 'retry', strikes: 2, wait: true });
    assert.deepEqual(decide({ ...set, strikes: 2 }), { do: 'split', strikes: 2 });
  });

  it('a message that fails unclearly is tried four times alone, then dead-lettered', () => {
    assert.deepEqual(decide(attempt({ messages: 3, strikes: 2 })), { do: 'split', strikes: 0 });
    assert.deepEqual(decide(attempt({ strikes: 2 })), { do: 'retry', strikes: 3, wait: true });
    assert.deepEqual(decide(attempt({ strikes: 3 })), { do: 'dead_letter' });
  });

  it('nothing counts against a message while the database is down', () => {
    for (const failure of ['unclear', 'unreadable'] as const) {
      assert.deepEqual(decide(attempt({ failure, health: 'down', strikes: 1 })), {
        do: 'retry',
        strikes: 1,
        wait: true,
      });
    }
  });

  it('an unclear failure counts against one message only if something else was stored', () => {
    assert.deepEqual(decide(attempt({ health: 'answers', strikes: 2 })), {
      do: 'retry',
      strikes: 2,
      wait: true,
    });
  });
});

describe('a failure', () => {
  it('is judged by its code alone', () => {
    const coded = (code: number | undefined) =>
      classify(new WarehouseError('Cannot read all data', { code }));
    for (const code of [33, 62, 117, 128, 561]) assert.equal(coded(code), 'unreadable');
    for (const code of [undefined, 49, 60, 202, 241, 243, 252, 497]) assert.equal(coded(code), 'unclear');
  });

  it('of a block that held fewer rows than it said is one of the block', () => {
    assert.equal(classify(new PermanentError('0 rows of 100')), 'unreadable');
  });
});
