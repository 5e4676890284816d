/** What docker-compose.yml promises: known settings, health checks, limits, hardening, and users that the server knows. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { usersConfig } from '../../engine/config.ts';
import { definitions } from '../../schemas/settings/definitions.ts';
import { parseSettings } from '../../schemas/settings/load.ts';
import { textOf } from '../tidy/sources.ts';
import { elementAt, parseXml } from './xml.ts';

interface Service {
  image: string;
  command?: string[];
  user?: string;
  environment: Record<string, string | number>;
  healthcheck?: { test: string[] };
  mem_limit?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  ports?: string[];
  volumes?: string[];
}

/** YAML is read by the package that a dependency of ours brings along. */
const { parse } = createRequire(createRequire(import.meta.url).resolve('@fastify/swagger'))('yaml') as {
  parse(text: string, options: { merge: boolean }): { services: Record<string, Service> };
};

const text = textOf('docker-compose.yml');
const { services } = parse(text, { merge: true });
const PARTS = ['collector', 'ingest', 'query-api'] as const;

const known = new Set(
  Object.values(definitions).flatMap(({ variable, ...setting }) =>
    'secret' in setting ? [variable, `${variable}_FILE`] : [variable],
  ),
);

/** What compose passes to a service when every secret is given and every optional variable left out. */
function environmentOf(service: Service): Record<string, string> {
  const secrets: Record<string, string> = {
    PLUMBLINE_INGEST_KEYS: 'shop=0123456789abcdef',
    PLUMBLINE_READ_KEYS: 'shop=fedcba9876543210',
    PLUMBLINE_HASH_KEY: 'h'.repeat(64),
    CLICKHOUSE_PASSWORD: 'w'.repeat(32),
    CLICKHOUSE_API_PASSWORD: 'a'.repeat(32),
    CLICKHOUSE_READ_PASSWORD: 'r'.repeat(32),
  };
  const filled = Object.entries(service.environment).map(([name, value]) => [
    name,
    String(value).replace(/\$\{(\w+):[^}]*\}/, (_all, variable: string) => secrets[variable] ?? ''),
  ]);
  return Object.fromEntries(filled);
}

test('the services of the distributed size are all there', () => {
  assert.deepEqual(Object.keys(services).sort(), ['clickhouse', 'collector', 'ingest', 'kafka', 'query-api']);
});

test('every variable is a setting that the program knows, and together they are acceptable', () => {
  for (const name of PARTS) {
    const { environment } = services[name]!;
    for (const variable of Object.keys(environment)) {
      assert.ok(known.has(variable), `${name}: ${variable} is not a setting`);
    }
    const settings = parseSettings(environmentOf(services[name]!));
    assert.equal(settings.host, '0.0.0.0');
  }
  for (const [, variable] of text.matchAll(/\$\{(\w+)/g)) {
    assert.ok(known.has(variable!), `\${${variable}} is not a setting`);
  }
});

test('every secret must be given, in a sentence that names the fix, and stands in .env.example', () => {
  const example = textOf('.env.example');
  const secrets = [...text.matchAll(/\$\{(\w*(?:KEY|KEYS|PASSWORD)):(.)([^}]*)\}/g)];
  assert.ok(secrets.length >= 5);
  for (const [, variable, kind, sentence] of secrets) {
    assert.equal(kind, '?', `${variable} must not have a default`);
    assert.equal(sentence, `Set ${variable} in .env, see .env.example`);
    assert.match(example, new RegExp(`^${variable}=$`, 'm'));
  }
  for (const [, variable] of example.matchAll(/^(\w+)=/gm)) assert.ok(known.has(variable!), variable);
});

test('every service has a health check, a memory limit, and no more rights than it needs', () => {
  for (const [name, service] of Object.entries(services)) {
    assert.ok(service.healthcheck?.test.length, `${name} has no health check`);
    assert.match(service.mem_limit ?? '', /^\d+[mg]$/, `${name} has no memory limit`);
    assert.equal(service.read_only, true, `${name} can write to its image`);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    for (const port of service.ports ?? []) {
      assert.match(port, /^127\.0\.0\.1:/, `${name} publishes ${port} to everybody`);
    }
  }
  assert.equal(services.kafka!.ports, undefined);
  assert.equal(services.clickhouse!.ports, undefined);
});

test('no container runs as root', () => {
  const dockerfile = textOf('Dockerfile');
  assert.match(dockerfile, /^USER node$/m);
  assert.notEqual(services.clickhouse!.user?.split(':')[0], '0');
  assert.equal(services.kafka!.user, 'appuser');
});

test('each part starts the main that is in the image', () => {
  const dockerfile = textOf('Dockerfile');
  for (const name of PARTS) {
    assert.deepEqual(services[name]!.command, [`${name}/main.ts`]);
    assert.match(dockerfile, new RegExp(`^COPY ${name} \\./${name}$`, 'm'));
    assert.match(textOf('.dockerignore'), new RegExp(`^!${name}$`, 'm'));
  }
});

test('the server knows the users that the parts log in as, by the same variables', () => {
  const users = elementAt(parseXml(textOf('deploy/clickhouse/users.xml')), 'users');
  const passwordOf = (user: string | number | undefined) =>
    elementAt(users, String(user), 'password').attributes.from_env;
  const { collector, ingest, 'query-api': queryApi, clickhouse } = services;
  assert.equal(passwordOf(ingest!.environment.CLICKHOUSE_USER), 'CLICKHOUSE_PASSWORD');
  assert.equal(passwordOf(queryApi!.environment.CLICKHOUSE_API_USER), 'CLICKHOUSE_API_PASSWORD');
  assert.equal(queryApi!.environment.CLICKHOUSE_PASSWORD, undefined, 'it may store no call');
  for (const { environment } of [collector!, queryApi!]) {
    assert.equal(passwordOf(environment.CLICKHOUSE_READ_USER), 'CLICKHOUSE_READ_PASSWORD');
  }
  assert.equal(collector!.environment.CLICKHOUSE_PASSWORD, undefined, 'who only reads has no use for it');
  assert.ok(clickhouse!.environment.CLICKHOUSE_PASSWORD);
  assert.ok(clickhouse!.environment.CLICKHOUSE_API_PASSWORD);
  assert.ok(clickhouse!.environment.CLICKHOUSE_READ_PASSWORD);
  assert.equal(users.children.length, 3, 'no other user, and no default one');
});

test('users have the rights and the profiles that they have in the embedded size', () => {
  const deployed = parseXml(textOf('deploy/clickhouse/users.xml'));
  const embedded = parseXml(
    usersConfig({
      directory: '/d',
      database: definitions.clickhouse_database.default!,
      http_port: 1,
      max_memory_bytes: 4 * 2 ** 30,
      max_read_s: 30,
      fsync: false,
      writer: { username: 'plumbline_writer', password: 'w' },
      reader: { username: 'plumbline_reader', password: 'r' },
      supervisor: { username: 's', password: 's' },
    }),
  );
  for (const role of ['writer', 'reader']) {
    assert.deepEqual(elementAt(deployed, 'profiles', role), elementAt(embedded, 'profiles', role));
    const rights = ['users', `plumbline_${role}`, 'grants'];
    assert.deepEqual(elementAt(deployed, ...rights), elementAt(embedded, ...rights));
  }
});

test('the server keeps no log tables, and listens over HTTP alone', () => {
  const config = parseXml(textOf('deploy/clickhouse/config.xml'));
  const names = config.children.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.endsWith('_log') || name.endsWith('_port')),
    ['http_port'],
  );
});
