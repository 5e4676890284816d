/** `plumbline gates evaluate` and `plumbline compare` against a query API that listens: what is printed, and exit codes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Harness, SHOP_KEY, startHarness } from '../query-api/support/harness.ts';
import type { CommandEnd } from '../support/plumbline.ts';
import { temporaryFolder } from '../support/processes.ts';
import { makeCall } from '../support/rows.ts';

const CALLS = 400;
const callsOf = (model: string, latency_ms: number) =>
  Array.from({ length: CALLS }, (_, number) =>
    makeCall({
      project: 'shop',
      model,
      duration_ms: latency_ms + (number % 50),
      service: 'checkout, "main"',
      slices: number % 2 ? ['short'] : [],
    }),
  );
const configOf = (criterion: string, model = 'candidate-xl') => ({
  route: { default_model: 'small-chat-v1', canary: { model, percentage: 5, criteria: [criterion] } },
});

let harness: Harness;
let url: string;
const folder = temporaryFolder('decisions');
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([...callsOf('small-chat-v1', 150), ...callsOf('candidate-xl', 250)]);
  url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  folder.remove();
  await harness.stop();
});

function plumbline(args: readonly string[], input = '', environment = {}): Promise<CommandEnd> {
  const env = { ...process.env, PLUMBLINE_API_URL: url, PLUMBLINE_API_KEY: SHOP_KEY, ...environment };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['cli/main.ts', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout: stdout.trim(), stderr });
    });
    child.stdin!.end(input);
  });
}
const gate = (criterion: string, ...args: string[]) =>
  plumbline(['gates', 'evaluate', '--from', 'now-3d', ...args], JSON.stringify(configOf(criterion)));

for (const [criterion, code, verdict] of [
  ['latency<400', 0, 'promote'],
  ['latency<200', 1, 'rollback'],
  ['latency<298', 3, 'hold'],
] as const) {
  test(`a gate that says ${verdict} exits ${code}`, async () => {
    const { code: exit, stdout, stderr } = await gate(criterion);
    assert.equal(exit, code, stderr);
    assert.match(stdout, /^criterion +verdict +value \[interval\]/);
    assert.match(stdout, new RegExp(`${criterion} +${verdict} +29\\d`));
    assert.match(stderr, new RegExp(`^${verdict}: `));
  });
}

test('a config comes from a file too, filters narrow, and --json is the whole answer', async () => {
  const file = join(folder.path, 'rollout.json');
  writeFileSync(file, JSON.stringify(configOf('latency<400')));
  const of = (...args: string[]) =>
    plumbline(['gates', 'evaluate', file, '--from', 'now-3d', '--json', ...args]);
  const all = JSON.parse((await of()).stdout);
  assert.deepEqual([all.verdict, all.candidate_calls], ['promote', CALLS]);
  const half = JSON.parse(
    (await of('--filter', 'slice=short', '--filter', 'service=checkout, "main"')).stdout,
  );
  assert.equal(half.candidate_calls, CALLS / 2);
  const none = await of('--filter', 'service=!checkout, "main"');
  assert.deepEqual([none.code, JSON.parse(none.stdout).candidate_calls], [3, 0]);
});

test('a comparison shows each metric with both arms, difference, ratio and what it says', async () => {
  const { code, stdout, stderr } = await plumbline([
    ...['compare', '--baseline', 'model:small-chat-v1', '--candidate', 'model:candidate-xl'],
    ...['--from', 'now-3d', '--slices'],
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^baseline {3}model:small-chat-v1, 400 calls, 2/);
  assert.match(
    stdout,
    /latency_p95_ms +19\d \[.*\] +400 +29\d \[.*\] +400 +100 \[.*\] +1\.\d+ \[.*\] +worse/,
  );
  assert.match(stdout, /error_rate +0% \[.*no difference seen/);
  assert.match(stdout, /ttft_p95_ms +– +0 +– +0 .*no call has a value/);
  assert.equal(stdout.match(/latency_p95_ms/g)!.length, 2);
  const json = await plumbline([
    ...['compare', '--baseline', 'model:small-chat-v1', '--candidate', 'model:candidate-xl', '--json'],
    ...['--from', 'now-3d', '--filter', 'slice=short'],
  ]);
  assert.equal(JSON.parse(json.stdout).baseline.calls, CALLS / 2);
});

test('wrong usage exits 2 and says what is wrong', async () => {
  for (const [args, input, words] of [
    [['gates', 'evaluate', '/nowhere/rollout.json'], '', /Cannot read '\/nowhere/],
    [['gates', 'evaluate'], '{', /stdin is not JSON/],
    [['gates', 'evaluate'], JSON.stringify(configOf('latncy<300')), /latncy/],
    [['gates', 'evaluate', '--from', 'yesterday'], JSON.stringify(configOf('latency<300')), /yesterday/],
    [['gates', 'evaluate', '--filter', 'service'], '', /dimension=value/],
    [['gates', 'evaluate', '--min-calls', 'many'], '', /whole number/],
    [['gates', 'evaluate', '--filter', 'modle=x'], JSON.stringify(configOf('latency<300')), /'model'/],
    [['gates'], '', /Usage: plumbline gates/],
    [['compare', '--baseline', 'model:a'], '', /--candidate/],
    [['compare', '--baseline', 'a', '--candidate', 'model:b'], '', /colon/],
    [['compare', '--url', 'nowhere', '--baseline', 'model:a', '--candidate', 'model:b'], '', /not a URL/],
  ] as const) {
    const { code, stderr, stdout } = await plumbline(args, input);
    assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, words);
  }
  const unknown = await plumbline(['gates', 'evaluate'], JSON.stringify(configOf('latency<1')), {
    PLUMBLINE_API_KEY: 'not-a-key-of-anybody',
  });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /PLUMBLINE_API_KEY/);
});

test('no answer, or one that is none of ours, exits 4', async (t) => {
  const stranger = createServer((_, reply) => reply.writeHead(502).end('<html>Bad gateway</html>'));
  stranger.listen(0, '127.0.0.1');
  t.after(() => stranger.close());
  const config = JSON.stringify(configOf('latency<400'));
  const closed = await plumbline(['gates', 'evaluate', '--url', 'http://127.0.0.1:1'], config);
  assert.equal(closed.code, 4);
  assert.match(closed.stderr, /No query API answers at http:\/\/127\.0\.0\.1:1/);
  const other = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
  assert.equal((await plumbline(['gates', 'evaluate'], config, { PLUMBLINE_API_URL: other })).code, 4);
});
