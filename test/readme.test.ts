/** The README's first service and its answers, as a new user would have them: what it shows must be what comes. */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { startEmbedded } from './support/embedded.ts';
import { eventually } from './support/eventually.ts';
import { startFakeProvider } from './support/fake-provider.ts';
import { runFile, temporaryFolder } from './support/processes.ts';
import { root, textOf } from './tidy/sources.ts';

type Row = Record<string, unknown>;

const readme = textOf('README.md');
const service = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
/** `$ curl 'URL'` and the rows shown under it. */
const shown = [...readme.matchAll(/^\$ curl '([^']+)'\n((?:\{.*\}\n)+)/gm)].map(([, url, lines]) => ({
  url: new URL(url!),
  rows: rowsOf(lines!),
}));

function rowsOf(lines: string): Row[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

/** Times differ from run to run; everything else is the same. */
function withoutTimes(row: Row): Row {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    name.endsWith('_ms') ? typeof value : value,
  ]);
  return Object.fromEntries(entries);
}

test('the first service of the README gives the answers that the README shows', async (t) => {
  assert.ok(service && shown.length === 3, 'README.md shows a service and three answers');
  const folder = temporaryFolder('readme');
  t.after(folder.remove);
  symlinkSync(join(root, 'tracer'), join(folder.path, 'tracer'));
  const file = join(folder.path, 'service.ts');
  writeFileSync(file, service);

  const provider = await startFakeProvider();
  t.after(() => provider.close());
  const embedded = await startEmbedded();
  t.after(() => embedded.stop());
  const { exited, output } = runFile(relative(root, file), {
    env: {
      OTEL_SERVICE_NAME: 'checkout',
      OTEL_EXPORTER_OTLP_ENDPOINT: embedded.otlp,
      OPENAI_BASE_URL: `${provider.url}/v1`,
    },
  });
  assert.equal((await exited).code, 0, output());

  await eventually(async () => {
    for (const { url, rows } of shown) {
      const reply = await fetch(`${embedded.api}${url.pathname}${url.search}`);
      assert.deepEqual(rowsOf(await reply.text()).map(withoutTimes), rows.map(withoutTimes), url.href);
    }
  }, 5_000);
});
