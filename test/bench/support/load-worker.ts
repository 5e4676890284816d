/** The process behind load.ts. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBodies } from './bodies.ts';
import type { LoadOrder, LoadResult } from './load.ts';

const RETRY_MS = 100;
const agent = new Agent({ keepAlive: true });
let spans_per_request = 0;
let makeBody: () => Buffer;

function post(url: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
    const sent = request(`${url}/v1/traces`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function run(order: LoadOrder): Promise<LoadResult> {
  if (order.spans_per_request !== spans_per_request) {
    ({ spans_per_request } = order);
    makeBody = createBodies(spans_per_request);
  }
  const started = performance.now();
  const deadline = order.seconds === undefined ? Number.POSITIVE_INFINITY : started + order.seconds * 1000;
  let left = order.spans ?? Number.POSITIVE_INFINITY;
  const result: LoadResult = { acknowledged: 0, refused: 0, wall_s: 0 };
  const sender = async (): Promise<void> => {
    while (left > 0 && performance.now() < deadline) {
      left -= spans_per_request;
      const body = makeBody();
      while ((await post(order.url, body)) !== 200) {
        result.refused++;
        await sleep(RETRY_MS);
      }
      result.acknowledged += spans_per_request;
      if (order.pause_ms) await sleep(Math.random() * order.pause_ms);
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, sender));
  result.wall_s = (performance.now() - started) / 1000;
  return result;
}

process.on('message', async (order: LoadOrder) => {
  process.send!(await run(order));
});
