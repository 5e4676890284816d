/** The package as npm would publish it, used from projects of all three kinds. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { VERSION } from '../../tracer/version.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runApplication } from './support/child.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const folder = temporaryFolder('tracer-package');
const modules = join(folder.path, 'node_modules');

let receiver: OtlpReceiver;
let provider: FakeProvider;
let packed: string[];
before(async () => {
  receiver = await startOtlpReceiver();
  provider = await startFakeProvider();
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder.path], {
    cwd: join(root, 'tracer'),
  });
  const [pack] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m)))) as [
    { filename: string; files: { path: string }[] },
  ];
  packed = pack.files.map(({ path }) => path);
  // Installed by hand, so that no registry is asked; the dependencies are the repository's own.
  mkdirSync(modules);
  await run('tar', ['xzf', join(folder.path, pack.filename), '-C', modules]);
  await run('mv', [join(modules, 'package'), join(modules, 'plumbline-tracer')]);
  const used = ['@opentelemetry', '@types', '@ai-sdk', '@anthropic-ai', 'ai', 'openai', 'undici-types'];
  for (const name of used) symlinkSync(join(root, 'node_modules', name), join(modules, name));
});
beforeEach(() => void receiver.spans.splice(0));
after(async () => {
  folder.remove();
  await receiver.close();
  await provider.close();
});

const files = (name: string, text: string) => writeFileSync(join(folder.path, name), text);

async function start(file: string, ...flags: string[]) {
  const { env } = process;
  const own = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OPENAI_BASE_URL: `${provider.url}/v1`,
    OPENAI_API_KEY: 'none',
  };
  const kept = { PATH: env.PATH, HOME: env.HOME };
  return run(process.execPath, [...flags, file], { cwd: folder.path, env: { ...kept, ...own } });
}

test('the package holds what it needs and nothing else, and the spans’ scope has its version', () => {
  const manifest = JSON.parse(readFileSync(`${root}tracer/package.json`, 'utf8'));
  assert.equal(VERSION, manifest.version);
  for (const path of [
    'README.md',
    'LICENSE',
    'package.json',
    'dist/tracer/index.js',
    'dist/redaction/index.js',
  ]) {
    assert.ok(packed.includes(path), path);
  }
  assert.deepEqual(
    packed.filter((path) => /(?<!\.d)\.ts$|test|\.map$/.test(path)),
    [],
  );
});

test('an ES module project uses it, and is traced without a change when started with it', async () => {
  files('package.json', '{"type":"module"}');
  files(
    'wrapped.js',
    `
    import { traceModelCall } from 'plumbline-tracer';
    traceModelCall({ model: 'wrapped', provider: 'openai' }, () => 'x');
  `,
  );
  files(
    'untouched.js',
    `
    import OpenAI from 'openai';
    await new OpenAI().chat.completions.create({ model: 'untouched', messages: [] });
  `,
  );
  const results = [];
  for (const file of ['wrapped.js', 'untouched.js']) {
    results.push(await start(file, '--import', 'plumbline-tracer/register'));
  }
  assert.deepEqual(
    results.map(({ stderr }) => stderr),
    ['', ''],
  );
  assert.deepEqual(
    receiver.spans.map(({ name }) => name),
    ['chat wrapped', 'chat untouched'],
  );
});

test('a CommonJS project requires it', async () => {
  files(
    'app.cjs',
    `
    require('plumbline-tracer/register');
    const { traceModelCall } = require('plumbline-tracer');
    const { OpenAI } = require('openai');
    traceModelCall({ model: 'wrapped', provider: 'openai' }, () => 'x');
    new OpenAI().chat.completions.create({ model: 'untouched', messages: [] }).then(() => {});
  `,
  );
  const { stderr } = await start('app.cjs');
  assert.equal(stderr, '');
  assert.deepEqual(
    receiver.spans.map(({ name }) => name),
    ['chat wrapped', 'chat untouched'],
  );
});

test('a TypeScript project sees the types, as an ES module and as CommonJS', async () => {
  const expectations = readFileSync(join(root, 'test/tracer/types/expectations.ts'), 'utf8')
    .replace('../../../tracer/index.ts', 'plumbline-tracer')
    .replace('../../../tracer/register.ts', 'plumbline-tracer/register');
  files('expectations.mts', expectations);
  files(
    'required.cts',
    `
    import tracer = require('plumbline-tracer');
    export const text: string = tracer.traceModelCall({ model: 'm', provider: 'p' }, () => 'x');
  `,
  );
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  };
  files('tsconfig.json', JSON.stringify({ compilerOptions, files: ['required.cts'] }));
  const compile = (...args: string[]) =>
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], { cwd: folder.path });
  const failure = (error: { stdout: string }) => assert.fail(error.stdout);
  await compile('-p', 'tsconfig.json').catch(failure);
  // The other packages' own declarations are not what is tested.
  const lenient = { ...compilerOptions, skipLibCheck: true };
  files('tsconfig.json', JSON.stringify({ compilerOptions: lenient, files: ['expectations.mts'] }));
  await compile('-p', 'tsconfig.json').catch(failure);
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
