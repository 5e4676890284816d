/** The requests of docs/compare.md and docs/gates.md are answered, with what the documents show of the answers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Harness, SHOP_KEY, startHarness } from '../query-api/support/harness.ts';
import { createRandom } from '../query-api/support/random.ts';
import { makeCall, makeScore } from '../support/rows.ts';
import { documentedRequests, missing } from './documented-requests.ts';

const HOUR_US = 3_600_000_000;
let harness: Harness;

before(async () => {
  harness = await startHarness();
  const random = createRandom(1);
  const calls = ['small-chat-v1', 'candidate-xl'].flatMap((model, number) =>
    Array.from({ length: 600 }, () => {
      const service = random.pick(['search', 'checkout']);
      return makeCall({
        project: 'shop',
        model,
        service,
        variant: number === 0 ? 'baseline' : 'canary',
        request_type: random.chance(service === 'search' ? 0.8 : 0.5) ? 'answer' : 'summary',
        slices: random.chance(0.3) ? ['noisy'] : [],
        started_at: Date.now() * 1_000 - (1 + random.next() * 22) * HOUR_US,
        duration_ms: 100 + 150 * random.next(),
        ttft_ms: 20 + 30 * random.next(),
      });
    }),
  );
  await harness.insertCalls(calls);
  await harness.insertScores(
    calls.map(({ trace_id, span_id }) =>
      makeScore({ project: 'shop', trace_id, span_id, name: 'accuracy', value: random.chance(0.8) ? 1 : 0 }),
    ),
  );
});
after(() => harness.stop());

for (const document of ['docs/compare.md', 'docs/gates.md']) {
  test(`every request of ${document} is answered as it says`, async () => {
    const requests = documentedRequests(document);
    assert.ok(requests.length > 0);
    for (const { method, path, body, shown } of requests) {
      const reply = await harness.app.inject({
        method,
        url: path,
        headers: {
          authorization: `Bearer ${SHOP_KEY}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { payload: body } : {}),
      });
      assert.equal(reply.statusCode, 200, `${path}: ${reply.body}`);
      if (shown !== undefined) assert.deepEqual(missing(shown, reply.json()), [], path);
    }
  });
}
