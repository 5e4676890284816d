/** The whole suite once more, against the line of OpenTelemetry before ours. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { INSTALLED, installLine } from './otel-2/install.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const LINE = './test/tracer/otel-2/line.ts';
/** About the package and its text, whatever OpenTelemetry runs. */
const ELSEWHERE = /\/(otel-2|package|readme|hash|content)\.test\.ts$/;

const { NODE_TEST_CONTEXT: _, ...env } = process.env;
const options = { cwd: root, env: { ...env, PLUMBLINE_TEST_OTEL_LINE: LINE }, maxBuffer: 2 ** 26 };

before(installLine);

test('the other line is what it says', async () => {
  const version = (name: string) =>
    JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, INSTALLED), 'utf8'))
      .version as string;
  assert.match(version('@opentelemetry/api'), /^1\.9\./);
  assert.match(version('@opentelemetry/sdk-trace-base'), /^2\./);
  const source = "console.log(import.meta.resolve('@opentelemetry/api'))";
  const { stdout } = await run(
    process.execPath,
    ['--import', LINE, '--input-type=module', '--eval', source],
    options,
  );
  assert.ok(stdout.startsWith(INSTALLED.href), stdout);
});

test('the tracer’s tests pass with OpenTelemetry SDK 2 and API 1.9', async () => {
  const files = globSync('test/tracer/**/*.test.ts', { cwd: root }).filter((file) => !ELSEWHERE.test(file));
  assert.ok(files.length > 10);
  const flags = ['--import', LINE, '--test', '--test-concurrency=2', '--test-reporter=tap'];
  await run(process.execPath, [...flags, ...files], options).catch((error: { stdout: string }) => {
    const lines = error.stdout.split('\n');
    const failures = lines.flatMap((line, at) => (/^\s*not ok/.test(line) ? lines.slice(at, at + 25) : []));
    assert.fail(failures.join('\n'));
  });
});
