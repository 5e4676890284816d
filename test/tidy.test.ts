/** The rules that hold the code base in shape. Each fault is a sentence that names the file and the rule. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSettingsTable } from '../schemas/settings/readme.ts';
import { isMain, isTest, partOf, pathsOf, type Source, sources, textOf } from './tidy/sources.ts';

const LINES_MAX = 400;
const LINES_MEDIAN_MAX = 150;

const PURE_PARTS = ['schemas', 'redaction'];
/** Commands are small programs over the parts' functions: like mains they may bring parts together. */
const WIRES = /^cli\//;
const PARTS = [...PURE_PARTS, 'collector', 'ingest', 'query-api', 'engine', 'tracer', 'adapters'];

/** Which files alone may import a package, and why the rule is there: each can be replaced in one place. */
const CONFINED: readonly { packages: RegExp; to: RegExp }[] = [
  { packages: /^kafkajs(\/|$)/, to: /^(test\/)?adapters\/kafkajs/ },
  { packages: /^@clickhouse\/client/, to: /^adapters\/clickhouse-warehouse\.ts$/ },
  { packages: /^(ffi-rs|@chdb\/.*|chdb)$/, to: /^engine\/library\.ts$/ },
];

/** Who else reads the environment: the library obeys OpenTelemetry's variables, and must set up their defaults. */
const READS_ENVIRONMENT = /^(schemas\/settings\/load|tracer\/export\/(environment|trace-exporter))\.ts$/;
/** Who else writes to stdout: what all mains share. */
const PRINTS = /^(adapters\/run-process|cli\/main)\.ts$/;

function assertNone(faults: string[]): void {
  assert.ok(faults.length === 0, `\n${faults.join('\n')}\n`);
}

function faultsOf(where: (source: Source) => boolean, find: (source: Source) => string[]): string[] {
  return sources.filter(where).flatMap((source) => find(source).map((fault) => `${source.path} ${fault}`));
}

const ours = (source: Source): boolean => !isTest(source);

/** Lines, by number, that a pattern is found on. */
function linesWith({ text }: Source, pattern: RegExp): number[] {
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}

test('a part imports itself, schemas/ and redaction/; these two import nothing of ours; mains wire', () => {
  const allowed = (source: Source, target: string): boolean => {
    const from = partOf(source.path);
    const to = partOf(target);
    if (from === to || isMain(source) || WIRES.test(source.path) || !PARTS.includes(to)) return true;
    return !PURE_PARTS.includes(from) && PURE_PARTS.includes(to);
  };
  assertNone(
    faultsOf(ours, (source) =>
      source.files
        .filter((target) => !allowed(source, target))
        .map((target) =>
          PURE_PARTS.includes(partOf(source.path))
            ? `imports ${target}: ${partOf(source.path)}/ imports nothing of ours but itself.`
            : `imports ${target}: a part imports itself, schemas/ and redaction/ only; let a main.ts hand it over.`,
        ),
    ),
  );
});

test('nothing that is shipped imports a test or a main', () => {
  assertNone(
    faultsOf(ours, (source) =>
      source.files.flatMap((target) => {
        if (partOf(target) === 'test') return [`imports ${target}: tests are not shipped.`];
        return target.endsWith('main.ts') ? [`imports ${target}: a main is started, not imported.`] : [];
      }),
    ),
  );
});

test('kafkajs, the ClickHouse client and the engine’s packages are each known in one place', () => {
  assertNone(
    faultsOf(
      () => true,
      (source) =>
        source.packages.flatMap((name) =>
          CONFINED.filter(({ packages, to }) => packages.test(name) && !to.test(source.path)).map(
            ({ to }) => `imports ${name}: only files that match ${to} may.`,
          ),
        ),
    ),
  );
});

test('every package that is imported is a dependency of ours', () => {
  const manifest = JSON.parse(textOf('package.json')) as Record<string, Record<string, string>>;
  const shipped = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const known = new Set([...shipped, ...Object.keys(manifest.devDependencies ?? {})]);
  assertNone(
    faultsOf(
      () => true,
      (source) =>
        source.packages
          .filter((name) => !name.startsWith('node:'))
          .map((name) => name.match(/^(@[^/]+\/)?[^/]+/)![0])
          .filter((name) => name !== 'plumbline-tracer')
          .flatMap((name) => {
            if (!known.has(name)) return [`imports ${name}, which package.json does not name.`];
            if (isTest(source) || shipped.includes(name)) return [];
            return [`imports ${name}, which is a development dependency.`];
          }),
    ),
  );
});

test('the environment is read in schemas/settings/ alone', () => {
  const reads = /\bprocess\.env\b|\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'/;
  assertNone(
    faultsOf(
      (source) => ours(source) && !READS_ENVIRONMENT.test(source.path),
      (source) =>
        linesWith(source, reads).map((line) => `line ${line} reads the environment: take it as an option.`),
    ),
  );
});

