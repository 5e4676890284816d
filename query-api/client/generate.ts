/** Writes types.ts from the OpenAPI document: `node query-api/client/generate.ts`. A test holds both together. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import { createQueryApi } from '../server.ts';

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}

interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const SCALARS: Record<string, string> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

const key = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  if (fields.length > 0) return `{ ${fields.join('; ')} }`;
  return `Record<string, ${typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'}>`;
}

/** A schema as a TypeScript type. */
export function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1)!;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ');
  if (schema.type === 'array') return schema.items ? `(${typeOf(schema.items)})[]` : 'unknown[]';
  if (schema.type === 'object') return objectType(schema);
  return (schema.type && SCALARS[schema.type]) ?? 'unknown';
}

function parametersType(operation: Operation, place: string): string {
  const fields = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === place)
    .map(({ name, required, schema }) => `${key(name)}${required ? '' : '?'}: ${typeOf(schema)}`);
  return fields.length === 0 ? 'Record<string, never>' : `{ ${fields.join('; ')} }`;
}

function operationType(operation: Operation): string {
  const body = operation.requestBody?.content['application/json']?.schema;
  const answer = operation.responses['200']?.content?.['application/json']?.schema;
  return [
    `query: ${parametersType(operation, 'query')}`,
    `path: ${parametersType(operation, 'path')}`,
    `body: ${body ? typeOf(body) : 'undefined'}`,
    `answer: ${answer ? typeOf(answer) : 'unknown'}`,
  ].join('; ');
}

/** The text of types.ts. */
export function typesOf({ paths, components }: Document): string {
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)};`,
  );
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) =>
        `  /** ${operation.summary ?? path} */\n  '${method.toUpperCase()} ${path}': { ${operationType(operation)} };`,
    ),
  );
  return [
    '// biome-ignore-all format: written by generate.ts',
    '/** Types of the query API, written by generate.ts from the OpenAPI document. */',
    ...schemas,
    '',
    '/** What each route takes and answers. */',
    'export interface Operations {',
    ...operations,
    '}',
    '',
  ].join('\n');
}

/** The OpenAPI document of this version; no database is asked for it. */
export async function documentOf(): Promise<Document> {
  const app = await createQueryApi({
    warehouse: {} as Warehouse,
    database: 'plumbline',
    keyRing: createKeyRing({ ingest: [], read: [] }),
    user_ids: 'drop',
    retention: { payloads_days: 14, calls_days: 90, rollups_days: 400 },
    version: '0.0.0',
  });
  const reply = await app.inject('/openapi.json');
  await app.close();
  return reply.json();
}

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('types.ts', import.meta.url)), typesOf(await documentOf()));
}
