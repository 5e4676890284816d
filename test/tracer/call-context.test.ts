import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { context, propagation } from '@opentelemetry/api';
import { configure, recordModelCall, traceModelCall, withCallContext } from '../../tracer/index.ts';
import { recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

const options = { model: 'm', provider: 'openai' };

test('without an SDK the function runs, once, and its value comes back', () => {
  let runs = 0;
  assert.equal(
    withCallContext({ user_id: 'u' }, () => {
      runs += 1;
      return 7;
    }),
    7,
  );
  assert.equal(runs, 1);
});

test('with an SDK', async (suite) => {
  before(recordSpans);
  beforeEach(() => {
    takeSpans();
    configure({ baggage: [] });
  });

  await suite.test('every call inside has the labels, however deep, and none outside', async () => {
    const labels = {
      user_id: 'u-1',
      conversation_id: 'c-1',
      request_type: 'support',
      variant: 'canary',
      slices: ['vip'],
    };
    await withCallContext(labels, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await traceModelCall(options, async () => 'x');
      recordModelCall({ ...options, latency_ms: 5 });
    });
    traceModelCall(options, () => 'x');
    const [traced, recorded, outside] = takeSpans();
    for (const span of [traced, recorded]) {
      assert.equal(span?.attributes['user.id'], 'u-1');
      assert.equal(span?.attributes['gen_ai.conversation.id'], 'c-1');
      assert.equal(span?.attributes['plumbline.request_type'], 'support');
      assert.equal(span?.attributes['plumbline.variant'], 'canary');
      assert.deepEqual(span?.attributes['plumbline.slices'], ['vip']);
    }
    assert.equal('user.id' in (outside?.attributes ?? {}), false);
  });

  await suite.test('inner labels win over outer ones, the call’s own over both; slices add up', () => {
    withCallContext({ user_id: 'outer', request_type: 'r', slices: ['a'] }, () =>
      withCallContext({ user_id: 'inner', request_type: undefined, slices: ['b'] }, () => {
        traceModelCall(options, () => 'x');
        traceModelCall({ ...options, user_id: 'own', slices: ['a', 'c'] }, () => 'x');
      }),
    );
    const [inherited, own] = takeSpans();
    assert.equal(inherited?.attributes['user.id'], 'inner');
    assert.equal(inherited?.attributes['plumbline.request_type'], 'r');
    assert.deepEqual(inherited?.attributes['plumbline.slices'], ['a', 'b']);
    assert.equal(own?.attributes['user.id'], 'own');
    assert.deepEqual(own?.attributes['plumbline.slices'], ['a', 'b', 'c']);
  });

  await suite.test('what it runs may throw, and labels that make no sense do no harm', () => {
    const error = new RangeError('mine');
    assert.throws(
      () =>
        withCallContext({ user_id: 'u' }, () => {
          throw error;
        }),
      (thrown) => thrown === error,
    );
    assert.equal(
      withCallContext(undefined as never, () => 1),
      1,
    );
    withCallContext({ user_id: 5 as never, slices: 'x' as never }, () => traceModelCall(options, () => 'x'));
    assert.equal('user.id' in takeSpan().attributes, false);
  });

  await suite.test('baggage carries only the labels that were named, to other services and back', () => {
    const header = (): string | undefined => {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      return carrier.baggage;
    };
    const labels = { user_id: 'u-1', variant: 'canary', slices: ['a', 'b'] };
    assert.equal(withCallContext(labels, header), undefined);
    configure({ baggage: ['variant', 'slices'] });
    const baggage = withCallContext(labels, header) ?? '';
    assert.match(baggage, /plumbline\.variant=canary/);
    assert.doesNotMatch(baggage, /u-1/);
    const received = propagation.extract(context.active(), { baggage });
    context.with(received, () => {
      traceModelCall(options, () => 'x');
      withCallContext({ variant: 'baseline' }, () => traceModelCall(options, () => 'x'));
    });
    const [far, near] = takeSpans();
    assert.equal(far?.attributes['plumbline.variant'], 'canary');
    assert.deepEqual(far?.attributes['plumbline.slices'], ['a', 'b']);
    assert.equal(near?.attributes['plumbline.variant'], 'baseline');
  });
});