test('stdout belongs to mains', () => {
  assertNone(
    faultsOf(
      (source) => ours(source) && !isMain(source) && !PRINTS.test(source.path),
      (source) =>
        linesWith(source, /\bconsole\.(log|info|debug)\b/).map(
          (line) => `line ${line} prints to stdout: tell the log that is handed in.`,
        ),
    ),
  );
});

test(`no file has over ${LINES_MAX} lines, and half of them have under ${LINES_MEDIAN_MAX}`, () => {
  assertNone(
    faultsOf(
      ({ lines }) => lines > LINES_MAX,
      ({ lines }) => [`has ${lines} lines: at most ${LINES_MAX}, split it by what its parts do.`],
    ),
  );
  const sizes = sources.map(({ lines }) => lines).sort((a, b) => a - b);
  const median = sizes[sizes.length >> 1]!;
  assert.ok(
    median < LINES_MEDIAN_MAX,
    `the median file has ${median} lines, under ${LINES_MEDIAN_MAX} is the rule`,
  );
});

test('files are named in kebab-case', () => {
  const named = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.(ts|tsx|mjs)$/;
  assertNone(
    faultsOf(
      ({ path }) => !named.test(path.slice(path.lastIndexOf('/') + 1)),
      () => ['is not named in kebab-case.'],
    ),
  );
});

test('no test is left out, and no work is left undone in silence', () => {
  const leftOut =
    /\b(?:test|it|describe|suite|t)\.(?:skip|only|todo)\b|\b(?:skip|only|todo):\s*(?:true|['"`])/;
  const undone = /\b(?:TO[D]O|FIX[M]E|XX[X])\b/;
  assertNone(
    faultsOf(
      () => true,
      (source) => [
        ...(isTest(source)
          ? linesWith(source, leftOut).map(
              (line) => `line ${line} leaves tests out: run them or remove them.`,
            )
          : []),
        ...linesWith(source, undone).map(
          (line) => `line ${line} notes work to be done: do it, or open an issue.`,
        ),
      ],
    ),
  );
});

test('every exported function says what it is for, itself or in the head of its file', () => {
  const exported = /^export (?:async )?function\*? ?(\w+)/;
  // A predicate's name is its sentence.
  const predicate = /^is[A-Z]/;
  assertNone(
    faultsOf(
      (source) => ours(source) && !isMain(source),
      ({ text }) => {
        const lines = text.split('\n');
        // A file that holds one thing says it once, at its head.
        if (/^(?:\/\*\*|\/\/)/.test(text)) return [];
        return lines.flatMap((line, index) => {
          const name = exported.exec(line)?.[1];
          const before = lines[index - 1] ?? '';
          return name === undefined || predicate.test(name) || /\*\/\s*$|^\s*\/\//.test(before)
            ? []
            : [`line ${index + 1}: ${name} is exported without a word on what it is for.`];
        });
      },
    ),
  );
});

test('no text names a place on one machine', () => {
  // What tests are about may look like one: paths in a home directory are data there.
  const place = /(?<![\w.<:])\/(?:work|root|Users)\/[\w.-]/;
  const home = /(?<![\w.<:])\/home\/[a-z]/;
  const texts = pathsOf('.ts', '.mjs', '.md', '.json', '.yml', '.yaml', '.xml', 'Dockerfile', '.example');
  assertNone(
    texts.flatMap((path) =>
      textOf(path)
        .split('\n')
        .flatMap((line, index) =>
          place.test(line) || (partOf(path) !== 'test' && home.test(line))
            ? [`${path} line ${index + 1} names a place on one machine.`]
            : [],
        ),
    ),
  );
});

test('the README’s table of settings is the one that the settings make', () => {
  const readme = textOf('README.md');
  assert.equal(readme, withSettingsTable(readme), 'Run: node schemas/settings/readme.ts');
});

test('the licence is there, and package.json names the same', () => {
  assert.match(textOf('LICENSE'), /Apache License\s+Version 2\.0/);
  assert.equal((JSON.parse(textOf('package.json')) as { license: string }).license, 'Apache-2.0');
});

test('every script that runs TypeScript checks the version of Node first', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const faults = Object.entries(scripts)
    .filter(([, command]) => /\bnode\b.*\.ts\b/.test(command))
    .filter(([, command]) => !command.startsWith('exec node --import ./adapters/check-node.mjs '))
    .map(
      ([name]) =>
        `The script ${name} must be 'exec node --import ./adapters/check-node.mjs …': else an older Node fails unhelpfully, and a shell in between keeps SIGTERM to itself.`,
    );
  assertNone(faults);
});
