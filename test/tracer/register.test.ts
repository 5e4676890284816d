import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ChildOptions, runApplication } from './support/child.ts';

const CALL = `
  import { traceModelCall } from './tracer/index.ts';
  await traceModelCall({ model: 'm', provider: 'openai' }, async () => ({ choices: [{ message: { content: 'x' } }] }));
`;
/** The application's last word: what comes after it is the tracer's doing. */
const DONE = `console.log('done');`;
const READY_AND_WAIT = `console.log('ready'); setInterval(() => {}, 1_000);`;
const NOBODY = 'http://127.0.0.1:1';

let receiver: OtlpReceiver;
before(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => {
  receiver.paths.splice(0);
  receiver.spans.splice(0);
});
after(() => receiver.close());

function run(source: string, { env, ...options }: ChildOptions = {}) {
  return runApplication(source, { ...options, env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env } });
}

test('an application started with the registration sends its span and exits at once', async () => {
  const { code, stderr, held_ms } = await run(CALL + DONE, { env: { OTEL_SERVICE_NAME: 'checkout' } });
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(
    receiver.spans.map(({ name, kind }) => [name, kind]),
    [['chat m', 3]],
  );
  assert.deepEqual(receiver.paths, ['/v1/traces'], 'traces alone: no metrics, no logs');
  assert.ok(held_ms < 3_000, `${held_ms} ms`);
  const resource = Object.fromEntries(receiver.resource.map(({ key, value }) => [key, value.stringValue]));
  assert.equal(resource['service.name'], 'checkout');
  assert.ok(resource['service.instance.id']);
  assert.equal('process.command_args' in resource, false, 'a command line may hold secrets');
});

test('it works as an import too, where a second one and an SDK that is there already change nothing', async () => {
  const source = `
    import './tracer/register.ts';
    import { flush } from './tracer/register.ts?again';
    ${CALL}
    await flush();
    process.exit(0);
  `;
  const { code, stderr } = await run(source, { register: 'data:text/javascript,' });
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(receiver.spans.length, 1);
});

test('without a collector the application exits soon and exits well', async () => {
  const { code, stderr, held_ms } = await run(CALL + DONE, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: NOBODY } });
  assert.equal(code, 0);
  assert.match(stderr, /^plumbline-tracer: spans did not reach http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/);
  assert.ok(held_ms < 3_000, `${held_ms} ms`);
});

test('a collector that went away holds an application that ends no longer', async () => {
  const source = `
    import { flush } from './tracer/register.ts';
    ${CALL}
    await flush();
    await fetch(process.env.OTEL_EXPORTER_OTLP_ENDPOINT + '/leave', { method: 'POST', body: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    ${CALL.replace(/import .*/, '')}
    ${DONE}
  `;
  const leaving = await startOtlpReceiver();
  const closed = leaving.posted('/leave').then(() => leaving.close());
  const { stderr, held_ms } = await run(source, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: leaving.url } });
  await closed;
  assert.equal(leaving.spans.length, 1);
  assert.match(stderr, /^plumbline-tracer: spans did not reach/);
  assert.ok(held_ms < 3_500, `${held_ms} ms`);
});

test('however many batches are lost, the application says so once', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: NOBODY, OTEL_BSP_SCHEDULE_DELAY: '20' };
  const source = `${CALL} await new Promise((resolve) => setTimeout(resolve, 100)); ${CALL.replace(/import .*/, '')}`;
  const { stderr } = await run(source, { env });
  assert.equal(stderr.split('\n').length, 2, stderr);
});

test('a collector that never answers holds nobody longer than that', async () => {
  const stalled = await startOtlpReceiver({ delay_ms: 60_000 });
  const { code, stderr, held_ms } = await run(CALL + DONE, {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: stalled.url },
  });
  await stalled.close();
  assert.equal(code, 0);
  assert.match(stderr, /^plumbline-tracer: spans did not reach/);
  assert.ok(held_ms < 3_500, `${held_ms} ms`);
});

test('SIGTERM and SIGINT send what is there and then end the process as they would have', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const result = await run(CALL + READY_AND_WAIT, { signal });
    assert.equal(result.signal, signal);
    assert.ok(result.held_ms < 3_000, `${result.held_ms} ms`);
  }
  assert.equal(receiver.spans.length, 2);
});

test('where the application handles the signal, leaving is its business', async () => {
  const handler = `process.once('SIGTERM', () => setTimeout(() => { console.log('bye'); process.exit(7); }, 300));`;
  const { code, stdout } = await run(CALL + handler + READY_AND_WAIT, { signal: 'SIGTERM' });
  assert.equal(code, 7);
  assert.match(stdout, /bye/);
  assert.equal(receiver.spans.length, 1);
});

test('the variables of OpenTelemetry are obeyed', async () => {
  await run(CALL, { env: { OTEL_SDK_DISABLED: 'true' } });
  await run(CALL, { env: { OTEL_TRACES_EXPORTER: 'none' } });
  await run(CALL, { env: { OTEL_TRACES_SAMPLER: 'always_off' } });
  assert.deepEqual(receiver.paths, []);
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/mine`, OTEL_METRICS_EXPORTER: 'none' };
  await run(CALL, { env: own });
  assert.deepEqual(receiver.paths, ['/mine']);
  const { stdout } = await run(CALL, { env: { OTEL_TRACES_EXPORTER: 'console' } });
  assert.match(stdout, /gen_ai\.request\.model/);
});

test('shutdown sends what is there and records no more', async () => {
  const source = `
    import { shutdown } from './tracer/register.ts';
    ${CALL}
    await shutdown();
    ${CALL.replace(/import .*/, '')}
  `;
  const { code } = await run(source);
  assert.equal(code, 0);
  assert.equal(receiver.spans.length, 1);
});
