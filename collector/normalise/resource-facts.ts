/** What a resource says of the calls below it; worked out once for each resource of a request. */
import { createHash } from 'node:crypto';
import type { Attributes, Resource } from '../otlp/span.ts';
import { asText, toJson } from './values.ts';

export interface ResourceFacts {
  service: string;
  service_version: string;
  environment: string;
  /** Hash of what tells one process from another. */
  process: bigint;
}

function textOf(attributes: Attributes, ...keys: string[]): string {
  for (const key of keys) {
    const at = attributes.keys.indexOf(key);
    if (at >= 0) return asText(attributes.values[at]!);
  }
  return '';
}

function processHash(attributes: Attributes): bigint {
  const instance = textOf(attributes, 'service.instance.id');
  const pid = textOf(attributes, 'process.pid');
  const identity = instance
    ? ['instance', textOf(attributes, 'service.name'), instance]
    : pid
      ? ['pid', textOf(attributes, 'host.id', 'host.name'), pid]
      : ['resource', JSON.stringify(toJson(attributes))];
  return createHash('sha256').update(identity.join('\0')).digest().readBigUInt64LE(0);
}

let last: { resource: Resource; facts: ResourceFacts } | undefined;

/** The spans of a resource come one after another. */
export function resourceFacts(resource: Resource): ResourceFacts {
  if (last?.resource !== resource) last = { resource, facts: factsOf(resource) };
  return last.facts;
}

function factsOf({ attributes }: Resource): ResourceFacts {
  return {
    service: textOf(attributes, 'service.name'),
    service_version: textOf(attributes, 'service.version'),
    environment: textOf(attributes, 'deployment.environment.name', 'deployment.environment'),
    process: processHash(attributes),
  };
}
