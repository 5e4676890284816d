import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { VERSION } from '../../tracer/version.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { runApplication } from './support/child.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

let receiver: OtlpReceiver;
before(async () => {
  receiver = await startOtlpReceiver();
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tracer/tsconfig.build.json'], {
    cwd: root,
  });
});
after(() => receiver.close());

test('the spans’ scope has the version of the package', async () => {
  const manifest = JSON.parse(await readFile(`${root}tracer/package.json`, 'utf8'));
  assert.equal(VERSION, manifest.version);
});

test('the built package works by its own name, as an application imports it', async () => {
  const source = `
    import { traceModelCall } from 'plumbline-tracer';
    traceModelCall({ model: 'm', provider: 'openai' }, () => 'x');
  `;
  const { code, stderr } = await runApplication(source, {
    cwd: 'tracer',
    register: 'plumbline-tracer/register',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(receiver.spans.length, 1);
});

test('the core imports nothing but the API and Node', async () => {
  const source = `
    import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({ resolve(specifier, context, next) { if (!/^[.]|^node:/.test(specifier) && context.parentURL?.includes('/tracer/')) seen.add(specifier); return next(specifier, context); } });
    await import('./tracer/index.ts');
    console.log([...seen].join());
  `;
  const { stdout } = await runApplication(source, { register: 'data:text/javascript,' });
  assert.equal(stdout.trim(), '@opentelemetry/api');
});
