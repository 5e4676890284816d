/** One snapshot a name, also where several processes of the query API are asked for it at once. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  claimsStatement,
  type FrozenRow,
  removeSnapshotStatement,
  type SnapshotScope,
  snapshotRow,
} from '../../schemas/queries/snapshots.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import { Problem } from '../problems.ts';
import type { Ask } from '../routes/context.ts';

/** So long the first of several waits for the others to withdraw. */
const PATIENCE_MS = 3_000;
const POLL_MS = 100;

export const taken = (name: string): Problem =>
  new Problem('name-taken', {
    detail: `There is a snapshot '${name}' already, and it stays as it is: choose another name.`,
    parameter: 'name',
    received: name,
  });

/** Removes all of a name, or the one with the id; resolves when it is gone. */
export async function remove(
  writer: Warehouse,
  scope: SnapshotScope,
  name: string,
  id?: string,
): Promise<void> {
  const { sql, params } = removeSnapshotStatement(scope, name, id);
  await writer.command(sql, { params, settings: { mutations_sync: 2 } });
}

/**
 * Stores the snapshot and looks who else has the name. Whoever was stored later sees the other for certain, so two never
 * both keep it: one that sees an earlier one withdraws, the earliest waits for the others to withdraw, and withdraws
 * itself from one that does not, since that one saw nobody. Throws Problem.
 */
export async function claimName(
  writer: Warehouse,
  scope: SnapshotScope,
  frozen: FrozenRow,
  ask: Ask,
): Promise<void> {
  const id = randomUUID();
  const { name } = frozen;
  await writer.insertRows('snapshots', [snapshotRow(scope.project, id, frozen)]);
  for (const until = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const claims = await ask<{ id: string }>(claimsStatement(scope, name));
    if (claims.length === 1 && claims[0]?.id === id) return;
    if (claims[0]?.id === id && Date.now() < until) continue;
    await remove(writer, scope, name, id);
    throw taken(name);
  }
}
