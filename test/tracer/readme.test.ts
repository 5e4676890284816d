/** What the tracer's README shows, as a new user would try it: seen in the rollup of `node main.ts`. */
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRedactor, KINDS, type Tally } from '../../redaction/index.ts';
import { NEGATIVES } from '../redaction/corpus-negatives.ts';
import { POSITIVES } from '../redaction/corpus-positives.ts';
import { type Embedded, startEmbedded } from '../support/embedded.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { runFile, temporaryFolder } from '../support/processes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${root}tracer/README.md`, 'utf8');
const folder = temporaryFolder('tracer-readme');

let embedded: Embedded;
let provider: FakeProvider;
before(async () => {
  provider = await startFakeProvider();
  embedded = await startEmbedded();
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  writeFileSync(join(folder.path, 'package.json'), '{"type":"module"}');
});
after(async () => {
  folder.remove();
  await embedded.stop();
  await provider.close();
});

/** The code block of the README that holds these words. */
function block(words: string): string {
  const found = [...readme.matchAll(/```\w+\n([\s\S]*?)```/g)].find(([, code]) => code?.includes(words));
  assert.ok(found?.[1], words);
  return found[1];
}

async function runInFolder(name: string, code: string, ...flags: string[]) {
  const file = join(folder.path, name);
  writeFileSync(file, code);
  const { exited, output } = runFile(relative(root, file), {
    cwd: folder.path,
    node: flags,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: embedded.otlp,
      OPENAI_BASE_URL: `${provider.url}/v1`,
      OPENAI_API_KEY: 'none',
    },
  });
  assert.equal((await exited).code, 0, output());
}

/** What the README's own question answers about one model. */
async function callsOf(model: string): Promise<number> {
  const url = /curl 'http:\/\/127\.0\.0\.1:8080([^']+)'/.exec(readme)?.[1];
  const reply = await fetch(embedded.api + url);
  const rows = (await reply.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line || '{}'));
  return rows.find((row) => row.model === model)?.calls ?? 0;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are read by their fields, as users do
async function ask(path: string): Promise<any> {
  return (await fetch(embedded.api + path)).json();
}

test('the script that knows nothing of the tracer is in the rollup', async () => {
  await runInFolder('app.js', block('// app.js'), '--import', `${root}tracer/register.ts`);
  await eventually(async () => assert.equal(await callsOf('gpt-4o-mini'), 1), 10_000);
});

test('three lines bring a call of one’s own into the rollup', async () => {
  const lines = block('() => ask(messages)')
    .replaceAll("'plumbline-tracer/register'", `'${root}tracer/register.ts'`)
    .replaceAll("'plumbline-tracer'", `'${root}tracer/index.ts'`);
  const ask = 'const ask = async () => ({ choices: [{ message: { content: "Paris" } }] });';
  const given = `const model = 'three-lines'; const messages = []; ${ask}`;
  await runInFolder('service.ts', `${given}\n${lines}`);
  await eventually(async () => assert.equal(await callsOf('three-lines'), 1), 10_000);
});

test('labels and a score arrive with the call that they belong to', async () => {
  const given = `
    import OpenAI from 'openai';
    import { score, withCallContext } from '${root}tracer/index.ts';
    const openai = new OpenAI();
    const [model, messages, user_id, conversation_id] = ['scored', [], 'u-1', 'c-1'];
  `;
  const code = given + block('score(answer');
  await runInFolder('scored.ts', code, '--import', `${root}tracer/register.ts`);
  await eventually(async () => {
    const { items } = await ask('/v1/calls?conversation_id=c-1');
    assert.equal(items?.length, 1);
    const [{ trace_id, span_id, request_type, variant, slices }] = items;
    assert.deepEqual([request_type, variant, slices.includes('vip')], ['support', 'canary', true]);
    const { scores } = await ask(`/v1/calls/${trace_id}/${span_id}`);
    assert.deepEqual(
      scores.map(({ name, value, by }: Record<string, unknown>) => [name, value, by]),
      [['helpful', 1, 'span']],
    );
  }, 10_000);
});

test('the README’s recall and precision are those of the corpus', () => {
  const redactor = createRedactor();
  const rows = KINDS.map((kind) => ({ kind, planted: 0, found: 0, wrong: 0 }));
  const count = (text: string, planted?: string): void => {
    const tally: Tally = {};
    redactor.redact(text, tally);
    for (const row of rows) {
      if (row.kind === planted) row.planted += 1;
      if (row.kind === planted && tally[row.kind]) row.found += 1;
      if (row.kind !== planted && tally[row.kind]) row.wrong += 1;
    }
  };
  for (const { kind, text } of POSITIVES) count(text, kind);
  for (const text of NEGATIVES) count(text);
  assert.ok(readme.includes(`${POSITIVES.length} texts with something to find, ${NEGATIVES.length} without`));
  for (const { kind, planted, found, wrong } of rows) {
    const recall = (found / planted).toFixed(3);
    const precision = (found / (found + wrong)).toFixed(3);
    const row = `| \`${kind}\` | ${found} of ${planted} | ${wrong} | ${recall} | ${precision} |`;
    assert.ok(readme.includes(row), `tracer/README.md lacks ${row}`);
  }
});
