/** The tenant a query is about, as a type of its own: no query can be built without one. */

declare const brand: unique symbol;

export type Project = string & { readonly [brand]: 'project' };

/** Call it only where a key has been looked up: the project never comes from a request's parameters. */
export function projectOfKey(name: string): Project {
  return name as Project;
}

/** Holds our own heartbeats. No key can open it: names of projects that have keys begin with a letter or digit. */
export const OWN_PROJECT = '_plumbline' as Project;
